//! What is hidden, until when, by whom and why.

use leptos::prelude::*;
use protocol::alerts::{AlertItem, RepeatDoc, SilenceItem};

use super::frame::{Frame, Section, page};
use super::words::level;
use crate::format::{date_clock, span_short};
use crate::plain::form::{Wrong, choice, heading, hidden, refused, text};
use crate::plain::mark;

/// How long a silence can be: minutes and words.
pub const LENGTHS: [(&str, &str); 8] = [
    ("30", "30 minutes"),
    ("60", "1 hour"),
    ("240", "4 hours"),
    ("1440", "1 day"),
    ("10080", "7 days"),
    ("43200", "30 days"),
    ("129600", "90 days"),
    ("525600", "1 year"),
];

/// The page of silences.
#[derive(Debug, Clone)]
pub struct SilencesView {
    /// Around it.
    pub frame: Frame,
    /// Those that have not ended, and those of the last week.
    pub silences: Vec<SilenceItem>,
    /// Matchers that are in the form.
    pub matchers: String,
    /// What they would hide now: how many, and some of them.
    pub preview: Option<(usize, Vec<AlertItem>)>,
}

/// The page's HTML.
pub fn silences(view: &SilencesView) -> String {
    let frame = &view.frame;
    let (over, live): (Vec<&SilenceItem>, Vec<&SilenceItem>) = view
        .silences
        .iter()
        .partition(|silence| silence.state == "expired");
    let list = |silences: &[&SilenceItem]| {
        let rows = silences.iter().map(|silence| row(frame, silence));
        view! { <ul>{rows.collect_view()}</ul> }
    };
    let content = view! {
        <div class="doc settings desk-rules">
            {frame.may_act.then(|| new(view))}
            <section class="card" data-swap="silences">
                {heading("Silences", "their alerts are shown and nobody is told")}
                {match live.is_empty() {
                    true => view! { <p class="pad quiet">"Nothing is silenced."</p> }.into_any(),
                    false => list(&live).into_any(),
                }}
            </section>
            {(!over.is_empty())
                .then(|| {
                    view! {
                        <section class="card">
                            {heading("Ended", "within the last 7 days")}
                            {list(&over)}
                        </section>
                    }
                })}
        </div>
    };
    page(frame, Section::Silences.title(), content.into_any())
}

fn new(view: &SilencesView) -> AnyView {
    let frame = &view.frame;
    let wrong = Wrong::of(&frame.wrong, "silence");
    let lengths = LENGTHS.map(|(minutes, words)| (minutes.to_owned(), words.to_owned()));
    let chosen = wrong.and_then(|wrong| {
        let found = wrong.sent.iter().find(|(name, _)| name == "minutes");
        found.map(|(_, minutes)| minutes.clone())
    });
    let preview = view.preview.as_ref().map(|(count, alerts)| {
        let some = alerts.iter().take(10).map(|alert| {
            view! {
                <li>
                    {mark(level(alert))}
                    <a href=frame.alert(alert.id)>{alert.title.clone()}</a>
                </li>
            }
        });
        let words = match count {
            0 => "It would hide no alert that is open now.".to_owned(),
            1 => "It would hide one alert that is open now:".to_owned(),
            count => format!("It would hide {count} alerts that are open now:"),
        };
        view! {
            <div class="desk-preview" role="status">
                <p>{words}</p>
                <ul class="desk-incident">{some.collect_view()}</ul>
            </div>
        }
    });
    view! {
        <form class="card" method="post" action=frame.href(Section::Silences) data-form="silence">
            {heading("New silence", "hides what has all of these labels")}
            {refused(wrong)}
            <div class="fields">
                {text("matchers", "Labels", "text", &view.matchers, wrong)
                    .hint("Such as provider=\"openai\",model=~\"gpt-.*\"; =, !=, =~ and !~.")
                    .view()}
                {choice("minutes", "For", &lengths, chosen.as_deref().unwrap_or("60"))}
                {text("comment", "Why", "text", "", wrong).hint("For whoever wonders.").view()}
            </div>
            {window(wrong)}
            {preview}
            <p class="line">
                <button type="submit" class="btn" name="do" value="preview">"See what it hides"</button>
                <button type="submit" class="btn go" name="do" value="silence">"Silence"</button>
            </p>
        </form>
    }
    .into_any()
}

const DAYS: [(&str, &str); 7] = [
    ("mon", "Mon"),
    ("tue", "Tue"),
    ("wed", "Wed"),
    ("thu", "Thu"),
    ("fri", "Fri"),
    ("sat", "Sat"),
    ("sun", "Sun"),
];

