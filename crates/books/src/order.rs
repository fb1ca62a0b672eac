//! The order of listed users, and the page of it that is asked for, picked out of all.
use cognobserve_model::query::{SortOrder, UserPosition, UserQuery};
use std::cmp::Ordering;

/// What a listed user is ordered by, and who it is.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<S> {
    pub value: Option<i128>,
    /// Empty if it is not by name.
    pub name: S,
    pub external_id: S,
    pub no: i64,
}

/// Less means earlier in the list: by value or name in the asked direction, nulls last, ties
/// by external id ascending.
fn order<A: AsRef<str>, B: AsRef<str>>(
    descending: bool,
    a: &Candidate<A>,
    b: &Candidate<B>,
) -> Ordering {
    let names = || match descending {
        true => b.name.as_ref().cmp(a.name.as_ref()),
        false => a.name.as_ref().cmp(b.name.as_ref()),
    };
    order_values(descending, a.value, b.value)
        .then_with(names)
        .then_with(|| a.external_id.as_ref().cmp(b.external_id.as_ref()))
}

fn order_values(descending: bool, a: Option<i128>, b: Option<i128>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

/// Users by their values alone: tells for whom the other columns need be read, of thousands.
pub struct Ranking {
    /// Value and number, in the asked order; none that comes before the page.
    ranked: Vec<(Option<i128>, i64)>,
}

impl Ranking {
    /// `after`: the value at which the page before ended, if there is one.
    pub fn new(
        order: SortOrder,
        after: Option<Option<i128>>,
        mut users: Vec<(Option<i128>, i64)>,
    ) -> Ranking {
        let descending = order == SortOrder::Desc;
        if let Some(after) = after {
            users.retain(|user| order_values(descending, user.0, after).is_ge());
        }
        users.sort_unstable_by(|a, b| order_values(descending, a.0, b.0));
        Ranking { ranked: users }
    }

    /// How many users there are from the page on.
    pub fn count(&self) -> usize {
        self.ranked.len()
    }

    /// Numbers of the first so many, or of all; with everybody who ties with the last, since
    /// the order among those is not known.
    pub fn list_first(&self, count: usize) -> Vec<i64> {
        let (first, rest) = self.ranked.split_at(count.min(self.ranked.len()));
        let last = first.last().map(|user| user.0);
        let ties = rest.iter().take_while(|user| Some(user.0) == last);
        first.iter().chain(ties).map(|user| user.1).collect()
    }
}

/// Picks the users of one page. Candidates are gathered and cut from time to time, which
/// is cheaper than a heap where most come in ascending order.
pub struct Picker<S> {
    descending: bool,
    limit: usize,
    after: Option<Candidate<String>>,
    kept: Vec<Candidate<S>>,
    /// Nothing from here on can be on the page.
    worst: Option<Candidate<S>>,
}

impl<S: AsRef<str> + Clone> Picker<S> {
    const SLACK: usize = 2_000;

    pub fn new(query: &UserQuery) -> Picker<S> {
        let after = query.page.after.as_ref().map(|position| Candidate {
            value: position.value,
            name: position.name.clone(),
            external_id: position.external_id.clone(),
            no: 0,
        });
        Picker {
            descending: query.order == SortOrder::Desc,
            limit: query.page.limit,
            after,
            kept: Vec::new(),
            worst: None,
        }
    }

    pub fn add(&mut self, candidate: Candidate<S>) {
        let beyond = |worst: &Candidate<S>| order(self.descending, &candidate, worst).is_ge();
        let before = |after: &Candidate<String>| order(self.descending, &candidate, after).is_le();
        if self.worst.as_ref().is_some_and(beyond) || self.after.as_ref().is_some_and(before) {
            return;
        }
        self.kept.push(candidate);
        if self.kept.len() > self.limit + Self::SLACK {
            self.cut();
        }
    }

    /// One more than the page is kept: it tells that more follow.
    fn cut(&mut self) {
        if self.kept.len() > self.limit + 1 {
            self.kept
                .select_nth_unstable_by(self.limit, |a, b| order(self.descending, a, b));
            self.kept.truncate(self.limit + 1);
            self.worst = self.kept.last().cloned();
        }
    }

    /// The page's users in order, and its last one's position if more follow.
    pub fn finish(mut self) -> (Vec<Candidate<S>>, Option<UserPosition>) {
        self.cut();
        self.kept.sort_by(|a, b| order(self.descending, a, b));
        let more = self.kept.len() > self.limit;
        self.kept.truncate(self.limit);
        let last = self.kept.last().filter(|_| more);
        let next = last.map(|last| UserPosition {
            value: last.value,
            name: last.name.as_ref().to_owned(),
            external_id: last.external_id.as_ref().to_owned(),
        });
        (self.kept, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::query::{PageRequest, Period, UserSort};

    #[test]
    fn pages_of_many_meet_everybody_once_in_order() {
        let all: Vec<Candidate<String>> = (0..7_000)
            .map(|n| Candidate {
                value: (n % 7 != 0).then_some(n * 37 % 101),
                name: format!("{}", n % 3),
                external_id: format!("u{}", n * 31 % 7_000),
                no: n as i64,
            })
            .collect();
        for order_asked in [SortOrder::Asc, SortOrder::Desc] {
            let mut sorted = all.clone();
            sorted.sort_by(|a, b| order(order_asked == SortOrder::Desc, a, b));
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let query = UserQuery {
                    search: None,
                    last_seen_from: None,
                    last_seen_to: None,
                    sort: UserSort::TotalCost,
                    order: order_asked,
                    stats: Period::ALL,
                    active_only: false,
                    metadata: Vec::new(),
                    page: PageRequest { limit: 999, after },
                };
                let mut picker = Picker::new(&query);
                all.iter().cloned().for_each(|one| picker.add(one));
                let (page, next) = picker.finish();
                seen.extend(page.into_iter().map(|one| one.no));
                match next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            let expected: Vec<i64> = sorted.iter().map(|one| one.no).collect();
            assert_eq!(seen, expected);
        }
    }
}
