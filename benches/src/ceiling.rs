//! What the store alone takes: the same traces, already decoded, straight into
//! `Ledger::commit` in groups of 5,000 spans, without HTTP.
//! Decoding and packing run on another thread, ahead of the writer by a few groups.
use crate::table;
use crate::traffic::Traffic;
use anyhow::{Context, anyhow};
use cognobserve_model::account::Capture;
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::piece::Batch;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{Door, IdSeed, accept_batch};
use cognobserve_ports::{Accounts, Ledger};
use cognobserve_sqlite::{Mode, SqliteStore};
use cognobserve_wire::json::sanitize;
use std::cell::Cell;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

const TRACES_PER_GROUP: u64 = 1_250;
const SPANS_PER_TRACE: u64 = 4;
const GROUPS_AHEAD: usize = 4;

pub struct Ceiling {
    spans: u64,
    took: Duration,
    /// Of which in `commit`.
    busy: Duration,
    parts: Vec<Duration>,
}

impl Ceiling {
    /// Spans per second.
    pub fn rate(&self) -> f64 {
        self.spans as f64 / self.took.as_secs_f64()
    }

    /// Spans per second of the time spent in `commit` alone: what the store would take if
    /// decoding and packing cost nothing.
    pub fn busy_rate(&self) -> f64 {
        self.spans as f64 / self.busy.as_secs_f64()
    }

    pub fn write_parts(&self) -> String {
        table::parts(&self.parts)
    }
}

/// Books `spans` in an empty store. The time is the whole time, as it is over HTTP.
pub fn measure(dir: &Path, users: u64, spans: u64) -> anyhow::Result<Ceiling> {
    // A thread of its own: the caller's is in a runtime already.
    std::thread::scope(|scope| scope.spawn(|| book(dir, users, spans)).join())
        .map_err(|_| anyhow!("the store has died"))?
}

fn book(dir: &Path, users: u64, spans: u64) -> anyhow::Result<Ceiling> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = SqliteStore::open(dir, Mode::Serve)?;
        let project = store
            .create_project("bench", "bench", &cognobserve_ports::Actor::Operator)
            .await?
            .id;
        let (sender, receiver) = sync_channel(GROUPS_AHEAD);
        let groups = (spans / (TRACES_PER_GROUP * SPANS_PER_TRACE)).max(1);
        let maker = {
            let store = store.clone();
            std::thread::spawn(move || make_groups(&store, &project, users, groups, &sender))
        };
        // The first groups are ready before the clock starts.
        let mut ready = Some(receiver.recv().context("no group")?);
        let began = Instant::now();
        let (mut done, mut parts, mut busy) = (0, Vec::new(), Duration::ZERO);
        while let Some(group) = ready.take().or_else(|| receiver.recv().ok()) {
            let handed_in = Instant::now();
            let outcomes = store.commit(vec![group]).await?;
            busy += handed_in.elapsed();
            for outcome in outcomes {
                outcome.map_err(|refusal| anyhow!("refused: {refusal:?}"))?;
            }
            done += TRACES_PER_GROUP * SPANS_PER_TRACE;
            if done % 1_000_000 == 0 {
                parts.push(began.elapsed());
            }
        }
        let took = began.elapsed();
        maker
            .join()
            .map_err(|_| anyhow!("the maker of groups has died"))??;
        Ok(Ceiling {
            spans: done,
            took,
            busy,
            parts,
        })
    })
}

fn make_groups(
    store: &SqliteStore,
    project: &ProjectId,
    users: u64,
    groups: u64,
    sender: &SyncSender<Batch>,
) -> anyhow::Result<()> {
    let mut traffic = Traffic::new(
        users,
        groups * TRACES_PER_GROUP,
        TRACES_PER_GROUP,
        SPANS_PER_TRACE,
    );
    let clock = Cell::new(Micros::now().0);
    let take_arrivals = |count: usize| {
        let first = clock.get().max(Micros::now().0);
        clock.set(first + count as i64);
        Arrival(first)
    };
    let mut body = Vec::new();
    for _ in 0..groups {
        body.clear();
        traffic.write_body(&mut body);
        let clean = sanitize(&body)?;
        let door = Door {
            now: Micros::now(),
            take_arrivals: &take_arrivals,
            capture: Capture::Full,
            id_seed: IdSeed::Random([0; 16]),
        };
        let accepted = accept_batch(&clean, &door).map_err(|fault| anyhow!("{fault:?}"))?;
        let pieces = accepted.into_iter().map(|result| {
            result
                .map(|accepted| accepted.piece)
                .map_err(|refused| anyhow!("{refused:?}"))
        });
        let mut batch = Batch {
            project: project.clone(),
            key: KeyId::new("bench"),
            pieces: pieces.collect::<anyhow::Result<_>>()?,
        };
        store.pack(&mut batch);
        if sender.send(batch).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
