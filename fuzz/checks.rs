//! What must hold for any bytes, decoder by decoder. Run by cargo-fuzz (`make fuzz`), and in
//! a bounded way on the stable compiler by the tests.
use cognobserve_model::money::{MAX_SPAN_COST_NANOS, parse_dollars};
use cognobserve_model::time::{Day, Zone, parse_rfc3339};
use cognobserve_wire::grpc::{
    HEAD_BYTES, encode_frame, read_frame_size, read_health_check, reflection, split_frame,
};
use cognobserve_wire::json::{MAX_DEPTH, sanitize};
use cognobserve_wire::native::proto::{Room, write_batch, write_trace};
use cognobserve_wire::native::{TraceIn, split_batch};
use cognobserve_wire::otlp::{Decoded, decode_json, decode_protobuf, is_otlp_json};

/// Cleaned text is clean: cleaning it again changes nothing, and depth is bounded.
pub fn check_sanitize(bytes: &[u8]) {
    let Ok(clean) = sanitize(bytes) else { return };
    let text = clean.text();
    let again = sanitize(text.as_bytes()).expect("clean text stays clean");
    // A byte order mark is taken off once; a second one is the decoder's to refuse.
    assert_eq!(again.text(), text.strip_prefix('\u{feff}').unwrap_or(text));
    assert_eq!((again.replaced_characters(), again.non_finite()), (0, 0));
    assert!(clean.non_finite_in(text) <= clean.non_finite());
    if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        assert!(
            serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
            "JSON stays JSON"
        );
        assert!(measure_depth(text) <= MAX_DEPTH);
    }
}

/// How deep brackets outside of strings are nested.
fn measure_depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut inside, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'[' | b'{' if !inside => depth += 1,
            b']' | b'}' if !inside => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// A trace is read if and only if it is a JSON object of the right shape; its leaves open.
pub fn check_native(bytes: &[u8]) {
    let Ok(clean) = sanitize(bytes) else { return };
    let Ok(trace) = TraceIn::decode(clean.text()) else {
        return;
    };
    assert!(
        serde_json::from_str::<serde::de::IgnoredAny>(clean.text()).is_ok(),
        "only JSON is read"
    );
    let raws = [
        trace.trace_id,
        trace.name,
        trace.timestamp,
        trace.metadata,
        trace.session_id,
        trace.user_id,
        trace.user,
    ];
    let of_spans = trace.spans.iter().flat_map(|span| {
        [
            span.span_id,
            span.name,
            span.start_time,
            span.input,
            span.output,
            span.usage,
            span.cost,
        ]
    });
    for raw in raws.into_iter().chain(of_spans) {
        assert_eq!(
            raw.is_given(),
            raw.text().is_some_and(|text| text != "null")
        );
        if let Some(text) = raw.as_text() {
            assert!(!text.contains('\0'));
        }
        raw.members();
        raw.items();
    }
}

/// Each trace of a batch is JSON by itself.
pub fn check_native_batch(bytes: &[u8]) {
    let Ok(clean) = sanitize(bytes) else { return };
    let Ok(traces) = split_batch(clean.text()) else {
        return;
    };
    for trace in traces {
        let text = trace.text().expect("an element has a text");
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
        let _ = TraceIn::decode(text);
    }
}

/// Longest text that a message may become.
const MOST: usize = 1 << 20;

/// Counts what is taken.
struct Counter(usize);

impl Room for Counter {
    fn take(&mut self, bytes: usize) -> bool {
        self.0 += bytes;
        true
    }
}

/// Whatever a message is, its text is JSON within the limit, for which room was taken; and it is read like any other.
pub fn check_native_proto(bytes: &[u8]) {
    for write in [write_trace, write_batch] {
        let mut room = Counter(0);
        let Ok(text) = write(bytes, MOST, &mut room) else {
            continue;
        };
        assert!(text.len() <= MOST && text.len() <= room.0);
        // Values may be as deep as JSON may, and stand in a trace.
        let Ok(clean) = sanitize(text.as_bytes()) else {
            continue;
        };
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(clean.text()).is_ok());
    }
    if let Ok(text) = write_trace(bytes, MOST, &mut Counter(0)) {
        check_native(text.as_bytes());
    }
    if let Ok(text) = write_batch(bytes, MOST, &mut Counter(0)) {
        check_native_batch(text.as_bytes());
    }
}

/// A frame is all of its body, as a stream of frames sees it too; and what tools ask gets a bounded answer.
pub fn check_grpc(bytes: &[u8]) {
    if let Ok(frame) = split_frame(bytes) {
        assert_eq!(frame.message, &bytes[HEAD_BYTES..]);
        if !frame.is_compressed {
            assert_eq!(encode_frame(frame.message), bytes);
            assert_eq!(read_frame_size(bytes), Ok(Some(bytes.len())));
        }
    }
    if let Ok(Some(size)) = read_frame_size(bytes) {
        assert_eq!(split_frame(bytes).is_ok(), size == bytes.len());
    }
    if let Ok(check) = read_health_check(bytes) {
        assert!(check.service.len() <= 3 * bytes.len());
    }
    let answer = reflection::answer(bytes);
    assert!(answer.len() <= 4 * bytes.len() + reflection::DESCRIPTORS.len() + 1_000);
}

/// Ids are whole, whatever else is in the span.
fn check_spans(decoded: &Decoded<'_>) {
    let is_hex = |id: &str, digits: usize| {
        id.len() == digits
            && id
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
            && id.bytes().any(|byte| byte != b'0')
    };
    for span in &decoded.spans {
        assert!(is_hex(&span.trace_id, 32) && is_hex(&span.span_id, 16));
        assert!(
            span.parent_span_id
                .as_deref()
                .is_none_or(|id| is_hex(id, 16))
        );
    }
    assert!(decoded.rejected.messages.len() as u64 <= decoded.rejected.count);
}

pub fn check_otlp_protobuf(bytes: &[u8]) {
    if let Ok(decoded) = decode_protobuf(bytes) {
        check_spans(&decoded);
    }
}

pub fn check_otlp_json(bytes: &[u8]) {
    let Ok(clean) = sanitize(bytes) else { return };
    let _ = is_otlp_json(clean.text());
    if let Ok(decoded) = decode_json(clean.text()) {
        check_spans(&decoded);
    }
}

/// A time that is read is written so that it is read again.
pub fn check_time(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(time) = parse_rfc3339(text) {
        assert_eq!(parse_rfc3339(&time.to_string()), Ok(time));
    }
    if let Ok(day) = Day::parse(text) {
        assert_eq!(Day::parse(&day.to_string()), Ok(day));
    }
    let (name, time) = text
        .split_once(' ')
        .unwrap_or((text, "2026-10-25T01:30:00Z"));
    if let (Ok(zone), Ok(time)) = (Zone::parse(name), parse_rfc3339(time)) {
        let day = zone.day_of(time);
        // Only within the centuries that day arithmetic is defined for.
        if (cognobserve_model::time::EARLIEST..cognobserve_model::time::LATEST).contains(&time) {
            assert!(zone.start_of(day) <= time, "a day begins before its times");
            assert!(time < zone.start_of(day.plus(1)), "and ends after them");
        }
    }
}

/// An amount that is read is in range, and its exact decimal text is the same amount.
pub fn check_money(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(nanos) = parse_dollars(text) {
        assert!((0..=MAX_SPAN_COST_NANOS).contains(&nanos));
        let exact = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
        assert_eq!(parse_dollars(&exact), Ok(nanos));
    }
}
