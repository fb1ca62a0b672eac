//! Everything that a store answers about a world, as lines that two stores must share.
//!
//! A line says what was asked and what was answered, without ids of the store's own.
mod charts;
mod costs;
mod traces;
mod users;

use super::apply::Side;
use super::plan::World;
use super::realise::time_of;
use cognobserve_model::id::ProjectId;
use cognobserve_model::query::{PageRequest, Period};

const ZONES: [&str; 3] = ["UTC", "Asia/Kathmandu", "America/St_Johns"];

/// What a picture leaves out.
#[derive(Clone, Copy, Default)]
pub struct Mask {
    /// Arrival stamps, and what follows from them.
    pub arrivals: bool,
}

/// One project of a side, being looked at.
struct Painter<'a> {
    side: &'a Side,
    project: &'a ProjectId,
    mask: Mask,
    lines: Vec<String>,
}

/// All answers about one project.
pub async fn paint(side: &Side, project: usize, world: &World, mask: Mask) -> Vec<String> {
    let mut painter = Painter {
        side,
        project: &side.projects[project],
        mask,
        lines: Vec::new(),
    };
    let bound = |index: Option<u8>| index.map(time_of);
    let mut periods: Vec<Period> = world
        .periods
        .iter()
        .map(|(from, to)| Period {
            from: bound(*from),
            to: bound(*to),
        })
        .collect();
    periods.insert(0, Period::ALL);
    painter.paint_users(&periods).await;
    painter.paint_each_user(&periods).await;
    painter.paint_sessions().await;
    painter.paint_traces(&periods).await;
    painter.paint_costs(&periods).await;
    painter.paint_charts(&periods).await;
    painter.lines
}

fn page<P>(limit: usize) -> PageRequest<P> {
    PageRequest { limit, after: None }
}

impl Painter<'_> {
    fn note(&mut self, asked: impl std::fmt::Display, answer: impl std::fmt::Display) {
        self.lines.push(format!("{asked}: {answer}"));
    }

    /// Notes lines in the order of the answer; where the order may depend on hidden ids, sorted.
    fn note_all(&mut self, asked: &str, mut answers: Vec<String>) {
        if self.side.maker.erases() {
            answers.sort();
        }
        self.note(asked, answers.len());
        for (n, answer) in answers.into_iter().enumerate() {
            self.note(format!("{asked} [{n}]"), answer);
        }
    }
}
