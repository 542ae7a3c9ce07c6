//! The Connect page at one moment.

use domain::Millis;
use protocol::view::{Connect, RefusalRow, SourceRow};

use super::{TenantLive, providers};

impl TenantLive {
    /// What has reached us. `key` tells a key's name and prefix by its id.
    pub fn connect(&self, now: Millis, key: impl Fn(&str) -> Option<(String, String)>) -> Connect {
        let mut sources: Vec<SourceRow> = self
            .sources
            .rows
            .iter()
            .map(|((key_id, service), source)| {
                let (key_name, key_prefix) = key(key_id).unwrap_or_else(|| (key_id.clone(), String::new()));
                let (events_1h, refused_1h) = source.hour(now);
                SourceRow {
                    id: providers::id(&format!("{key_id}\n{service}")),
                    name: if service.is_empty() {
                        key_name.clone()
                    } else {
                        service.clone()
                    },
                    key_name,
                    key_prefix,
                    last: Some(source.last),
                    events_1h,
                    refused_1h,
                    refusals: source
                        .refusals
                        .iter()
                        .map(|refused| RefusalRow {
                            at: refused.at,
                            index: refused.index,
                            field: refused.field.clone(),
                            reason: refused.reason.clone(),
                        })
                        .collect(),
                }
            })
            .collect();
        sources.sort_by(|a, b| (&a.name, &a.key_name).cmp(&(&b.name, &b.key_name)));
        Connect {
            last_event: self.last_event,
            sources,
        }
    }
}
