//! What the page says.

use protocol::Level;
use protocol::limits::{Limit, LimitUnit, Limits};

use crate::{
    features::bar::Sentence,
    format::{bytes, fixed, grouped, percent, span_short},
};

/// From this share of a cap on, somebody should know.
const NEAR: f64 = 0.8;

/// The sentence of the bar. `old` figures prove nothing.
pub fn sentence(limits: Option<&Limits>, old: bool) -> Sentence {
    let say = |level, lead: String, rest: String| Sentence { level, lead, rest };
    let Some(limits) = limits else {
        let lead = if old {
            "No figures."
        } else {
            "Asking for the figures."
        };
        return say(None, lead.to_owned(), String::new());
    };
    if old {
        return say(
            Some(Level::Unknown),
            "Figures are out of date.".to_owned(),
            String::new(),
        );
    }
    let near: Vec<&Limit> = limits
        .items
        .iter()
        .filter(|limit| level(limit) == Level::Attention)
        .collect();
    match near.as_slice() {
        [] => say(
            Some(Level::Ok),
            "Nothing is near its cap.".to_owned(),
            String::new(),
        ),
        [one] => {
            let lead = [&short(one)[..], " at ", &percent(share(one)), " of the cap."].concat();
            say(Some(Level::Attention), lead, plain(&one.at_cap))
        }
        more => {
            let names: Vec<String> = more.iter().map(|limit| short(limit)).collect();
            let lead = format!("{} caps are near.", more.len());
            say(Some(Level::Attention), lead, [&names.join(", "), "."].concat())
        }
    }
}

/// Without the marks around names.
pub fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// The title without its explanation.
fn short(limit: &Limit) -> String {
    let title = limit
        .title
        .split_once(':')
        .map_or(limit.title.as_str(), |(title, _)| title);
    title.to_owned()
}

/// How much of the cap is used; `None` without a cap.
pub fn share(limit: &Limit) -> Option<f64> {
    let cap = limit.cap.filter(|cap| *cap > 0)?;
    Some(limit.used as f64 / cap as f64)
}

/// How urgent that is.
pub fn level(limit: &Limit) -> Level {
    match share(limit) {
        Some(share) if share >= NEAR && !limit.chosen => Level::Attention,
        _ => Level::Ok,
    }
}

/// The value of a meter.
pub fn meter(share: f64) -> String {
    fixed(share.min(1.0), 4)
}

/// "3.1 MiB of 512 MiB, 0.6%".
pub fn used(limit: &Limit) -> String {
    let text = |count: u64| match limit.unit {
        LimitUnit::Bytes => bytes(count),
        LimitUnit::Count => grouped(count),
    };
    match (limit.cap, share(limit)) {
        (Some(cap), Some(_)) if limit.used == 0 => ["0 of ", &text(cap)].concat(),
        (Some(cap), Some(part)) => [
            &text(limit.used)[..],
            " of ",
            &text(cap),
            ", ",
            &percent(Some(part)),
        ]
        .concat(),
        _ => text(limit.used),
    }
}

/// "reaches back 6 d, kept for 7 d".
pub fn reach(limit: &Limit, limits: &Limits) -> String {
    let back = limit
        .oldest
        .map(|oldest| ["reaches back ", &span_short(limits.as_of - oldest)].concat());
    let kept = match (limit.kept_ms, limit.oldest) {
        (Some(kept), _) => Some(["kept for ", &span_short(kept)].concat()),
        (None, Some(_)) => Some("kept for ever".to_owned()),
        (None, None) => None,
    };
    let folded = limit
        .folded_calls
        .filter(|folded| *folded > 0)
        .map(|folded| [&grouped(folded)[..], " folded since the start"].concat());
    [folded, back, kept]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// What the caps have done.
pub fn since_start(limits: &Limits) -> String {
    let freed = match limits.freed_bytes {
        0 => "nothing was dropped".to_owned(),
        freed => ["retention has freed ", &bytes(freed)].concat(),
    };
    let by_label = limits
        .items
        .iter()
        .any(|limit| limit.name.starts_with("label_values.") && limit.folded_calls > Some(0));
    let folded = match limits.folded_calls {
        0 if by_label => "only calls with further label values were folded into __other__".to_owned(),
        0 => "no call was folded into __other__".to_owned(),
        1 => "1 call of a further series was folded into __other__".to_owned(),
        folded => [
            &grouped(folded)[..],
            " calls of further series were folded into __other__",
        ]
        .concat(),
    };
    ["Since the server started: ", &freed, ", ", &folded, "."].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(used: u64, cap: Option<u64>) -> Limit {
        Limit {
            name: "series".into(),
            title: "Series: provider × model".into(),
            used,
            cap,
            unit: LimitUnit::Count,
            at_cap: "Calls fold.".into(),
            setting: "limits.series".into(),
            folded_calls: None,
            chosen: false,
            oldest: None,
            kept_ms: None,
        }
    }

    fn limits(items: Vec<Limit>) -> Limits {
        Limits {
            as_of: 8 * 86_400_000,
            items,
            folded_calls: 0,
            freed_bytes: 0,
        }
    }

    #[test]
    fn what_is_near_is_named() {
        let told = |items: Vec<Limit>| {
            let Sentence { level, lead, rest } = sentence(Some(&limits(items)), false);
            (level, [&lead[..], " ", &rest].concat().trim_end().to_owned())
        };
        let far = || limit(79, Some(100));
        let near = || limit(80, Some(100));
        assert_eq!(
            told(vec![far()]),
            (Some(Level::Ok), "Nothing is near its cap.".into())
        );
        assert_eq!(
            told(vec![far(), near()]),
            (
                Some(Level::Attention),
                "Series at 80% of the cap. Calls fold.".into()
            )
        );
        assert_eq!(
            told(vec![near(), near()]),
            (Some(Level::Attention), "2 caps are near. Series, Series.".into())
        );
        assert_eq!(told(vec![limit(5, None)]).0, Some(Level::Ok));
        let chosen = Limit {
            chosen: true,
            ..limit(4, Some(4))
        };
        assert_eq!(told(vec![chosen]).0, Some(Level::Ok));
    }

    #[test]
    fn use_and_reach_are_words() {
        let mut one = limit(1_284, Some(20_000));
        assert_eq!(used(&one), "1,284 of 20,000, 6.4%");
        (one.oldest, one.kept_ms) = (Some(2 * 86_400_000), Some(7 * 86_400_000));
        assert_eq!(reach(&one, &limits(Vec::new())), "reaches back 6 d, kept for 7 d");
        one.kept_ms = None;
        assert_eq!(
            reach(&one, &limits(Vec::new())),
            "reaches back 6 d, kept for ever"
        );
        one.folded_calls = Some(1_200);
        one.oldest = None;
        assert_eq!(reach(&one, &limits(Vec::new())), "1,200 folded since the start");
        one.unit = LimitUnit::Bytes;
        one.cap = None;
        assert_eq!(used(&one), "1.3 KiB");
        let mut all = limits(Vec::new());
        (all.freed_bytes, all.folded_calls) = (3 << 20, 2);
        assert_eq!(
            since_start(&all),
            "Since the server started: retention has freed 3 MiB, 2 calls of further series were folded into __other__."
        );
        one.name = "label_values.team".into();
        (all.freed_bytes, all.folded_calls, all.items) = (0, 0, vec![one]);
        assert_eq!(
            since_start(&all),
            "Since the server started: nothing was dropped, only calls with further label values were folded into __other__."
        );
    }
}
