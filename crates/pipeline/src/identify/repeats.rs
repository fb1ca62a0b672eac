//! The same span id twice in one request: one span, field by field, the later one winning.
//!
//! The same rule as between deliveries, so that cutting a request differently changes nothing.
use crate::normalise::content::merge_objects;
use cognobserve_model::piece::SpanPart;
use std::collections::HashMap;

/// Merges parts with the same id, at the place of the first.
pub fn merge_repeats(parts: Vec<SpanPart>) -> Vec<SpanPart> {
    let mut first: HashMap<&str, usize> = HashMap::with_capacity(parts.len());
    let target: Vec<usize> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| *first.entry(&part.id).or_insert(at))
        .collect();
    let are_unique = first.len() == parts.len();
    if are_unique {
        return parts;
    }
    let mut slots: Vec<Option<SpanPart>> = Vec::with_capacity(parts.len());
    for (part, at) in parts.into_iter().zip(target) {
        match slots.get_mut(at).and_then(Option::as_mut) {
            None => slots.push(Some(part)),
            Some(earlier) => {
                overlay(earlier, part);
                slots.push(None);
            }
        }
    }
    slots.into_iter().flatten().collect()
}

fn overlay(earlier: &mut SpanPart, later: SpanPart) {
    fn put<T>(slot: &mut Option<T>, value: Option<T>) {
        if value.is_some() {
            *slot = value;
        }
    }
    put(&mut earlier.parent, later.parent);
    put(&mut earlier.app_root, later.app_root);
    put(&mut earlier.name, later.name);
    put(&mut earlier.kind, later.kind);
    put(&mut earlier.level, later.level);
    put(&mut earlier.status_message, later.status_message);
    put(&mut earlier.start, later.start);
    put(&mut earlier.end, later.end);
    put(&mut earlier.model, later.model);
    put(&mut earlier.response_id, later.response_id);
    put(&mut earlier.usage.prompt, later.usage.prompt);
    put(&mut earlier.usage.completion, later.usage.completion);
    put(&mut earlier.usage.total, later.usage.total);
    put(&mut earlier.usage.cached, later.usage.cached);
    put(&mut earlier.usage.reasoning, later.usage.reasoning);
    put(&mut earlier.usage.cache_write, later.usage.cache_write);
    put(&mut earlier.cost.input, later.cost.input);
    put(&mut earlier.cost.output, later.cost.output);
    put(&mut earlier.cost.total, later.cost.total);
    put(&mut earlier.cost.span_total, later.cost.span_total);
    put(&mut earlier.user, later.user);
    put(&mut earlier.session, later.session);
    put(&mut earlier.trace_name, later.trace_name);
    put(&mut earlier.payload.input, later.payload.input);
    put(&mut earlier.payload.output, later.payload.output);
    put(
        &mut earlier.payload.model_parameters,
        later.payload.model_parameters,
    );
    let metadata = match (&earlier.payload.metadata, later.payload.metadata) {
        (Some(old), Some(new)) => Some(merge_objects(old, &new)),
        (_, new) => new,
    };
    put(&mut earlier.payload.metadata, metadata);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: &str, name: Option<&str>, metadata: &str) -> SpanPart {
        let mut part = SpanPart {
            id: id.into(),
            name: name.map(str::to_owned),
            ..SpanPart::default()
        };
        part.payload.metadata = Some(metadata.into());
        part
    }

    #[test]
    fn later_fields_win_and_missing_ones_leave() {
        let mut second = part("a", None, r#"{"y":2,"z":3}"#);
        second.usage.prompt = Some(7);
        let merged = merge_repeats(vec![
            part("a", Some("A"), r#"{"x":1,"y":1}"#),
            part("b", Some("B"), "{}"),
            second,
            part("b", Some("C"), "{}"),
        ]);
        let ids: Vec<_> = merged
            .iter()
            .map(|p| (p.id.as_str(), p.name.as_deref()))
            .collect();
        assert_eq!(ids, [("a", Some("A")), ("b", Some("C"))]);
        assert_eq!(merged[0].usage.prompt, Some(7));
        assert_eq!(
            merged[0].payload.metadata.as_deref(),
            Some(r#"{"x":1,"y":2,"z":3}"#)
        );
    }
}
