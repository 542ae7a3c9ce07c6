//! Who belongs to the tenant, and who is invited.

use leptos::prelude::*;
use protocol::view::{InvitationRow, Invited, MemberRow, Members};

use super::frame::{Frame, page};
use crate::format::{ago, date_clock, full};
use crate::plain::form::{Wrong, choice, heading, hidden, once, refused, sent, sure, text};
use crate::plain::table::Column::{Left, Plain, Unseen};
use crate::plain::table::table;

/// The page of members.
#[derive(Debug, Clone)]
pub struct MembersView {
    /// Around it.
    pub frame: Frame,
    /// Members and invitations.
    pub members: Members,
    /// An invitation that was just made.
    pub invited: Option<Invited>,
}

/// The page's HTML.
pub fn members(view: &MembersView) -> String {
    let MembersView {
        frame,
        members,
        invited,
    } = view;
    let rows = members.members.iter().map(|row| member(frame, members, row));
    let columns = [
        Plain("Who"),
        Left("Role"),
        Plain("Since"),
        Plain("Last signed in"),
        Unseen("Remove"),
    ];
    let cards = view! {
        {invited
            .as_ref()
            .map(|invited| {
                once(
                    "The invitation is made",
                    "Send them this link. It counts once and for 7 days, and is not shown again.",
                    &invited.link,
                )
            })}
        {refused(Wrong::of(&frame.wrong, "member"))}
        <section class="card">
            {heading("Members", &count(members.members.len()))}
            {table("members", columns, rows)}
        </section>
        {(!frame.locked).then(|| invite(frame, members))}
        {(!members.invitations.is_empty()).then(|| invitations(frame, members))}
        {roles()}
    };
    page(frame, cards.into_any())
}

fn count(members: usize) -> String {
    match members {
        1 => "one person".to_owned(),
        more => format!("{more} people"),
    }
}

fn role_choices(members: &Members) -> Vec<(String, String)> {
    let roles = members.roles.iter();
    roles.map(|role| (role.clone(), role.clone())).collect()
}

fn member(frame: &Frame, members: &Members, row: &MemberRow) -> AnyView {
    let is_me = row.account.id == members.me;
    // Nobody changes what is above them.
    let may = !frame.locked && members.roles.contains(&row.role);
    let role = match may {
        false => row.role.clone().into_any(),
        true => view! {
            <form class="line" method="post" action=frame.action()>
                {hidden("do", "role")}
                {hidden("account", &row.account.id)}
                {choice("role", "Role", &role_choices(members), &row.role)}
                <button type="submit" class="btn">"Save"</button>
            </form>
        }
        .into_any(),
    };
    let remove = may.then(|| {
        let words = match is_me {
            true => "You lose your own access to this tenant, at once.".to_owned(),
            false => format!("{} loses access to this tenant, at once.", row.account.email),
        };
        let fields = view! { {hidden("do", "remove")} {hidden("account", &row.account.id)} };
        let button = format!("Remove {}", row.account.name);
        sure("Remove…", words, button, &frame.action(), fields.into_any())
    });
    view! {
        <tr>
            <th scope="row">
                {row.account.name.clone()}
                {is_me.then_some(" (you)")}
                <small>{row.account.email.clone()}</small>
            </th>
            <td class="l" data-label="Role">{role}</td>
            <td data-label="Since" title=full(row.since, frame.utc_offset_min)>{ago(Some(row.since), frame.now)}</td>
            <td data-label="Last signed in">{row.last_login.map_or_else(|| "never".to_owned(), |at| ago(Some(at), frame.now))}</td>
            <td>{remove}</td>
        </tr>
    }
    .into_any()
}

fn invite(frame: &Frame, members: &Members) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "invite");
    let chosen = sent(wrong, "role");
    let chosen = if chosen.is_empty() { "viewer" } else { &chosen };
    view! {
        <form class="card" method="post" action=frame.action() data-form="invite">
            {heading("Invite somebody", "they choose a name and a password")}
            {hidden("do", "invite")}
            {refused(wrong)}
            <div class="line">
                {text("email", "Email", "email", "", wrong).view()}
                {choice("role", "Role", &role_choices(members), chosen)}
                <button type="submit" class="btn go">"Make a link"</button>
            </div>
        </form>
    }
    .into_any()
}

fn invitations(frame: &Frame, members: &Members) -> AnyView {
    let row = |row: &InvitationRow| {
        let withdraw = (members.roles.contains(&row.role)).then(|| {
            view! {
                <form method="post" action=frame.action()>
                    {hidden("do", "withdraw")}
                    {hidden("invitation", &row.id)}
                    <button type="submit" class="btn">"Take back"</button>
                </form>
            }
        });
        view! {
            <tr>
                <th scope="row">{row.email.clone()}</th>
                <td class="l" data-label="As">{row.role.clone()}</td>
                <td data-label="Made" title=full(row.created, frame.utc_offset_min)>{ago(Some(row.created), frame.now)}</td>
                <td data-label="Counts until" title=full(row.expires, frame.utc_offset_min)>{date_clock(row.expires, frame.utc_offset_min)}</td>
                <td>{withdraw}</td>
            </tr>
        }
        .into_any()
    };
    let columns = [
        Plain("Who"),
        Left("As"),
        Plain("Made"),
        Plain("Counts until"),
        Unseen("Take back"),
    ];
    view! {
        <section class="card">
            {heading("Invitations", "not taken up yet")}
            {table("invitations", columns, members.invitations.iter().map(row))}
        </section>
    }
    .into_any()
}

fn roles() -> AnyView {
    let role = |name: &'static str, may: &'static str| view! { <dt>{name}</dt> <dd>{may}</dd> };
    view! {
        <section class="card">
            {heading("Roles", "each may do what the ones before it may")}
            <dl class="roles">
                {role("viewer", "Looks at everything in the tenant.")}
                {role("operator", "Acknowledges and silences alerts, acts on breakers.")}
                {role("admin", "Changes rules, keys and members below owner; sees the audit log.")}
                {role("owner", "Everything in the tenant, owners too.")}
            </dl>
        </section>
    }
    .into_any()
}
