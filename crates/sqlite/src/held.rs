//! The transaction's connection with its statements at hand.
//!
//! The driver's statement cache hashes and copies a statement's text at each use, which was
//! 9 % of a group commit; here a statement is found by the address of its text.
use crate::error::{StoreResult, sql};
use hashbrown::HashMap;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};
use std::cell::RefCell;
use std::ops::Deref;

pub(crate) struct Held<'c> {
    conn: &'c Connection,
    statements: RefCell<HashMap<usize, CachedStatement<'c>>>,
}

impl Deref for Held<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn
    }
}

impl<'c> Held<'c> {
    pub fn new(conn: &'c Connection) -> Held<'c> {
        Held {
            conn,
            statements: RefCell::default(),
        }
    }

    /// Runs `work` with the statement of a static text.
    pub fn with<T>(
        &self,
        text: &'static str,
        work: impl FnOnce(&mut CachedStatement<'c>) -> rusqlite::Result<T>,
    ) -> StoreResult<T> {
        let address = text.as_ptr() as usize;
        let held = self.statements.borrow_mut().remove(&address);
        let mut statement = match held {
            Some(statement) => statement,
            None => self.conn.prepare_cached(text).map_err(sql)?,
        };
        let result = work(&mut statement).map_err(sql);
        self.statements.borrow_mut().insert(address, statement);
        result
    }

    /// Runs a statement that answers nothing.
    pub fn run(&self, text: &'static str, params: impl Params) -> StoreResult<()> {
        self.with(text, |statement| statement.execute(params).map(drop))
    }

    /// The first row, if there is one.
    pub fn find<T>(
        &self,
        text: &'static str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<Option<T>> {
        self.with(text, |statement| {
            statement.query_row(params, read).optional()
        })
    }
}
