//! The Providers page: every provider over a range, the worst first, and lines over time of the busiest ones.
//!
//! Deliberately absent: what a vendor or a probe says, rankings and headroom; they come with their sources.

use serde::{Deserialize, Serialize};

use super::Level;
use crate::markers::MarkerItem;

/// How many cells a strip has.
pub const STRIP_CELLS: usize = 48;
/// The most providers that are listed.
pub const MAX_ROWS: usize = 500;
/// The most providers that get a line in the charts.
pub const MAX_LINES: usize = 8;

/// Everything the page shows, over one range.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Providers {
    /// The beginning of the range as it was asked for: `now-24h`.
    pub asked_from: String,
    /// Its end as it was asked for: `now`.
    pub asked_to: String,
    /// The range in words: "Last 24 hours".
    pub words: String,
    /// The first moment of the range, epoch milliseconds.
    pub from: i64,
    /// The first moment after it.
    pub to: i64,
    /// Everything that was durable at this moment is contained.
    pub as_of: i64,
    /// Retention has dropped a part of the range.
    pub partial: bool,
    /// The worst first, at most [`MAX_ROWS`].
    pub rows: Vec<ProviderRow>,
    /// Providers that are not listed: those that stand better than all that are.
    pub rows_left_out: u32,
    /// Over time.
    pub lines: ProviderLines,
    /// What people have marked in the range, oldest first.
    pub markers: Vec<MarkerItem>,
}

/// One provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderRow {
    /// `p_` and 16 hexadecimal digits, for addresses: names may hold anything.
    pub id: String,
    /// `openai`.
    pub name: String,
    /// What our calls say about the last five minutes of the range.
    pub said: CallsSay,
    /// Models that were called; `None` when there are too many to count.
    pub models: Option<u32>,
    /// Attempts over the range.
    pub attempts: u64,
    /// Attempts per second, over the part of the range in which traffic was possible.
    pub rate: Option<f64>,
    /// Attempt success, a fraction.
    pub success: Option<f64>,
    /// How urgent that is; `None` without attempts that are judged.
    pub success_level: Option<Level>,
    /// Half of the answers took no longer, milliseconds.
    pub p50_ms: Option<f64>,
    /// 95% of the answers took no longer, milliseconds.
    pub p95_ms: Option<f64>,
    /// 99% of the answers took no longer, milliseconds.
    pub p99_ms: Option<f64>,
    /// 95% of the streams began no later, milliseconds.
    pub ttft_p95_ms: Option<f64>,
    /// Output tokens per second of a stream.
    pub tokens_per_second: Option<f64>,
    /// Known costs per thousand answers, US dollars; `None` when no cost is known.
    pub cost_per_1k: Option<f64>,
    /// The share of calls with tokens that have no price: by so much the cost is too low.
    pub unpriced: Option<f64>,
    /// Its breakers, now.
    pub breakers: u32,
    /// Those of them that refuse calls, now: open or forced open.
    pub breakers_open: u32,
    /// [`STRIP_CELLS`] cells over the range, oldest first; how attempts went in each: `k` ok, `a` attention, `x` act,
    /// `u` too few to tell, `-` no attempts.
    pub strip: String,
}

/// What our own calls say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallsSay {
    /// Its shape and colour; unknown is grey.
    pub level: Level,
    /// "ok", "38% ok", "slow", "few calls".
    pub words: String,
}

/// Lines over the range, of at most [`MAX_LINES`] providers with the most attempts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProviderLines {
    /// Start of the first step, epoch milliseconds.
    pub from: i64,
    /// Width of a step, milliseconds.
    pub step: i64,
    /// By name.
    pub lines: Vec<ProviderLine>,
    /// Providers with attempts that have no line.
    pub left_out: u32,
}

/// The figures of one provider at each step; `None` where there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderLine {
    /// Its name.
    pub name: String,
    /// Attempt success, a fraction.
    pub success: Vec<Option<f32>>,
    /// 95th percentile of the time to first token, milliseconds.
    pub ttft_p95_ms: Vec<Option<f32>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_codecs_keep_every_field() {
        let providers = Providers {
            asked_from: "now-24h".into(),
            asked_to: "now".into(),
            words: "Last 24 hours".into(),
            from: 1,
            to: 2,
            as_of: 2,
            partial: true,
            rows: vec![ProviderRow {
                id: "p_0000000000000001".into(),
                name: "openai".into(),
                said: CallsSay {
                    level: Level::Act,
                    words: "38% ok".into(),
                },
                models: Some(2),
                attempts: 9,
                rate: Some(0.5),
                success: Some(0.25),
                success_level: None,
                p50_ms: None,
                p95_ms: Some(1.5),
                p99_ms: None,
                ttft_p95_ms: None,
                tokens_per_second: None,
                cost_per_1k: None,
                unpriced: Some(1.0),
                breakers: 3,
                breakers_open: 1,
                strip: "-".repeat(STRIP_CELLS),
            }],
            rows_left_out: 7,
            lines: ProviderLines {
                from: 0,
                step: 10,
                lines: vec![ProviderLine {
                    name: "openai".into(),
                    success: vec![None, Some(1.0)],
                    ttft_p95_ms: vec![Some(2.5), None],
                }],
                left_out: 4,
            },
            markers: vec![MarkerItem {
                time: 1,
                title: "v2".into(),
                kind: "deploy".into(),
                url: Some("https://example.com".into()),
                service: None,
                environment: Some("prod".into()),
            }],
        };
        let text = serde_json::to_string(&providers).unwrap();
        assert_eq!(serde_json::from_str::<Providers>(&text).unwrap(), providers);
        assert!(
            text.contains(r#""said":{"level":"act","words":"38% ok"},"models":2"#),
            "{text}"
        );
        assert!(text.contains(r#""success":[null,1.0]"#), "{text}");
        let bytes = postcard::to_allocvec(&providers).unwrap();
        assert_eq!(postcard::from_bytes::<Providers>(&bytes).unwrap(), providers);
    }
}
