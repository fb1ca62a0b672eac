//! Prices stored traces anew, and what that shifts.
use cognobserve_model::facts::Facts;
use cognobserve_model::id::ModelNo;
use cognobserve_model::price::PriceBook;
use cognobserve_model::trace::TraceState;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Per user number (0: nobody): spans whose price changed, cost before and after.
pub type Shift = BTreeMap<i64, (i64, i128, i128)>;

/// Prices every span anew and notes what changed; the new facts, `None` if nothing did.
pub fn reprice_trace(
    booked: &Facts,
    state: &mut TraceState,
    book: &PriceBook,
    name_of: &dyn Fn(ModelNo) -> Arc<str>,
    shift: &mut Shift,
) -> Option<Facts> {
    let before = state.clone();
    state.price(None, book, name_of, true);
    let spans = before.spans.iter().zip(&state.spans);
    let changed = spans
        .filter(|(old, new)| old.pricing != new.pricing)
        .count();
    if changed == 0 {
        return None;
    }
    let facts = state.facts();
    let user = facts.user.map_or(0, |user| user.0);
    let entry = shift.entry(user).or_default();
    entry.0 += changed as i64;
    entry.1 += booked.measures.cost_nanos;
    entry.2 += facts.measures.cost_nanos;
    Some(facts)
}
