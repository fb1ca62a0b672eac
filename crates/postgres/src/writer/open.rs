//! A trace of the transaction at hand: what was stored, what it has become, what payload
//! came; and its closing, which prices it and books the difference.
use super::desk::Desk;
use super::known::list_sessions;
use super::rows::{StoredTrace, TraceRow, Writes};
use crate::error::StoreResult;
use cognobserve_books::bodies::{Kept, fold_bodies};
use cognobserve_books::postings::Postings;
use cognobserve_model::facts::Facts;
use cognobserve_model::id::SessionNo;
use cognobserve_model::trace::TraceState;

pub(super) struct OpenTrace {
    pub stored: Option<StoredTrace>,
    pub state: TraceState,
    pub bodies: Vec<Box<[u8]>>,
    /// Erased in this transaction: what payload was stored must go.
    pub drop_payload: bool,
}

impl OpenTrace {
    /// Adds to `postings` and `writes`; nothing if nothing has changed. A trace from before
    /// `keep_payload_from` keeps no payload.
    pub fn close(
        mut self,
        desk: &mut Desk,
        postings: &mut Postings,
        writes: &mut Writes,
        keep_payload_from: Option<i64>,
    ) -> StoreResult<()> {
        let stored = self.stored.take();
        if stored.is_some() {
            // It may name a session that was deleted while another one ranked higher.
            for session in list_sessions(&self.state) {
                if !desk.has_session(session) {
                    self.state.unlink_session(SessionNo(session));
                }
            }
        }
        let before = stored.as_ref().map(|stored| &stored.state);
        if before == Some(&self.state) && self.bodies.is_empty() {
            return Ok(());
        }
        let name_of = |no| desk.find_model_name(no);
        let book = &desk.project.book;
        self.state.price(before, book, &name_of, false);
        let facts = self.state.facts();
        if keep_payload_from.is_some_and(|from| facts.time.0 < from) {
            self.bodies.clear();
            self.drop_payload = true;
        }
        let no = match &stored {
            Some(stored) => stored.no,
            None => desk.take_number(),
        };
        self.close_payload(desk, no, stored.is_some(), writes)?;
        let before = stored.as_ref().map(|stored| &stored.state);
        if before == Some(&self.state) {
            return Ok(());
        }
        let booked = stored.as_ref().map(|stored| &stored.booked);
        let same_facts = booked.is_some_and(|booked| {
            Facts {
                name: facts.name.clone(),
                ..booked.clone()
            } == facts
        });
        if !same_facts {
            postings.replace(no, booked, Some(&facts));
        }
        let rows = match stored {
            Some(_) => &mut writes.changed_traces,
            None => &mut writes.new_traces,
        };
        rows.push(TraceRow {
            no,
            facts,
            state: self.state,
        });
        Ok(())
    }

    fn close_payload(
        &mut self,
        desk: &mut Desk,
        no: i64,
        is_stored: bool,
        writes: &mut Writes,
    ) -> StoreResult<()> {
        let mut stored = desk.known.bodies.remove(&no).unwrap_or_default();
        if self.drop_payload && is_stored {
            writes.dropped_payloads.push(no);
            stored.clear();
        }
        if self.state.erased {
            return Ok(());
        }
        let body = match fold_bodies(&stored, std::mem::take(&mut self.bodies))? {
            Kept::AsStored => return Ok(()),
            Kept::With(body) => body,
            Kept::Instead(body) => {
                writes.dropped_payloads.push(no);
                body
            }
        };
        writes.payloads.push((no, desk.take_number(), body));
        Ok(())
    }
}
