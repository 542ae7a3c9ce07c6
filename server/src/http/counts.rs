//! What the HTTP side counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

/// Answers by class of status.
#[derive(Debug, Default)]
pub struct HttpCounts {
    classes: [AtomicU64; 5],
}

impl HttpCounts {
    /// One answer went out.
    pub fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100);
        if let Some(counter) = class.checked_sub(1).and_then(|index| self.classes.get(index)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answers so far by class, `1xx` first.
    pub fn read(&self) -> [(&'static str, u64); 5] {
        let mut index = 0;
        ["1xx", "2xx", "3xx", "4xx", "5xx"].map(|name| {
            let value = self.classes[index].load(Ordering::Relaxed);
            index += 1;
            (name, value)
        })
    }
}
