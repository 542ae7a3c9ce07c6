//! Load: what is sent to us and to the peers, prepared so that sending it costs little.

pub mod calls;
pub mod drive;
mod proto;
pub mod remote_write;
pub mod spans;
pub mod weeks;

/// The fleet that every bench plays: 8 providers, 4 models, 4 services in 100 combinations, on 10 instances. The
/// instance is no part of a series.
pub const PROVIDERS: [&str; 8] = [
    "openai",
    "anthropic",
    "google",
    "mistral",
    "bedrock",
    "azure",
    "groq",
    "vllm",
];
const MODELS: [&str; 4] = ["model-large", "model-medium", "model-small", "model-nano"];
const SERVICES: [&str; 4] = ["checkout", "search", "support", "batch"];
/// Instances.
pub const INSTANCES: usize = 10;
/// Series.
pub const SERIES: usize = 100;

/// Provider, model and service of a series.
pub fn series(number: usize) -> (&'static str, &'static str, &'static str) {
    let pick =
        |list: &[&'static str], number: usize| list.get(number % list.len()).copied().unwrap_or_default();
    let rest = number / PROVIDERS.len();
    (
        pick(&PROVIDERS, number),
        pick(&MODELS, rest),
        pick(&SERVICES, rest / MODELS.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_is_another() {
        let all: std::collections::BTreeSet<_> = (0..SERIES).map(series).collect();
        assert_eq!(all.len(), SERIES);
    }
}
