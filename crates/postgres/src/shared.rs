//! What a process remembers of committed rows that never change: price books by version,
//! names of models, numbers taken from the sequence and not yet given; and how much it booked.
use crate::growth::Growth;
use cognobserve_model::price::PriceBook;
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::ops::Range;
use std::sync::Arc;

/// Beyond this a map is emptied; it fills again by reading.
const MOST_REMEMBERED: usize = 100_000;

#[derive(Default)]
pub(crate) struct Shared {
    /// By project: the version and what it says.
    books: Mutex<HashMap<i64, (i64, Arc<PriceBook>)>>,
    models: Mutex<Models>,
    numbers: Mutex<Vec<Range<i64>>>,
    pub growth: Growth,
}

#[derive(Default)]
struct Models {
    by_name: HashMap<(i64, Box<str>), i64>,
    by_no: HashMap<i64, Arc<str>>,
}

impl Shared {
    pub fn find_book(&self, project_no: i64, version: i64) -> Option<Arc<PriceBook>> {
        let books = self.books.lock();
        let (known, book) = books.get(&project_no)?;
        (*known == version).then(|| Arc::clone(book))
    }

    pub fn put_book(&self, project_no: i64, version: i64, book: Arc<PriceBook>) {
        let mut books = self.books.lock();
        if books.len() >= MOST_REMEMBERED {
            books.clear();
        }
        books.insert(project_no, (version, book));
    }

    pub fn find_model(&self, project_no: i64, name: &str) -> Option<i64> {
        let key = (project_no, Box::from(name));
        self.models.lock().by_name.get(&key).copied()
    }

    pub fn find_model_name(&self, no: i64) -> Option<Arc<str>> {
        self.models.lock().by_no.get(&no).cloned()
    }

    /// Remembers a model whose row is committed.
    pub fn put_model(&self, project_no: i64, no: i64, name: &str) {
        let mut models = self.models.lock();
        if models.by_no.len() >= MOST_REMEMBERED {
            *models = Models::default();
        }
        models.by_name.insert((project_no, name.into()), no);
        models.by_no.insert(no, name.into());
    }

    /// Takes up to `wanted` numbers of those left over.
    pub fn take_numbers(&self, wanted: usize) -> Vec<Range<i64>> {
        let (mut taken, mut left) = (Vec::new(), wanted as i64);
        let mut numbers = self.numbers.lock();
        while left > 0
            && let Some(mut range) = numbers.pop()
        {
            let end = range.end.min(range.start + left);
            taken.push(range.start..end);
            left -= end - range.start;
            range.start = end;
            if range.start < range.end {
                numbers.push(range);
            }
        }
        taken
    }

    /// Puts back what was not given.
    pub fn return_numbers(&self, ranges: impl IntoIterator<Item = Range<i64>>) {
        let ranges = ranges.into_iter().filter(|range| !range.is_empty());
        self.numbers.lock().extend(ranges);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_once() {
        let shared = Shared::default();
        shared.return_numbers([10..13, 20..22]);
        let first: Vec<i64> = shared.take_numbers(4).into_iter().flatten().collect();
        let rest: Vec<i64> = shared.take_numbers(4).into_iter().flatten().collect();
        assert_eq!((first.len(), rest.len()), (4, 1));
        let mut all = [first, rest].concat();
        all.sort_unstable();
        assert_eq!(all, [10, 11, 12, 20, 21]);
    }

    #[test]
    fn a_book_of_another_version_is_not_found() {
        let shared = Shared::default();
        let book = Arc::new(PriceBook::with_overrides([]));
        shared.put_book(1, 7, book);
        assert!(shared.find_book(1, 7).is_some());
        assert!(shared.find_book(1, 8).is_none());
        assert!(shared.find_book(2, 7).is_none());
    }
}
