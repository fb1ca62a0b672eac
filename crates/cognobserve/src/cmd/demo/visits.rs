//! When who does what: the demo's traffic as a list of visits, before any text is made.
//! Invariant: nothing lies after `now` or more than `DAYS` before it; the list is in order of time.
//! All through a day (UTC) the visits are the same: of the time of day depends only when they were.
use super::dice::Dice;
use super::people::Person;

pub const DAYS: i64 = 30;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// When a provider had two bad hours, counted from this day's midnight.
const INCIDENT: std::ops::Range<i64> = -6 * DAY + 13 * HOUR..-6 * DAY + 15 * HOUR;
/// Share of a day's traffic by hour (UTC).
const BY_HOUR: [f64; 24] = [
    0.3, 0.2, 0.2, 0.2, 0.3, 0.5, 0.9, 1.6, 2.4, 3.0, 3.2, 3.0, 2.4, 2.8, 3.1, 3.0, 2.7, 2.2, 1.6,
    1.3, 1.1, 0.9, 0.7, 0.5,
];

/// One request of the app.
#[derive(Clone, Debug)]
pub struct Visit {
    /// µs since 1970.
    pub at: i64,
    /// Index of the person; `None`: nobody was logged in.
    pub person: Option<usize>,
    /// Number of the conversation.
    pub session: Option<u64>,
    pub fails: bool,
    /// Decides everything else about it.
    pub seed: u64,
}

/// About `count` visits, oldest first; everybody comes at least once.
pub fn plan_visits(seed: u64, now: i64, people: &[Person], count: usize) -> Vec<Visit> {
    let mut planner = Planner {
        dice: Dice::new(seed ^ 0x7669_7369),
        now,
        today: now - now.rem_euclid(DAY),
        visits: Vec::with_capacity(count),
    };
    let whole: f64 = people.iter().map(|person| person.weight).sum();
    for (index, person) in people.iter().enumerate() {
        let share = (person.weight / whole * count as f64) as usize;
        planner.visit_often(index, 1 + share.min(count / 20));
    }
    planner.tell_johns_story();
    let mut visits = planner.visits;
    visits.sort_by_key(|visit| (visit.at, visit.seed));
    visits
}

struct Planner {
    dice: Dice,
    now: i64,
    /// Its midnight.
    today: i64,
    visits: Vec<Visit>,
}

impl Planner {
    fn visit_often(&mut self, person: usize, count: usize) {
        // Two thirds were there before the story begins.
        let signed_up = self.dice.between(0, 3 * DAYS).min(DAYS - 1);
        let mut left = count as i64;
        while left > 0 {
            let length = self.dice.between(1, 7).min(left);
            let session = self.dice.chance(0.7).then(|| self.dice.roll());
            let times = self.pick_times(signed_up, length);
            for (turn, at) in times.into_iter().enumerate() {
                let is_first = left == count as i64 && turn == 0;
                let is_known = !self.dice.chance(0.03) || is_first;
                self.add(at, is_known.then_some(person), session, 0.02);
            }
            left -= length;
        }
    }

    /// John's app works for weeks and fails this very hour.
    fn tell_johns_story(&mut self) {
        for day in 1..DAYS {
            let session = Some(self.dice.roll());
            for turn in 0..self.dice.between(1, 3) {
                self.add(
                    self.now - day * DAY + turn * 90 * SECOND,
                    Some(0),
                    session,
                    0.0,
                );
            }
        }
        let session = Some(self.dice.roll());
        for turn in 0..7 {
            let fails = if turn < 2 { 0.0 } else { 1.0 };
            self.add(
                self.now - HOUR + turn * 300 * SECOND,
                Some(0),
                session,
                fails,
            );
        }
    }

    fn add(&mut self, at: i64, person: Option<usize>, session: Option<u64>, failure_rate: f64) {
        let is_incident = INCIDENT.contains(&(at - self.today)) && person != Some(0);
        let fails = self
            .dice
            .chance(if is_incident { 0.4 } else { failure_rate });
        self.visits.push(Visit {
            at,
            person,
            session,
            fails,
            seed: self.dice.roll(),
        });
    }

    /// The times of one conversation. What would lie ahead happened at the same hour of one of the
    /// five days before.
    fn pick_times(&mut self, signed_up_days_ago: i64, length: i64) -> Vec<i64> {
        // Dice of their own: how often they are rolled depends on the day.
        let mut dice = Dice::new(self.dice.roll());
        let mut at = self.pick_start(&mut dice, signed_up_days_ago);
        let mut times = Vec::new();
        for _ in 0..length {
            times.push(at);
            at += dice.between(15, 240) * SECOND;
        }
        if times.last().is_some_and(|last| *last > self.now) {
            // Never as far as the incident, which would let it fail.
            let back = dice.between(1, 5) * DAY;
            times.iter_mut().for_each(|at| *at -= back);
        }
        times
    }

    /// A moment between signing up and this midnight to come: more by day than by night, on working
    /// days, and lately.
    fn pick_start(&self, dice: &mut Dice, signed_up_days_ago: i64) -> i64 {
        loop {
            let days_ago = dice.between(0, signed_up_days_ago);
            let start = self.today - days_ago * DAY;
            // 1970-01-01 was a Thursday.
            let weekday = (start / DAY + 4).rem_euclid(7);
            let is_weekend = weekday == 0 || weekday == 6;
            let hour = dice.between(0, 23);
            let growth = 1.0 - 0.5 * days_ago as f64 / DAYS as f64;
            let weight = BY_HOUR[hour as usize] / 3.2 * growth * if is_weekend { 0.4 } else { 1.0 };
            let at = start + hour * HOUR + dice.between(0, HOUR - 1);
            if dice.chance(weight) {
                return at;
            }
        }
    }
}
