//! The writer's role: an advisory lock, taken on the very connection that appends.
//!
//! That it is the same connection is the point. When a process is killed, Postgres finishes what that connection was
//! doing (perhaps a commit) before it lets go of the lock. So whoever gets the lock next, reads a head that is final.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use store::StoreError;
use tokio::time::Instant;

use super::super::WRITER;
use super::PgJournal;
use crate::error::{is_lock_timeout, store_error};
use crate::shared::unsigned;

/// The lock's first key, "fuse" in ASCII; the second one is the writer's number.
pub(in crate::postgres) const LOCK: i32 = 0x6675_7365;

/// How long a statement of the session waits for a lock that somebody else holds.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How long after a lost connection the next attempt is made: doubled from the first to the second.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long an append waits for the role after it was lost. Short, because senders are waiting.
pub(super) const REACQUIRE_WAIT: Duration = Duration::from_secs(2);

/// The session that may append.
pub(super) struct Session {
    pub(super) connection: PgConnection,
    pub(super) head: u64,
    /// A random number, written into every batch: tells whether a commit was this session's.
    pub(super) token: i64,
}

impl Session {
    pub(super) async fn close(self) {
        // The lock ends with the connection, however that ends.
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "the writer's connection was not closed properly");
        }
    }
}

/// Where the session is kept, and when a new one may be tried after it was lost.
#[derive(Default)]
pub(super) struct Place {
    pub(super) session: Option<Session>,
    not_before: Option<Instant>,
    pause: Duration,
}

impl Place {
    /// Nobody needs to try before some time has passed.
    fn back_off(&mut self) {
        self.pause = (self.pause * 2).clamp(BACK_OFF.0, BACK_OFF.1);
        self.not_before = Some(Instant::now() + self.pause);
    }
}

/// Why there is no session.
pub(super) enum Acquire {
    /// Another session holds the role.
    Taken,
    /// Postgres is away, or refused.
    Sql(sqlx::Error),
    /// What it says makes no sense.
    Store(StoreError),
}

impl From<sqlx::Error> for Acquire {
    fn from(error: sqlx::Error) -> Self {
        Acquire::Sql(error)
    }
}

impl From<Acquire> for StoreError {
    fn from(error: Acquire) -> Self {
        match error {
            Acquire::Taken => StoreError::Unavailable("another process holds the writer's role".into()),
            Acquire::Sql(error) => store_error(error),
            Acquire::Store(error) => error,
        }
    }
}

impl PgJournal {
    /// Connects and takes the role, waiting at most so long for whoever has it.
    pub(super) async fn acquire(&self, wait: Duration) -> Result<Session, Acquire> {
        let deadline = wait + self.options.answer_wait;
        tokio::time::timeout(deadline, self.acquire_unbounded(wait))
            .await
            .unwrap_or_else(|_| {
                let late = std::io::Error::new(std::io::ErrorKind::TimedOut, "Postgres did not answer");
                Err(Acquire::Sql(sqlx::Error::Io(late)))
            })
    }

    async fn acquire_unbounded(&self, wait: Duration) -> Result<Session, Acquire> {
        let mut connection = PgConnection::connect_with(&self.database.options()).await?;
        set_lock_timeout(&mut connection, wait).await?;
        let locked = sqlx::query("SELECT pg_advisory_lock($1, $2)")
            .bind(LOCK)
            .bind(i32::try_from(WRITER).unwrap_or(i32::MAX))
            .execute(&mut connection)
            .await;
        match locked {
            Err(error) if is_lock_timeout(&error) => return Err(Acquire::Taken),
            other => other?,
        };
        set_lock_timeout(&mut connection, LOCK_WAIT).await?;
        let token: i64 = sqlx::query_scalar("SELECT hashtextextended(gen_random_uuid()::text, 0)")
            .fetch_one(&mut connection)
            .await?;
        let head: i64 = sqlx::query_scalar("SELECT seq FROM journal_head WHERE writer = $1")
            .bind(i64::from(WRITER))
            .fetch_one(&mut connection)
            .await?;
        let head = unsigned(head).map_err(Acquire::Store)?;
        *self.days.lock() = super::partitions::attached(&mut connection).await?;
        Ok(Session {
            connection,
            head,
            token,
        })
    }

    /// The session, or a new one unless the last attempt was a moment ago.
    pub(super) async fn session(&self, place: &mut Place) -> Result<Session, StoreError> {
        if let Some(session) = place.session.take() {
            return Ok(session);
        }
        if place.not_before.is_some_and(|time| Instant::now() < time) {
            return Err(StoreError::Unavailable(
                "the connection to Postgres was lost a moment ago".into(),
            ));
        }
        match self.acquire(REACQUIRE_WAIT).await {
            Ok(session) => {
                tracing::info!(head = session.head, "the writer's role was taken again");
                (place.not_before, place.pause) = (None, Duration::ZERO);
                Ok(session)
            }
            Err(error) => {
                place.back_off();
                Err(error.into())
            }
        }
    }

    /// Whether the batch with this sequence was committed by the session with this token, found out for certain. Waits
    /// for as long as Postgres is away: whatever else could be answered would be a guess.
    pub(super) async fn was_committed(&self, place: &mut Place, token: i64, seq: i64, received: i64) -> bool {
        let mut pause = BACK_OFF.0;
        loop {
            match self.acquire(REACQUIRE_WAIT).await {
                Ok(mut session) => match written_by(&mut session.connection, seq, received).await {
                    Ok(writer) => {
                        place.session = Some(session);
                        return writer == Some(token);
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot look up yet whether an append was committed")
                    }
                },
                // Somebody else could only get the lock once the lost session had ended, so what there is is final.
                Err(Acquire::Taken) => {
                    if let Ok(mut connection) = self.pool.acquire().await
                        && let Ok(writer) = written_by(&mut connection, seq, received).await
                    {
                        place.back_off();
                        return writer == Some(token);
                    }
                }
                Err(error) => {
                    let error = StoreError::from(error);
                    let cause = std::error::Error::source(&error)
                        .map(ToString::to_string)
                        .unwrap_or_default();
                    tracing::warn!(%error, cause, "cannot look up yet whether an append was committed");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(BACK_OFF.1);
        }
    }
}

async fn written_by(
    connection: &mut PgConnection,
    seq: i64,
    received: i64,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT session FROM journal_batch WHERE writer = $1 AND seq = $2 AND received = $3")
        .bind(i64::from(WRITER))
        .bind(seq)
        .bind(received)
        .fetch_optional(connection)
        .await
}

async fn set_lock_timeout(connection: &mut PgConnection, wait: Duration) -> Result<(), sqlx::Error> {
    // Zero would mean for ever.
    sqlx::query("SELECT set_config('lock_timeout', $1, false)")
        .bind(format!("{}ms", wait.as_millis().max(1)))
        .execute(connection)
        .await?;
    Ok(())
}
