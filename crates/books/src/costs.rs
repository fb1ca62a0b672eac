//! Pages of cost rows: by cost descending, then by the key's text.
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostPosition, CostQuery};
use cognobserve_model::report::{CostRow, UnpricedModel};
use std::borrow::Cow;
use std::cmp::Ordering;

/// What stands in a list of costs.
pub trait Placed {
    /// Its cost, and the text that breaks ties.
    fn place(&self) -> (i128, Cow<'_, str>);
}

impl Placed for CostRow {
    fn place(&self) -> (i128, Cow<'_, str>) {
        (self.measures.cost_nanos, Cow::Owned(self.key.order_key()))
    }
}

fn order((cost, key): &(i128, Cow<str>), (other, other_key): &(i128, Cow<str>)) -> Ordering {
    other.cmp(cost).then_with(|| key.cmp(other_key))
}

/// Gathers rows and keeps those that can be on the asked page.
pub struct Gathered<'q, T> {
    query: &'q CostQuery,
    rows: Vec<T>,
}

/// How many rows beyond a page wait to be cut.
const SLACK: usize = 2_000;

impl<'q, T: Placed> Gathered<'q, T> {
    pub fn new(query: &'q CostQuery) -> Gathered<'q, T> {
        Gathered {
            query,
            rows: Vec::new(),
        }
    }

    pub fn add(&mut self, row: T) {
        let is_before = |after: &CostPosition| {
            let after = (after.cost_nanos, Cow::Borrowed(after.key.as_str()));
            order(&row.place(), &after).is_le()
        };
        if self.query.page.after.as_ref().is_some_and(is_before) {
            return;
        }
        self.rows.push(row);
        if self.rows.len() > self.query.page.limit + SLACK {
            self.cut();
        }
    }

    /// One more than the page is kept: it tells that more follow.
    fn cut(&mut self) {
        let limit = self.query.page.limit;
        if self.rows.len() > limit + 1 {
            self.rows
                .select_nth_unstable_by(limit, |a, b| order(&a.place(), &b.place()));
            self.rows.truncate(limit + 1);
        }
    }

    /// The page's rows in order, and its last one's position if more follow.
    pub fn finish(mut self) -> (Vec<T>, Option<CostPosition>) {
        self.cut();
        self.rows.sort_by(|a, b| order(&a.place(), &b.place()));
        let more = self.rows.len() > self.query.page.limit;
        self.rows.truncate(self.query.page.limit);
        let next = self.rows.last().filter(|_| more).map(|last| {
            let (cost_nanos, key) = last.place();
            CostPosition {
                cost_nanos,
                key: key.into_owned(),
            }
        });
        (self.rows, next)
    }
}

/// One page of a grouping.
pub struct CostPage {
    pub rows: Vec<CostRow>,
    pub next: Option<CostPosition>,
}

/// The asked page of these rows.
pub fn cut_rows(rows: impl IntoIterator<Item = CostRow>, query: &CostQuery) -> CostPage {
    let mut gathered = Gathered::new(query);
    rows.into_iter().for_each(|row| gathered.add(row));
    let (rows, next) = gathered.finish();
    CostPage { rows, next }
}

/// Most tokens first, then by name.
pub fn sort_unpriced(models: &mut [UnpricedModel]) {
    models.sort_by(|a, b| {
        b.total_tokens
            .cmp(&a.total_tokens)
            .then_with(|| a.model.cmp(&b.model))
    });
}

/// Biggest cost first, then by name; what has no model stands before all names.
pub fn sort_by_cost(models: &mut [(Option<String>, Measures)]) {
    models.sort_by(|(name, a), (other, b)| {
        b.cost_nanos
            .cmp(&a.cost_nanos)
            .then_with(|| name.cmp(other))
    });
}
