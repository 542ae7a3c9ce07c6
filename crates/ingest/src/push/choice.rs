//! Words from a fixed list: outcomes, states, operations and the like.

use domain::Outcome;
use domain::breaker::State;
use domain::event::{BreakerKind, MarkerKind, Operation, Tier};

use super::RefusalCode;
use super::fault::{Fault, quoted};
use super::{suggest, text};

/// One list of words.
struct List<T: 'static> {
    /// What a word of it is called in a reason.
    what: &'static str,
    all: &'static [T],
    name: fn(T) -> &'static str,
    /// Other words people use, in lower case without separators.
    synonyms: &'static [(&'static str, &'static str)],
}

impl<T: Copy> List<T> {
    fn read(&self, raw: &str) -> Result<T, Fault> {
        let word = text::decode(raw)?;
        if let Some(found) = self.all.iter().copied().find(|item| (self.name)(*item) == word) {
            return Ok(found);
        }
        let (what, word) = (self.what, word.as_ref());
        let names = self.all.iter().map(|item| (self.name)(*item));
        let hint = match suggest::closest(word, names.clone(), self.synonyms) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("must be one of {}", names.collect::<Vec<_>>().join(", ")),
        };
        Err(Fault::new(
            RefusalCode::UnknownValue,
            format!("unknown {what} {}; {hint}", quoted(word)),
        ))
    }
}

/// How a call ended.
pub(super) fn outcome(raw: &str) -> Result<Outcome, Fault> {
    const LIST: List<Outcome> = List {
        what: "outcome",
        all: &Outcome::ALL,
        name: Outcome::as_str,
        synonyms: &[
            ("success", "ok"),
            ("successful", "ok"),
            ("succeeded", "ok"),
            ("200", "ok"),
            ("ratelimit", "rate_limited"),
            ("throttled", "rate_limited"),
            ("toomanyrequests", "rate_limited"),
            ("429", "rate_limited"),
            ("insufficientquota", "quota"),
            ("quotaexceeded", "quota"),
            ("billing", "quota"),
            ("overload", "overloaded"),
            ("503", "overloaded"),
            ("529", "overloaded"),
            ("error", "server_error"),
            ("failure", "server_error"),
            ("failed", "server_error"),
            ("apierror", "server_error"),
            ("internalerror", "server_error"),
            ("500", "server_error"),
            ("5xx", "server_error"),
            ("timedout", "timeout"),
            ("deadlineexceeded", "timeout"),
            ("504", "timeout"),
            ("connection", "network"),
            ("connectionerror", "network"),
            ("unauthorized", "auth"),
            ("forbidden", "auth"),
            ("authentication", "auth"),
            ("401", "auth"),
            ("403", "auth"),
            ("invalidrequest", "bad_request"),
            ("400", "bad_request"),
            ("filtered", "content_filtered"),
            ("contentfilter", "content_filtered"),
            ("aborted", "cancelled"),
            ("circuitopen", "rejected"),
            ("shortcircuited", "rejected"),
            ("notpermitted", "rejected"),
        ],
    };
    LIST.read(raw)
}

/// The state of a breaker; `unknown` is ours to say, never the sender's.
pub(super) fn state(raw: &str) -> Result<State, Fault> {
    const SENT: [State; 6] = [
        State::Closed,
        State::Open,
        State::HalfOpen,
        State::ForcedOpen,
        State::Disabled,
        State::MetricsOnly,
    ];
    const LIST: List<State> = List {
        what: "state",
        all: &SENT,
        name: State::as_str,
        synonyms: &[
            ("opened", "open"),
            ("tripped", "open"),
            ("isolated", "forced_open"),
            ("half", "half_open"),
        ],
    };
    if text::decode(raw)? == State::Unknown.as_str() {
        return Err(Fault::new(
            RefusalCode::UnknownValue,
            "\"unknown\" is never sent; when it is unknown, send nothing",
        ));
    }
    LIST.read(raw)
}

/// The kind of model call.
pub(super) fn operation(raw: &str) -> Result<Operation, Fault> {
    const LIST: List<Operation> = List {
        what: "operation",
        all: &Operation::ALL,
        name: Operation::as_str,
        synonyms: &[
            ("chatcompletion", "chat"),
            ("chatcompletions", "chat"),
            ("responses", "chat"),
            ("messages", "chat"),
            ("textcompletion", "completion"),
            ("imagegeneration", "image"),
            ("transcription", "audio"),
            ("speech", "audio"),
            ("tts", "audio"),
        ],
    };
    LIST.read(raw)
}

/// The price tier.
pub(super) fn tier(raw: &str) -> Result<Tier, Fault> {
    const LIST: List<Tier> = List {
        what: "tier",
        all: &Tier::ALL,
        name: Tier::as_str,
        synonyms: &[
            ("default", "standard"),
            ("auto", "standard"),
            ("batches", "batch"),
        ],
    };
    LIST.read(raw)
}

/// What makes a breaker trip.
pub(super) fn breaker_kind(raw: &str) -> Result<BreakerKind, Fault> {
    const LIST: List<BreakerKind> = List {
        what: "kind of breaker",
        all: &BreakerKind::ALL,
        name: BreakerKind::as_str,
        synonyms: &[
            ("rate", "failure_rate"),
            ("consecutivefailures", "consecutive"),
            ("count", "consecutive"),
            ("outlierdetection", "ejection"),
        ],
    };
    LIST.read(raw)
}

