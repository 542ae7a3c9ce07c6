//! The form for a file of prices, and what it would do.

use leptos::prelude::*;
use protocol::kpis::prices::{PriceImport, Skipped};

use super::super::frame::Section;
use super::{PricesView, counted};
use crate::format::date_clock;
use crate::plain::form::{Wrong, heading, refused, text};

/// The most models that are named; further ones are counted.
const NAMED: usize = 12;

pub(super) fn form(view: &PricesView) -> AnyView {
    let frame = &view.frame;
    let wrong = Wrong::of(&frame.wrong, "import");
    let form = &view.form;
    let file = wrong.and_then(|wrong| wrong.sent("file")).unwrap_or(&form.file);
    let invalid = wrong.is_some_and(|wrong| wrong.field == "file");
    view! {
        <form class="card" id="import" method="post" action=frame.href(Section::Prices) data-form="import">
            {heading("Import a list", "LiteLLM’s model_prices_and_context_window.json, or a part of it")}
            {refused(wrong)}
            {view.preview.as_ref().map(preview)}
            <div class="line">
                {text("name", "Name", "text", &form.name, wrong).hint("As people know it: October 2026.").view()}
                {text("from", "Holds from", "text", &form.from, wrong)
                    .hint("A day, from midnight UTC, or a moment such as 2026-10-01T09:00:00+02:00.")
                    .view()}
                {text("source", "Where it was read", "text", &form.source, wrong).optional().view()}
                {text("providers", "Only providers", "text", &form.providers, wrong)
                    .hint("Separated by commas: openai, anthropic. Empty for all.")
                    .optional()
                    .view()}
            </div>
            // Shown by its script, which reads the file into the field below; it is not sent itself.
            <div class="field" data-field="pick" data-pick="" hidden=true>
                <label>
                    <span>"Choose the file"</span>
                    <input type="file" accept="application/json,.json"/>
                </label>
                <small role="status"></small>
            </div>
            <div class="field" data-field="file">
                <label>
                    <span>"The file’s text"</span>
                    <textarea
                        name="file"
                        rows="6"
                        required=true
                        spellcheck="false"
                        autocomplete="off"
                        aria-invalid=invalid.then_some("true")
                        aria-describedby="hint-file"
                    >
                        {file.to_owned()}
                    </textarea>
                </label>
                <small id="hint-file">
                    "At most 8 MiB. From a terminal: " <code>"fuseboard prices import FILE --name … --from …"</code>
                </small>
            </div>
            <p class="line">
                <button type="submit" class="btn" name="do" value="preview">"See what changes"</button>
                <button type="submit" class="btn go" name="do" value="import">"Import"</button>
            </p>
            <script r#type="module" src=[&frame.root, "/prices.js"].concat()></script>
        </form>
    }
    .into_any()
}

fn preview(told: &PriceImport) -> AnyView {
    let sentence = format!(
        "{} of {}, from {} UTC: {} new, {} changed, {} as before.",
        counted(told.entries, "price", "prices"),
        counted(told.models, "model", "models"),
        date_clock(told.since, 0),
        told.new,
        told.changed,
        told.same,
    );
    let skipped = told.skipped.iter().map(skipped);
    let missing = match told.unpriced.is_empty() {
        true => view! { <p>"Every model in use would have a price."</p> }.into_any(),
        false => {
            let names = told.unpriced.iter().take(NAMED);
            let names: Vec<String> = names
                .map(|(provider, model)| format!("{model} ({provider})"))
                .collect();
            let more = match told.unpriced.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            view! { <p>"Still without a price: " {names.join(", ")} {more} "."</p> }.into_any()
        }
    };
    view! {
        <div class="prices-preview" role="status">
            <p><b>{sentence}</b> " Nothing is saved yet."</p>
            {missing}
            <ul class="quiet">{skipped.collect_view()}</ul>
        </div>
    }
    .into_any()
}

fn skipped(skipped: &Skipped) -> AnyView {
    let names = match skipped.names.is_empty() {
        true => String::new(),
        false => format!(": {}", skipped.names.join(", ")),
    };
    let more = match skipped.count as usize > skipped.names.len() && !skipped.names.is_empty() {
        true => ", …",
        false => "",
    };
    let entries = counted(skipped.count, "entry", "entries");
    view! { <li>{entries} " that " {skipped.why.clone()} {names} {more}</li> }.into_any()
}
