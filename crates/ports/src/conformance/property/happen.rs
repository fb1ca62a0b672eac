//! Random logs of product events, and questions to them, told in words that do not depend on the
//! store's own ids.
use crate::Events;
use crate::conformance::Store;
use crate::conformance::build::{at, tester};
use crate::conformance::occur::{SayEvent, event};
use cognobserve_model::event::{
    DeveloperSort, DroppedEvent, EventFilter, EventGroup, Position, StoredEvent,
};
use cognobserve_model::id::{DeveloperId, ProjectId, UserId};
use cognobserve_model::time::Micros;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;

const DEVELOPERS: [&str; 3] = ["dev_a", "dev_B", "dev_ä"];
const USERS: [&str; 3] = ["usr_1", "usr_2", "usr_Z"];
const PSEUDONYMS: [&str; 2] = ["sha256:1", "sha256:2"];
const NAMES: [&str; 3] = ["memory_created", "searched", "Zzz"];
const PROPERTIES: [&str; 8] = [
    "{}",
    r#"{"os":"linux","n":1.50}"#,
    r#"{"os":"macos","n":1.5}"#,
    r#"{"os":null,"n":"1.5"}"#,
    r#"{"os":true,"n":-3}"#,
    r#"{"os":"true","n":[1, {"a":"b"}]}"#,
    r#"{"os":"ä\u00e4\n","n":1e3}"#,
    r#"{"n":"","os":{}}"#,
];

/// An event: its number, project (the last is none), who, name, properties, times in minutes.
type Draft = (u32, usize, usize, usize, usize, i64, i64);

#[derive(Clone, Debug)]
pub enum Step {
    Append(Vec<Draft>),
    /// Drops of one sink; the events by their place in the log.
    GiveUp(Vec<(usize, usize, i64)>),
    Forget(usize, usize, usize),
    /// Those that arrived before so many minutes, and how many at most.
    Remove(i64, usize),
}

#[derive(Clone, Debug)]
pub struct Wanted {
    project: Option<usize>,
    developer: Option<&'static str>,
    user: Option<&'static str>,
    name: Option<&'static str>,
    from: Option<i64>,
    to: Option<i64>,
    limit: usize,
}

#[derive(Clone, Debug)]
pub struct Log {
    steps: Vec<Step>,
    asked: Vec<Wanted>,
}

pub fn draw_log() -> impl Strategy<Value = Log> {
    let draft = (
        0..60_u32,
        0..3_usize,
        0..14_usize,
        0..3_usize,
        0..8_usize,
        -40..60_i64,
        0..60_i64,
    );
    let step = prop_oneof![
        8 => vec(draft, 1..20).prop_map(Step::Append),
        2 => vec((0..30_usize, 0..3_usize, 0..5_i64), 1..5).prop_map(Step::GiveUp),
        1 => (0..2_usize, 0..3_usize, 0..2_usize).prop_map(|(p, u, s)| Step::Forget(p, u, s)),
        1 => (0..60_i64, 0..20_usize).prop_map(|(time, limit)| Step::Remove(time, limit)),
    ];
    (vec(step, 1..8), vec(draw_wanted(), 4..8)).prop_map(|(steps, asked)| Log { steps, asked })
}

fn draw_wanted() -> impl Strategy<Value = Wanted> {
    let some = |words: &'static [&'static str]| option::weighted(0.3, select(words));
    let parts = (
        option::weighted(0.7, 0..3_usize),
        some(&DEVELOPERS),
        some(&USERS),
        some(&NAMES),
        option::weighted(0.3, -40..60_i64),
        option::weighted(0.3, -40..60_i64),
        select(vec![0_usize, 1, 2, 3, 5, 50]),
    );
    parts.prop_map(|(project, developer, user, name, from, to, limit)| Wanted {
        project,
        developer,
        user,
        name,
        from,
        to,
        limit,
    })
}

/// A store in which a log is written down.
pub struct Witness {
    events: Arc<dyn Events>,
    store: Arc<dyn Store>,
    /// The last is missing.
    projects: Vec<ProjectId>,
}

fn minutes(minutes: i64) -> Micros {
    at(minutes * 60)
}

impl Witness {
    pub async fn open(events: &Arc<dyn Events>, store: &Arc<dyn Store>, name: &str) -> Witness {
        let mut projects = Vec::new();
        for n in 0..2 {
            let made = store
                .create_project("events", &format!("{name}-{n}"), &tester())
                .await;
            projects.push(made.expect("a project is made").id);
        }
        projects.push(ProjectId::new("prj_nobody"));
        Witness {
            events: Arc::clone(events),
            store: Arc::clone(store),
            projects,
        }
    }

