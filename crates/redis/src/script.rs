//! Lua scripts, sent with every call: nothing has to be loaded before, also after a failover.
//!
//! Those flagged `allow-oom` take nothing in or free at once what they take: a full server
//! must still be emptied, also by workers that come new.
use redis::Cmd;

macro_rules! scripts {
    ($($name:ident = $file:literal),+ $(,)?) => {
        $(pub(crate) const $name: &str = include_str!(concat!("lua/", $file, ".lua"));)+
    };
}

scripts! {
    ACKNOWLEDGE = "acknowledge",
    BURY = "bury",
    CLAIM = "claim",
    HELLO = "hello",
    LEAVE = "leave",
    LIST_DEAD = "list_dead",
    MARKS = "marks",
    PREPARE = "prepare",
    REPLAY = "replay",
    REWRITE = "rewrite",
    SURVEY = "survey",
    TAKE = "take",
    TEND = "tend",
}

/// A call; its arguments follow as `.arg(…)`.
pub(crate) fn call<'a>(code: &str, keys: impl IntoIterator<Item = &'a str>) -> Cmd {
    let keys: Vec<&str> = keys.into_iter().collect();
    let mut command = redis::cmd("EVAL");
    command.arg(code).arg(keys.len()).arg(keys);
    command
}
