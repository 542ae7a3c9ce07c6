//! One objective: what is left and where it leads, the way down as a chart and as a table, who used the budget up, how fast it
//! burns, the rule that watches it, the form.

use leptos::prelude::*;
use protocol::kpis::slo::SloStatus;

use super::burndown::{burndown, left_words};
use super::frame::{Frame, Section, page};
use super::objectives::{
    ObjectiveForm, ObjectiveRow, budget_words, burn_words, form, good_words, level, meter, promised,
};
use crate::components::level_key;
use crate::format::{date_clock, fixed, grouped, percent};
use crate::plain::form::{Wrong, heading, hidden, refused, sure};
use crate::plain::mark;
use crate::plain::table::{Column, table};

/// The page of one objective.
#[derive(Debug, Clone)]
pub struct ObjectiveView {
    /// Around it.
    pub frame: Frame,
    /// The objective and how it stands.
    pub row: ObjectiveRow,
    /// The form that changes it, when it is open.
    pub form: Option<ObjectiveForm>,
}

/// The page's HTML.
pub fn objective(view: &ObjectiveView) -> String {
    let (frame, row) = (&view.frame, &view.row);
    let (doc, status) = (&row.item.doc, &row.status);
    let href = format!("{}/{}", frame.href(Section::Objectives), row.item.id);
    let about = (!doc.about.is_empty()).then(|| view! { <p class="pad-x quiet">{doc.about.clone()}</p> });
    let owner = (!doc.owner.is_empty()).then(|| format!("looked after by {}", doc.owner));
    let change = (frame.may_change && view.form.is_none()).then(|| {
        let change = format!("{href}?change=yes");
        view! { <a class="btn" href=change>"Change it"</a> }
    });
    let partial = status.partial.then(|| {
        view! { <p class="pad-x quiet">"A part of the window is older than anything that is kept."</p> }
    });
    let problem = status
        .problem
        .clone()
        .map(|why| view! { <p class="refused" role="alert">"It cannot be looked at: " {why}</p> });
    let sub = match owner {
        Some(owner) => format!("{} · {owner}", status.about),
        None => status.about.clone(),
    };
    let known = status.problem.is_none();
    let content = view! {
        <div class="doc settings desk-rules kpis-objectives">
            <p class="slo-way"><a href=frame.href(Section::Objectives)>"All objectives"</a></p>
            <p class="slo-verdict" data-verdict="" data-level=level_key(level(status))>
                {mark(level(status))} " " <b>{doc.name.clone()}</b> ": " {budget_words(status.left)} ". " {status.projection.clone()}
            </p>
            {problem}
            {known.then(|| figures(doc.objective, &doc.name, status))}
            {known.then(|| view! {
                <section class="card" data-swap="burndown">
                    {heading("Error budget left", &sub)}
                    {about}
                    {way_down(frame, status)}
                    {partial}
                </section>
                {eaten(frame, status)}
                {burns(status)}
            })}
            {watch(frame, row, &href)}
            {known.then(|| computed(frame, status))}
            {view.form.as_ref().map(|open| form(frame, open))}
            {frame.may_change.then(|| view! { <p class="line">{change} {remove(frame, row)}</p> })}
        </div>
    };
    page(
        frame,
        &doc.name,
        view! { {doc.name.clone()} }.into_any(),
        ().into_any(),
        content.into_any(),
    )
}

fn figures(objective: f64, name: &str, status: &SloStatus) -> AnyView {
    let bad = format!(
        "{} of {} {} were bad; {} may be",
        grouped(status.bad),
        grouped(status.valid),
        status.events,
        fixed(status.allowed, u32::from(status.allowed < 10.0))
    );
    view! {
        <dl class="card slo-figures">
            <div>
                <dt>"Now"</dt>
                <dd><b>{good_words(status)}</b> <small>{status.good_words.clone()}</small></dd>
            </div>
            <div>
                <dt>"Promised"</dt>
                <dd><b>{promised(objective)}</b> <small>{status.about.clone()}</small></dd>
            </div>
            <div>
                <dt>"Budget"</dt>
                <dd>{meter(status, name)} <small>{bad}</small></dd>
            </div>
        </dl>
    }
    .into_any()
}

