//! The tenants of the installation, for platform admins.

use leptos::prelude::*;
use protocol::view::{TenantRow, Tenants};

use super::frame::{Frame, page};
use crate::format::{ago, full};
use crate::plain::form::{Wrong, heading, hidden, refused, text};
use crate::plain::table::Column::{Left, Plain};
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
}

/// The page's HTML.
pub fn tenants(view: &TenantsView) -> String {
    let frame = &view.frame;
    let rows = view.tenants.tenants.iter();
    let rows = rows.map(|tenant| row(frame, tenant, view.own.contains(&tenant.slug)));
    let cards = view! {
        <section class="card">
            {heading("Tenants", "each with its own board, members, keys and limits")}
            {table("tenants", [Plain("Name"), Left("Address"), Plain("Made")], rows)}
        </section>
        {(!frame.locked).then(|| new(frame))}
    };
    page(frame, cards.into_any())
}

fn row(frame: &Frame, tenant: &TenantRow, is_own: bool) -> AnyView {
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
    view! {
        <tr>
            <th scope="row">{tenant.name.clone()}</th>
            <td class="l" data-label="Address">{address}</td>
            <td data-label="Made" title=made.map(|at| full(at, frame.utc_offset_min))>
                {made.map_or_else(|| "with this server".to_owned(), |at| ago(Some(at), frame.now))}
            </td>
        </tr>
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