    /// What each step and each question is answered.
    pub async fn play(&self, log: &Log) -> Vec<String> {
        let mut told = Vec::new();
        let stored = self.events.count_stored().await.expect("a count");
        let held = self.events.hold_sink("sink", "me", at(0), at(1)).await;
        held.expect("an answer").expect("nobody else");
        for step in &log.steps {
            told.push(format!("{step:?}: {}", self.take(step).await));
        }
        let stored = self.events.count_stored().await.expect("a count") - stored;
        told.push(format!("stored: {stored}"));
        let dropped = self.events.list_dropped("sink", 50).await;
        for drop in dropped.expect("drops") {
            told.push(format!(
                "dropped: {:?} {} {:?}",
                drop.event, drop.reason, drop.at
            ));
        }
        let all = self.read_all().await;
        told.extend(all.iter().map(|(_, event)| self.tell(event)));
        for wanted in &log.asked {
            for answer in self.ask(wanted).await {
                told.push(format!("{wanted:?}: {answer}"));
            }
        }
        told
    }

    /// The log is empty afterwards.
    pub async fn close(&self) {
        for project in self.projects.iter().take(2) {
            let deleted = self.store.delete_project(project, &tester()).await;
            assert!(deleted.expect("an answer"));
        }
        assert!(self.read_all().await.is_empty());
    }

    async fn read_all(&self) -> Vec<(Position, StoredEvent)> {
        self.events.read_events(0, 10_000).await.expect("events")
    }

    fn make_event(&self, draft: &Draft) -> StoredEvent {
        let (n, project, who, name, properties, when, arrived) = *draft;
        let mut made = event(&self.projects[project], n)
            .named(NAMES[name])
            .with(PROPERTIES[properties]);
        made.at = minutes(when);
        made.arrived = minutes(arrived);
        match who {
            0..9 => made.of(DEVELOPERS[who / 3], Some(USERS[who % 3])),
            9..12 => made.of(DEVELOPERS[who - 9], None),
            _ => made.concealed(PSEUDONYMS[who - 12]),
        }
    }

    async fn take(&self, step: &Step) -> String {
        match step {
            Step::Append(drafts) => {
                let batch = drafts.iter().map(|draft| self.make_event(draft));
                let appended = self.events.append_events(batch.collect()).await;
                format!("{:?}", appended.expect("events are appended"))
            }
            Step::GiveUp(drops) => {
                let all = self.read_all().await;
                let drop = |(place, reason, time): &(usize, usize, i64)| {
                    let (position, event) = all.get(*place)?;
                    Some(DroppedEvent {
                        position: *position,
                        event: event.id,
                        reason: NAMES[*reason].into(),
                        at: at(*time),
                    })
                };
                let drops = drops.iter().filter_map(drop).collect();
                let saved = self.events.save_progress("sink", "me", "p", drops).await;
                saved.expect("progress is saved").to_string()
            }
            Step::Forget(project, user, pseudonym) => {
                let (project, user) = (&self.projects[*project], UserId::new(USERS[*user]));
                let pseudonym = PSEUDONYMS[*pseudonym];
                let forgotten = self.events.forget_end_user(project, &user, pseudonym).await;
                forgotten.expect("events are forgotten").to_string()
            }
            Step::Remove(before, limit) => {
                let removed = self.events.remove_events(minutes(*before), *limit).await;
                removed.expect("events are removed").to_string()
            }
        }
    }

    async fn ask(&self, wanted: &Wanted) -> Vec<String> {
        let filter = EventFilter {
            project: wanted.project.map(|n| self.projects[n].clone()),
            developer: wanted.developer.map(DeveloperId::new),
            end_user: wanted.user.map(UserId::new),
            name: wanted.name.map(str::to_owned),
            from: wanted.from.map(minutes),
            to: wanted.to.map(minutes),
        };
        let limit = wanted.limit;
        let (mut answers, mut before) = (Vec::new(), None);
        for _ in 0..3 {
            let page = self.events.list_events(&filter, before, limit).await;
            let page = page.expect("events are listed");
            before = page
                .last()
                .map(|(position, event)| (event.at, *position))
                .or(before);
            let told: Vec<_> = page.iter().map(|(_, event)| self.tell(event)).collect();
            answers.push(format!("page {told:?}"));
        }
        let property = |name: &str| Some(EventGroup::Property(name.into()));
        for group in [
            None,
            Some(EventGroup::Event),
            Some(EventGroup::Developer),
            Some(EventGroup::EndUser),
            Some(EventGroup::Quarter),
            property("os"),
            property("n"),
        ] {
            let counted = self
                .events
                .count_events(&filter, group.as_ref(), limit)
                .await;
            answers.push(format!(
                "{group:?} {:?}",
                counted.expect("events are counted")
            ));
        }
        for sort in [
            DeveloperSort::UniqueEndUsers,
            DeveloperSort::EventCount,
            DeveloperSort::LastSeenAt,
        ] {
            let found = self.events.list_developers(&filter, sort, limit).await;
            answers.push(format!(
                "{sort:?} {:?}",
                found.expect("developers are listed")
            ));
        }
        let quarters = self.events.list_active_quarters(&filter, limit).await;
        answers.push(format!("{:?}", quarters.expect("activity is listed")));
        answers
    }

    /// All of an event, its project by number.
    fn tell(&self, event: &StoredEvent) -> String {
        let number = self.projects.iter().position(|it| *it == event.project);
        let anywhere = StoredEvent {
            project: ProjectId::new("prj"),
            ..event.clone()
        };
        format!("{number:?} {anywhere:?}")
    }
}
