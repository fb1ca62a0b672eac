//! What the audit log says of a change, beside who made it. Bounded, whatever was sent; no
//! personal data of end users.
use cognobserve_model::account::ProjectSettings;

const MOST_MODELS: usize = 5;
const MOST_CHARS: usize = 60;

/// Names of models, each once, in order: the first five, and how many more.
pub fn tell_models<'a>(models: impl Iterator<Item = &'a str>) -> String {
    let models: std::collections::BTreeSet<String> = models.map(str::to_lowercase).collect();
    let mut told: Vec<String> = models.iter().take(MOST_MODELS).map(|it| cut(it)).collect();
    match models.len().saturating_sub(MOST_MODELS) {
        0 => {}
        more => told.push(format!("{more} more")),
    }
    told.join(", ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// Which settings were changed, from what to what; empty if none was.
pub fn tell_settings(before: &ProjectSettings, after: &ProjectSettings) -> String {
    let (before, after) = (list(before), list(after));
    let pairs = before.iter().zip(&after);
    let changed = pairs.filter(|(before, after)| before != after);
    let told =
        changed.map(|((name, from), (_, to))| format!("{name} {} to {}", cut(from), cut(to)));
    told.collect::<Vec<_>>().join(", ")
}

fn list(settings: &ProjectSettings) -> [(&'static str, String); 5] {
    fn limit(number: Option<impl ToString>) -> String {
        number.map_or_else(|| "none".to_owned(), |number| number.to_string())
    }
    // By name, so that a new setting is not left out.
    let ProjectSettings {
        retention_payload_days,
        capture,
        time_zone,
        max_spans_per_second,
        max_users,
    } = settings;
    [
        ("retention_payload_days", limit(*retention_payload_days)),
        ("capture", capture.as_str().to_owned()),
        ("time_zone", time_zone.clone()),
        ("max_spans_per_second", limit(*max_spans_per_second)),
        ("max_users", limit(*max_users)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_bounded() {
        assert_eq!(tell_models(["B", "a", "b"].into_iter()), "a, b");
        let many: Vec<String> = (1..9).map(|n| format!("m{n}")).collect();
        let told = tell_models(many.iter().map(|it| &**it));
        assert_eq!(told, "m1, m2, m3, m4, m5, 3 more");
        assert!(tell_models(["ä".repeat(900)].iter().map(|it| &**it)).len() < 130);
    }

    #[test]
    fn settings_are_told_from_and_to() {
        let before = ProjectSettings::default();
        assert_eq!(tell_settings(&before, &before), "");
        let after = ProjectSettings {
            retention_payload_days: Some(30),
            time_zone: "Europe/Berlin".into(),
            ..before.clone()
        };
        let told = "retention_payload_days none to 30, time_zone UTC to Europe/Berlin";
        assert_eq!(tell_settings(&before, &after), told);
    }
}
