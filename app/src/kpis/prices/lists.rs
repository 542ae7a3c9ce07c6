//! Lists of prices: since when each holds, and of how many models in use.

use leptos::prelude::*;
use protocol::kpis::prices::{PriceListRow, PricesPage};

use super::super::frame::{Frame, Section};
use super::counted;
use crate::format::{ago, date_clock, full};
use crate::plain::form::{heading, hidden, sure};

pub(super) fn card(frame: &Frame, prices: &PricesPage) -> AnyView {
    let none = prices.lists.is_empty().then(|| {
        view! {
            <p class="pad quiet">
                "No list yet. Without one a call has the cost that its sender says, or none; no prices come with Fuseboard."
            </p>
        }
    });
    let rows = prices.lists.iter().map(|list| row(frame, list));
    view! {
        <section class="card prices-lists" data-swap="lists">
            {heading("Lists", "where several name a model, the one that holds since the latest moment counts")}
            {none}
            <ul>{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn row(frame: &Frame, list: &PriceListRow) -> AnyView {
    let when = match list.since <= frame.now {
        true => "Holds since ",
        false => "Will hold from ",
    };
    let holds = match list.holds {
        0 => "no model in use goes by it now".to_owned(),
        1 => "1 model in use goes by it now".to_owned(),
        count => format!("{count} models in use go by it now"),
    };
    let what = format!(
        "{} of {}; {holds}; changed {}.",
        counted(list.entries, "price", "prices"),
        counted(list.models, "model", "models"),
        ago(Some(list.changed), frame.now),
    );
    let source = (!list.source.is_empty()).then(|| {
        view! { <p class="quiet">"From " {list.source.clone()}</p> }
    });
    let fields = view! {
        {hidden("do", "remove_list")}
        {hidden("list", &list.id.to_string())}
    };
    let warning = "Calls that come from now on go without its prices; what was counted stays.";
    let acts = frame.may_change.then(|| {
        sure(
            "Remove…",
            warning.to_owned(),
            "Remove".to_owned(),
            &frame.href(Section::Prices),
            fields.into_any(),
        )
    });
    let json = format!("{}/api/v1/price-lists/{}", frame.base, list.id);
    view! {
        <li data-list=list.name.clone()>
            <div>
                <h3>{list.name.clone()}</h3>
                <p>
                    {when}
                    <time title=full(list.since, frame.utc_offset_min)>{date_clock(list.since, 0)} " UTC"</time>
                    ". "
                    <span class="quiet">{what} " " <a href=json>"JSON"</a></span>
                </p>
                {source}
            </div>
            {acts}
        </li>
    }
    .into_any()
}
