//! Spans in the order of their tree, whatever their parents say.
//! Invariant: every span comes exactly once; nothing recurses, so that depth is no danger.
use cognobserve_model::report::SpanDetail;
use std::collections::HashMap;

/// A span's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In the list that was given.
    pub index: usize,
    pub level: usize,
}

struct Tree {
    /// By (start, id), spans without a start last.
    order: Vec<usize>,
    parents: Vec<Option<usize>>,
    /// In that order.
    children: Vec<Vec<usize>>,
}

/// Parents before children, both by (start, id). A span whose parent is missing stands at the
/// top, and so does the first of those that are each other's parents.
pub fn arrange(spans: &[SpanDetail]) -> Vec<Place> {
    let tree = Tree::of(spans);
    let tops = tree.find_tops();
    let mut seen = vec![false; spans.len()];
    let mut places = Vec::with_capacity(spans.len());
    for top in tops {
        tree.walk(top, &mut seen, &mut |index, level| {
            places.push(Place { index, level });
        });
    }
    places
}

impl Tree {
    fn of(spans: &[SpanDetail]) -> Tree {
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by_key(|at| {
            let span = &spans[*at];
            (span.start.is_none(), span.start, span.id.as_str())
        });
        let mut by_id = HashMap::with_capacity(spans.len());
        for at in order.iter().rev() {
            by_id.insert(spans[*at].id.as_str(), *at);
        }
        let find = |span: &SpanDetail| by_id.get(span.parent.as_deref()?).copied();
        let parents: Vec<Option<usize>> = spans.iter().map(find).collect();
        let mut children = vec![Vec::new(); spans.len()];
        for at in &order {
            if let Some(parent) = parents[*at] {
                children[parent].push(*at);
            }
        }
        Tree {
            order,
            parents,
            children,
        }
    }

    /// Those from which all others are reached, in order.
    fn find_tops(&self) -> Vec<usize> {
        let mut seen = vec![false; self.parents.len()];
        let mut is_top = vec![false; self.parents.len()];
        for at in &self.order {
            if self.parents[*at].is_none() {
                is_top[*at] = true;
                self.walk(*at, &mut seen, &mut |_, _| {});
            }
        }
        let mut ranks = vec![0; self.order.len()];
        for (rank, at) in self.order.iter().enumerate() {
            ranks[*at] = rank;
        }
        for at in &self.order {
            if !seen[*at] {
                let head = self.find_head(*at, &ranks);
                is_top[head] = true;
                self.walk(head, &mut seen, &mut |_, _| {});
            }
        }
        let tops = self.order.iter().copied();
        tops.filter(|at| is_top[*at]).collect()
    }

    /// The first of the cycle to which the parents of `at` lead.
    fn find_head(&self, at: usize, ranks: &[usize]) -> usize {
        // Two walkers, one twice as fast, meet in the cycle.
        let up = |at: usize| self.parents[at].unwrap_or(at);
        let (mut slow, mut fast) = (up(at), up(up(at)));
        while slow != fast {
            (slow, fast) = (up(slow), up(up(fast)));
        }
        let (meeting, mut head) = (slow, slow);
        loop {
            slow = up(slow);
            if ranks[slow] < ranks[head] {
                head = slow;
            }
            if slow == meeting {
                return head;
            }
        }
    }

    /// Visits a span and all beneath it that was not seen, with its level beneath `top`.
    fn walk(&self, top: usize, seen: &mut [bool], visit: &mut dyn FnMut(usize, usize)) {
        let mut waiting = vec![(top, 0)];
        while let Some((at, level)) = waiting.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            visit(at, level);
            let children = self.children[at].iter().rev();
            waiting.extend(children.map(|child| (*child, level + 1)));
        }
    }
}
