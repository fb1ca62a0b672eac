//! The first words on every connection: whether the server is new enough, and whether its
//! queue is the one that we mean. The server may be another one than last time.
use crate::error::{QueueResult, read_failure, refuse};
use crate::keys::Keys;
use crate::script;
use crate::value::{check, read_maybe_text, read_row, read_text};
use cognobserve_ports::{ErrorKind, StoreError};
use redis::Cmd;
use redis::aio::MultiplexedConnection;

/// The oldest server that will do: 7, whose scripts may run when memory is full.
const OLDEST: u32 = 7;
/// How the keys are laid out.
const LAYOUT: u32 = 1;

pub(crate) async fn greet(link: &mut MultiplexedConnection, keys: &Keys) -> QueueResult<()> {
    let mut info = redis::cmd("INFO");
    info.arg("server");
    let said = check(
        link.send_packed_command(&info)
            .await
            .map_err(read_failure)?,
    )?;
    check_version(&read_text(said)?)?;
    let hello: Cmd = {
        let mut call = script::call(script::HELLO, [keys.queue.as_str()]);
        call.arg(LAYOUT).arg(keys.partitions());
        call
    };
    let said = check(
        link.send_packed_command(&hello)
            .await
            .map_err(read_failure)?,
    )?;
    let [layout, partitions] = read_row(said)?;
    check_shape(
        read_maybe_text(layout)?,
        read_maybe_text(partitions)?,
        keys.partitions(),
    )
}

fn check_version(info: &str) -> QueueResult<()> {
    let found = info
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"))
        .map(str::trim)
        .unwrap_or("unknown");
    let major = found.split('.').next().and_then(|text| text.parse().ok());
    if major.is_some_and(|major: u32| major >= OLDEST) {
        return Ok(());
    }
    Err(refuse(format!(
        "the queue needs Redis {OLDEST} or newer, this server has version {found}"
    )))
}

fn check_shape(layout: Option<String>, partitions: Option<String>, wanted: u16) -> QueueResult<()> {
    let read = |text: Option<String>| text.and_then(|text| text.parse::<u32>().ok());
    let layout = read(layout).unwrap_or(0);
    if layout != LAYOUT {
        return Err(StoreError::new(
            ErrorKind::TooNew,
            format!("the queue has layout {layout}, this version knows {LAYOUT}"),
        ));
    }
    let found = read(partitions).unwrap_or(0);
    if found != u32::from(wanted) {
        return Err(StoreError::new(
            ErrorKind::Conflict,
            format!(
                "the queue was made with {found} partitions, and the settings say {wanted}: \
                 the number cannot change while a queue exists"
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_refused_by_name() {
        assert!(check_version("# Server\r\nredis_version:7.0.15\r\n").is_ok());
        assert!(check_version("redis_version:10.1\r\n").is_ok());
        let error = check_version("# Server\r\nredis_version:6.2.14\r\n").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("Redis 7") && text.contains("6.2.14"),
            "{text}"
        );
        assert!(check_version("").is_err());
    }

    #[test]
    fn another_layout_is_not_touched() {
        let error = check_shape(Some("2".into()), Some("32".into()), 32).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooNew);
    }
}
