//! What dashboards and alerts ask for is what the server counts.
use super::find_root;
use std::collections::BTreeSet;

/// Names of our metrics in a text, without what a histogram appends.
fn find_names(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    text.match_indices("cognobserve_")
        .map(|(at, _)| {
            let name: String = text[at..].chars().take_while(|it| is_part(*it)).collect();
            let parts = ["_bucket", "_count", "_sum"];
            let base = parts.iter().find_map(|part| name.strip_suffix(part));
            base.map_or(name.clone(), str::to_owned)
        })
        .collect()
}

#[test]
fn every_metric_asked_for_is_counted() {
    let root = find_root();
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect(path);
    let counted = find_names(&read("crates/server/src/metrics/render.rs"));
    assert!(counted.len() > 10);
    for file in [
        "deploy/grafana-dashboard.json",
        "deploy/prometheus-rules.yaml",
    ] {
        let asked = find_names(&read(file));
        assert!(asked.len() > 5, "{file}");
        let unknown: Vec<_> = asked.difference(&counted).collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}");
    }
    let dashboard = read("deploy/grafana-dashboard.json");
    serde_json::from_str::<serde_json::Value>(&dashboard).expect("JSON");
}