fn way_down(frame: &Frame, status: &SloStatus) -> AnyView {
    let known: Vec<(i64, f64)> = status
        .left_over_time
        .iter()
        .filter_map(|(at, left)| Some((*at, (*left)?)))
        .collect();
    let Some((_, last)) = known.last() else {
        return view! { <p class="pad quiet">"Nothing was sent in this window."</p> }.into_any();
    };
    let gaps = status.left_over_time.len() - known.len();
    // The step that took the most.
    let before = std::iter::once(1.0).chain(known.iter().map(|(_, left)| *left));
    let falls = known
        .iter()
        .zip(before)
        .map(|((at, left), before)| (*at, before - left));
    let worst = falls
        .max_by(|one, other| one.1.total_cmp(&other.1))
        .filter(|(_, fall)| *fall > 0.0);
    let worst = worst.map_or_else(String::new, |(at, fall)| {
        let until = date_clock(at, frame.utc_offset_min);
        format!(
            " The {} until {until} took the most, {}.",
            status.step,
            left_words(fall)
        )
    });
    let gaps = match gaps {
        0 => String::new(),
        1 => format!(" In 1 {} nothing was sent.", status.step),
        gaps => format!(" In {gaps} {}s nothing was sent.", status.step),
    };
    let summary = format!("From 100% to {}.{worst}{gaps}", left_words(*last));
    let rows = status.left_over_time.iter().rev().map(|(at, left)| {
        let left = left.map_or_else(|| "nothing sent".to_owned(), left_words);
        view! {
            <tr>
                <td class="l">{date_clock(*at, frame.utc_offset_min)}</td>
                <td data-label="Left">{left}</td>
            </tr>
        }
        .into_any()
    });
    let columns = [Column::Left("Until"), Column::Plain("Left")];
    view! {
        <figure class="slo-figure">
            {burndown(&status.left_over_time, (status.from, status.to), frame.utc_offset_min)}
            <figcaption class="pad-x quiet">{summary}</figcaption>
        </figure>
        <details class="slo-table">
            <summary>"As a table"</summary>
            {table("burndown", columns, rows)}
        </details>
    }
    .into_any()
}

fn eaten(frame: &Frame, status: &SloStatus) -> Option<AnyView> {
    if status.ate.is_empty() {
        return None;
    }
    let sub = match status.events.as_str() {
        "requests" => "failures of providers; one request may have met several",
        "streams" => "streams that began too late",
        _ => "attempts that were bad",
    };
    let rows = status.ate.iter().map(|one| {
        let name = match one.provider.as_str() {
            "" => "none named".to_owned(),
            name => name.to_owned(),
        };
        let label = format!("Share of {name}");
        let known = name.clone();
        view! {
            <tr data-provider=known>
                <td class="l">{name}</td>
                <td data-label="Bad">{grouped(one.bad)}</td>
                <td class="l" data-label="Share">
                    <span class="slo-left">
                        <progress class="slo-share" max="1" value=format!("{:.4}", one.share) aria-label=label></progress>
                        <span class="slo-words">{percent(Some(one.share))}</span>
                    </span>
                </td>
            </tr>
        }
        .into_any()
    });
    let columns = [
        Column::Left("Provider"),
        Column::Plain("Bad"),
        Column::Left("Share"),
    ];
    let href = format!("{}/providers", frame.base);
    Some(
        view! {
            <section class="card" data-swap="ate">
                {heading("Who used it up", sub)}
                {table("ate", columns, rows)}
                <p class="foot"><a href=href>"Providers"</a></p>
            </section>
        }
        .into_any(),
    )
}

