//! Which chunks to drop: by age, then the oldest until a rung fits its share of the disk.

use domain::Millis;
use domain::rollup::Rung;
use store::ChunkHead;

/// How long each rung is kept and how much it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RungLimits {
    /// Which.
    pub rung: Rung,
    /// `None` for ever.
    pub kept: Option<Millis>,
    /// Bytes per tenant.
    pub max_bytes: u64,
}

impl RungLimits {
    /// The ladder's own retention, and a byte cap that a team does not reach.
    pub fn defaults() -> [RungLimits; 4] {
        let limits = |rung: Rung, max_bytes| RungLimits {
            rung,
            kept: rung.step().kept,
            max_bytes,
        };
        [
            limits(Rung::TenSeconds, 8 << 30),
            limits(Rung::Minute, 4 << 30),
            limits(Rung::Hour, 4 << 30),
            limits(Rung::Day, 1 << 30),
        ]
    }
}

/// The chunks of a rung to drop now, oldest first.
pub(super) fn plan(heads: &[ChunkHead], limits: RungLimits, now: Millis) -> Vec<u64> {
    let mut heads = heads.to_vec();
    heads.sort_by_key(|head| (head.to, head.id));
    let mut bytes: u64 = heads.iter().map(|head| head.bytes).sum();
    let old = |head: &ChunkHead| {
        limits
            .kept
            .is_some_and(|kept| head.to <= now.saturating_sub(kept))
    };
    let mut dropped = Vec::new();
    for head in &heads {
        if !old(head) && bytes <= limits.max_bytes {
            break;
        }
        bytes -= head.bytes;
        dropped.push(head.id);
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(id: u64, to: Millis) -> ChunkHead {
        ChunkHead {
            id,
            rung: Rung::Hour,
            span: 0,
            from: to - 10,
            to,
            rows: 1,
            bytes: 100,
        }
    }

    fn limits(kept: Option<Millis>, max_bytes: u64) -> RungLimits {
        RungLimits {
            rung: Rung::Hour,
            kept,
            max_bytes,
        }
    }

    #[test]
    fn what_ended_before_the_limit_goes_and_then_the_oldest() {
        let heads = [head(3, 300), head(1, 100), head(2, 200)];
        assert_eq!(plan(&heads, limits(Some(900), 1_000), 1_000), [1]);
        assert_eq!(plan(&heads, limits(Some(800), 1_000), 1_000), [1, 2]);
        assert_eq!(plan(&heads, limits(None, 1_000), 1_000), [0u64; 0]);
        assert_eq!(plan(&heads, limits(None, 150), 1_000), [1, 2]);
        assert_eq!(plan(&heads, limits(Some(900), 0), 1_000), [1, 2, 3]);
    }
}
