//! The newest entry of each chain, written down where who can write to the database cannot: into the program's own log,
//! every five minutes while something happens. `fuseboard audit verify --heads` compares the chains with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::{AuditHead, Audits, SystemScope, TenantId};
use tokio_util::sync::CancellationToken;

use super::key::{from_hex, hex};

const EVERY: Duration = Duration::from_secs(300);

/// A head as one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadLine {
    /// Whose chain.
    pub tenant: String,
    /// The number of its newest entry.
    pub n: u64,
    /// 64 hexadecimal digits.
    pub hash: String,
    /// 64 hexadecimal digits.
    pub mac: String,
}

impl HeadLine {
    /// As it is written.
    pub fn of(head: &AuditHead) -> HeadLine {
        HeadLine {
            tenant: head.tenant.to_string(),
            n: head.n,
            hash: hex(&head.hash),
            mac: hex(&head.mac),
        }
    }

    /// The head in a line: a line of ours, or a JSON line of the program's log that holds one. `None` when it holds none.
    pub fn read(line: &str) -> Option<AuditHead> {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        let fields = value.get("fields").unwrap_or(&value);
        let line: HeadLine = serde_json::from_value(fields.clone()).ok()?;
        Some(AuditHead {
            tenant: TenantId::parse(&line.tenant)?,
            n: line.n,
            hash: from_hex(&line.hash)?,
            mac: from_hex(&line.mac)?,
        })
    }
}

/// Writes the heads that moved into the program's log, now and then, and once more at the end.
pub async fn export(audits: Arc<dyn Audits>, system: SystemScope, stop: CancellationToken) {
    let mut written: BTreeMap<TenantId, u64> = BTreeMap::new();
    loop {
        let ended = stop.is_cancelled();
        match audits.heads(&system).await {
            Ok(heads) => heads.iter().for_each(|head| write(head, &mut written)),
            Err(error) => tracing::warn!(%error, "the heads of the audit log cannot be read"),
        }
        if ended {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
}

fn write(head: &AuditHead, written: &mut BTreeMap<TenantId, u64>) {
    if written.insert(head.tenant.clone(), head.n) == Some(head.n) {
        return;
    }
    let line = HeadLine::of(head);
    tracing::info!(
        tenant = line.tenant,
        n = line.n,
        hash = line.hash,
        mac = line.mac,
        "audit head"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_from_its_line_and_from_the_log() {
        let head = AuditHead {
            tenant: TenantId::default_tenant(),
            n: 42,
            hash: [0xab; 32],
            mac: [0x01; 32],
        };
        let line = serde_json::to_string(&HeadLine::of(&head)).unwrap();
        assert_eq!(HeadLine::read(&line), Some(head.clone()));
        let logged =
            format!("{{\"timestamp\":\"2026\",\"level\":\"INFO\",\"fields\":{line},\"target\":\"x\"}}");
        assert_eq!(HeadLine::read(&logged), Some(head));
        for none in [
            "",
            "{}",
            "[]",
            "{\"tenant\":\"default\",\"n\":1,\"hash\":\"x\",\"mac\":\"y\"}",
        ] {
            assert_eq!(HeadLine::read(none), None, "{none}");
        }
    }
}
