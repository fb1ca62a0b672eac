//! What two stores say of each project, side by side.
use crate::assemble::Store;
use anyhow::Context;
use cognobserve_model::account::{ApiKey, Project};
use cognobserve_model::event::EventFilter;
use cognobserve_model::id::ProjectId;
use cognobserve_model::money::Dollars;
use cognobserve_model::price::PriceEntry;
use cognobserve_model::query::{CostGroup, CostQuery, PageRequest, Period};
use cognobserve_model::report::{CostReport, Summary, UnpricedModel};
use cognobserve_model::time::{Micros, Zone};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const HEADERS: [&str; 11] = [
    "PROJECT",
    "USERS",
    "SESSIONS",
    "TRACES",
    "SPANS",
    "TOKENS",
    "COST",
    "UNATTRIBUTED",
    "EVENTS",
    "KEYS",
    "",
];
pub const NUMBERS: [usize; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/// Rows of a report that are compared one by one; its totals are of all.
const ROWS: usize = 1_000;

/// Everything that one store says of a project's totals.
#[derive(PartialEq)]
struct Said {
    project: Project,
    keys: Vec<ApiKey>,
    prices: Vec<PriceEntry>,
    summary: Summary,
    by_user: CostReport,
    by_model: CostReport,
    unpriced: Vec<UnpricedModel>,
    events: Events,
}

impl Said {
    async fn read(store: &Store, project: Project) -> anyhow::Result<Said> {
        let id = &project.id;
        let ask = async |group| {
            let query = CostQuery {
                sessions: true,
                group,
                period: Period::ALL,
                zone: Zone::utc(),
                page: PageRequest {
                    limit: ROWS,
                    after: None,
                },
            };
            store.report_costs(id, query).await
        };
        Ok(Said {
            keys: store.list_keys(id).await?,
            prices: store.list_prices(id).await?,
            summary: store.summarise(id, Micros(0)).await?,
            by_user: ask(CostGroup::User).await?,
            by_model: ask(CostGroup::Model).await?,
            unpriced: store.list_unpriced(id).await?,
            events: Events::read(store, id).await?,
            project,
        })
    }

    /// The cells between the name and the verdict.
    fn list_numbers(&self) -> [String; 9] {
        let (sums, sessions) = &self.by_user.total;
        let (nobody, _) = &self.by_user.unattributed;
        [
            self.summary.total_users.to_string(),
            sessions.to_string(),
            sums.trace_count.to_string(),
            sums.span_count.to_string(),
            sums.total_tokens.to_string(),
            Dollars(sums.cost_nanos).to_string(),
            Dollars(nobody.cost_nanos).to_string(),
            self.events.count.to_string(),
            self.keys.len().to_string(),
        ]
    }

    fn describe(&self) -> Value {
        let (sums, sessions) = &self.by_user.total;
        let (nobody, _) = &self.by_user.unattributed;
        json!({
            "users": self.summary.total_users,
            "sessions": sessions,
            "traces": sums.trace_count,
            "spans": sums.span_count,
            "totalTokens": sums.total_tokens,
            "totalCostUsd": Dollars(sums.cost_nanos).to_string(),
            "unattributedCostUsd": Dollars(nobody.cost_nanos).to_string(),
            "events": self.events.count,
            "keys": self.keys.len(),
        })
    }
}

/// A project's product events: how many, and a digest of them all with their places in the log.
#[derive(PartialEq)]
struct Events {
    count: u64,
    digest: [u8; 32],
    opted_out: bool,
}

impl Events {
    async fn read(store: &Store, project: &ProjectId) -> anyhow::Result<Events> {
        let log = store.events();
        let filter = EventFilter {
            project: Some(project.clone()),
            ..EventFilter::default()
        };
        let (mut count, mut digest, mut before) = (0, Sha256::new(), None);
        loop {
            let page = log.list_events(&filter, before, ROWS).await?;
            for event in &page {
                digest.update(format!("{event:?}"));
            }
            count += page.len() as u64;
            let Some((position, event)) = page.last() else {
                break;
            };
            before = Some((event.at, *position));
        }
        Ok(Events {
            count,
            digest: digest.finalize().into(),
            opted_out: log.has_opted_out(project).await?,
        })
    }
}

/// One project in both stores.
pub struct Compared {
    name: String,
    source: Said,
    target: Said,
}

impl Compared {
    pub fn is_same(&self) -> bool {
        self.source == self.target
    }

    /// One row, or two if they differ.
    pub fn list_rows(&self) -> Vec<Vec<String>> {
        let row = |said: &Said, verdict: &str| {
            let numbers = said.list_numbers().into_iter();
            let cells = std::iter::once(self.name.clone()).chain(numbers);
            cells.chain([verdict.to_owned()]).collect()
        };
        match self.is_same() {
            true => vec![row(&self.source, "same")],
            false => vec![
                row(&self.source, "before"),
                row(&self.target, "after: DIFFERS"),
            ],
        }
    }

    pub fn describe(&self) -> Value {
        json!({
            "project": self.source.project.id.as_str(),
            "name": self.name,
            "source": self.source.describe(),
            "target": self.target.describe(),
            "same": self.is_same(),
        })
    }
}

/// Every project of the source, and what the target says of it.
pub async fn compare(source: &Store, target: &Store) -> anyhow::Result<Vec<Compared>> {
    let mut compared = Vec::new();
    for project in source.list_projects().await? {
        let found = target.find_project(project.id.as_str()).await?;
        let found = found.with_context(|| format!("the project {} is missing", project.id))?;
        compared.push(Compared {
            name: format!("{}/{}", project.workspace, project.name),
            source: Said::read(source, project).await?,
            target: Said::read(target, found).await?,
        });
    }
    Ok(compared)
}
