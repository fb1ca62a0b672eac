//! What a store must offer: statements in transactions. And reading what they answer.
use async_trait::async_trait;
use cognobserve_model::time::Micros;
use cognobserve_ports::{ErrorKind, StoreError};
pub use futures_util::future::BoxFuture;

pub(crate) type StoreResult<T> = Result<T, StoreError>;

/// A value of a statement or of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number)
    }
}

impl From<Micros> for Value {
    fn from(time: Micros) -> Value {
        Value::Number(time.0)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Value {
        Value::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Columns are read from the left.
pub struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub fn new(values: Vec<Value>) -> Row {
        Row(values.into_iter())
    }

    pub(crate) fn number(&mut self) -> StoreResult<i64> {
        match self.0.next() {
            Some(Value::Number(number)) => Ok(number),
            _ => Err(misread()),
        }
    }

    pub(crate) fn time(&mut self) -> StoreResult<Micros> {
        self.number().map(Micros)
    }

    pub(crate) fn maybe_time(&mut self) -> StoreResult<Option<Micros>> {
        match self.0.next() {
            Some(Value::Number(number)) => Ok(Some(Micros(number))),
            Some(Value::Null) => Ok(None),
            _ => Err(misread()),
        }
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> StoreResult<[u8; N]> {
        match self.0.next() {
            Some(Value::Bytes(bytes)) => bytes.try_into().map_err(|_| misread()),
            _ => Err(misread()),
        }
    }

    pub(crate) fn text(&mut self) -> StoreResult<String> {
        self.maybe_text()?.ok_or_else(misread)
    }

    pub(crate) fn maybe_text(&mut self) -> StoreResult<Option<String>> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(misread()),
        }
    }
}

pub(crate) fn misread() -> StoreError {
    StoreError::new(ErrorKind::Internal, "a row of the registry cannot be read")
}

pub(crate) fn missing(what: &str) -> StoreError {
    StoreError::new(ErrorKind::NotFound, format!("no such {what}"))
}

/// Runs statements of one transaction.
#[async_trait]
pub trait Rows: Send {
    async fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, StoreError>;

    /// How many rows were written.
    async fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, StoreError>;

    /// One statement with many rows of values; how many rows each wrote. Costs no answer's way
    /// per row.
    async fn execute_many(
        &mut self,
        statement: &str,
        values: &[Vec<Value>],
    ) -> Result<Vec<u64>, StoreError>;
}

/// The first row, if there is one.
pub(crate) async fn find(
    rows: &mut dyn Rows,
    statement: &str,
    values: &[Value],
) -> StoreResult<Option<Row>> {
    let found = rows.query(statement, values).await?;
    Ok(found.into_iter().next())
}

/// A store's transactions. What fails leaves nothing behind.
#[async_trait]
pub trait Transactions: Send + Sync {
    /// Makes a workspace of `$1` name, `$2` developer and `$3` time; nothing if the name is taken.
    const INSERT_WORKSPACE: &'static str;

    /// What follows a question whose rows nobody else is to change before the transaction ends.
    const FOR_UPDATE: &'static str;

    /// The property `$1` of an event's `properties`: text as it is, anything else as the JSON that it
    /// was given as, NULL if there is none; in bytewise order.
    const PROPERTY: &'static str;

    /// One snapshot; writes nothing.
    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static;

    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static;

    /// As `read`, for questions that may take long: those who log in do not wait for them.
    async fn read_apart<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        self.read(work).await
    }

    /// As `write`, for many rows: those who log in do not wait for them, and those who book do not
    /// wait longer than for each other.
    async fn write_apart<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        self.write(work).await
    }

    /// Leaves nothing readable of deleted rows behind, as far as that is in the store's hands.
    async fn scrub(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// `prefix` and twelve random bytes in hex.
pub(crate) fn make_id(prefix: &str) -> String {
    let bytes: [u8; 12] = rand::random();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}{hex}")
}
