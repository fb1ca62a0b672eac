//! Random small worlds, played on a store under test and on the reference store: every
//! answer must be the same; and pieces that do not contradict each other must give the
//! same in any order and any split.
//!
//! Deterministic for a seed. A failing world is shrunk and told in words.
mod apply;
mod fold;
mod happen;
mod order;
mod picture;
mod plan;
mod realise;
mod tell;
mod words;

use super::{Made, start_runtime};
use crate::reference::ReferenceStore;
use apply::Side;
use happen::Witness;
use picture::{Mask, paint};
use plan::World;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Worlds per store: a fresh store costs more than a world.
const WORLDS_PER_STORE: u64 = 50;

/// Plays `cases` random worlds on stores under test and on the reference store and
/// compares all answers. Panics with the smallest world that it finds to differ.
pub fn run_property(cases: u32, seed: u64, make_store: impl AsyncFn() -> Made) {
    let arena = Arena::new(make_store);
    run(cases, seed, &plan::draw_world(), |world| arena.play(&world));
}

/// Plays `cases` random worlds of pieces that do not contradict each other in two orders
/// and splits, and compares the two with each other and with the reference store.
pub fn run_order_property(cases: u32, seed: u64, make_store: impl AsyncFn() -> Made) {
    let arena = Arena::new(make_store);
    run(cases, seed, &order::draw_pair(), |pair| {
        arena.compare_orders(&pair)
    });
}

/// Folds `cases` random traces with `model::trace` and counts them with the reference store.
pub fn run_fold_property(cases: u32, seed: u64) {
    let runtime = start_runtime();
    run(cases, seed, &plan::draw_pieces(), |pieces| {
        runtime.block_on(fold::compare_fold(&pieces))
    });
}

/// Plays `cases` random logs of product events on stores under test and on the reference store and
/// compares all answers.
pub fn run_event_property(cases: u32, seed: u64, make_store: impl AsyncFn() -> Made) {
    let arena = Arena::new(make_store);
    run(cases, seed, &happen::draw_log(), |log| arena.witness(&log));
}

/// Makes a module of tests, each of which plays the same number of cases from a seed of its
/// own: `name run_property(cases, make_store) test = seed, ...`.
#[macro_export]
macro_rules! property_tests {
    ($module:ident $run:ident($cases:literal, $make_store:path) $($name:ident = $seed:literal),* $(,)?) => {
        mod $module {
            use super::*;
            $(
                #[test]
                fn $name() {
                    $crate::conformance::property::$run($cases, $seed, $make_store);
                }
            )*
        }
    };
}

fn run<S: proptest::strategy::Strategy>(
    cases: u32,
    seed: u64,
    worlds: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases,
        max_shrink_iters: 1000,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    if let Err(failure) = TestRunner::new_with_rng(config, rng).run(worlds, test) {
        panic!("{failure}");
    }
}

/// A runtime and the store under test, renewed now and then and after every failure.
struct Arena<F> {
    runtime: tokio::runtime::Runtime,
    make_store: F,
    store: Mutex<Option<Made>>,
    worlds: AtomicU64,
}

impl<F: AsyncFn() -> Made> Arena<F> {
    fn new(make_store: F) -> Arena<F> {
        Arena {
            runtime: start_runtime(),
            make_store,
            store: Mutex::new(None),
            worlds: AtomicU64::new(0),
        }
    }

    /// Runs `work` on the store; a failure takes the store with it.
    fn with_store(
        &self,
        work: impl AsyncFn(&Made, u64) -> Result<(), TestCaseError>,
    ) -> Result<(), TestCaseError> {
        let number = self.worlds.fetch_add(1, Ordering::Relaxed);
        let mut slot = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if number.is_multiple_of(WORLDS_PER_STORE) {
            *slot = None;
        }
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.runtime.block_on(async {
                if slot.is_none() {
                    *slot = Some((self.make_store)().await);
                }
                match &*slot {
                    Some(made) => work(made, number).await,
                    None => unreachable!("a store was just made"),
                }
            })
        }));
        if !matches!(result, Ok(Ok(()))) {
            *slot = None;
        }
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn play(&self, world: &World) -> Result<(), TestCaseError> {
        self.with_store(async |made, number| {
            let mut tested = Side::open(made, &format!("world-{number}"), world).await;
            let mut reference = open_reference(world).await;
            compare("", reference.play(world).await, tested.play(world).await)?;
            // Who was first to name somebody depends on the order of booking.
            let mask = Mask {
                arrivals: !made.intake.keeps_groups(),
            };
            for project in 0..2 {
                let expected = paint(&reference, project, world, mask).await;
                let found = paint(&tested, project, world, mask).await;
                compare(&format!("project {project}, "), expected, found)?;
            }
            finish(&tested).await
        })
    }

    fn witness(&self, log: &happen::Log) -> Result<(), TestCaseError> {
        self.with_store(async |made, number| {
            let name = format!("log-{number}");
            let tested = Witness::open(&made.events, &made.store, &name).await;
            let other = make_reference();
            let reference = Witness::open(&other.events, &other.store, &name).await;
            compare("", reference.play(log).await, tested.play(log).await)?;
            tested.close().await;
            Ok(())
        })
    }

    fn compare_orders(&self, pair: &order::Pair) -> Result<(), TestCaseError> {
        self.with_store(async |made, number| {
            let mask = Mask { arrivals: true };
            let mut pictures = Vec::new();
            for (n, world) in [&pair.first, &pair.second].into_iter().enumerate() {
                let mut tested = Side::open(made, &format!("order-{number}-{n}"), world).await;
                let mut reference = open_reference(world).await;
                tested.play(world).await;
                reference.play(world).await;
                let found = paint(&tested, 0, world, mask).await;
                compare("", paint(&reference, 0, world, mask).await, found.clone())?;
                pictures.push(found);
                finish(&tested).await?;
            }
            let second = pictures.pop().unwrap_or_default();
            compare(
                "the other order, ",
                pictures.pop().unwrap_or_default(),
                second,
            )
        })
    }
}

async fn open_reference(world: &World) -> Side {
    Side::open(&make_reference(), "reference", world).await
}

fn make_reference() -> Made {
    let store = Arc::new(ReferenceStore::new());
    Made::new(store.clone(), store, ())
}

/// The books verify, with the world in them and after it is gone.
async fn finish(tested: &Side) -> Result<(), TestCaseError> {
    for moment in ["with", "without"] {
        let found = tested
            .store
            .verify()
            .await
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        if found.difference_count != 0 {
            return Err(TestCaseError::fail(format!(
                "verify {moment} the world: {:#?}",
                found.differences
            )));
        }
        if moment == "with" {
            tested.close().await;
        }
    }
    Ok(())
}

/// Fails with the first lines that differ.
fn compare(what: &str, expected: Vec<String>, found: Vec<String>) -> Result<(), TestCaseError> {
    if expected == found {
        return Ok(());
    }
    let mut told = String::new();
    let length = expected.len().max(found.len());
    let differing = (0..length).filter(|n| expected.get(*n) != found.get(*n));
    for n in differing.take(4) {
        let line = |lines: &[String]| lines.get(n).cloned().unwrap_or_else(|| "(nothing)".into());
        told += &format!(
            "\n{what}expected {}\n{what}found    {}\n",
            line(&expected),
            line(&found)
        );
    }
    Err(TestCaseError::fail(told))
}