/// What a marker marks.
pub(super) fn marker_kind(raw: &str) -> Result<MarkerKind, Fault> {
    const LIST: List<MarkerKind> = List {
        what: "kind of marker",
        all: &MarkerKind::ALL,
        name: MarkerKind::as_str,
        synonyms: &[
            ("deployment", "deploy"),
            ("release", "deploy"),
            ("configuration", "config"),
            ("outage", "incident"),
        ],
    };
    LIST.read(raw)
}

/// The types of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Call,
    Breaker,
    BreakerStats,
    Headroom,
    Marker,
}

/// Names kept for later, so that nobody uses them for something else.
const RESERVED: [&str; 3] = ["calls", "probe", "status"];

impl Type {
    pub(super) const ALL: [Type; 5] = [
        Type::Call,
        Type::Breaker,
        Type::BreakerStats,
        Type::Headroom,
        Type::Marker,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Type::Call => "call",
            Type::Breaker => "breaker",
            Type::BreakerStats => "breaker_stats",
            Type::Headroom => "headroom",
            Type::Marker => "marker",
        }
    }
}

/// The type of an event.
pub(super) fn event_type(raw: &str) -> Result<Type, Fault> {
    const LIST: List<Type> = List {
        what: "type",
        all: &Type::ALL,
        name: Type::as_str,
        synonyms: &[
            ("request", "call"),
            ("llmcall", "call"),
            ("transition", "breaker"),
            ("breakertransition", "breaker"),
            ("circuitbreaker", "breaker"),
            ("stats", "breaker_stats"),
            ("heartbeat", "breaker_stats"),
            ("ratelimit", "headroom"),
            ("ratelimits", "headroom"),
            ("annotation", "marker"),
            ("deploy", "marker"),
        ],
    };
    let word = text::decode(raw)?;
    if RESERVED.contains(&word.as_ref()) {
        return Err(Fault::new(
            RefusalCode::UnknownType,
            format!("unknown type {}, reserved for later", quoted(&word)),
        ));
    }
    LIST.read(raw).map_err(|mut fault| {
        if fault.code == RefusalCode::UnknownValue {
            fault.code = RefusalCode::UnknownType;
        }
        fault
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
        result.unwrap_err().reason
    }

    fn json(word: &str) -> String {
        format!("\"{word}\"")
    }

    #[test]
    fn every_word_is_read() {
        for item in Outcome::ALL {
            assert_eq!(outcome(&json(item.as_str())), Ok(item));
        }
        for item in State::ALL.into_iter().filter(|state| *state != State::Unknown) {
            assert_eq!(state(&json(item.as_str())), Ok(item));
        }
        for item in Operation::ALL {
            assert_eq!(operation(&json(item.as_str())), Ok(item));
        }
        for item in Tier::ALL {
            assert_eq!(tier(&json(item.as_str())), Ok(item));
        }
        for item in BreakerKind::ALL {
            assert_eq!(breaker_kind(&json(item.as_str())), Ok(item));
        }
        for item in MarkerKind::ALL {
            assert_eq!(marker_kind(&json(item.as_str())), Ok(item));
        }
        for item in Type::ALL {
            assert_eq!(event_type(&json(item.as_str())), Ok(item));
        }
    }

    #[test]
    fn mistaken_words() {
        assert_eq!(
            reason(outcome("\"rate-limited\"")),
            "unknown outcome \"rate-limited\"; did you mean rate_limited?"
        );
        for (sent, meant) in [
            ("OK", "ok"),
            ("Success", "ok"),
            ("429", "rate_limited"),
            ("canceled", "cancelled"),
            ("ServerError", "server_error"),
            ("time_out", "timeout"),
            ("error", "server_error"),
            ("bad-request", "bad_request"),
        ] {
            assert!(
                reason(outcome(&json(sent))).ends_with(&format!("did you mean {meant}?")),
                "{sent}"
            );
        }
        for sent in ["half-open", "halfOpen", "HALF_OPEN", "HalfOpen", "half open"] {
            assert!(
                reason(state(&json(sent))).ends_with("did you mean half_open?"),
                "{sent}"
            );
        }
        assert_eq!(
            reason(tier("\"gold\"")),
            "unknown tier \"gold\"; must be one of standard, batch, flex, priority"
        );
        assert_eq!(
            reason(state("\"unknown\"")),
            "\"unknown\" is never sent; when it is unknown, send nothing"
        );
        assert_eq!(
            reason(state("2")),
            "must be a string, got the number 2; put it in quotes"
        );
        assert!(reason(outcome("\"\"")).starts_with("unknown outcome \"\"; must be one of ok, "));
    }

    #[test]
    fn types() {
        for name in RESERVED {
            let fault = event_type(&json(name)).unwrap_err();
            assert_eq!(fault.code, RefusalCode::UnknownType);
            assert_eq!(
                fault.reason,
                format!("unknown type \"{name}\", reserved for later")
            );
        }
        let fault = event_type("\"circuit-breaker\"").unwrap_err();
        assert_eq!(fault.code, RefusalCode::UnknownType);
        assert_eq!(
            fault.reason,
            "unknown type \"circuit-breaker\"; did you mean breaker?"
        );
        assert_eq!(event_type("1").unwrap_err().code, RefusalCode::WrongType);
    }
}
