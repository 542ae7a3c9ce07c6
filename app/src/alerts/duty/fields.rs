//! Fields whose names are made as the form is: `layers.1.people`.

use leptos::prelude::*;

use crate::plain::form::Wrong;

/// A field of one line.
pub(super) struct Line<'a> {
    /// What it is called when it is sent.
    pub name: String,
    /// What it is called on screen.
    pub label: &'a str,
    /// `text`, `number`, `time`, `datetime-local`.
    pub kind: &'static str,
    /// What is in it.
    pub value: String,
    /// A few words below it.
    pub hint: &'a str,
}

/// What was sent in a field of a form that came back, else what is given.
pub(super) fn kept(wrong: Option<&Wrong>, name: &str, value: String) -> String {
    match wrong {
        Some(wrong) => wrong.sent(name).unwrap_or_default().to_owned(),
        None => value,
    }
}

impl Line<'_> {
    /// As HTML.
    pub fn view(self, wrong: Option<&Wrong>) -> AnyView {
        // A field of the API is named with brackets, `layers[1].people`.
        let plain = |field: &str| field.replace('[', ".").replace(']', "");
        let invalid = wrong.is_some_and(|wrong| plain(&wrong.field) == self.name);
        let hint_id = format!("hint-{}", self.name);
        let has_hint = !self.hint.is_empty();
        let value = kept(wrong, &self.name, self.value);
        let field = self.name.clone();
        view! {
            <div class="field" data-field=field>
                <label>
                    <span>{self.label.to_owned()}</span>
                    <input
                        name=self.name
                        type=self.kind
                        value=value
                        autocomplete="off"
                        maxlength="1024"
                        aria-invalid=invalid.then_some("true")
                        aria-describedby=has_hint.then(|| hint_id.clone())
                    />
                </label>
                {has_hint.then(|| view! { <small id=hint_id>{self.hint.to_owned()}</small> })}
            </div>
        }
        .into_any()
    }
}

/// A choice: value and words.
pub(super) fn pick(name: String, label: &str, choices: &[(String, String)], chosen: &str) -> AnyView {
    let options = choices.iter().map(|(value, words)| {
        let here = value == chosen;
        view! { <option value=value.clone() selected=here>{words.clone()}</option> }
    });
    let field = name.clone();
    view! {
        <div class="field" data-field=field>
            <label>
                <span>{label.to_owned()}</span>
                <select name=name>{options.collect_view()}</select>
            </label>
        </div>
    }
    .into_any()
}

/// Some of many: value and words.
pub(super) fn ticks(name: &str, label: &str, choices: &[(String, String)], chosen: &[String]) -> AnyView {
    let boxes = choices.iter().map(|(value, words)| {
        view! {
            <label class="tick">
                <input type="checkbox" name=name.to_owned() value=value.clone() checked=chosen.contains(value)/>
                {words.clone()}
            </label>
        }
    });
    view! {
        <div class="ticks" role="group" aria-label=label.to_owned() data-field=name.to_owned()>
            {boxes.collect_view()}
        </div>
    }
    .into_any()
}

/// What was ticked in a form that came back, else what is given.
pub(super) fn ticked(wrong: Option<&Wrong>, name: &str, chosen: Vec<String>) -> Vec<String> {
    match wrong {
        Some(wrong) => {
            let sent = wrong.sent.iter().filter(|(known, _)| known == name);
            sent.map(|(_, value)| value.clone()).collect()
        }
        None => chosen,
    }
}
