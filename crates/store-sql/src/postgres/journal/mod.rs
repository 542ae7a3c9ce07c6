//! The journal on Postgres: `journal_batch`, partitioned by day, written by the one session that holds the writer's
//! role. Ids and idempotency keys are in tables of their own, in the same transaction as their batch.

mod append;
mod backwards;
mod erase;
mod ids;
mod keys;
pub(super) mod partitions;
mod read;
mod retain;
pub(super) mod session;
mod stored;

use std::collections::BTreeSet;

use parking_lot::Mutex as SyncMutex;
use sqlx::PgPool;
use store::{Offset, StoreError, TenantId};
use tokio::sync::Mutex;

use super::connect::Database;
use super::transaction::{Access, PgTransaction};
use super::wall::Wall;
use super::{PgOptions, WRITER};
use crate::OpenError;
use crate::error::store_error;
use crate::shared::unsigned;
use session::{Acquire, Place};
use stored::Counted;

pub(super) struct PgJournal {
    database: Database,
    options: PgOptions,
    pool: PgPool,
    /// What is read for a tenant is read behind it.
    wall: Wall,
    /// The writer's session; empty while an append runs, and after one that lost its connection.
    place: Mutex<Place>,
    /// Days whose partition is known to be attached.
    days: SyncMutex<BTreeSet<i64>>,
    /// What the batches take.
    counted: Mutex<Counted>,
}

impl PgJournal {
    pub(super) async fn open(
        database: Database,
        pool: PgPool,
        wall: Wall,
        options: PgOptions,
    ) -> Result<PgJournal, OpenError> {
        let wait = options.writer_wait;
        let name = database.name().to_owned();
        let journal = PgJournal {
            database,
            options,
            pool,
            wall,
            place: Mutex::new(Place::default()),
            days: SyncMutex::default(),
            counted: Mutex::default(),
        };
        let session = journal.acquire(wait).await.map_err(|error| match error {
            Acquire::Taken => OpenError::WriterTaken(wait.as_secs()),
            Acquire::Sql(source) => OpenError::Database {
                database: name,
                source,
            },
            Acquire::Store(source) => OpenError::Stored {
                database: name,
                source,
            },
        })?;
        journal.place.lock().await.session = Some(session);
        Ok(journal)
    }

    pub(super) async fn close(self) {
        if let Some(session) = self.place.into_inner().session {
            session.close().await;
        }
    }

    /// Reads for a tenant: its own rows.
    async fn read_for(&self, tenant: &TenantId) -> Result<PgTransaction, StoreError> {
        PgTransaction::of_tenant(&self.pool, &self.wall, tenant, Access::Read).await
    }

    pub(super) async fn head(&self) -> Result<Offset, StoreError> {
        let seq: i64 = sqlx::query_scalar("SELECT seq FROM journal_head WHERE writer = $1")
            .bind(i64::from(WRITER))
            .fetch_one(&self.pool)
            .await
            .map_err(store_error)?;
        Ok(Offset {
            writer: WRITER,
            seq: unsigned(seq)?,
        })
    }
}
