//! One visit as the native JSON that an app would send.
//! Invariant: depends on the visit and the person alone. Prices and totals are not its concern.
use super::dice::Dice;
use super::people::{Person, Plan};
use super::visits::Visit;
use cognobserve_model::time::Micros;
use serde_json::{Value, json};

const QUESTIONS: [(&str, &str); 12] = [
    (
        "How do I export last month's invoices?",
        "Open Billing, choose the month and press Export. The file is sent to your e-mail address.",
    ),
    (
        "Summarise the attached contract in five points.",
        "1. Term of two years. 2. Payment within 30 days. 3. Notice of three months. 4. Liability is capped. 5. Law of the Netherlands.",
    ),
    (
        "Why does my deployment fail with exit code 137?",
        "The process was killed because it used more memory than its limit. Raise the limit or reduce the batch size.",
    ),
    (
        "Schreib eine höfliche Absage an den Bewerber.",
        "Vielen Dank für Ihr Interesse. Leider haben wir uns für jemand anderen entschieden und wünschen Ihnen alles Gute.",
    ),
    (
        "Translate the release notes to Spanish.",
        "Hemos corregido varios errores y la búsqueda es ahora más rápida.",
    ),
    (
        "Which of our customers renewed in the first quarter?",
        "Fourteen customers renewed, worth 212,000 dollars in all. The largest is Northwind.",
    ),
    (
        "Write a regular expression for order numbers like AB-12345.",
        "^[A-Z]{2}-\\d{5}$",
    ),
    (
        "返品の手続きを教えてください。",
        "マイページの注文履歴から「返品」を選び、案内に従ってください。",
    ),
    (
        "Plan a three-day trip to Lisbon for a family.",
        "Day one: Belém and the tram museum. Day two: Sintra. Day three: the aquarium and the river.",
    ),
    (
        "What changed between version 2 and 3 of the policy?",
        "Version 3 adds a section on data retention and removes the paragraph on fax.",
    ),
    (
        "Is this e-mail spam?",
        "Very likely: the sender's domain does not match the link, and it asks for a password.",
    ),
    (
        "Draft a status update for the board.",
        "Revenue grew by 8 %, churn fell to 2.1 %, and two engineers joined. The main risk is the delayed audit.",
    ),
];
/// Message and HTTP-like reason of what goes wrong.
const FAILURES: [&str; 5] = [
    "429: rate limit of the provider exceeded",
    "context length exceeded: 131,072 tokens at most",
    "upstream closed the connection",
    "tool search_orders: connection refused",
    "content was blocked by the safety filter",
];
/// Trained in the house: no price book knows them.
pub const UNPRICED: [&str; 2] = ["in-house-support-7b-v4", "in-house-ranker-v1"];

/// The trace as JSON text.
pub fn render_visit(visit: &Visit, people: &[Person]) -> String {
    let person = visit.person.and_then(|index| people.get(index));
    let mut scene = Scene::start(visit, person);
    match scene.dice.between(0, 9) {
        0..=4 => scene.chat(),
        5..=7 => scene.search_and_answer(),
        _ => scene.run_agent(),
    }
    scene.finish(visit, person)
}

struct Scene {
    dice: Dice,
    plan: Plan,
    fails: bool,
    name: &'static str,
    clock: i64,
    spans: Vec<Value>,
}

impl Scene {
    fn start(visit: &Visit, person: Option<&Person>) -> Scene {
        let plan = person.map_or(Plan::Free, |person| person.plan);
        Scene {
            dice: Dice::new(visit.seed),
            plan,
            fails: visit.fails,
            name: "",
            clock: visit.at,
            spans: Vec::new(),
        }
    }

    fn chat(&mut self) {
        self.name = "support chat";
        self.call_model(None, "answer", 900.0, 180.0, true);
    }

    fn search_and_answer(&mut self) {
        self.name = "search and answer";
        let root = self.open("answer with sources", None);
        self.call_embedding(&root);
        let took = self.dice.skewed(40.0);
        let documents = self.dice.between(3, 8);
        let search = json!({"name": "search documents", "output": {"documents": documents}, "metadata": {"index": "help-centre"}});
        self.step(Some(&root), took, search);
        if self.dice.chance(0.15) {
            self.call(
                Some(&root),
                "rank documents",
                UNPRICED[1],
                2_000.0,
                12.0,
                false,
            );
        }
        self.call_model(Some(&root), "answer", 3_200.0, 260.0, true);
        self.close(0);
    }

