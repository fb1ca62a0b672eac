//! How the queue does and whether its server keeps what it was given, in one round trip.
use crate::error::{QueueResult, unavailable};
use crate::inside::Inside;
use crate::push::check_age;
use crate::survey;
use crate::value::{check, read_pairs, read_text};
use cognobserve_ports::QueueHealth;
use redis::Value;
use std::collections::HashMap;
use std::time::Duration;

pub(crate) async fn health(inside: &Inside) -> QueueResult<QueueHealth> {
    let mut pipe = redis::pipe();
    pipe.add_command(survey::make_call(inside));
    pipe.cmd("INFO").arg("memory").arg("persistence");
    pipe.cmd("CONFIG").arg("GET").arg("appendfsync");
    let mut answers = inside
        .control
        .run_all(&pipe, Duration::ZERO)
        .await?
        .into_iter();
    let mut next = || answers.next().unwrap_or(Value::Nil);
    let seen = survey::read_survey(check(next())?)?;
    let info = read_info(&read_text(check(next())?)?);
    // Managed servers forbid to ask.
    let appendfsync = read_pairs(next())
        .ok()
        .and_then(|pairs| pairs.into_iter().next())
        .map(|(_, value)| String::from_utf8_lossy(&value).into_owned());
    let number = |name: &str| info.get(name).and_then(|text| text.parse::<u64>().ok());
    Ok(QueueHealth {
        oldest_age: seen.oldest_age(),
        depth: seen.depth(),
        pending: seen.pending(),
        dead: seen.stats.dead,
        workers: u64::try_from(seen.stats.workers.len()).unwrap_or(u64::MAX),
        memory_used: number("used_memory").unwrap_or(0),
        memory_limit: number("maxmemory").filter(|limit| *limit > 0),
        warnings: find_warnings(&info, appendfsync.as_deref()),
    })
}

fn read_info(text: &str) -> HashMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

/// What was pushed is durable only if every write is on the disk before its answer, and
/// nothing is ever thrown away for want of memory.
fn find_warnings(info: &HashMap<String, String>, appendfsync: Option<&str>) -> Vec<String> {
    let mut warnings = Vec::new();
    match info.get("aof_enabled").map(String::as_str) {
        Some("1") => match appendfsync {
            Some("always") => {}
            Some(other) => warnings.push(format!(
                "Redis has appendfsync {other}: what was just accepted may be lost when its \
                 machine fails; set appendfsync always"
            )),
            None => warnings.push(
                "Redis does not let us read appendfsync: whether what was accepted survives \
                 a failure of its machine cannot be checked"
                    .into(),
            ),
        },
        Some(_) => warnings.push(
            "Redis has appendonly no: what was accepted is lost when it ends; set appendonly \
             yes and appendfsync always"
                .into(),
        ),
        None => warnings.push("Redis does not say whether it keeps an append-only file".into()),
    }
    if info
        .get("aof_last_write_status")
        .is_some_and(|status| status != "ok")
    {
        warnings.push("Redis could not write its append-only file".into());
    }
    match info.get("maxmemory_policy").map(String::as_str) {
        Some("noeviction") => {}
        Some(policy) => warnings.push(format!(
            "Redis has maxmemory-policy {policy}: it may throw away what was accepted; set \
             maxmemory-policy noeviction"
        )),
        None => warnings.push("Redis does not say what it does when its memory is full".into()),
    }
    warnings
}

pub(crate) async fn check_ready(inside: &Inside) -> QueueResult<()> {
    let health = health(inside).await?;
    check_age(inside, health.oldest_age)?;
    match health.memory_limit {
        Some(limit) if health.memory_used >= limit => {
            Err(unavailable("the queue's memory is full"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warn(aof: &str, fsync: Option<&str>, policy: &str) -> Vec<String> {
        let text = format!("# Memory\r\nmaxmemory_policy:{policy}\r\naof_enabled:{aof}\r\n");
        find_warnings(&read_info(&text), fsync)
    }

    #[test]
    fn only_the_safe_settings_are_silent() {
        assert_eq!(warn("1", Some("always"), "noeviction"), [""; 0]);
        assert!(warn("0", Some("always"), "noeviction")[0].contains("appendonly no"));
        assert!(warn("1", Some("everysec"), "noeviction")[0].contains("everysec"));
        assert!(warn("1", None, "noeviction")[0].contains("cannot be checked"));
        assert!(warn("1", Some("always"), "allkeys-lru")[0].contains("allkeys-lru"));
        assert_eq!(find_warnings(&HashMap::new(), None).len(), 2);
    }
}
