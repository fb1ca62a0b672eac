//! What an application may say by mistake, in keys, values and depths, to an open-source server with every provider
//! on: none of it is in a byte that leaves, and what may leave still does.
use crate::harness::Setup;
use crate::harness::outlet::Outlet;
use cognobserve_servers::outlet::Received;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

const MAPS: usize = 100;
/// Keys under which something may leave, so that their values are tried as well.
const OPEN_KEYS: [&str; 8] = [
    "type",
    "status",
    "feature",
    "model",
    "client_type",
    "error_kind",
    "duration_bucket",
    "os",
];

/// Makes up what must not leave, and remembers it.
struct Planter {
    random: StdRng,
    planted: Vec<String>,
}

impl Planter {
    fn word(&mut self) -> String {
        let letter = |_| char::from(self.random.random_range(b'a'..=b'z'));
        (0..9).map(letter).collect()
    }

    fn plant(&mut self) -> String {
        let (one, two) = (self.word(), self.word());
        let digits: u64 = self.random.random_range(1_000_000_000..9_999_999_999);
        let [a, b, c, d] = self.random.random::<[u8; 4]>();
        let text = match self.random.random_range(0..11) {
            0 => format!("{one}@{two}.example"),
            1 => format!("+1{digits}"),
            2 => format!("{} {}", capitalise(&one), capitalise(&two)),
            3 => format!("sk-{one}{digits}{two}"),
            4 => format!("/srv/{one}/{two}.txt"),
            5 => format!("https://{one}.example/{two}?t={digits}"),
            6 => format!("{}.{b}.{c}.{d}", a.max(100)),
            7 => format!("fe80::{a:02x}{b:02x}:{c:02x}{d:02x}:{one}"),
            8 => format!("{} {} Street", digits % 10_000, capitalise(&one)),
            9 => format!("C:\\Users\\{one}\\{two}"),
            _ => format!("eyJhbGciOi{one}.{two}.{digits}"),
        };
        self.planted.push(text.clone());
        text
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.random.random_range(0..5) {
            0 if depth > 0 => (0..3).map(|_| self.value(depth - 1)).collect(),
            1 if depth > 0 => Value::Object(self.map(depth - 1)),
            2 => json!(format!("ask {} about it", self.plant())),
            _ => json!(self.plant()),
        }
    }

    fn map(&mut self, depth: u32) -> Map<String, Value> {
        let mut map = Map::new();
        for _ in 0..self.random.random_range(1..5) {
            let (open, value) = (self.random.random_range(0..12), self.value(depth));
            let key = match OPEN_KEYS.get(open) {
                Some(key) => (*key).to_owned(),
                None => self.plant(),
            };
            map.insert(key, value);
        }
        map
    }
}

fn capitalise(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

/// In lower case, with and without the escapes of JSON.
fn unfold(text: &str) -> String {
    let plain = text.replace("\\\\", "\\").replace("\\/", "/");
    format!("{text}\n{plain}").to_lowercase()
}

#[test]
fn nothing_that_was_planted_is_in_a_byte_that_leaves() {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut planter = Planter {
        random: StdRng::seed_from_u64(seed),
        planted: Vec::new(),
    };
    let outlets = [Outlet::open(), Outlet::open(), Outlet::open()];
    let [amplitude, posthog, proxy] = &outlets;
    let server = Setup::new()
        .setting("COGNOBSERVE_EDITION", "opensource")
        .setting("TELEMETRY_PROVIDER", "amplitude,posthog,proxy")
        .setting("COGNOBSERVE_AMPLITUDE_API_KEY", "key-7")
        .setting("COGNOBSERVE_AMPLITUDE_URL", &amplitude.url)
        .setting("COGNOBSERVE_POSTHOG_API_KEY", "key-8")
        .setting("COGNOBSERVE_POSTHOG_HOST", &posthog.url)
        .setting("COGNOBSERVE_TELEMETRY_URL", &proxy.url)
        .start();
    let events = (0..MAPS).map(|n| {
        let mut properties = planter.map(3);
        for key in ["type", "has_metadata", "total_tokens"] {
            properties.remove(key);
        }
        // What may leave, beside what may not.
        properties.insert("total_tokens".into(), json!(n));
        properties.insert("has_metadata".into(), json!(n % 2 == 0));
        properties.insert("type".into(), json!("text"));
        let name = match n % 4 {
            0 => planter.plant(),
            _ => "memory_created".to_owned(),
        };
        json!({"event": name, "event_id": planter.plant(), "user_id": planter.plant(), "session_id": planter.plant(), "properties": properties})
    });
    let events: Value = events.collect();
    let head = ("x-cognobserve-client", planter.plant().replace(' ', "-"));
    planter.planted.push(head.1.clone());
    let head = [("content-type", "application/json"), (head.0, &*head.1)];
    let body = json!({"events": events}).to_string();
    let answer = server
        .client()
        .send("POST", "/v1/events", &head, body.as_bytes());
    let answer = answer.expect(202).json();
    let stored = answer["results"].as_array().expect("results").iter();
    assert_eq!(
        stored.filter(|it| it["stored"] == true).count(),
        MAPS,
        "{answer}"
    );
    assert!(planter.planted.len() > 4 * MAPS);

    for outlet in &outlets {
        let events = outlet.wait_for(MAPS);
        let mut told: Vec<(u64, bool)> = Vec::new();
        for event in &events {
            let properties = event
                .get("event_properties")
                .unwrap_or(&event["properties"]);
            let (tokens, flag) = (&properties["total_tokens"], &properties["has_metadata"]);
            told.push((
                tokens.as_u64().expect("tokens"),
                flag.as_bool().expect("a flag"),
            ));
            assert_eq!(properties["type"], "text", "{event}");
        }
        told.sort_unstable();
        let all: Vec<(u64, bool)> = (0..MAPS as u64).map(|n| (n, n % 2 == 0)).collect();
        assert_eq!(told, all);
        for Received { head, body, .. } in outlet.received() {
            let sent = unfold(&head) + &unfold(&body);
            for planted in &planter.planted {
                let planted = planted.to_lowercase();
                assert!(!sent.contains(&planted), "{planted} in {head}{body}");
            }
        }
    }
}
