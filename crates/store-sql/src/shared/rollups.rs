//! Chunks of the rungs, and turning partials into them.

/// Stamps the functions for one database. `$lock` makes a `SELECT` keep others from changing what it read.
macro_rules! rollup_functions {
    ($connection:ty, $row:ty, $lock:literal) => {
        use domain::Millis;
        use domain::rollup::Rung;
        use sqlx::Row as _;
        use store::{
            Chunk, ChunkHead, ChunkMerge, ChunkParts, Compaction, NewChunk, PartialRow, RollupRead,
            RungUsage, StoreError, TenantId, check_compaction,
        };

        use super::live;
        use crate::error::store_error;
        use crate::shared::{rung_from, rung_number, signed, unsigned};

        /// How far flushes are in chunks, and the last id given to a chunk.
        async fn head(connection: &mut $connection, tenant: &TenantId) -> Result<(u64, i64), StoreError> {
            let row = sqlx::query(concat!(
                "SELECT compacted, last_chunk FROM rollup_head WHERE tenant_id = $1",
                $lock
            ))
            .bind(tenant.as_str())
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            let Some(row) = row else { return Ok((0, 0)) };
            let compacted = unsigned(row.try_get("compacted").map_err(store_error)?)?;
            Ok((compacted, row.try_get("last_chunk").map_err(store_error)?))
        }

        async fn set_head(
            connection: &mut $connection,
            tenant: &TenantId,
            compacted: u64,
            last_chunk: i64,
        ) -> Result<(), StoreError> {
            sqlx::query(
                "INSERT INTO rollup_head (tenant_id, compacted, last_chunk) VALUES ($1, $2, $3)
                 ON CONFLICT (tenant_id) DO UPDATE
                 SET compacted = excluded.compacted, last_chunk = excluded.last_chunk",
            )
            .bind(tenant.as_str())
            .bind(signed(compacted)?)
            .bind(last_chunk)
            .execute(connection)
            .await
            .map_err(store_error)?;
            Ok(())
        }

        /// Adds chunks after `last`; returns the last id that was given.
        async fn add(
            connection: &mut $connection,
            tenant: &TenantId,
            mut last: i64,
            chunks: &[NewChunk],
        ) -> Result<i64, StoreError> {
            for chunk in chunks {
                last += 1;
                sqlx::query(
                    "INSERT INTO rollup_chunk (tenant_id, id, rung, span, from_time, to_time, bucket_count,
                        byte_count, figures, latency, ttft)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                )
                .bind(tenant.as_str())
                .bind(last)
                .bind(rung_number(chunk.rung))
                .bind(chunk.span)
                .bind(chunk.from)
                .bind(chunk.to)
                .bind(signed(chunk.rows)?)
                .bind(signed(chunk.bytes())?)
                .bind(&chunk.figures)
                .bind(&chunk.latency)
                .bind(&chunk.ttft)
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
            }
            Ok(last)
        }

        async fn remove(
            connection: &mut $connection,
            tenant: &TenantId,
            id: u64,
        ) -> Result<Option<u64>, StoreError> {
            let bytes: Option<i64> = sqlx::query_scalar(
                "DELETE FROM rollup_chunk WHERE tenant_id = $1 AND id = $2 RETURNING byte_count",
            )
            .bind(tenant.as_str())
            .bind(signed(id)?)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
            bytes.map(unsigned).transpose()
        }

        pub(crate) async fn compact(
            connection: &mut $connection,
            compaction: &Compaction,
        ) -> Result<(), StoreError> {
            let tenant = &compaction.tenant;
            // First the checkpoint: a flush of the tenant waits until this is done.
            let applied: Option<i64> = sqlx::query_scalar(concat!(
                "SELECT applied FROM checkpoint WHERE tenant_id = $1",
                $lock
            ))
            .bind(tenant.as_str())
            .fetch_optional(&mut *connection)
            .await
            .map_err(store_error)?;
            let (compacted, last) = head(&mut *connection, tenant).await?;
            check_compaction(compaction, applied.map(unsigned).transpose()?, compacted)?;
            sqlx::query("DELETE FROM rollup_partial WHERE tenant_id = $1")
                .bind(tenant.as_str())
                .execute(&mut *connection)
                .await
                .map_err(store_error)?;
            let last = add(&mut *connection, tenant, last, &compaction.chunks).await?;
            set_head(connection, tenant, compaction.through, last).await
        }

        pub(crate) async fn compacted(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<u64, StoreError> {
            let compacted: Option<i64> =
                sqlx::query_scalar("SELECT compacted FROM rollup_head WHERE tenant_id = $1")
                    .bind(tenant.as_str())
                    .fetch_optional(connection)
                    .await
                    .map_err(store_error)?;
            unsigned(compacted.unwrap_or(0))
        }

        pub(crate) async fn uncompacted(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Vec<PartialRow>, StoreError> {
            live::partials(connection, tenant, Rung::TenSeconds, Millis::MIN, Millis::MAX).await
        }

        fn head_from(row: &$row) -> Result<ChunkHead, StoreError> {
            let number = |name| row.try_get::<i64, _>(name).map_err(store_error);
            Ok(ChunkHead {
                id: unsigned(number("id")?)?,
                rung: rung_from(number("rung")?)?,
                span: number("span")?,
                from: number("from_time")?,
                to: number("to_time")?,
                rows: unsigned(number("bucket_count")?)?,
                bytes: unsigned(number("byte_count")?)?,
            })
        }

        fn chunk_from(row: &$row) -> Result<Chunk, StoreError> {
            let part = |name| row.try_get::<Option<Vec<u8>>, _>(name).map_err(store_error);
            Ok(Chunk {
                head: head_from(row)?,
                figures: part("figures")?.unwrap_or_default(),
                latency: part("latency")?.unwrap_or_default(),
                ttft: part("ttft")?.unwrap_or_default(),
            })
        }

        /// One statement, so that the chunks and how far they reach are of one moment.
        pub(crate) async fn chunks(
            connection: &mut $connection,
            tenant: &TenantId,
            rung: Rung,
            (from, to): (Millis, Millis),
            parts: ChunkParts,
        ) -> Result<RollupRead, StoreError> {
            let rows = sqlx::query(
                "SELECT h.compacted, c.id, c.rung, c.span, c.from_time, c.to_time, c.bucket_count, c.byte_count,
                    c.figures, CASE WHEN $5 THEN c.latency END AS latency, CASE WHEN $6 THEN c.ttft END AS ttft
                 FROM rollup_head h LEFT JOIN rollup_chunk c
                    ON c.tenant_id = h.tenant_id AND c.rung = $2 AND c.from_time < $4 AND c.to_time > $3
                 WHERE h.tenant_id = $1",
            )
            .bind(tenant.as_str())
            .bind(rung_number(rung))
            .bind(from)
            .bind(to)
            .bind(parts.latency)
            .bind(parts.ttft)
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let mut read = RollupRead::default();
            for row in &rows {
                read.compacted = unsigned(row.try_get("compacted").map_err(store_error)?)?;
                if row.try_get::<Option<i64>, _>("id").map_err(store_error)?.is_some() {
                    read.chunks.push(chunk_from(row)?);
                }
            }
            Ok(read)
        }

        pub(crate) async fn chunk_heads(
            connection: &mut $connection,
            tenant: &TenantId,
            rung: Rung,
        ) -> Result<Vec<ChunkHead>, StoreError> {
            let rows = sqlx::query(
                "SELECT id, rung, span, from_time, to_time, bucket_count, byte_count FROM rollup_chunk
                 WHERE tenant_id = $1 AND rung = $2 ORDER BY span, id",
            )
            .bind(tenant.as_str())
            .bind(rung_number(rung))
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            rows.iter().map(head_from).collect()
        }

        pub(crate) async fn chunks_by_id(
            connection: &mut $connection,
            tenant: &TenantId,
            ids: &[u64],
        ) -> Result<Vec<Chunk>, StoreError> {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids.dedup();
            let mut chunks = Vec::with_capacity(ids.len());
            for id in ids {
                let row = sqlx::query("SELECT * FROM rollup_chunk WHERE tenant_id = $1 AND id = $2")
                    .bind(tenant.as_str())
                    .bind(signed(id)?)
                    .fetch_optional(&mut *connection)
                    .await
                    .map_err(store_error)?;
                if let Some(row) = row {
                    chunks.push(chunk_from(&row)?);
                }
            }
            Ok(chunks)
        }

        pub(crate) async fn merge(connection: &mut $connection, merge: &ChunkMerge) -> Result<(), StoreError> {
            let (compacted, last) = head(&mut *connection, &merge.tenant).await?;
            for id in &merge.removed {
                if remove(&mut *connection, &merge.tenant, *id).await?.is_none() {
                    return Err(StoreError::Conflict(format!("chunk {id} is gone")));
                }
            }
            let last = add(&mut *connection, &merge.tenant, last, &merge.added).await?;
            set_head(connection, &merge.tenant, compacted, last).await
        }

        pub(crate) async fn drop_all(
            connection: &mut $connection,
            tenant: &TenantId,
            ids: &[u64],
        ) -> Result<u64, StoreError> {
            let mut freed = 0;
            for id in ids {
                freed += remove(&mut *connection, tenant, *id).await?.unwrap_or(0);
            }
            Ok(freed)
        }

        pub(crate) async fn usage(
            connection: &mut $connection,
            tenant: &TenantId,
        ) -> Result<Vec<RungUsage>, StoreError> {
            let rows = sqlx::query(
                "SELECT rung, count(*) AS chunks, cast(sum(byte_count) AS bigint) AS bytes,
                    cast(sum(bucket_count) AS bigint) AS buckets, min(from_time) AS oldest
                 FROM rollup_chunk WHERE tenant_id = $1 GROUP BY rung ORDER BY rung",
            )
            .bind(tenant.as_str())
            .fetch_all(connection)
            .await
            .map_err(store_error)?;
            let number = |row: &$row, name| row.try_get::<i64, _>(name).map_err(store_error);
            let usage = |row: &$row| {
                Ok(RungUsage {
                    rung: rung_from(number(row, "rung")?)?,
                    bytes: unsigned(number(row, "bytes")?)?,
                    chunks: unsigned(number(row, "chunks")?)?,
                    rows: unsigned(number(row, "buckets")?)?,
                    oldest: Some(number(row, "oldest")?),
                })
            };
            rows.iter().map(usage).collect()
        }
    };
}

pub(crate) use rollup_functions;
