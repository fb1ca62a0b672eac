//! What the pieces of a transaction name, gathered so that it is read in one go.
use cognobserve_model::piece::Batch;
use std::collections::BTreeSet;

/// Names without repeats, sorted.
#[derive(Default)]
pub(super) struct Named {
    pub traces: BTreeSet<String>,
    /// Traces that some piece brings payload for.
    pub with_payload: BTreeSet<String>,
    pub users: BTreeSet<String>,
    /// Users of whom something is said.
    pub described: BTreeSet<String>,
    pub sessions: BTreeSet<String>,
    pub models: BTreeSet<String>,
}

fn put(set: &mut BTreeSet<String>, name: Option<&str>) {
    if let Some(name) = name.filter(|name| !set.contains(*name)) {
        set.insert(name.to_owned());
    }
}

impl Named {
    /// Of packed pieces.
    pub fn of<'b>(batches: impl Iterator<Item = &'b Batch>) -> Named {
        let mut named = Named::default();
        for piece in batches.flat_map(|batch| &batch.pieces) {
            put(&mut named.traces, Some(&piece.trace_id));
            if piece.packed.is_some() {
                put(&mut named.with_payload, Some(&piece.trace_id));
            }
            put(&mut named.users, piece.user.as_deref());
            let session = piece.session.as_ref();
            put(
                &mut named.sessions,
                session.map(|session| &*session.external_id),
            );
            for part in &piece.profiles {
                put(&mut named.users, Some(&part.user));
                put(&mut named.described, Some(&part.user));
            }
            for span in &piece.spans {
                put(&mut named.users, span.user.as_deref());
                put(&mut named.sessions, span.session.as_deref());
                put(&mut named.models, span.model.as_deref());
            }
        }
        named
    }

    /// The most numbers that booking this can take.
    pub fn count(&self) -> usize {
        self.traces.len()
            + self.with_payload.len()
            + self.users.len()
            + self.sessions.len()
            + self.models.len()
    }
}
