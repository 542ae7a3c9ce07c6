//! What a breaker's instance is called: the dimensions that filters and groups know it by.

use domain::breaker::BreakerKey;
use protocol::Filter;
use protocol::query::BREAKER_DIMENSIONS;
use store::TransitionRow;

/// The names of one instance of a breaker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub key: &'a BreakerKey,
    pub provider: &'a str,
    pub instance: &'a str,
}

impl<'a> Names<'a> {
    /// Of the instance that changed.
    pub fn of(row: &'a TransitionRow) -> Names<'a> {
        Names {
            key: &row.key,
            provider: &row.provider,
            instance: &row.instance,
        }
    }

    /// One of the dimensions of breakers; empty when it has none.
    fn dimension(self, dimension: &str) -> &'a str {
        match dimension {
            "provider" => self.provider,
            "service" => &self.key.service,
            "environment" => &self.key.environment,
            "deployment" => &self.key.deployment,
            "breaker" => &self.key.breaker,
            "instance" => self.instance,
            _ => "",
        }
    }

    /// Its values of these dimensions, in their order.
    pub fn values(self, dimensions: &[String]) -> Vec<String> {
        let value = |dimension: &String| self.dimension(dimension).to_owned();
        dimensions.iter().map(value).collect()
    }

    /// Whether a filter shows it.
    pub fn pass(self, filter: &Filter) -> bool {
        let all = || {
            BREAKER_DIMENSIONS
                .iter()
                .map(|dimension| self.dimension(dimension))
        };
        filter.matches(|dimension| Some(self.dimension(dimension)), all)
    }
}