fn burns(status: &SloStatus) -> AnyView {
    let rows = status.burn.iter().map(|burn| {
        let words = match burn.rate {
            None => "nothing was sent",
            Some(rate) if rate <= 1.0 => "as fast as it may, or slower",
            Some(_) => "faster than it may",
        };
        view! {
            <tr>
                <td class="l">{burn.words.clone()}</td>
                <td data-label="Burn rate">{burn_words(burn.rate)}</td>
                <td class="l" data-label="That is">{words}</td>
            </tr>
        }
        .into_any()
    });
    let columns = [
        Column::Left("Over the last"),
        Column::Plain("Burn rate"),
        Column::Left("That is"),
    ];
    view! {
        <section class="card" data-swap="burns">
            {heading("How fast it burns", "1× uses the budget up exactly at the end of the window")}
            {table("burns", columns, rows)}
        </section>
    }
    .into_any()
}

fn watch(frame: &Frame, row: &ObjectiveRow, href: &str) -> AnyView {
    let is_ratio =
        protocol::kpis::slo::SloIndicator::of(&row.item.doc.indicator).is_some_and(|known| known.is_ratio());
    let button = |words: &'static str| {
        frame.may_change.then(|| {
            view! {
                <form method="post" action=href.to_owned()>
                    {hidden("do", "rule")}
                    <button type="submit" class="btn">{words}</button>
                </form>
            }
        })
    };
    let content = match &row.status.rule {
        Some(rule) => {
            let page = format!("{}/alerts/rules/{}", frame.base, rule.id);
            let state = match (rule.enabled, rule.open) {
                (false, _) => " It is off.".to_owned(),
                (true, 0) => String::new(),
                (true, 1) => " It has an open alert.".to_owned(),
                (true, open) => format!(" It has {open} open alerts."),
            };
            let follows = match rule.follows {
                true => " tells when the budget burns too fast.",
                false => " watches for something else than what is promised now.",
            };
            view! {
                <p class="pad-x"><a href=page>{rule.name.clone()}</a> {follows} {state}</p>
                {(!rule.follows).then(|| view! { <p class="line pad-x">{button("Make it follow")}</p> })}
            }
            .into_any()
        }
        None if !is_ratio => view! {
            <p class="pad-x quiet">"A rule can watch answered, attempt success and availability; this one is looked at here."</p>
        }
        .into_any(),
        None => view! {
            <p class="pad-x quiet">
                "Nobody is told when its budget burns too fast. A rule would tell at 14.4, 6 and 1 times too fast, over windows \
                 that fit."
            </p>
            <p class="line pad-x">{button("Alert on its burn rate")}</p>
        }
        .into_any(),
    };
    view! {
        <section class="card" data-swap="watch" data-rule-of="">
            {heading("Who is told", "")}
            {refused(Wrong::of(&frame.wrong, "rule"))}
            {content}
        </section>
    }
    .into_any()
}

fn computed(frame: &Frame, status: &SloStatus) -> AnyView {
    let queries = status.working.queries.iter().map(|query| {
        let href = format!("{}/api/v1/query?{query}", frame.base);
        view! { <li><a href=href><code>{query.clone()}</code></a></li> }
    });
    view! {
        <details class="card slo-working">
            <summary>"How it is computed"</summary>
            <p>{status.working.words.clone()}</p>
            <p><code>{status.working.formula.clone()}</code></p>
            <ul>{queries.collect_view()}</ul>
        </details>
    }
    .into_any()
}

fn remove(frame: &Frame, row: &ObjectiveRow) -> AnyView {
    let rule = row.status.rule.as_ref().map(|rule| {
        format!(
            " Its rule {} stays and goes on telling; remove it too where nobody needs it.",
            rule.name
        )
    });
    let warning = format!(
        "{} is removed; the calls that it counted stay.{}",
        row.item.doc.name,
        rule.unwrap_or_default()
    );
    let fields = view! {
        {hidden("do", "remove")}
        {hidden("slo", &row.item.id.to_string())}
    };
    sure(
        "Remove",
        warning,
        "Remove it".to_owned(),
        &frame.href(Section::Objectives),
        fields.into_any(),
    )
}
