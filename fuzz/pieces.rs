//! What must hold for every piece that the pipeline hands on, whatever bytes it came from.
use cognobserve_model::account::Capture;
use cognobserve_model::money::MAX_SPAN_COST_NANOS;
use cognobserve_model::piece::{Piece, SpanPart};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::{EARLIEST, MICROS_PER_DAY, Micros};
use cognobserve_model::usage::MAX_TOKENS;
use cognobserve_pipeline::{Door, IdSeed, accept_batch, accept_otlp, accept_trace};
use cognobserve_wire::json::sanitize;
use cognobserve_wire::otlp::{decode_json, decode_protobuf};
use std::collections::HashSet;

/// 2026-11-01.
const NOW: Micros = Micros(1_793_491_200_000_000);

fn open_door<T>(work: impl FnOnce(&Door) -> T) -> T {
    work(&Door {
        now: NOW,
        take_arrivals: &|_| Arrival(NOW.0),
        capture: Capture::Full,
        id_seed: IdSeed::Random([7; 16]),
    })
}

/// The same bytes by every way into the pipeline.
pub fn check_accept(bytes: &[u8]) {
    if let Ok(decoded) = decode_protobuf(bytes) {
        open_door(|door| accept_otlp(decoded, door))
            .pieces
            .iter()
            .for_each(check_piece);
    }
    let Ok(clean) = sanitize(bytes) else { return };
    if let Ok(decoded) = decode_json(clean.text()) {
        open_door(|door| accept_otlp(decoded, door))
            .pieces
            .iter()
            .for_each(check_piece);
    }
    if let Ok(accepted) = open_door(|door| accept_trace(&clean, door)) {
        check_piece(&accepted.piece);
        let again =
            open_door(|door| accept_trace(&clean, door)).expect("accepted once, accepted again");
        assert_eq!(again.span_ids, accepted.span_ids);
    }
    for accepted in open_door(|door| accept_batch(&clean, door))
        .into_iter()
        .flatten()
        .flatten()
    {
        check_piece(&accepted.piece);
    }
}

fn check_piece(piece: &Piece) {
    check_id(&piece.trace_id);
    piece.user.iter().for_each(|user| check_user(user));
    if let Some(session) = &piece.session {
        check_id(&session.external_id);
        check_object(session.metadata.as_deref());
    }
    check_object(piece.metadata.as_deref());
    check_time(piece.timestamp);
    for profile in &piece.profiles {
        check_user(&profile.user);
        assert!(profile.at <= NOW, "a fact of the future");
        for text in [&profile.name, &profile.email]
            .into_iter()
            .flatten()
            .flatten()
        {
            assert!(
                !text.is_empty() && text.chars().count() <= 320 && text.trim() == text,
                "{text:?}"
            );
        }
        profile
            .metadata
            .iter()
            .filter_map(|(_, text)| text.as_deref())
            .for_each(check_json);
    }
    let ids: HashSet<&str> = piece.spans.iter().map(|span| span.id.as_str()).collect();
    assert_eq!(ids.len(), piece.spans.len(), "a span is there twice");
    piece.spans.iter().for_each(check_span);
}

fn check_span(span: &SpanPart) {
    check_id(&span.id);
    span.parent
        .iter()
        .chain(&span.session)
        .for_each(|id| check_id(id));
    span.user.iter().for_each(|user| check_user(user));
    check_time(span.start);
    check_time(span.end);
    let usage = &span.usage;
    for tokens in [
        usage.prompt,
        usage.completion,
        usage.total,
        usage.cached,
        usage.reasoning,
        usage.cache_write,
    ]
    .into_iter()
    .flatten()
    {
        assert!((0..=MAX_TOKENS).contains(&tokens), "{tokens} tokens");
    }
    let cost = &span.cost;
    for nanos in [cost.input, cost.output, cost.total, cost.span_total]
        .into_iter()
        .flatten()
    {
        assert!(
            (0..=MAX_SPAN_COST_NANOS).contains(&nanos),
            "{nanos} nano-dollars"
        );
    }
    check_object(span.payload.metadata.as_deref());
    for text in [
        &span.payload.input,
        &span.payload.output,
        &span.payload.model_parameters,
    ]
    .into_iter()
    .flatten()
    {
        check_json(text);
    }
    for text in [
        &span.name,
        &span.status_message,
        &span.model,
        &span.response_id,
        &span.trace_name,
    ]
    .into_iter()
    .flatten()
    {
        assert!(!text.contains('\0'));
    }
}

fn check_id(id: &str) {
    assert!(
        (1..=255).contains(&id.len()) && !id.contains('\0'),
        "{id:?}"
    );
}

fn check_user(user: &str) {
    assert!(
        (1..=255).contains(&user.chars().count()) && user.trim() == user && !user.contains('\0'),
        "{user:?}"
    );
}

fn check_time(time: Option<Micros>) {
    assert!(
        time.is_none_or(|time| time >= EARLIEST && time.0 <= NOW.0 + MICROS_PER_DAY),
        "{time:?}"
    );
}

fn check_json(text: &str) {
    assert!(
        serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
        "no JSON: {text}"
    );
}

fn check_object(text: Option<&str>) {
    if let Some(text) = text {
        check_json(text);
        assert!(text.trim_start().starts_with('{'), "no object: {text}");
    }
}
