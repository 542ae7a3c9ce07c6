//! The second factor: codes of an app beside the password.

use leptos::prelude::*;
use protocol::view::Me;

use super::frame::{Frame, unlock};
use crate::format::date_clock;
use crate::plain::form::{Wrong, heading, hidden, once, refused, sure, text};

/// What is shown of it this once.
#[derive(Debug, Clone)]
pub enum SecondFactor {
    /// A seed for an app: for typing, and as a QR code, which is SVG that the server drew.
    Begun {
        /// 32 letters and digits.
        secret: String,
        /// `<svg …>`
        qr: String,
    },
    /// A seed was begun with, and its first code was not right.
    Asked,
    /// Codes that open once each when the app is lost.
    Codes(Vec<String>),
}

/// The card.
pub(super) fn second_factor(frame: &Frame, me: &Me, shown: Option<&SecondFactor>) -> AnyView {
    let wrong = Wrong::of(&frame.wrong, "second");
    let words = match me.second_factor {
        Some(since) => format!("on since {}", date_clock(since, frame.utc_offset_min)),
        None => "off: the password alone opens the account".to_owned(),
    };
    let inside = match (shown, me.second_factor) {
        _ if frame.locked => unlock(frame),
        (Some(SecondFactor::Begun { secret, qr }), _) => begun(frame, secret, qr),
        (Some(SecondFactor::Asked), _) => code(frame),
        (_, Some(_)) => on(frame, me),
        (_, None) => off(frame),
    };
    view! {
        <section class="card second">
            {heading("Second factor", &words)}
            {refused(wrong)}
            {inside}
        </section>
    }
    .into_any()
}

/// The recovery codes, in a card of their own.
pub(super) fn codes(codes: &[String]) -> AnyView {
    once(
        "Recovery codes",
        "Each opens your account once when the app is lost. Keep them apart from it; they are not shown again.",
        &codes.join("\n"),
    )
}

fn off(frame: &Frame) -> AnyView {
    view! {
        <form method="post" action=frame.action()>
            {hidden("do", "second_begin")}
            <p>"An authenticator app shows a code of six digits; signing in asks for one after the password."</p>
            <button type="submit" class="btn">"Set it up"</button>
        </form>
    }
    .into_any()
}

fn begun(frame: &Frame, secret: &str, qr: &str) -> AnyView {
    view! {
        <div class="begun">
            <div class="qr" inner_html=qr.to_owned()></div>
            <div>
                <p>"Scan it with an authenticator app, or type this into it:"</p>
                <p>
                    <code>{secret.to_owned()}</code>
                </p>
                {code(frame)}
            </div>
        </div>
    }
    .into_any()
}

fn code(frame: &Frame) -> AnyView {
    view! {
        <form method="post" action=frame.action()>
            {hidden("do", "second_enable")}
            <div class="line">
                {text("code", "The code that the app shows", "text", "", None).autocomplete("one-time-code").view()}
                <button type="submit" class="btn go">"Turn it on"</button>
            </div>
        </form>
    }
    .into_any()
}

fn on(frame: &Frame, me: &Me) -> AnyView {
    let left = match me.recovery_codes {
        1 => "One recovery code is left.".to_owned(),
        left => format!("{left} recovery codes are left."),
    };
    let warning = "The password alone opens the account then. The recovery codes count no more.";
    let anew = "All recovery codes from before count no more.";
    view! {
        <div class="line between">
            <p>{left}</p>
            <div class="line">
                {sure("New codes…", anew.to_owned(), "Make new ones".to_owned(), &frame.action(), hidden("do", "second_codes"))}
                {sure("Turn it off…", warning.to_owned(), "Turn it off".to_owned(), &frame.action(), hidden("do", "second_remove"))}
            </div>
        </div>
    }
    .into_any()
}
