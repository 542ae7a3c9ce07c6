//! Writing over what was removed. SQLite only unlinks a row that goes: its bytes stay in the page, in free pages and in the
//! log until something else needs the room.

use sqlx::sqlite::SqliteConnection;
use store::StoreError;

use crate::error::store_error;

/// In the header of a file that has something to write over; nothing else uses the number.
const MARK: i64 = 0x6675_7365;

/// How often, and how long apart, a log is tried to be emptied that somebody still reads from.
const TRIES: u32 = 40;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(250);

/// Says that the file has something to write over.
pub(super) async fn mark(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::raw_sql("PRAGMA application_id = 1718973285")
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Whether it says so.
pub(super) async fn is_marked(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let id: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(connection)
        .await
        .map_err(store_error)?;
    Ok(id == MARK)
}

/// Writes the file anew from what is in it, and empties its log. Who writes waits meanwhile; who reads does not.
pub(super) async fn clean(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::raw_sql("VACUUM")
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    empty_log(connection).await?;
    // Last, so that a crash before it only does the work again.
    sqlx::raw_sql("PRAGMA application_id = 0")
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// The log has every page as it was written, the old ones too.
async fn empty_log(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *connection)
            .await
            .map_err(store_error)?;
        if busy == 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(StoreError::Unavailable(
        "somebody reads from the log, so it cannot be emptied yet".into(),
    ))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_mark_is_written_as_it_is_read() {
        assert_eq!(super::MARK, 1_718_973_285);
    }
}
