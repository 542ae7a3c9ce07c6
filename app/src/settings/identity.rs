//! Whom the account is linked to at an OpenID Connect provider.

use leptos::prelude::*;
use protocol::view::{IdentityProvider, IdentityRow, Me};

use super::frame::{Frame, unlock};
use crate::format::date_clock;
use crate::plain::form::{Wrong, heading, hidden, refused, sure};

/// The card; none where there neither is a provider nor was one.
pub(super) fn identities(frame: &Frame, me: &Me) -> Option<AnyView> {
    if me.provider.is_none() && me.identities.is_empty() {
        return None;
    }
    let wrong = Wrong::of(&frame.wrong, "identity");
    let provider = me.provider.as_ref();
    let is_of = |identity: &&IdentityRow, provider: &IdentityProvider| identity.issuer == provider.issuer;
    let free = provider.filter(|provider| !me.identities.iter().any(|own| is_of(&own, provider)));
    let changes = free.is_some() || me.identities.iter().any(|own| !is_needed(me, own));
    let rows: Vec<_> = me.identities.iter().map(|own| row(frame, me, own)).collect();
    let link = free
        .filter(|_| !frame.locked)
        .map(|provider| link(frame, provider));
    let unlock = (frame.locked && changes).then(|| unlock(frame));
    Some(
        view! {
            <section class="card identities" data-form="identity">
                {heading("Sign-in elsewhere", "who you are at a provider")}
                {refused(wrong)}
                {rows}
                {link}
                {unlock}
            </section>
        }
        .into_any(),
    )
}

/// Whether nobody could come in to the account without it.
fn is_needed(me: &Me, own: &IdentityRow) -> bool {
    let only = me
        .provider
        .as_ref()
        .is_some_and(|provider| provider.only && provider.issuer == own.issuer);
    only || !me.has_password
}

fn link(frame: &Frame, provider: &IdentityProvider) -> AnyView {
    view! {
        <form class="line between" method="post" action=frame.action()>
            {hidden("do", "link")}
            <p>"You can sign in with " <b>{provider.name.clone()}</b> " once it is linked to this account."</p>
            <button type="submit" class="btn">{format!("Link {}", provider.name)}</button>
        </form>
    }
    .into_any()
}

fn row(frame: &Frame, me: &Me, own: &IdentityRow) -> AnyView {
    let provider = me
        .provider
        .as_ref()
        .filter(|provider| provider.issuer == own.issuer);
    let name = provider.map_or_else(|| own.issuer.clone(), |provider| provider.name.clone());
    let since = format!("linked {}", date_clock(own.linked, frame.utc_offset_min));
    let fields = view! {
        {hidden("do", "unlink")}
        {hidden("issuer", &own.issuer)}
    };
    // What would leave nobody able to come in is not offered.
    let away = match (is_needed(me, own), frame.locked) {
        (true, _) => Some(view! { <span class="quiet">"your only way in"</span> }.into_any()),
        (false, true) => None,
        (false, false) => Some(sure(
            "Unlink…",
            format!("{name} lets you in no more, and every other session of yours ends."),
            "Unlink".to_owned(),
            &frame.action(),
            fields.into_any(),
        )),
    };
    view! {
        <div class="line between">
            <p>
                <b>{name.clone()}</b>
                " as "
                {own.shown.clone()}
                <br/>
                <span class="quiet">{since}</span>
            </p>
            {away}
        </div>
    }
    .into_any()
}
