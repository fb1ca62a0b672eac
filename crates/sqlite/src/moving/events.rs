//! Pages of product events and what belongs to them.
use super::rows::{Page, Read};
use cognobserve_books::moving::{Event, EventDrop, EventLog, EventSink, Field, Forgotten, Rows};
use rusqlite::Row;

impl Page<'_> {
    pub fn read_events(&self) -> Read {
        let read = |row: &Row| {
            let event = Event {
                position: row.get(0)?,
                project_no: row.get(1)?,
                id: row.get(2)?,
                developer: row.get(3)?,
                end_user: row.get(4)?,
                pseudonym: row.get(5)?,
                name: row.get(6)?,
                session: row.get(7)?,
                client_type: row.get(8)?,
                properties: row.get(9)?,
                at: row.get(10)?,
                arrived: row.get(11)?,
                awaited: row.get(12)?,
            };
            Ok((event, 0))
        };
        let query = include_str!("../sql/moving.events.sql");
        self.list(query, read, |it| vec![Field::No(it.position)], Rows::Events)
    }

    pub fn read_event_drops(&self) -> Read {
        let read = |row: &Row| {
            let drop = EventDrop {
                position: row.get(0)?,
                sink: row.get(1)?,
                reason: row.get(2)?,
                at: row.get(3)?,
            };
            Ok((drop, 0))
        };
        let query = "SELECT position, sink, reason, at FROM event_drops
            WHERE (position, sink) > (?1, ?2) ORDER BY position, sink";
        let key_of = |it: &EventDrop| vec![Field::No(it.position), Field::Text(it.sink.clone())];
        self.list(query, read, key_of, Rows::EventDrops)
    }

    pub fn read_event_sinks(&self) -> Read {
        let read = |row: &Row| {
            let sink = EventSink {
                name: row.get(0)?,
                progress: row.get(1)?,
            };
            Ok((sink, 0))
        };
        let query = "SELECT name, progress FROM event_sinks WHERE name > ?1 ORDER BY name";
        let key_of = |it: &EventSink| vec![Field::Text(it.name.clone())];
        self.list(query, read, key_of, Rows::EventSinks)
    }

    pub fn read_event_log(&self) -> Read {
        let read = |row: &Row| {
            let log = EventLog {
                no: row.get(0)?,
                position: row.get(1)?,
                stored: row.get(2)?,
            };
            Ok((log, 0))
        };
        let query = "SELECT no, position, stored FROM event_log WHERE no > ?1 ORDER BY no";
        self.list(query, read, |it| vec![Field::No(it.no)], Rows::EventLog)
    }

    pub fn read_forgotten(&self) -> Read {
        let read = |row: &Row| {
            let gone = Forgotten {
                project_no: row.get(0)?,
                whose: row.get(1)?,
            };
            Ok((gone, 0))
        };
        let query = "SELECT project_no, whose FROM forgotten
            WHERE (project_no, whose) > (?1, ?2) ORDER BY project_no, whose";
        let key_of = |it: &Forgotten| vec![Field::No(it.project_no), Field::Text(it.whose.clone())];
        self.list(query, read, key_of, Rows::Forgotten)
    }
}
