//! Words for making product events, and for asking a store about them.
use super::build::at;
use super::desk::Desk;
use cognobserve_model::event::{
    Appended, EventCount, EventFilter, EventGroup, EventId, Position, StoredEvent, Who,
};
use cognobserve_model::id::{DeveloperId, ProjectId, UserId};

/// Event `n` of a project: of developer `dev_a` and nobody, `memory_created`, `n` seconds after noon.
pub fn event(project: &ProjectId, n: u32) -> StoredEvent {
    StoredEvent {
        id: make_id(n),
        project: project.clone(),
        who: Who::Known {
            developer: DeveloperId::new("dev_a"),
            end_user: None,
        },
        name: "memory_created".into(),
        session: None,
        awaited: None,
        client_type: None,
        properties: "{}".into(),
        at: at(n.into()),
        arrived: at(n.into()),
    }
}

pub fn make_id(n: u32) -> EventId {
    EventId(u128::from(n).to_be_bytes())
}

/// Says things about an event.
pub trait SayEvent: Sized {
    fn of(self, developer: &str, user: Option<&str>) -> Self;
    fn concealed(self, pseudonym: &str) -> Self;
    fn named(self, name: &str) -> Self;
    fn when(self, seconds: i64) -> Self;
    fn with(self, properties: &str) -> Self;
}

impl SayEvent for StoredEvent {
    fn of(mut self, developer: &str, user: Option<&str>) -> Self {
        self.who = Who::Known {
            developer: DeveloperId::new(developer),
            end_user: user.map(UserId::new),
        };
        self
    }

    fn concealed(mut self, pseudonym: &str) -> Self {
        self.who = Who::Concealed(pseudonym.into());
        self
    }

    fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    fn when(mut self, seconds: i64) -> Self {
        self.at = at(seconds);
        self
    }

    fn with(mut self, properties: &str) -> Self {
        self.properties = properties.into();
        self
    }
}

impl Desk {
    /// An event of this project, see [`event`].
    pub fn event(&self, n: u32) -> StoredEvent {
        event(&self.project, n)
    }

    pub async fn append(&self, events: Vec<StoredEvent>) -> Vec<Appended> {
        let appended = self.events.append_events(events).await;
        appended.expect("events are appended")
    }

    /// Appends what is new.
    pub async fn log(&self, events: Vec<StoredEvent>) {
        let count = events.len();
        assert_eq!(self.append(events).await, vec![Appended::Stored; count]);
    }

    pub async fn read_events(&self, after: Position, limit: usize) -> Vec<(Position, StoredEvent)> {
        let read = self.events.read_events(after, limit).await;
        read.expect("events are read")
    }

    /// Of all projects, in the order of the log.
    pub async fn all_events(&self) -> Vec<StoredEvent> {
        let read = self.read_events(0, 1_000_000).await;
        read.into_iter().map(|(_, event)| event).collect()
    }

    pub async fn position_of(&self, n: u32) -> Position {
        let read = self.read_events(0, 1_000_000).await;
        let mut read = read.into_iter();
        let found = read.find(|(_, event)| event.id == make_id(n));
        found.expect("the event is there").0
    }

    /// What is asked about in this project.
    pub fn mine(&self) -> EventFilter {
        EventFilter {
            project: Some(self.project.clone()),
            ..EventFilter::default()
        }
    }

    pub async fn count(
        &self,
        filter: &EventFilter,
        group: Option<EventGroup>,
    ) -> Vec<(Option<String>, u64)> {
        let counted = self.events.count_events(filter, group.as_ref(), 100).await;
        let pair = |row: EventCount| (row.key, row.count);
        let counted = counted.expect("events are counted");
        counted.into_iter().map(pair).collect()
    }
}
