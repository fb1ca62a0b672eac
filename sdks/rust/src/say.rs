//! What the SDK says: warnings, once each, and its own doings on stderr if asked. Never contents or keys.

use std::collections::HashSet;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Where warnings go instead of stderr.
pub(crate) type Listener = Arc<dyn Fn(&str) + Send + Sync>;

static SAID: Mutex<Option<HashSet<String>>> = Mutex::new(None);
static LISTENER: RwLock<Option<Listener>> = RwLock::new(None);
static DEBUG: AtomicBool = AtomicBool::new(false);

/// A lock that does not care whether somebody panicked while holding it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new set of settings: every warning may be said anew.
pub(crate) fn begin(debug: bool, listener: Option<Listener>) {
    DEBUG.store(debug, Ordering::Relaxed);
    *LISTENER.write().unwrap_or_else(PoisonError::into_inner) = listener;
    *lock(&SAID) = None;
}

/// One warning. A stderr that is closed, or a listener that panics, is the host's affair and harms nobody.
pub(crate) fn warn(message: &str) {
    let listener = LISTENER
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    match listener {
        Some(listener) => drop(catch_unwind(AssertUnwindSafe(|| listener(message)))),
        None => drop(writeln!(
            std::io::stderr(),
            "cognobserve: warning: {message}"
        )),
    }
}

/// Warns the first time that `topic` comes up.
pub(crate) fn warn_once(topic: &str, message: &str) {
    let is_new = lock(&SAID)
        .get_or_insert_with(HashSet::new)
        .insert(topic.to_owned());
    if is_new {
        warn(message);
    }
}

/// An address without who logs in with which password.
pub(crate) fn redact(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}{}", redact(path)),
        None => format!("{scheme}://{authority}{}", redact(path)),
    }
}

/// Commentary for `debug`.
pub(crate) fn say(message: impl FnOnce() -> String) {
    if DEBUG.load(Ordering::Relaxed) {
        drop(writeln!(std::io::stderr(), "cognobserve: {}", message()));
    }
}

/// Runs what the host has written, or what touches it; a panic in it is told once and goes no further.
pub(crate) fn harmless<T>(place: &str, run: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(value) => Some(value),
        Err(_) => {
            warn_once(
                &format!("fault:{place}"),
                &format!("a call was not recorded in full: a panic in {place}"),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_logs_in_is_left_out_of_addresses() {
        for (text, shown) in [
            ("http://a:1/b@c", "http://a:1/b@c"),
            ("https://u:p@w@a:1/b", "https://***@a:1/b"),
            (
                "bad uri: http://u:p@a and http://v:q@b",
                "bad uri: http://***@a and http://***@b",
            ),
            ("no address", "no address"),
        ] {
            assert_eq!(redact(text), shown);
        }
    }
}
