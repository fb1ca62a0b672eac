//! Prices spans anew by today's book, a stretch of traces to a transaction.
use super::post::post_changes;
use super::rewrite::{STRETCH, list_numbers, put_back, read_traces};
use super::rows::{Writes, read_trace};
use super::tx::Tx;
use crate::accounts::read_book;
use crate::audit;
use crate::error::StoreResult;
use crate::store::PostgresStore;
use cognobserve_books::postings::Postings;
use cognobserve_books::repricing::{Shift, reprice_trace};
use cognobserve_model::id::{ModelNo, ProjectId};
use cognobserve_ports::Actor;
use hashbrown::HashMap;
use std::sync::Arc;
use tokio_postgres::Row;

type Names = HashMap<i64, Arc<str>>;

const NAMES: &str = "SELECT no, name FROM models WHERE project_no = $1";

fn collect_names(rows: &[Row]) -> Names {
    let name = |row: &Row| (row.get(0), Arc::from(row.get::<_, &str>(1)));
    rows.iter().map(name).collect()
}

fn name_of(names: &Names, no: ModelNo) -> Arc<str> {
    names.get(&no.0).cloned().unwrap_or_else(|| "".into())
}

impl PostgresStore {
    /// What repricing would change, from one snapshot.
    pub(crate) async fn preview_reprice(&self, project: &ProjectId) -> StoreResult<Shift> {
        let snapshot = self.long_snapshot(project).await?;
        let no = snapshot.project_no;
        let book = read_book(snapshot.client()?, no).await?;
        let names = collect_names(&snapshot.query(NAMES, &[&no]).await?);
        let (mut shift, mut after, limit) = (Shift::new(), 0i64, STRETCH as i64);
        loop {
            let query = "SELECT no, booked, state FROM traces WHERE project_no = $1 AND no > $2 ORDER BY no LIMIT $3";
            let rows = snapshot.query(query, &[&no, &after, &limit]).await?;
            for row in &rows {
                let mut trace = read_trace(row)?;
                after = trace.no;
                let name_of = |no| name_of(&names, no);
                reprice_trace(&trace.booked, &mut trace.state, &book, &name_of, &mut shift);
            }
            if rows.is_empty() {
                snapshot.close().await?;
                return Ok(shift);
            }
        }
    }

    /// Reprices everything; a failure leaves what was done, and running it again goes on.
    pub(crate) async fn apply_reprice(&self, project: &ProjectId) -> StoreResult<Shift> {
        let (mut shift, mut after) = (Shift::new(), 0);
        while let Some(last) = self.reprice_stretch(project, after, &mut shift).await? {
            after = last;
        }
        let spans: i64 = shift.values().map(|(spans, _, _)| spans).sum();
        let tx = Tx::begin(self).await?;
        if let Some(project) = tx.lock_project(project).await? {
            let (client, detail) = (tx.client()?, format!("{spans} spans"));
            audit::write(
                client,
                &Actor::Operator,
                Some(project.no),
                "prices.reprice",
                &detail,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(shift)
    }

    /// The last trace number of the stretch; `None` at the end.
    async fn reprice_stretch(
        &self,
        project: &ProjectId,
        after: i64,
        shift: &mut Shift,
    ) -> StoreResult<Option<i64>> {
        let tx = Tx::begin(self).await?;
        let Some(project) = tx.lock_project(project).await? else {
            return Ok(None);
        };
        tx.lift_time_limit().await?;
        let query =
            "SELECT no FROM traces WHERE project_no = $1 AND no > $2 ORDER BY no LIMIT 2000";
        let numbers = list_numbers(&tx, query, project.no, after).await?;
        let names = collect_names(&tx.query(NAMES, &[&project.no]).await?);
        let (mut postings, mut writes) = (Postings::default(), Writes::default());
        for mut trace in read_traces(&tx, project.no, &numbers).await? {
            let name_of = |no| name_of(&names, no);
            let state = &mut trace.state;
            let repriced = reprice_trace(&trace.booked, state, &project.book, &name_of, shift);
            if repriced.is_some() {
                put_back(trace, &mut postings, &mut writes);
            }
        }
        writes.write(&tx, project.no).await?;
        post_changes(&tx, project.no, postings).await?;
        tx.commit().await?;
        Ok(numbers.last().copied())
    }
}
