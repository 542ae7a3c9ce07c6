//! What people have marked: deploys, changes of configuration, incidents.
//!
//! Markers are in the journal among everything else and are few, so a tenant's are kept in memory: new ones as they are
//! committed, older ones from one walk back through the journal when somebody asks first. The walk reads only batches
//! whose zone map names a marker, and looks at so many rows at most.
//!
//! Deliberately absent: markers that the journal has dropped (it keeps 7 days unless set otherwise), filters.

use std::collections::BTreeMap;

use domain::erasure::Selection;
use domain::event::Marker;
use domain::{Event, EventBody, Millis};
use parking_lot::Mutex;
use protocol::Span;
use protocol::markers::{MAX_MARKERS, MarkerItem, Markers};
use store::batches::MAX_LATE;
use store::codec::ZoneMap;
use store::{BatchQuery, Journal, StoreError, StoredBatch, TenantScope};
use tokio::sync::OnceCell;

use crate::Engine;

/// The most markers that are kept of a tenant.
const KEPT: usize = 1_000;
/// Pages of the journal that the walk reads at most.
const PAGES: usize = 64;
/// Batches of one page.
const BATCHES: usize = 256;

/// By time, then by place in the journal: so a marker that both the walk and the commit bring is there once.
type Place = (Millis, u64, usize);

/// A tenant's markers.
#[derive(Default)]
pub(crate) struct KnownMarkers {
    items: Mutex<BTreeMap<Place, MarkerItem>>,
    /// The walk has been done.
    walked: OnceCell<()>,
}

impl KnownMarkers {
    /// Takes what a committed batch holds.
    pub fn take(&self, batch: &StoredBatch) {
        for (index, event) in batch.events.iter().enumerate() {
            if let EventBody::Marker(marker) = &event.body {
                let mut items = self.items.lock();
                items.insert((event.time, batch.offset.seq, index), item(event, marker));
                while items.len() > KEPT {
                    items.pop_first();
                }
            }
        }
    }

    /// Forgets what is erased. A marker has no labels.
    pub fn forget(&self, selection: &Selection) {
        let service = |item: &MarkerItem| item.service.clone().unwrap_or_default();
        let taken = |item: &MarkerItem| {
            selection.label.is_none()
                && selection.takes_service(&service(item))
                && selection.takes_time(item.time)
        };
        self.items.lock().retain(|_, item| !taken(item));
    }

    /// Reads what was there before this process, once.
    async fn walk(&self, journal: &dyn Journal, scope: &TenantScope, now: Millis) -> Result<(), StoreError> {
        let walk = || async {
            let mut before = BatchQuery::NEWEST;
            for _ in 0..PAGES {
                let query = BatchQuery {
                    before,
                    from: 0,
                    to: now.saturating_add(MAX_LATE),
                    wanted: ZoneMap::markers(),
                    limit: BATCHES,
                };
                let page = journal.read_before(scope, query).await?;
                page.batches.iter().for_each(|batch| self.take(batch));
                match page.next {
                    Some(next) if self.items.lock().len() < KEPT => before = next.before,
                    _ => break,
                }
            }
            Ok(())
        };
        self.walked.get_or_try_init(walk).await.copied()
    }

    fn within(&self, span: Span) -> Markers {
        let items = self.items.lock();
        let found = || items.range((span.from, 0, 0)..(span.to, 0, 0));
        let left_out = found().count().saturating_sub(MAX_MARKERS);
        Markers {
            items: found().skip(left_out).map(|(_, item)| item.clone()).collect(),
            left_out: left_out.try_into().unwrap_or(u32::MAX),
        }
    }
}

impl Engine {
    /// What was marked in a range, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn markers(&self, scope: &TenantScope, span: Span) -> Result<Markers, StoreError> {
        let tenant = self.tenant(scope);
        let journal = &self.stores().journal;
        tenant
            .markers
            .walk(journal.as_ref(), scope, self.clock().now())
            .await?;
        Ok(tenant.markers.within(span))
    }
}

fn item(event: &Event, marker: &Marker) -> MarkerItem {
    MarkerItem {
        time: event.time,
        title: marker.title.clone(),
        kind: marker.kind.as_str().to_owned(),
        url: marker.url.clone(),
        service: marker.service.clone(),
        environment: marker.environment.clone(),
    }
}