/// A window that comes back: which days, from when to when, by the clock of which place.
fn window(wrong: Option<&Wrong>) -> AnyView {
    let chosen = |day: &str| {
        wrong.is_some_and(|wrong| {
            let mut sent = wrong.sent.iter();
            sent.any(|(name, value)| name == "repeat.days" && value == day)
        })
    };
    let is_open = DAYS.iter().any(|(day, _)| chosen(day));
    let days = DAYS.map(|(day, words)| {
        view! {
            <label class="tick">
                <input type="checkbox" name="repeat.days" value=day checked=chosen(day)/>
                {words}
            </label>
        }
    });
    view! {
        <details class="desk-window" open=is_open>
            <summary>"Only at certain hours: a maintenance window that comes back"</summary>
            <div class="ticks" role="group" aria-label="On which days">{days.collect_view()}</div>
            <div class="fields">
                {text("repeat.from", "From", "time", "22:00", wrong).optional().view()}
                {text("repeat.to", "To", "time", "06:00", wrong)
                    .optional()
                    .hint("At or before the beginning it is on the next day.")
                    .view()}
                {text("repeat.zone", "By the clock of", "text", "UTC", wrong)
                    .optional()
                    .hint("A time zone such as Europe/Berlin; summer time is minded.")
                    .view()}
            </div>
        </details>
    }
    .into_any()
}

/// `Mon to Fri, 22:00 to 06:00, Europe/Berlin`.
fn window_words(repeat: &RepeatDoc) -> String {
    let place = |day: &String| DAYS.iter().position(|(known, _)| known == day);
    let places: Vec<usize> = repeat.days.iter().filter_map(place).collect();
    let in_a_row = places.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    let days = match places.as_slice() {
        [_, _, _, _, _, _, _] => "every day".to_owned(),
        [first, .., last] if in_a_row && places.len() > 2 => {
            format!("{} to {}", DAYS[*first].1, DAYS[*last].1)
        }
        places => places
            .iter()
            .map(|place| DAYS[*place].1)
            .collect::<Vec<_>>()
            .join(", "),
    };
    format!("{days}, {} to {}, {}", repeat.from, repeat.to, repeat.zone)
}

fn row(frame: &Frame, silence: &SilenceItem) -> AnyView {
    let matchers = silence.matchers.iter().map(|matcher| {
        view! { <code>{matcher.clone()}</code> }
    });
    let when = match silence.state.as_str() {
        "active" if silence.repeat.is_some() => {
            let next = silence.changes.unwrap_or(silence.ends);
            format!("hides until {}", date_clock(next, frame.utc_offset_min))
        }
        "active" => format!("ends in {}", span_short(silence.ends - frame.now)),
        "pending" => match silence.changes {
            Some(next) => format!("begins in {}", span_short(next - frame.now)),
            None => "does not begin any more".to_owned(),
        },
        _ => format!("ended {}", date_clock(silence.ends, frame.utc_offset_min)),
    };
    let window = silence.repeat.as_ref().map(|repeat| {
        let until = date_clock(silence.ends, frame.utc_offset_min);
        view! { <span>{window_words(repeat)} ", until " {until}</span> }
    });
    let hides = match silence.hides {
        0 => "hides nothing now".to_owned(),
        1 => "hides 1 alert".to_owned(),
        count => format!("hides {count} alerts"),
    };
    let end = (frame.may_act && silence.state != "expired").then(|| {
        view! {
            <form method="post" action=frame.href(Section::Silences) data-act="">
                {hidden("do", "end")}
                {hidden("silence", &silence.id.to_string())}
                <button type="submit" class="btn">"End it"</button>
            </form>
        }
    });
    view! {
        <li data-silence=silence.id.to_string() data-state=silence.state.clone()>
            <div>
                <h3 class="desk-matchers">{matchers.collect_view()}</h3>
                <p>{silence.comment.clone()}</p>
                <p class="quiet desk-links">
                    <span>{when}</span>
                    {window}
                    {(silence.state != "expired").then(|| view! { <span>{hides}</span> })}
                    <span>"by " {silence.by.name.clone()}</span>
                </p>
            </div>
            {end}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_said_as_people_do() {
        let said = |days: &[&str]| {
            window_words(&RepeatDoc {
                days: days.iter().map(|day| (*day).to_owned()).collect(),
                from: "22:00".into(),
                to: "06:00".into(),
                zone: "UTC".into(),
            })
        };
        assert_eq!(
            said(&["mon", "tue", "wed", "thu", "fri"]),
            "Mon to Fri, 22:00 to 06:00, UTC"
        );
        assert_eq!(said(&["sat", "sun"]), "Sat, Sun, 22:00 to 06:00, UTC");
        assert_eq!(said(&["mon", "wed", "fri"]), "Mon, Wed, Fri, 22:00 to 06:00, UTC");
        assert_eq!(said(&DAYS.map(|(day, _)| day)), "every day, 22:00 to 06:00, UTC");
    }
}
