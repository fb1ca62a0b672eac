//! Questions to the log as statements. A text is put together of constants only: what is asked
//! about is always a value, and few shapes are prepared.
use super::row::{SELECT, limit, number, read_count, read_event};
use crate::rows::{Row, Rows, StoreResult, Value};
use cognobserve_model::event::{
    ActiveQuarter, DeveloperSort, DeveloperStats, EventCount, EventFilter, EventGroup, Position,
    StoredEvent,
};
use cognobserve_model::id::{DeveloperId, UserId};
use cognobserve_model::time::Micros;

/// Whole quarters of an hour since 1970, also before it.
const QUARTER: &str = "(e.at - ((e.at % 900000000) + 900000000) % 900000000) / 900000000";

pub(super) struct Question {
    text: String,
    values: Vec<Value>,
}

impl Question {
    fn new(text: impl Into<String>, values: Vec<Value>) -> Question {
        let text = text.into();
        Question { text, values }
    }

    /// Takes a value and writes its place.
    fn put(&mut self, value: impl Into<Value>) {
        self.values.push(value.into());
        self.text.push_str(&format!("${}", self.values.len()));
    }

    fn add(&mut self, text: &str) -> &mut Question {
        self.text.push_str(text);
        self
    }

    fn filter(&mut self, filter: &EventFilter) {
        self.add(" WHERE e.at >= ")
            .put(filter.from.unwrap_or(Micros(i64::MIN)));
        if let Some(to) = filter.to {
            self.add(" AND e.at < ").put(to);
        }
        if let Some(project) = &filter.project {
            self.add(" AND e.project_no = (SELECT no FROM living_projects WHERE id = ")
                .put(project.as_str());
            self.add(")");
        }
        if let Some(developer) = &filter.developer {
            self.add(" AND e.developer = ").put(developer.as_str());
        }
        if let Some(user) = &filter.end_user {
            self.add(" AND e.end_user = ").put(user.as_str());
        }
        if let Some(name) = &filter.name {
            self.add(" AND e.name = ").put(name.as_str());
        }
    }

    fn bound(mut self, rows: usize) -> Question {
        self.add(" LIMIT ").put(limit(rows));
        self
    }

    pub fn after(position: Position, rows: usize) -> Question {
        let mut question = Question::new(SELECT, Vec::new());
        question.add(" WHERE e.position > ").put(number(position));
        question.add(" ORDER BY e.position");
        question.bound(rows)
    }

    pub fn latest(
        filter: &EventFilter,
        before: Option<(Micros, Position)>,
        rows: usize,
    ) -> Question {
        let mut question = Question::new(SELECT, Vec::new());
        question.filter(filter);
        if let Some((at, position)) = before {
            question.add(" AND (e.at, e.position) < (").put(at);
            question.add(", ").put(number(position));
            question.add(")");
        }
        question.add(" ORDER BY e.at DESC, e.position DESC");
        question.bound(rows)
    }

    /// `property`: the store's words for the property `$1`.
    pub fn groups(
        filter: &EventFilter,
        group: Option<&EventGroup>,
        property: &str,
        rows: usize,
    ) -> Question {
        let quarter = format!("CAST({QUARTER} AS TEXT)");
        let (key, values) = match group {
            None => {
                let mut question = Question::new("SELECT NULL, count(*) FROM events e", Vec::new());
                question.filter(filter);
                return question.add_having().bound(rows);
            }
            Some(EventGroup::Event) => ("e.name", Vec::new()),
            Some(EventGroup::Developer) => ("e.developer", Vec::new()),
            Some(EventGroup::EndUser) => ("e.end_user", Vec::new()),
            Some(EventGroup::Quarter) => (quarter.as_str(), Vec::new()),
            Some(EventGroup::Property(name)) => (property, vec![name.as_str().into()]),
        };
        let mut question = Question::new(format!("SELECT {key}, count(*) FROM events e"), values);
        question.filter(filter);
        question.add(" GROUP BY 1 ORDER BY 2 DESC, 1 NULLS LAST");
        question.bound(rows)
    }

    fn add_having(mut self) -> Question {
        self.add(" HAVING count(*) > 0");
        self
    }

    pub fn developers(filter: &EventFilter, sort: DeveloperSort, rows: usize) -> Question {
        let text = "SELECT e.developer, count(*), count(DISTINCT e.end_user), min(e.at), max(e.at) FROM events e";
        let mut question = Question::new(text, Vec::new());
        question.filter(filter);
        question.add(" AND e.developer <> '' GROUP BY e.developer ORDER BY ");
        question.add(match sort {
            DeveloperSort::EventCount => "2 DESC, 1",
            DeveloperSort::UniqueEndUsers => "3 DESC, 1",
            DeveloperSort::LastSeenAt => "5 DESC, 1",
        });
        question.bound(rows)
    }

    pub fn quarters(filter: &EventFilter, rows: usize) -> Question {
        let text = format!("SELECT DISTINCT e.end_user, {QUARTER} FROM events e");
        let mut question = Question::new(text, Vec::new());
        question.filter(filter);
        question.add(" AND e.end_user IS NOT NULL ORDER BY 1, 2");
        question.bound(rows)
    }

    async fn ask<T>(
        &self,
        rows: &mut dyn Rows,
        read: impl Fn(Row) -> StoreResult<T>,
    ) -> StoreResult<Vec<T>> {
        let found = rows.query(&self.text, &self.values).await?;
        found.into_iter().map(read).collect()
    }

    pub async fn list(self, rows: &mut dyn Rows) -> StoreResult<Vec<(Position, StoredEvent)>> {
        self.ask(rows, read_event).await
    }

    pub async fn count(self, rows: &mut dyn Rows) -> StoreResult<Vec<EventCount>> {
        let read = |mut row: Row| {
            Ok(EventCount {
                key: row.maybe_text()?,
                count: read_count(&mut row)?,
            })
        };
        self.ask(rows, read).await
    }

    pub async fn list_developers(self, rows: &mut dyn Rows) -> StoreResult<Vec<DeveloperStats>> {
        let read = |mut row: Row| {
            Ok(DeveloperStats {
                developer: DeveloperId::new(row.text()?),
                event_count: read_count(&mut row)?,
                unique_end_users: read_count(&mut row)?,
                first_seen: row.time()?,
                last_seen: row.time()?,
            })
        };
        self.ask(rows, read).await
    }

    pub async fn list_quarters(self, rows: &mut dyn Rows) -> StoreResult<Vec<ActiveQuarter>> {
        let read = |mut row: Row| {
            Ok(ActiveQuarter {
                end_user: UserId::new(row.text()?),
                quarter: row.number()?,
            })
        };
        self.ask(rows, read).await
    }
}
