//! A transaction of the system, or of one tenant. Whatever ends it (a commit, an error, a request that nobody waits for
//! any more), its connection goes back to the others as the login it was opened with, and with no tenant.
//!
//! What is for a tenant runs behind the [`Wall`]: as another role and with the tenant set, so that policies hide the rows of
//! all others, also from a statement that forgot to say whose rows it wants (ADR 0029). Both are set with `SET LOCAL`, in
//! the same message as `BEGIN`: they end with the transaction, and Postgres sees to that.
//!
//! sqlx knows of a transaction once `BEGIN` was answered. One that is given up before that would go back to the pool open;
//! so until then the connection counts as lost, and is closed. So is that of a write that is given up later: now and then
//! sqlx then waits for an answer that was never due, and the connection would never come back. Reads are always let go
//! without a commit, and are undone.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, PgTransactionManager};
use sqlx::{AssertSqlSafe, Postgres, SqlSafeStr as _};
use sqlx_core::transaction::TransactionManager as _;
use store::{StoreError, TenantId};

use super::wall::Wall;
use crate::error::store_error;

/// Whether a transaction may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl Access {
    fn begin(self) -> &'static str {
        match self {
            Access::Read => "BEGIN READ ONLY",
            Access::Write => "BEGIN",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not known to have begun: the connection may be in any state.
    Opening,
    /// Begun, and to be undone when it is let go.
    Open,
    /// Nothing is left to undo.
    Ended,
}

/// A transaction on a connection of the pool. Dropped without a commit, it is undone.
pub(super) struct PgTransaction {
    connection: PoolConnection<Postgres>,
    access: Access,
    state: State,
}

impl PgTransaction {
    /// Sees and may do everything.
    pub(super) async fn of_system(pool: &PgPool, access: Access) -> Result<PgTransaction, StoreError> {
        PgTransaction::open(pool, access, access.begin().to_owned()).await
    }

    /// Sees one tenant's rows, and may do what requests may.
    pub(super) async fn of_tenant(
        pool: &PgPool,
        wall: &Wall,
        tenant: &TenantId,
        access: Access,
    ) -> Result<PgTransaction, StoreError> {
        let sql = format!("{}; {}", access.begin(), wall.behind(tenant));
        PgTransaction::open(pool, access, sql).await
    }

    async fn open(pool: &PgPool, access: Access, sql: String) -> Result<PgTransaction, StoreError> {
        let mut transaction = PgTransaction {
            connection: pool.acquire().await.map_err(store_error)?,
            access,
            state: State::Opening,
        };
        let begin = AssertSqlSafe(sql).into_sql_str();
        PgTransactionManager::begin(&mut transaction.connection, Some(begin))
            .await
            .map_err(store_error)?;
        transaction.state = State::Open;
        Ok(transaction)
    }

    /// Makes it last.
    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        PgTransactionManager::commit(&mut self.connection).await?;
        self.state = State::Ended;
        Ok(())
    }
}

impl Deref for PgTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for PgTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for PgTransaction {
    fn drop(&mut self) {
        match (self.state, self.access) {
            // The server undoes what a connection leaves behind that ends.
            (State::Opening, _) | (State::Open, Access::Write) => self.connection.close_on_drop(),
            // Sent before the connection does anything else.
            (State::Open, Access::Read) => PgTransactionManager::start_rollback(&mut self.connection),
            (State::Ended, _) => {}
        }
    }
}
