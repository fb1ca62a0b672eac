//! From a trace's text to the books: the door's steps, then the ledger, a group at a time.
//! Invariant: the same file and record number always give the same ids; what `flush` returned
//! from is committed.
use crate::assemble::Store;
use anyhow::{Context, bail};
use cognobserve_model::account::Project;
use cognobserve_model::id::KeyId;
use cognobserve_model::piece::{Batch, Piece};
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{Accepted, Door, IdSeed, accept_trace};
use cognobserve_ports::{Committed, Refusal, StoreError};
use cognobserve_server::worker::ArrivalClock;
use cognobserve_wire::json::sanitize;
use tokio::task::JoinHandle;

/// A group is committed when it has so many spans or so much text.
const GROUP_SPANS: usize = 5_000;
const GROUP_TRACES: usize = 5_000;
const GROUP_BYTES: usize = 32 << 20;

type Commit = JoinHandle<Result<Vec<Result<Committed, Refusal>>, StoreError>>;

/// Books traces in groups, in one project; while a group is committed the next one is read.
pub struct Intake<'s> {
    store: &'s Store,
    project: Project,
    key: KeyId,
    /// Names the source; with a record's number it makes ids that the source lacks.
    seed: String,
    clock: ArrivalClock,
    pieces: Vec<Piece>,
    span_count: usize,
    byte_count: usize,
    last_number: u64,
    /// The group that is being committed, with the number of its last record.
    under_way: Option<(u64, Commit)>,
    /// Every record up to this number is committed, or was refused.
    pub committed_number: u64,
    /// Spans of traces that were full already.
    pub refused_spans: usize,
}

impl<'s> Intake<'s> {
    /// `key` is noted as who changed profiles.
    pub async fn new(
        store: &'s Store,
        project: Project,
        key: KeyId,
        seed: &str,
    ) -> Result<Intake<'s>, StoreError> {
        let clock = ArrivalClock::starting_after(store.last_arrival().await?);
        Ok(Intake {
            store,
            project,
            key,
            seed: seed.to_owned(),
            clock,
            pieces: Vec::new(),
            span_count: 0,
            byte_count: 0,
            last_number: 0,
            under_way: None,
            committed_number: 0,
            refused_spans: 0,
        })
    }

    /// Takes one trace; the inner error says why it is none. It is durable after
    /// [`Intake::flush`], or earlier.
    ///
    /// # Errors
    /// If the store did not take the group before.
    pub async fn take(&mut self, number: u64, text: &str) -> anyhow::Result<Result<(), String>> {
        self.last_number = number;
        let accepted = match accept_record(text, &self.project, &self.seed, number, &self.clock) {
            Ok(accepted) => accepted,
            Err(problem) => return Ok(Err(problem)),
        };
        self.span_count += accepted.piece.spans.len();
        self.byte_count += text.len();
        self.pieces.push(accepted.piece);
        if self.span_count >= GROUP_SPANS
            || self.byte_count >= GROUP_BYTES
            || self.pieces.len() >= GROUP_TRACES
        {
            self.start_commit().await?;
        }
        Ok(Ok(()))
    }

    /// Commits what is waiting and waits for it.
    ///
    /// # Errors
    /// If the store refuses; nothing of the group is booked then.
    pub async fn flush(&mut self) -> anyhow::Result<()> {
        self.start_commit().await?;
        self.finish_commit().await
    }

    async fn start_commit(&mut self) -> anyhow::Result<()> {
        let pieces = std::mem::take(&mut self.pieces);
        (self.span_count, self.byte_count) = (0, 0);
        let mut batch = Batch {
            project: self.project.id.clone(),
            key: self.key.clone(),
            pieces,
        };
        self.store.pack(&mut batch);
        self.finish_commit().await?;
        let store = self.store.clone();
        let commit = tokio::spawn(async move { store.commit(vec![batch]).await });
        self.under_way = Some((self.last_number, commit));
        Ok(())
    }

    async fn finish_commit(&mut self) -> anyhow::Result<()> {
        let Some((number, commit)) = self.under_way.take() else {
            return Ok(());
        };
        let name = &self.project.name;
        for result in commit.await.context("the committing task ended")?? {
            match result {
                Ok(committed) => {
                    self.refused_spans += committed
                        .refused_spans
                        .iter()
                        .map(|(_, count)| count)
                        .sum::<usize>()
                }
                Err(Refusal::NoSuchProject) => bail!("the project {name:?} was deleted meanwhile"),
                Err(Refusal::TooManyUsers) => {
                    bail!(
                        "this would make more users than the project {name:?} may have: `cognobserve projects set {name} --max-users N|none`"
                    )
                }
            }
        }
        self.committed_number = number;
        Ok(())
    }
}

/// The steps that a delivery takes at the door; `Err` says what is wrong with the record.
pub fn accept_record(
    text: &str,
    project: &Project,
    seed: &str,
    number: u64,
    clock: &ArrivalClock,
) -> Result<Accepted, String> {
    let clean = sanitize(text.as_bytes()).map_err(|error| error.to_string())?;
    let id_seed = format!("{seed}:{number}");
    let door = Door {
        now: Micros::now(),
        take_arrivals: &|count| clock.take(count),
        capture: project.settings.capture,
        id_seed: IdSeed::Stable(&id_seed),
    };
    accept_trace(&clean, &door).map_err(|refused| match refused.fault.path.is_empty() {
        true => refused.fault.message,
        false => refused.fault.to_string(),
    })
}
