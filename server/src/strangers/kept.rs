//! Answers that are kept for some seconds, so that a crowd costs one question: of those who come at once, one asks and the
//! others wait for what it finds.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// How long an answer is given again.
const KEPT: Duration = Duration::from_secs(15);
/// Answers kept; above it old ones are forgotten, then all.
const REMEMBERED: usize = 1_024;

type Cell<V> = Arc<OnceCell<Arc<V>>>;

/// Answers by what was asked.
pub struct Kept<K, V> {
    cells: Mutex<HashMap<K, (Instant, Cell<V>)>>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Kept {
            cells: Mutex::default(),
        }
    }
}

impl<K: Hash + Eq + Clone, V> Kept<K, V> {
    /// The answer to this, from memory or newly made.
    ///
    /// # Errors
    /// What `make` fails with; the next who asks tries again.
    pub async fn get<E, F>(&self, key: K, make: impl FnOnce() -> F) -> Result<Arc<V>, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let cell = self.cell(key.clone(), Instant::now());
        let made = cell.get_or_try_init(|| async { make().await.map(Arc::new) });
        let found = made.await.cloned();
        if found.is_err() {
            // What is not there takes no room from what is.
            let mut cells = self.cells.lock();
            if cells
                .get(&key)
                .is_some_and(|(_, kept)| Arc::ptr_eq(kept, &cell) && !kept.initialized())
            {
                cells.remove(&key);
            }
        }
        found
    }

    fn cell(&self, key: K, now: Instant) -> Cell<V> {
        let is_old = |since: Instant| now.duration_since(since) >= KEPT;
        let mut cells = self.cells.lock();
        if let Some((since, cell)) = cells.get(&key)
            && !is_old(*since)
        {
            return Arc::clone(cell);
        }
        if cells.len() >= REMEMBERED {
            cells.retain(|_, (since, _)| !is_old(*since));
            if cells.len() >= REMEMBERED {
                cells.clear();
            }
        }
        let cell = Cell::default();
        cells.insert(key, (now, Arc::clone(&cell)));
        cell
    }

    /// Forgets everything: something was changed.
    pub fn forget(&self) {
        self.cells.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_crowd_asks_once_and_errors_are_not_kept() {
        let (kept, asked) = (Kept::<u8, u32>::default(), AtomicU32::new(0));
        let ask = || async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok::<u32, ()>(asked.fetch_add(1, Ordering::Relaxed))
        };
        let (one, two) = tokio::join!(kept.get(1, ask), kept.get(1, ask));
        assert_eq!((*one.unwrap(), *two.unwrap()), (0, 0));
        assert_eq!(*kept.get(2, ask).await.unwrap(), 1, "another question");
        kept.forget();
        assert_eq!(*kept.get(1, ask).await.unwrap(), 2);
        let failed = kept.get(3, || async { Err::<u32, &str>("no") }).await;
        assert_eq!(failed, Err("no"));
        let again = kept.get(3, || async { Ok::<u32, &str>(7) }).await;
        assert_eq!(again.map(|found| *found), Ok(7));
    }

    #[test]
    fn an_answer_is_given_again_for_some_seconds() {
        let (kept, now) = (Kept::<u8, u32>::default(), Instant::now());
        let first = kept.cell(1, now);
        let soon = kept.cell(1, now + KEPT - Duration::from_millis(1));
        assert!(Arc::ptr_eq(&first, &soon));
        assert!(!Arc::ptr_eq(&first, &kept.cell(1, now + KEPT)));
    }
}
