//! A channel's own words: two fields, what can stand in braces, and what people would get. `public/alerts.js` asks anew
//! while somebody writes; without it a button does.

use leptos::prelude::*;
use protocol::channels::{ChannelDoc, ChannelPreview, PlaceholderDoc};

use super::frame::Frame;
use crate::plain::form::{Wrong, heading, text};

/// The fields.
pub(super) fn fields(doc: &ChannelDoc, placeholders: &[PlaceholderDoc], wrong: Option<&Wrong>) -> AnyView {
    let invalid = wrong.is_some_and(|wrong| wrong.field == "text");
    let said = wrong
        .and_then(|wrong| wrong.sent("text"))
        .unwrap_or(&doc.text)
        .to_owned();
    let open = !doc.title.is_empty()
        || !doc.text.is_empty()
        || invalid
        || wrong.is_some_and(|wrong| wrong.field == "title");
    let names = placeholders.iter().map(|known| {
        view! {
            <div>
                <dt><code>{format!("{{{}}}", known.name)}</code></dt>
                <dd>{known.about.clone()}</dd>
            </div>
        }
    });
    view! {
        <details class="desk-words" open=open>
            <summary>"Words of your own"</summary>
            {text("title", "Heading", "text", &doc.title, wrong)
                .hint("Such as {severity}: {title} at {service}. Left empty, it is what alerts are called.")
                .optional()
                .view()}
            <div class="field" data-field="text">
                <label>
                    <span>"Text"</span>
                    <textarea
                        name="text"
                        rows="4"
                        maxlength="2000"
                        spellcheck="false"
                        aria-invalid=invalid.then_some("true")
                        aria-describedby="hint-text"
                    >
                        {said}
                    </textarea>
                </label>
                <small id="hint-text">
                    "In the place of what was found and the list of labels. Who took it and the buttons stay."
                </small>
            </div>
            <dl>{names.collect_view()}</dl>
        </details>
    }
    .into_any()
}

/// What people would get.
pub(super) fn shown(frame: &Frame, kind: &str, preview: &ChannelPreview) -> AnyView {
    let newest = preview.newest.as_ref().map(|(alert, told)| {
        view! {
            <p class="pad quiet">{format!("And of the newest alert there is, number {alert}:")}</p>
            <pre class="desk-told" tabindex="0" data-words-newest="">{told.clone()}</pre>
        }
    });
    view! {
        <section class="card" data-words=[&frame.base, "/api/v1/channels/preview"].concat()>
            {heading("What people get", kind)}
            <pre class="desk-told" tabindex="0" data-words-sample="">{preview.sample.clone()}</pre>
            {newest}
            <p class="refused" role="status" data-words-wrong="" hidden=""></p>
        </section>
    }
    .into_any()
}
