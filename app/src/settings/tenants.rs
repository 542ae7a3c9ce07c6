//! The tenants of the installation, for platform admins, and what each may use.

use leptos::prelude::*;
use protocol::view::{QuotaRow, TenantRow, Tenants};

use super::frame::{Frame, page};
use crate::format::{ago, bytes, full, grouped};
use crate::plain::form::{Wrong, heading, hidden, refused, text};
use crate::plain::table::Column::{Left, Plain, Unseen};
use crate::plain::table::table;

/// The page of tenants.
#[derive(Debug, Clone)]
pub struct TenantsView {
    /// Around it.
    pub frame: Frame,
    /// The tenants.
    pub tenants: Tenants,
    /// Slugs of those that whoever looks belongs to.
    pub own: Vec<String>,
    /// The slug of the one whose quota is to be changed; anything else for none.
    pub chosen: String,
}

/// The page's HTML.
pub fn tenants(view: &TenantsView) -> String {
    let (frame, usual) = (&view.frame, &view.tenants.usual);
    let all = &view.tenants.tenants;
    let rows = all.iter();
    let rows = rows.map(|tenant| row(frame, tenant, usual, view.own.contains(&tenant.slug)));
    let columns = [
        Plain("Name"),
        Left("Address"),
        Plain("Made"),
        Plain("Events per second"),
        Plain("Series"),
        Plain("Stored"),
        Unseen("Quota"),
    ];
    let chosen = all.iter().find(|tenant| tenant.slug == view.chosen);
    let cards = view! {
        <section class="card">
            {heading("Tenants", "each with its own board, members, keys and limits")}
            {table("tenants", columns, rows)}
        </section>
        {chosen.filter(|_| !frame.locked).map(|tenant| quota(frame, tenant))}
        {(!frame.locked).then(|| new(frame))}
    };
    page(frame, cards.into_any())
}

fn row(frame: &Frame, tenant: &TenantRow, usual: &QuotaRow, is_own: bool) -> AnyView {
    // The tenant that every installation begins with has no moment.
    let made = Some(tenant.created).filter(|at| *at > 0);
    let address = frame.ours(&format!("/t/{}/", tenant.slug));
    let address = match is_own {
        true => view! { <a href=address.clone()>{address.clone()}</a> }.into_any(),
        false => view! {
            <span>{address}</span>
            <small>"you are no member"</small>
        }
        .into_any(),
    };
    let quota = &tenant.quota;
    let events = limited(quota.events_per_second, usual.events_per_second, count);
    let series = limited(quota.series, usual.series, count);
    let stored = limited(quota.stored_mib, usual.stored_mib, |mib| {
        bytes(u64::from(mib) << 20)
    });
    let used = tenant
        .stored_bytes
        .map_or_else(|| "not counted yet".to_owned(), bytes);
    let change = [&frame.action()[..], "?quota=", &tenant.slug, "#quota"].concat();
    let label = ["Quota of ", &tenant.name].concat();
    view! {
        <tr>
            <th scope="row">{tenant.name.clone()}</th>
            <td class="l" data-label="Address">{address}</td>
            <td data-label="Made" title=made.map(|at| full(at, frame.utc_offset_min))>
                {made.map_or_else(|| "with this server".to_owned(), |at| ago(Some(at), frame.now))}
            </td>
            <td data-cell="events" data-label="Events per second">{events}</td>
            <td data-cell="series" data-label="Series">{series}</td>
            <td data-cell="stored" data-label="Stored">{used} <small>{"may store "}{stored}</small></td>
            <td>{(!frame.locked).then(|| view! { <a class="btn" href=change aria-label=label>"Quota"</a> })}</td>
        </tr>
    }
    .into_any()
}

fn count(number: u32) -> String {
    grouped(u64::from(number))
}

/// A limit in words: its own, or the usual one.
fn limited(own: Option<u32>, usual: Option<u32>, words: impl Fn(u32) -> String) -> String {
    match own.or(usual) {
        None | Some(0) => "without limit".to_owned(),
        Some(limit) => words(limit),
    }
}

fn quota(frame: &Frame, tenant: &TenantRow) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "quota");
    let own = &tenant.quota;
    let value = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let title = ["of ", &tenant.name, "; an empty field is as usual"].concat();
    view! {
        <form class="card" id="quota" method="post" action=frame.action() data-form="quota">
            {heading("Quota", &title)}
            {hidden("do", "quota")}
            {hidden("tenant", &tenant.slug)}
            {refused(wrong)}
            <div class="line">
                {text("events_per_second", "Events per second", "text", &value(own.events_per_second), wrong)
                    .hint("Above it batches are refused with 429. 0 is no limit.")
                    .optional()
                    .view()}
                {text("series", "Series", "text", &value(own.series), wrong)
                    .hint("Calls of further series count as __other__.")
                    .optional()
                    .view()}
                {text("stored_mib", "Stored, MiB", "text", &value(own.stored_mib), wrong)
                    .hint("Above it batches are refused with 429. 0 is no limit.")
                    .optional()
                    .view()}
                <button type="submit" class="btn go">"Save"</button>
            </div>
        </form>
    }
    .into_any()
}

fn new(frame: &Frame) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "make");
    view! {
        <form class="card" method="post" action=frame.action() data-form="make">
            {heading("New tenant", "you become its owner")}
            {hidden("do", "make")}
            {refused(wrong)}
            <div class="line">
                {text("slug", "In addresses", "text", "", wrong).hint("a to z, 0 to 9 and -, a letter first.").view()}
                {text("name", "Name", "text", "", wrong).hint("What people call it.").optional().view()}
                <button type="submit" class="btn go">"Make the tenant"</button>
            </div>
        </form>
    }
    .into_any()
}
