//! Bodies to the byte, and every answer that Amplitude documents.
use super::*;
use crate::sink::tests::outgoing;

const NOW: Duration = Duration::ZERO;

fn read(status: u16, body: &str, count: usize) -> Verdict {
    let events: Vec<Outgoing> = (0..count).map(|n| outgoing(&format!("dev_{n}"))).collect();
    let answer = Answer {
        status,
        retry_after_s: None,
        body: body.as_bytes(),
    };
    read_answer(answer, &events)
}

fn narrowed(dropped: &[(usize, DropReason)], later: &[usize], wait: Duration) -> Verdict {
    Verdict::Narrowed {
        dropped: dropped.to_vec(),
        later: later.to_vec(),
        wait,
    }
}

#[test]
fn a_body_is_this_to_the_byte() {
    let event = write_event(&outgoing("dev_1"));
    let body = String::from_utf8(write_body("ke\"y", &[event.clone(), event])).unwrap();
    let one = r#"{"user_id":"dev_1","event_type":"memory_created","time":1767225600123,"insert_id":"00000000-0000-0000-0000-000000000007","event_properties":{"type":"text"}}"#;
    assert_eq!(
        body,
        format!(r#"{{"api_key":"ke\"y","events":[{one},{one}],"options":{{"min_id_length":1}}}}"#)
    );
}

#[test]
fn the_envelope_has_room_under_a_megabyte() {
    let envelope = write_body(&"k".repeat(200), &[]).len();
    assert!(envelope + LIMITS.bytes < 1_000_000);
}

#[test]
fn what_is_taken_or_tried_again_is_all_of_it() {
    assert_eq!(
        read(200, r#"{"code":200,"events_ingested":2}"#, 2),
        Verdict::Taken
    );
    for status in [408, 500, 502, 503, 504] {
        assert_eq!(read(status, "oops", 2), Verdict::Again(NOW), "{status}");
    }
    let events = [outgoing("dev_1")];
    let busy = Answer {
        status: 503,
        retry_after_s: Some(9),
        body: b"",
    };
    assert_eq!(
        read_answer(busy, &events),
        Verdict::Again(Duration::from_secs(9))
    );
    assert_eq!(read(413, "{}", 2), Verdict::Halved(DropReason::TooLarge));
}

#[test]
fn a_400_narrows_to_the_events_that_are_wrong() {
    let body = r#"{"code":400,"error":"Request missing required field","missing_field":null,
        "events_with_invalid_fields":{"time":[3,1]},"events_with_missing_fields":{"event_type":[1]},"silenced_events":[4,99]}"#;
    let invalid = DropReason::Invalid;
    assert_eq!(
        read(400, body, 6),
        narrowed(&[(1, invalid), (3, invalid), (4, invalid)], &[], NOW)
    );
    let short = r#"{"code":400,"error":"Invalid id length","events_with_invalid_id_lengths":{"user_id":[0]}}"#;
    assert_eq!(read(400, short, 2), narrowed(&[(0, invalid)], &[], NOW));
    // As Amplitude's own example has it, and with lists that say nothing.
    for body in [
        r#"{"missing_field":"api_key","events_with_missing_fields":{"event_type":[1]}}"#,
        r#"{"error":7,"events_with_invalid_fields":null,"silenced_events":"none","events_with_missing_fields":{"a":null,"b":[1,-1,"x"]}}"#,
    ] {
        assert_eq!(
            read(400, body, 2),
            narrowed(&[(1, invalid)], &[], NOW),
            "{body}"
        );
    }
    for nothing_named in [
        r#"{"error":"Invalid JSON"}"#,
        "<html>",
        r#"{"events_with_invalid_fields":{"time":[7]}}"#,
    ] {
        assert_eq!(
            read(400, nothing_named, 2),
            Verdict::Halved(DropReason::Refused),
            "{nothing_named}"
        );
    }
}

#[test]
fn a_wrong_key_stops_the_sink_and_drops_nothing() {
    for (status, body) in [
        (400, r#"{"code":400,"error":"Invalid API key: 0123"}"#),
        (400, r#"{"code":400,"missing_field":"api_key"}"#),
        (401, ""),
        (403, ""),
    ] {
        assert!(
            matches!(read(status, body, 2), Verdict::Stopped(_)),
            "{status} {body}"
        );
    }
}

#[test]
fn a_429_drops_who_is_over_quota_and_holds_back_who_is_too_fast() {
    let body = r#"{"code":429,"error":"Too many requests for some users and devices","eps_threshold":10,
        "throttled_users":{"dev_2":11},"throttled_events":[2,0],"exceeded_daily_quota_users":{"dev_0":1}}"#;
    assert_eq!(
        read(429, body, 4),
        narrowed(&[(0, DropReason::OverQuota)], &[2], THROTTLED)
    );
    let all = r#"{"throttled_users":{"dev_0":11},"throttled_events":[0,1]}"#;
    for (body, count) in [("", 4), (all, 2)] {
        assert_eq!(read(429, body, count), Verdict::Again(NOW), "{body}");
    }
}
