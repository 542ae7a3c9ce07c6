//! Oneself: name, password, sessions, how pages look, where one belongs.

use leptos::prelude::*;
use protocol::view::{Me, SessionRow};

use super::frame::{Frame, page};
use super::identity::identities;
use super::second::{SecondFactor, codes, second_factor};
use crate::format::{ago, full};
use crate::plain::form::{Wrong, heading, hidden, refused, text};
use crate::plain::table::Column::{Left, Plain, Unseen};
use crate::plain::table::table;
use crate::seed::Theme;

/// The page about oneself.
#[derive(Debug, Clone)]
pub struct YouView {
    /// Around it.
    pub frame: Frame,
    /// Whoever looks.
    pub me: Me,
    /// What is shown of the second factor this once.
    pub second: Option<SecondFactor>,
}

/// The page's HTML.
pub fn you(view: &YouView) -> String {
    let (frame, me) = (&view.frame, &view.me);
    let second = view.second.as_ref();
    let made = match second {
        Some(SecondFactor::Codes(made)) => Some(codes(made)),
        _ => None,
    };
    let cards = view! {
        {made}
        <div class="pair">
            {profile(frame, me)}
            {me.has_password.then(|| password(frame))}
        </div>
        {me.has_password.then(|| second_factor(frame, me, second))}
        {identities(frame, me)}
        {sessions(frame, me)}
        <div class="pair">
            {appearance(frame)}
            {belongs(frame, me)}
        </div>
    };
    page(frame, cards.into_any())
}

fn profile(frame: &Frame, me: &Me) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "name");
    view! {
        <form class="card" method="post" action=frame.action() data-form="name">
            {heading("Profile", "")}
            {hidden("do", "name")}
            {refused(wrong)}
            {text("name", "Name", "text", &me.account.name, wrong).autocomplete("name").hint("What others see.").view()}
            <div class="field">
                <span>"Email"</span>
                <b>{me.account.email.clone()}</b>
            </div>
            <button type="submit" class="btn">"Save"</button>
        </form>
    }
    .into_any()
}

fn password(frame: &Frame) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "password");
    view! {
        <form class="card" method="post" action=frame.action() data-form="password">
            {heading("Password", "a new one signs out everywhere else")}
            {hidden("do", "password")}
            {refused(wrong)}
            {text("current", "Current password", "password", "", wrong).autocomplete("current-password").view()}
            {text("new", "New password", "password", "", wrong)
                .autocomplete("new-password")
                .hint("At least 12 characters. A few unrelated words make a good one.")
                .view()}
            <button type="submit" class="btn">"Change password"</button>
        </form>
    }
    .into_any()
}

fn sessions(frame: &Frame, me: &Me) -> AnyView {
    let rows = me.sessions.iter().map(|session| session_row(frame, session));
    let others = me.sessions.len() > 1;
    let columns = [
        Plain("Browser"),
        Left("Address"),
        Plain("Since"),
        Plain("Last used"),
        Unseen("End it"),
    ];
    view! {
        <section class="card">
            {heading("Sessions", "where you are signed in")}
            {table("sessions", columns, rows)}
            {others
                .then(|| {
                    view! {
                        <form class="foot" method="post" action=frame.action()>
                            {hidden("do", "end_others")}
                            <button type="submit" class="btn">"Sign out everywhere else"</button>
                        </form>
                    }
                })}
        </section>
    }
    .into_any()
}

fn session_row(frame: &Frame, session: &SessionRow) -> AnyView {
    let end = match session.current {
        true => view! { <span class="quiet">"this one"</span> }.into_any(),
        false => view! {
            <form method="post" action=frame.action()>
                {hidden("do", "end")}
                {hidden("session", &session.id)}
                <button type="submit" class="btn">"Sign out"</button>
            </form>
        }
        .into_any(),
    };
    let via = (!session.via.is_empty())
        .then(|| view! { <span class="quiet">{format!(" via {}", session.via)}</span> });
    view! {
        <tr>
            <th scope="row" title=session.agent.clone()>
                {browser(&session.agent)}
                {via}
            </th>
            <td class="l" data-label="Address">{session.address.clone()}</td>
            <td data-label="Since" title=full(session.created, frame.utc_offset_min)>{ago(Some(session.created), frame.now)}</td>
            <td data-label="Last used" title=full(session.seen, frame.utc_offset_min)>{ago(Some(session.seen), frame.now)}</td>
            <td>{end}</td>
        </tr>
    }
    .into_any()
}

fn appearance(frame: &Frame) -> AnyView {
    let choice = |value: &'static str, words: &'static str, theme: Option<Theme>| {
        let here = frame.theme == theme;
        view! {
            <label class="option">
                <input type="radio" name="theme" value=value checked=here/>
                <span>{words}</span>
            </label>
        }
    };
    view! {
        <form class="card" method="post" action=frame.action() data-form="theme">
            {heading("Appearance", "in this browser")}
            {hidden("do", "theme")}
            <fieldset>
                <legend class="vh">"Theme"</legend>
                {choice("auto", "As the system", None)}
                {choice("light", "Light", Some(Theme::Light))}
                {choice("dark", "Dark", Some(Theme::Dark))}
            </fieldset>
            <button type="submit" class="btn">"Save"</button>
        </form>
    }
    .into_any()
}

fn belongs(frame: &Frame, me: &Me) -> AnyView {
    let rows = me.tenants.iter().map(|belongs| {
        let here = belongs.tenant == frame.tenant;
        let board = frame.ours(&format!("/t/{}/", belongs.tenant));
        view! {
            <tr>
                <th scope="row">
                    <a href=board>{belongs.tenant.clone()}</a>
                </th>
                <td class="l" data-label="Role">{belongs.role.clone()}</td>
                <td class="quiet">{here.then_some("this one")}</td>
            </tr>
        }
    });
    view! {
        <section class="card">
            {heading("Tenants", "where you belong")}
            <table class="folds" data-table="belongs">
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

/// `Firefox on Linux`: enough to tell one's own browsers apart. What is not known stays as it was told, cut.
fn browser(agent: &str) -> String {
    // The more particular first: most claim to be several.
    let name = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |list: &[(&str, &'static str)]| {
        let found = list.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, words)| *words)
    };
    match (find(&name), find(&system)) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ if agent.is_empty() => "unknown".to_owned(),
        _ => agent.chars().take(32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_short_names() {
        for (agent, words) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.9", "curl/8.9"),
            ("", "unknown"),
        ] {
            assert_eq!(browser(agent), words);
        }
        assert_eq!(browser(&"x".repeat(99)).len(), 32);
    }
}
