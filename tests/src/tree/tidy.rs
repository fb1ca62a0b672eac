//! Files stay small, say what they are, and speak of this project alone.
use super::find_root;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All files that git knows or would add, with these endings.
fn list_files(endings: &[&str]) -> Vec<PathBuf> {
    let root = find_root();
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).expect("names are text");
    let files: Vec<PathBuf> = names
        .lines()
        .filter(|name| endings.iter().any(|ending| name.ends_with(ending)))
        .map(|name| root.join(name))
        .filter(|path| path.exists())
        .collect();
    assert!(!files.is_empty());
    files
}

fn is_test(path: &Path) -> bool {
    let text = path
        .strip_prefix(find_root())
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned();
    text.starts_with("tests/")
        || text.contains("/tests/")
        || text.ends_with("tests.rs")
        || text.contains("/conformance/")
}

#[test]
fn source_files_are_small() {
    let mut sizes: Vec<(usize, PathBuf)> = list_files(&[".rs"])
        .into_iter()
        .filter(|path| !is_test(path))
        .map(|path| {
            (
                std::fs::read_to_string(&path)
                    .expect("text")
                    .lines()
                    .count(),
                path,
            )
        })
        .collect();
    sizes.sort();
    let (largest, path) = sizes.last().expect("a file");
    assert!(*largest <= 500, "{} has {largest} lines", path.display());
    let at = |share: usize| sizes[(sizes.len() - 1) * share / 100].0;
    assert!(at(50) <= 120, "the median file has {} lines", at(50));
    assert!(
        at(90) <= 300,
        "one file in ten has more than {} lines",
        at(90)
    );
}

#[test]
fn every_source_file_says_what_it_is() {
    for path in list_files(&[".rs"]) {
        let text = std::fs::read_to_string(&path).expect("text");
        let head = text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .count();
        assert!(
            (1..=8).contains(&head),
            "{}: {head} lines of //! at the top",
            path.display()
        );
    }
}

#[test]
fn every_browser_test_is_small_and_says_what_it_is() {
    for path in list_files(&[".mjs"]) {
        let text = std::fs::read_to_string(&path).expect("text");
        let head = text
            .lines()
            .take_while(|line| line.starts_with("// "))
            .count();
        assert!(
            (1..=8).contains(&head),
            "{}: {head} lines of // at the top",
            path.display()
        );
        let lines = text.lines().count();
        assert!(lines <= 300, "{} has {lines} lines", path.display());
        // The runner's ways to leave a test out, or all others.
        for word in ["skip", "todo", "only"].map(|word| format!("test.{word}(")) {
            assert!(!text.contains(&word), "{} contains {word}", path.display());
        }
    }
}

#[test]
fn tests_are_not_skipped() {
    // Put together, so that this file does not find itself.
    let words = [
        ["#[ign", "ore"].concat(),
        ["todo", "!("].concat(),
        ["unimplemented", "!("].concat(),
    ];
    for path in list_files(&[".rs"]) {
        let text = std::fs::read_to_string(&path).expect("text");
        for word in &words {
            assert!(!text.contains(word), "{} contains {word}", path.display());
        }
    }
}

#[test]
fn nothing_names_a_place_on_somebody_s_machine() {
    let places = [
        ["/ho", "me/"].concat(),
        ["/wo", "rk/"].concat(),
        ["/Use", "rs/"].concat(),
        ["/ro", "ot/"].concat(),
        ["../sha", "red"].concat(),
    ];
    for path in list_files(&[
        ".rs", ".md", ".toml", ".sh", ".py", ".mjs", ".sql", ".yml", ".html", "Makefile", ".ci/run",
    ]) {
        let text = std::fs::read_to_string(&path).expect("text");
        for place in &places {
            assert!(!text.contains(place), "{} names {place}", path.display());
        }
    }
}
