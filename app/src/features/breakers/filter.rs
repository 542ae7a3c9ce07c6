//! Which rows are shown: those that hold a text, and those in some state. Both are told in the address.

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_query_map;
use protocol::State;
use protocol::view::BreakerRow;

use crate::{
    browser,
    components::state_key,
    live::Live,
    part::{IntoPart, Part, See, dynamic},
};

/// What can be chosen, with its words.
const STATES: [(&str, &str); 8] = [
    ("", "Any state"),
    ("not_closed", "Not closed"),
    ("disagree", "Instances disagree"),
    ("open", "Open"),
    ("half_open", "Half-open"),
    ("forced_open", "Forced open"),
    ("closed", "Closed"),
    ("unknown", "Unknown"),
];

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Filter {
    text: RwSignal<String>,
    state: RwSignal<String>,
}

impl Filter {
    /// What the address asks for; from then on the address follows.
    pub fn of_address() -> Filter {
        let query = use_query_map();
        let get = |name: &str| query.with_untracked(|query| query.get(name).unwrap_or_default());
        let known = |state: &String| STATES.iter().any(|(key, _)| key == state);
        let filter = Filter {
            text: RwSignal::new(get("q")),
            state: RwSignal::new(Some(get("state")).filter(known).unwrap_or_default()),
        };
        for (name, signal) in [("q", filter.text), ("state", filter.state)] {
            let told = Memo::new(move |_| Some(signal.get()).filter(|text| !text.is_empty()));
            browser::keep_query(name, told);
        }
        filter
    }

    pub fn clear(self) {
        self.text.set(String::new());
        self.state.set(String::new());
    }

    /// It shows this row, in the state that it is in now.
    pub fn shows(self, live: Live, row: &BreakerRow) -> bool {
        let by_text = self.text.see(|text| holds(row, text));
        by_text
            && self.state.see(|wanted| {
                if wanted.is_empty() {
                    return true;
                }
                match live.board.breakers.get(row.breaker.key) {
                    Some(now) => now.see(|now| is_in(now.state, now.agree, wanted)),
                    None => is_in(row.breaker.state, row.breaker.agree, wanted),
                }
            })
    }

    /// Draws the field and the choice.
    pub fn controls(self) -> Part {
        let options = STATES
            .map(|(key, words)| {
                view! { <option value=key selected=self.state.with_untracked(|state| state == key)>{words}</option> }
            })
            .into_iter()
            .collect_view();
        view! {
            <span class="filter" role="search">
                <input
                    type="search"
                    placeholder="Filter"
                    aria-label="Filter breakers by name, provider, service, instance or cause"
                    title="Name, provider, service, instance or cause (/)"
                    value=self.text.get_untracked()
                    prop:value=dynamic(move || self.text.get())
                    on:input=move |event: ev::Event| self.text.set(event_target_value(&event))
                />
                <select
                    aria-label="State"
                    prop:value=dynamic(move || self.state.get())
                    on:change=move |event: ev::Event| self.state.set(event_target_value(&event))
                >
                    {options}
                </select>
            </span>
        }
        .part()
    }
}

/// Every word stands in one of the row's texts.
fn holds(row: &BreakerRow, text: &str) -> bool {
    let breaker = &row.breaker;
    let texts = [
        &breaker.breaker,
        &breaker.provider,
        &breaker.model,
        &breaker.service,
        &breaker.environment,
        &breaker.deployment,
        &row.figures.top_cause,
        &breaker.reason,
    ];
    let instances = || row.instances.iter().map(|instance| &instance.instance);
    text.split_whitespace().all(|word| {
        let word = word.to_lowercase();
        let found = |text: &&String| text.to_lowercase().contains(&word);
        texts.iter().any(found) || instances().any(|name| found(&name))
    })
}

fn is_in(state: State, agree: bool, wanted: &str) -> bool {
    match wanted {
        "not_closed" => state != State::Closed || !agree,
        "disagree" => !agree,
        wanted => state_key(state) == wanted,
    }
}

#[cfg(test)]
mod tests {
    use protocol::view::InstanceState;

    use super::super::words::tests::row;
    use super::*;

    #[test]
    fn every_word_must_be_found_somewhere() {
        let mut row = row(State::Open);
        row.breaker.service = "checkout".into();
        row.figures.top_cause = "rate limited".into();
        row.instances = vec![InstanceState {
            instance: "api-3".into(),
            state: State::Open,
        }];
        for (text, found) in [
            ("", true),
            ("  ", true),
            ("SONNET", true),
            ("sonnet checkout", true),
            ("api-3 limited", true),
            ("sonnet search", false),
        ] {
            assert_eq!(holds(&row, text), found, "{text:?}");
        }
    }

    #[test]
    fn states_are_those_of_the_worst_instance() {
        assert!(is_in(State::Open, true, "open"));
        assert!(!is_in(State::HalfOpen, true, "open"));
        assert!(is_in(State::HalfOpen, true, "not_closed"));
        assert!(!is_in(State::Closed, true, "not_closed"));
        assert!(is_in(State::MetricsOnly, false, "disagree"));
        for (key, _) in &STATES[3..] {
            assert!(
                [
                    State::Open,
                    State::HalfOpen,
                    State::ForcedOpen,
                    State::Closed,
                    State::Unknown
                ]
                .iter()
                .any(|state| state_key(*state) == *key)
            );
        }
    }
}
