//! What every store must do, as tests: declaring a case registers it for every back end.
//!
//! A profile calls [`crate::conformance_tests!`] once with a way to make a fresh store.
//! Cases see a store only through its ports; after each one the books must verify.
pub mod build;
mod cases;
mod desk;
mod intake;
mod occur;
pub mod people;
pub mod property;

pub use desk::Desk;
pub use intake::{Answers, Intake};

use crate::{Accounts, Events, Ledger, Reports};
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// All that a store is asked to do.
pub trait Store: Ledger + Reports + Accounts {}
impl<S: Ledger + Reports + Accounts> Store for S {}

/// A fresh store, how batches reach it, and what must live as long as it does (its
/// directory, its server).
pub struct Made {
    pub store: Arc<dyn Store>,
    pub events: Arc<dyn Events>,
    pub intake: Arc<dyn Intake>,
    _guard: Box<dyn Any + Send>,
}

impl Made {
    /// A store that is handed its batches.
    pub fn new<S: Store + 'static>(
        store: Arc<S>,
        events: Arc<dyn Events>,
        guard: impl Any + Send,
    ) -> Made {
        let intake = Arc::new(intake::Direct(Arc::clone(&store) as Arc<dyn Store>));
        Made::behind(intake, store, events, guard)
    }

    /// A store that something else stands before.
    pub fn behind<S: Store + 'static>(
        intake: Arc<dyn Intake>,
        store: Arc<S>,
        events: Arc<dyn Events>,
        guard: impl Any + Send,
    ) -> Made {
        Made {
            store,
            events,
            intake,
            _guard: Box::new(guard),
        }
    }
}

/// A named rule, and the code that fails where it does not hold.
pub struct Case {
    pub name: &'static str,
    run: fn(Desk) -> Pin<Box<dyn Future<Output = ()>>>,
}

macro_rules! collect_cases {
    ([] $($module:ident { $($name:ident),* $(,)? })*) => {
        /// Every case, in the order of its area.
        pub const CASES: &[Case] = &[
            $($(Case { name: stringify!($name), run: |desk| Box::pin(cases::$module::$name(desk)) },)*)*
        ];
    };
}
crate::with_conformance_cases!({collect_cases} []);

/// Runs one case against a fresh store; panics if the store breaks the rule or if its
/// books do not verify afterwards.
pub async fn run_case(name: &str, make_store: impl AsyncFn() -> Made) {
    let case = CASES
        .iter()
        .find(|case| case.name == name)
        .unwrap_or_else(|| panic!("no case is called {name}"));
    let made = make_store().await;
    let desk = Desk::open(&made).await;
    (case.run)(desk).await;
    let found = made.store.verify().await.expect("verify answers");
    assert_eq!(
        found.difference_count, 0,
        "the books do not verify: {:#?}",
        found.differences
    );
}

/// [`run_case`] on a runtime of its own, as a test calls it.
pub fn run_case_blocking(name: &str, make_store: impl AsyncFn() -> Made) {
    start_runtime().block_on(run_case(name, make_store));
}

/// Two threads, so that concurrent calls really meet.
fn start_runtime() -> tokio::runtime::Runtime {
    let started = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    started.expect("a runtime starts")
}

/// Makes one `#[test]` per conformance case, `profile::area::case`; takes the name of the
/// profile and an async function that makes a fresh [`Made`](crate::conformance::Made).
#[macro_export]
macro_rules! conformance_tests {
    ($profile:ident, $make_store:path) => {
        mod $profile {
            $crate::with_conformance_cases!({ $crate::make_conformance_tests }[$make_store]);
        }
    };
}

/// One test per case of the list; see [`conformance_tests!`].
#[doc(hidden)]
#[macro_export]
macro_rules! make_conformance_tests {
    ([$make_store:path] $($module:ident { $($name:ident),* $(,)? })*) => {
        $(mod $module {
            $(
                #[test]
                #[allow(non_snake_case)]
                fn $name() {
                    $crate::conformance::run_case_blocking(stringify!($name), $make_store);
                }
            )*
        })*
    };
}
