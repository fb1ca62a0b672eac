//! A browser's user agent as people call it. Never more than a hint: whoever logs in sends it.

/// The first that is found: what comes later names itself after what came before.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];
const MOST_CHARS: usize = 40;

/// `Firefox on Linux`; of what is no browser the product, `curl`.
pub fn name_agent(agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => {
            let product = agent.split(['/', ' ']).find(|word| !word.is_empty());
            super::shorten(product.unwrap_or("unknown"), MOST_CHARS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_called_as_people_call_them() {
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                &*format!("{mac} Chrome/140.0.0.0 Safari/537.36"),
                "Chrome on macOS",
            ),
            (
                &*format!("{mac} Chrome/140.0.0.0 Safari/537.36 Edg/140.0"),
                "Edge on macOS",
            ),
            (&*format!("{mac} Version/18 Safari/605"), "Safari on macOS"),
            (
                "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("", "unknown"),
            ("unknown", "unknown"),
        ] {
            assert_eq!(name_agent(agent), name, "{agent}");
        }
        assert!(name_agent(&"x".repeat(500)).chars().count() <= MOST_CHARS + 1);
    }
}
