//! Appending: plan, write, commit, and never guess what a commit did whose answer was lost.

use std::future::Future;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use store::codec::{self, ZoneMap};
use store::plan::{self, KeyScope, Plan};
use store::{Appended, NewBatch, Offset, StoreError};

use super::super::WRITER;
use super::session::Session;
use super::{PgJournal, ids, keys};
use crate::error::{is_broken, store_error};
use crate::shared::signed;

/// Why an append did not get an answer.
struct Failed {
    error: StoreError,
    /// The session is not to be used again.
    broken: bool,
    /// It was being committed: what was, and where its last batch would lie.
    unsure: Option<(Plan, Last)>,
}

/// The last batch of a commit: where to look whether it is there.
#[derive(Clone, Copy)]
struct Last {
    seq: i64,
    received: i64,
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Failed {
            error,
            broken: false,
            unsure: None,
        }
    }
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        // No partition takes a row when retention removed it while the clock moved back; a new session looks again.
        let no_partition = error
            .as_database_error()
            .is_some_and(|error| error.code().as_deref() == Some("23514"));
        Failed {
            broken: is_broken(&error) || no_partition,
            error: store_error(error),
            unsure: None,
        }
    }
}

impl PgJournal {
    pub(in super::super) async fn append(&self, batches: Vec<NewBatch>) -> Result<Vec<Appended>, StoreError> {
        if batches.is_empty() {
            return Ok(Vec::new());
        }
        let mut place = self.place.lock().await;
        let mut session = self.session(&mut place).await?;
        let first = Offset {
            writer: WRITER,
            seq: session.head + 1,
        };
        let token = session.token;
        match self.attempt(&mut session, batches).await {
            Ok(plan) => {
                session.head += plan.writes.len() as u64;
                place.session = Some(session);
                Ok(plan.finish(first))
            }
            Err(Failed {
                error,
                unsure: Some((plan, last)),
                ..
            }) => {
                drop(session);
                tracing::warn!("the answer to a commit was lost; looking it up");
                if self
                    .was_committed(&mut place, token, last.seq, last.received)
                    .await
                {
                    Ok(plan.finish(first))
                } else {
                    Err(error)
                }
            }
            Err(Failed { error, broken, .. }) => {
                if !broken {
                    place.session = Some(session);
                }
                Err(error)
            }
        }
    }

    async fn attempt(&self, session: &mut Session, batches: Vec<NewBatch>) -> Result<Plan, Failed> {
        let wait = self.options.answer_wait;
        let arrivals = batches.iter().map(|batch| batch.received);
        in_time(wait, async {
            Ok(self.ensure_partitions(&mut session.connection, arrivals).await?)
        })
        .await?;
        let (head, token) = (session.head, session.token);
        let mut transaction = in_time(wait, async { Ok(session.connection.begin().await?) }).await?;
        let written = in_time(wait, write(&mut transaction, batches, head, token)).await;
        // On an error the transaction is dropped, which rolls it back before the connection does anything else.
        let plan = written?;
        let Some(last) = plan.writes.last() else {
            return Ok(plan);
        };
        let last = Last {
            seq: signed(head + plan.writes.len() as u64)?,
            received: last.received,
        };
        match in_time(wait, async { Ok(transaction.commit().await?) }).await {
            Ok(()) => Ok(plan),
            Err(failed) if failed.broken => Err(Failed {
                unsure: Some((plan, last)),
                ..failed
            }),
            Err(failed) => Err(failed),
        }
    }
}

/// A step that takes too long has lost its connection, whether or not anybody said so.
async fn in_time<T>(wait: Duration, step: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    match tokio::time::timeout(wait, step).await {
        Ok(done) => done,
        Err(elapsed) => Err(Failed {
            error: StoreError::Unavailable(Box::new(elapsed)),
            broken: true,
            unsure: None,
        }),
    }
}

async fn write(
    connection: &mut PgConnection,
    batches: Vec<NewBatch>,
    head: u64,
    token: i64,
) -> Result<Plan, Failed> {
    let wanted: Vec<KeyScope> = batches.iter().filter_map(KeyScope::of).collect();
    let seen = keys::find(connection, &wanted).await?;
    let verdicts = plan::judge(&batches, &seen);
    let mut new = ids::remember(connection, &batches, &verdicts).await?;
    let plan = plan::plan(batches, verdicts, |tenant, ids, _| {
        let new = new.entry(tenant.clone()).or_default();
        // Taken out when met first, so that a second one in the same append is a repeat.
        ids.iter().map(|id| new.remove(id)).collect()
    });
    if plan.writes.is_empty() {
        return Ok(plan);
    }
    insert_batches(connection, &plan, head, token).await?;
    keys::remember(connection, &plan.writes).await?;
    move_head(connection, head, head + plan.writes.len() as u64).await?;
    Ok(plan)
}

async fn insert_batches(
    connection: &mut PgConnection,
    plan: &Plan,
    head: u64,
    token: i64,
) -> Result<(), Failed> {
    let writes = &plan.writes;
    let mut bytes = Vec::with_capacity(writes.len());
    let mut seqs = Vec::with_capacity(writes.len());
    for (write, seq) in writes.iter().zip(head + 1..) {
        bytes.push(codec::encode_batch(&write.kept, &write.refusals)?);
        seqs.push(signed(seq)?);
    }
    let earliest = |write: &plan::Write| {
        write
            .kept
            .iter()
            .map(|event| event.time)
            .min()
            .unwrap_or(write.received)
    };
    let latest = |write: &plan::Write| {
        write
            .kept
            .iter()
            .map(|event| event.time)
            .max()
            .unwrap_or(write.received)
    };
    sqlx::query(
        "INSERT INTO journal_batch
            (writer, session, tenant_id, seq, key_id, received, min_time, max_time, events, refused, zone, bytes)
         SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::bigint[], $10::bigint[], $11::bigint[], $12::bytea[])",
    )
    .bind(i64::from(WRITER))
    .bind(token)
    .bind(writes.iter().map(|write| write.tenant.as_str()).collect::<Vec<_>>())
    .bind(seqs)
    .bind(writes.iter().map(|write| write.key_id.as_str()).collect::<Vec<_>>())
    .bind(writes.iter().map(|write| write.received).collect::<Vec<_>>())
    .bind(writes.iter().map(earliest).collect::<Vec<_>>())
    .bind(writes.iter().map(latest).collect::<Vec<_>>())
    .bind(writes.iter().map(|write| write.kept.len() as i64).collect::<Vec<_>>())
    .bind(writes.iter().map(|write| i64::from(write.refused)).collect::<Vec<_>>())
    .bind(writes.iter().map(|write| ZoneMap::of(&write.kept).to_bits()).collect::<Vec<_>>())
    .bind(bytes)
    .execute(connection)
    .await?;
    Ok(())
}

/// The lock keeps other writers away; should it ever fail to, this refuses the second one.
async fn move_head(connection: &mut PgConnection, from: u64, to: u64) -> Result<(), Failed> {
    let moved = sqlx::query("UPDATE journal_head SET seq = $3 WHERE writer = $1 AND seq = $2")
        .bind(i64::from(WRITER))
        .bind(signed(from)?)
        .bind(signed(to)?)
        .execute(connection)
        .await?;
    if moved.rows_affected() == 1 {
        return Ok(());
    }
    let error = StoreError::Conflict("another writer appended meanwhile".into());
    Err(Failed {
        error,
        broken: true,
        unsure: None,
    })
}