    fn run_agent(&mut self) {
        self.name = "agent run";
        let root = self.open("agent", None);
        let turns = self.dice.between(2, 4);
        for turn in 0..turns {
            self.call_model(Some(&root), "decide", 2_400.0, 90.0, turn + 1 == turns);
            if turn + 1 < turns {
                let tool = *self.dice.pick(&[
                    "tool: search_orders",
                    "tool: calculator",
                    "tool: send_email",
                ]);
                let took = self.dice.skewed(250.0);
                let level = if self.dice.chance(0.05) {
                    "WARNING"
                } else {
                    "DEFAULT"
                };
                self.step(Some(&root), took, json!({"name": tool, "level": level, "input": {"attempt": turn + 1}, "output": {"ok": true}}));
            }
        }
        self.close(0);
    }

    fn call_model(
        &mut self,
        parent: Option<&str>,
        name: &str,
        prompt: f64,
        completion: f64,
        is_last: bool,
    ) {
        let models: &[&str] = match self.plan {
            Plan::Free => &["gpt-4o-mini", "gpt-4o-mini", "gemini-2.5-flash"],
            Plan::Pro => &[
                "gpt-4o-2024-08-06",
                "gpt-4.1-mini",
                "claude-3-5-haiku-20241022",
                "o3-mini",
            ],
            Plan::Enterprise => &[
                "anthropic/claude-sonnet-4-5",
                "gpt-4o",
                "gemini-2.5-pro",
                UNPRICED[0],
            ],
        };
        let model = *self.dice.pick(models);
        self.call(parent, name, model, prompt, completion, is_last);
    }

    fn call(
        &mut self,
        parent: Option<&str>,
        name: &str,
        model: &str,
        prompt: f64,
        completion: f64,
        is_last: bool,
    ) {
        let (question, answer) = *self.dice.pick(&QUESTIONS);
        let prompt_tokens = self.dice.skewed(prompt) as i64 + 20;
        let is_failed = self.fails && is_last;
        let completion_tokens = if is_failed {
            0
        } else {
            self.dice.skewed(completion) as i64 + 1
        };
        let took_ms = 250.0 + self.dice.skewed(12.0) * completion_tokens as f64;
        let mut usage =
            json!({"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens});
        if self.dice.chance(0.3) {
            usage["cached_tokens"] = json!(prompt_tokens / 2);
        }
        if model.starts_with("o3") {
            usage["reasoning_tokens"] = json!(completion_tokens / 2);
        }
        let mut span = json!({
            "name": name, "type": "generation", "model": model, "usage": usage,
            "model_parameters": {"temperature": 0.2, "max_tokens": 1024},
            "input": [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": question}],
        });
        if is_failed {
            span["level"] = json!("ERROR");
            span["status_message"] = json!(self.dice.pick(&FAILURES));
        } else {
            span["output"] = json!({"role": "assistant", "content": answer});
        }
        self.step(parent, took_ms, span);
    }

    fn call_embedding(&mut self, parent: &str) {
        let tokens = self.dice.between(6, 40);
        let took = self.dice.skewed(60.0);
        let span = json!({"name": "embed question", "type": "generation", "model": "text-embedding-3-small", "usage": {"prompt_tokens": tokens}});
        self.step(Some(parent), took, span);
    }

    /// Adds a span that begins now and ends when the next one begins.
    fn step(&mut self, parent: Option<&str>, took_ms: f64, mut span: Value) {
        span["span_id"] = json!(self.dice.hex(8));
        if let Some(parent) = parent {
            span["parent_span_id"] = json!(parent);
        }
        span["start_time"] = json!(Micros(self.clock).to_string());
        self.clock += (took_ms * 1000.0) as i64;
        span["end_time"] = json!(Micros(self.clock).to_string());
        self.spans.push(span);
    }

    fn open(&mut self, name: &str, parent: Option<&str>) -> String {
        self.step(parent, 0.0, json!({"name": name, "type": "span"}));
        self.spans
            .last()
            .and_then(|span| span["span_id"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    /// Ends a span that was opened.
    fn close(&mut self, index: usize) {
        self.spans[index]["end_time"] = json!(Micros(self.clock).to_string());
    }

    fn finish(mut self, visit: &Visit, person: Option<&Person>) -> String {
        let feature = *self.dice.pick(&["web", "mobile", "api"]);
        let mut trace = json!({
            "trace_id": self.dice.hex(16),
            "name": self.name,
            "timestamp": Micros(visit.at).to_string(),
            "metadata": {"client": feature, "release": "2.14.0"},
            "spans": self.spans,
        });
        if let Some(session) = visit.session {
            trace["session_id"] = json!(format!("conv-{session:016x}"));
        }
        if let Some(person) = person {
            trace["user"] = json!({
                "id": person.external_id, "name": person.name, "email": person.email,
                "plan": person.plan.as_str(), "country": person.country,
            });
            if let Some(company) = person.company {
                trace["user"]["company"] = json!(company);
            }
        }
        trace.to_string()
    }
}
