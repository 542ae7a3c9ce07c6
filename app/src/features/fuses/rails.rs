//! Which fuse sits on which rail, under which name, and which are folded away.

use protocol::{State, view::Breaker};

/// So many closed fuses of a rail are shown; the rest folds into "+37 closed".
const CLOSED_SHOWN: usize = 12;

/// One fuse on a rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The breaker.
    pub key: u64,
    /// Its name, with as much before it as tells it from its neighbours.
    pub label: String,
    /// Folded away, unless the rail is unfolded.
    pub folded: bool,
}

/// One rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rail {
    /// The provider; empty for breakers that named none.
    pub provider: String,
    /// Its row, where it has one.
    pub id: Option<u64>,
    /// In drawn order.
    pub slots: Vec<Slot>,
    /// How many are folded.
    pub folded: usize,
}

/// What is needed to place one breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    key: u64,
    provider: String,
    name: String,
    deployment: String,
    service: String,
    environment: String,
    closed: bool,
}

impl Placed {
    /// Of a breaker.
    pub fn of(breaker: &Breaker) -> Placed {
        Placed {
            key: breaker.key,
            provider: breaker.provider.clone(),
            name: breaker.breaker.clone(),
            deployment: breaker.deployment.clone(),
            service: breaker.service.clone(),
            environment: breaker.environment.clone(),
            closed: breaker.state == State::Closed && breaker.agree && !breaker.degraded,
        }
    }
}

/// Rails by name, the nameless one last; a provider (name and id) without breakers has a rail too. `keep` is never
/// folded.
pub fn rails(providers: &[(String, u64)], breakers: &[Placed], keep: Option<u64>) -> Vec<Rail> {
    let mut names: Vec<&str> = providers.iter().map(|(name, _)| name.as_str()).collect();
    names.extend(breakers.iter().map(|breaker| breaker.provider.as_str()));
    names.sort_unstable_by_key(|name| (name.is_empty(), *name));
    names.dedup();
    let id = |name: &str| {
        providers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, id)| *id)
    };
    names
        .into_iter()
        .map(|name| rail(name, id(name), breakers, keep))
        .collect()
}

fn rail(provider: &str, id: Option<u64>, breakers: &[Placed], keep: Option<u64>) -> Rail {
    let here: Vec<&Placed> = breakers
        .iter()
        .filter(|breaker| breaker.provider == provider)
        .collect();
    let mut closed = 0;
    let slots: Vec<Slot> = here
        .iter()
        .map(|breaker| {
            closed += usize::from(breaker.closed);
            let folded = breaker.closed && closed > CLOSED_SHOWN && keep != Some(breaker.key);
            Slot {
                key: breaker.key,
                label: label(breaker, &here),
                folded,
            }
        })
        .collect();
    let folded = slots.iter().filter(|slot| slot.folded).count();
    Rail {
        provider: provider.to_owned(),
        id,
        slots,
        folded,
    }
}

/// `gpt-5`, `eu · gpt-5`; with service and environment only where two breakers of the rail differ in nothing else.
fn label(breaker: &Placed, rail: &[&Placed]) -> String {
    let twins = || {
        rail.iter()
            .filter(|other| other.key != breaker.key)
            .filter(|other| other.name == breaker.name && other.deployment == breaker.deployment)
    };
    let service = twins().any(|other| other.service != breaker.service);
    let environment = twins().any(|other| other.environment != breaker.environment);
    let mut parts = Vec::new();
    if environment && !breaker.environment.is_empty() {
        parts.push(breaker.environment.as_str());
    }
    if service && !breaker.service.is_empty() {
        parts.push(breaker.service.as_str());
    }
    // A name that tells the deployment already is not made longer by it.
    if !breaker.name.contains(&breaker.deployment) {
        parts.push(breaker.deployment.as_str());
    }
    parts.push(breaker.name.as_str());
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(key: u64, provider: &str, name: &str, closed: bool) -> Placed {
        Placed {
            key,
            provider: provider.into(),
            name: name.into(),
            deployment: String::new(),
            service: String::new(),
            environment: String::new(),
            closed,
        }
    }

    #[test]
    fn rails_are_by_name_and_the_nameless_one_is_last() {
        let breakers = [
            placed(1, "", "x", true),
            placed(2, "openai", "y", true),
            placed(3, "anthropic", "z", true),
        ];
        let drawn: Vec<String> = rails(&[("google".into(), 1), ("openai".into(), 2)], &breakers, None)
            .into_iter()
            .map(|rail| rail.provider)
            .collect();
        assert_eq!(drawn, ["anthropic", "google", "openai", ""]);
    }

    #[test]
    fn more_than_twelve_closed_fold_and_nothing_else_does() {
        let breakers: Vec<Placed> = (0..50).map(|key| placed(key, "p", "n", key != 40)).collect();
        let rail = &rails(&[], &breakers, None)[0];
        assert_eq!(rail.folded, 37);
        assert_eq!(rail.slots.len(), 50, "folded ones keep their place");
        let shown: Vec<u64> = rail
            .slots
            .iter()
            .filter(|slot| !slot.folded)
            .map(|slot| slot.key)
            .collect();
        assert_eq!(shown, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 40]);
    }

    #[test]
    fn twelve_do_not_fold_and_the_selected_one_never_does() {
        let breakers: Vec<Placed> = (0..12).map(|key| placed(key, "p", "n", true)).collect();
        assert_eq!(rails(&[], &breakers, None)[0].folded, 0);
        let breakers: Vec<Placed> = (0..14).map(|key| placed(key, "p", "n", true)).collect();
        assert_eq!(rails(&[], &breakers, Some(13))[0].folded, 1);
    }

    #[test]
    fn names_say_as_much_as_is_needed() {
        let mut breakers = [
            placed(1, "p", "gpt-5", true),
            placed(2, "p", "gpt-5", true),
            placed(3, "p", "other", true),
            placed(4, "p", "eu · third", true),
        ];
        breakers[0].service = "checkout".into();
        breakers[1].service = "search".into();
        breakers[2].deployment = "eu".into();
        breakers[3].deployment = "eu".into();
        breakers[2].service = "search".into();
        let labels: Vec<String> = rails(&[], &breakers, None)
            .remove(0)
            .slots
            .into_iter()
            .map(|slot| slot.label)
            .collect();
        assert_eq!(
            labels,
            ["checkout · gpt-5", "search · gpt-5", "eu · other", "eu · third"]
        );
    }
}
