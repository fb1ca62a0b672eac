//! One connection, made when it is needed and made again when it is lost.
//!
//! No call lasts longer than its time limits; a connection that did not answer in time is
//! given up, since what comes late on it can no longer be told apart.
use crate::error::{QueueResult, read_failure, unavailable};
use crate::hello;
use crate::keys::Keys;
use crate::value::read_only;
use cognobserve_ports::{ErrorKind, StoreError};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Who comes right after a failed attempt does not try again: many callers would wait in turn.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct Link {
    client: Client,
    keys: Arc<Keys>,
    connect_timeout: Duration,
    response_timeout: Duration,
    /// Whether a command whose connection broke is sent again: all of ours may be done twice,
    /// but the answer to a read is lost with what it brought.
    repeats: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// With its number, by which a loser of it says which one it means.
    connection: Option<(u64, MultiplexedConnection)>,
    made: u64,
    failed: Option<(Instant, ErrorKind, String)>,
}

enum Failure {
    /// The connection was made and broke.
    Lost(StoreError),
    Other(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Other(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> StoreError {
        match failure {
            Failure::Lost(error) | Failure::Other(error) => error,
        }
    }
}

impl Link {
    pub(crate) fn new(
        client: Client,
        keys: Arc<Keys>,
        connect_timeout: Duration,
        response_timeout: Duration,
        repeats: bool,
    ) -> Link {
        Link {
            client,
            keys,
            connect_timeout,
            response_timeout,
            repeats,
            state: Mutex::default(),
        }
    }

    /// Runs one command; its refusal is an error.
    pub(crate) async fn run(&self, command: Cmd) -> QueueResult<Value> {
        let mut pipe = redis::pipe();
        pipe.add_command(command);
        read_only(self.run_all(&pipe, Duration::ZERO).await?)
    }

    /// Runs commands in one round trip, which may take so much longer than usual. Answers in
    /// order, refusals of single commands among them.
    pub(crate) async fn run_all(
        &self,
        pipe: &Pipeline,
        longer: Duration,
    ) -> QueueResult<Vec<Value>> {
        let is_old = self.state.lock().await.connection.is_some();
        match self.try_all(pipe, longer).await {
            // The server may have been restarted since we last talked.
            Err(Failure::Lost(_)) if is_old && self.repeats => {
                self.try_all(pipe, longer).await.map_err(Failure::into)
            }
            result => result.map_err(Failure::into),
        }
    }

    async fn try_all(&self, pipe: &Pipeline, longer: Duration) -> Result<Vec<Value>, Failure> {
        let (number, mut connection) = self.connect().await?;
        let sent = connection.send_packed_commands(pipe, 0, pipe.len());
        let failure = match timeout(self.response_timeout + longer, sent).await {
            Ok(Ok(values)) => return Ok(values),
            Ok(Err(error)) => Failure::Lost(read_failure(error)),
            Err(_) => Failure::Other(unavailable("the queue's server does not answer in time")),
        };
        self.discard(number).await;
        Err(failure)
    }

    async fn discard(&self, number: u64) {
        let mut state = self.state.lock().await;
        if matches!(&state.connection, Some((current, _)) if *current == number) {
            state.connection = None;
        }
    }

    async fn connect(&self) -> QueueResult<(u64, MultiplexedConnection)> {
        let mut state = self.state.lock().await;
        if let Some((number, connection)) = &state.connection {
            return Ok((*number, connection.clone()));
        }
        if let Some((at, kind, message)) = &state.failed
            && at.elapsed() < PAUSE
        {
            return Err(StoreError::new(*kind, message.clone()));
        }
        let made = timeout(self.connect_timeout, self.make()).await;
        let made =
            made.unwrap_or_else(|_| Err(unavailable("the queue's server does not answer in time")));
        match made {
            Ok(connection) => {
                state.made += 1;
                state.failed = None;
                let number = state.made;
                state.connection = Some((number, connection.clone()));
                Ok((number, connection))
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.kind(), error.to_string()));
                Err(error)
            }
        }
    }

    async fn make(&self) -> QueueResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            // Ours are around every call.
            .set_response_timeout(None);
        let mut connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(read_failure)?;
        hello::greet(&mut connection, &self.keys).await?;
        Ok(connection)
    }
}
