//! The pieces of forms on plain pages.

use leptos::prelude::*;

/// What was sent with one of a page's forms and cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which form: what its `do` says.
    pub form: String,
    /// The field; empty when it is not about one.
    pub field: String,
    /// A sentence.
    pub why: String,
    /// What was in the form, but for passwords.
    pub sent: Vec<(String, String)>,
}

impl Wrong {
    /// What is wrong with this form.
    pub(crate) fn of<'a>(wrong: &'a Option<Wrong>, form: &str) -> Option<&'a Wrong> {
        wrong.as_ref().filter(|wrong| wrong.form == form)
    }

    /// What was sent in a field of this form.
    pub fn sent_in(&self, form: &str, name: &str) -> Option<String> {
        let sent = self.sent(name).filter(|_| self.form == form);
        sent.map(str::to_owned)
    }

    /// What was sent in a field.
    pub(crate) fn sent(&self, name: &str) -> Option<&str> {
        let found = self.sent.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What was sent in a field of a form that came back, or nothing.
pub(crate) fn sent(wrong: Option<&Wrong>, name: &str) -> String {
    wrong
        .and_then(|wrong| wrong.sent(name))
        .unwrap_or_default()
        .to_owned()
}

/// The sentence above the fields.
pub(crate) fn refused(wrong: Option<&Wrong>) -> Option<AnyView> {
    let why = wrong?.why.clone();
    Some(view! { <p class="refused" role="alert">{why}</p> }.into_any())
}

/// A hidden field.
pub(crate) fn hidden(name: &'static str, value: &str) -> AnyView {
    view! { <input type="hidden" name=name value=value.to_owned()/> }.into_any()
}

/// A field with one line of text.
pub(crate) struct Text {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
    invalid: bool,
    autocomplete: &'static str,
    hint: Option<&'static str>,
    optional: bool,
    longest: &'static str,
}

/// A field with what is in it; what was sent before goes first.
pub(crate) fn text(
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: &str,
    wrong: Option<&Wrong>,
) -> Text {
    let kept = wrong.and_then(|wrong| wrong.sent(name));
    Text {
        name,
        label,
        kind,
        value: kept.unwrap_or(value).to_owned(),
        invalid: wrong.is_some_and(|wrong| wrong.field == name),
        autocomplete: "off",
        hint: None,
        optional: false,
        longest: "512",
    }
}

impl Text {
    /// For the browser's own memory.
    pub(crate) fn autocomplete(mut self, autocomplete: &'static str) -> Text {
        self.autocomplete = autocomplete;
        self
    }

    /// A few words below it.
    pub(crate) fn hint(mut self, hint: &'static str) -> Text {
        self.hint = Some(hint);
        self
    }

    /// It may be left empty.
    pub(crate) fn optional(mut self) -> Text {
        self.optional = true;
        self
    }

    /// As HTML.
    pub(crate) fn view(self) -> AnyView {
        let hint_id = ["hint-", self.name].concat();
        let described = self.hint.map(|_| hint_id.clone());
        view! {
            <div class="field" data-field=self.name>
                <label>
                    <span>{self.label}</span>
                    <input
                        name=self.name
                        type=self.kind
                        value=self.value
                        autocomplete=self.autocomplete
                        required=!self.optional
                        spellcheck="false"
                        autocapitalize="none"
                        maxlength=self.longest
                        aria-invalid=self.invalid.then_some("true")
                        aria-describedby=described
                    />
                </label>
                {self.hint.map(|hint| view! { <small id=hint_id>{hint}</small> })}
            </div>
        }
        .into_any()
    }
}

/// A field with a few choices: value and words.
pub(crate) fn choice(
    name: &'static str,
    label: &'static str,
    choices: &[(String, String)],
    chosen: &str,
) -> AnyView {
    let options = choices.iter().map(|(value, words)| {
        let here = value == chosen;
        view! { <option value=value.clone() selected=here>{words.clone()}</option> }
    });
    view! {
        <div class="field" data-field=name>
            <label>
                <span>{label}</span>
                <select name=name>{options.collect_view()}</select>
            </label>
        </div>
    }
    .into_any()
}

/// A button that asks once more before it does something that cannot be taken back. No script: it opens, and the second
/// button is inside.
pub(crate) fn sure(
    words: &'static str,
    warning: String,
    button: String,
    action: &str,
    fields: AnyView,
) -> AnyView {
    view! {
        <details class="sure">
            <summary class="btn">{words}</summary>
            <form class="card" method="post" action=action.to_owned()>
                {fields}
                <p>{warning}</p>
                <button type="submit" class="btn bad">{button}</button>
            </form>
        </details>
    }
    .into_any()
}

/// Something that is shown once, with a button that copies it.
pub(crate) fn once(title: &'static str, words: &'static str, text: &str) -> AnyView {
    view! {
        <section class="card once" role="status">
            <h2>{title}</h2>
            <p>{words}</p>
            <div class="command">
                <pre tabindex="0">
                    <code data-once="">{text.to_owned()}</code>
                </pre>
                <button type="button" class="btn copy" data-copy="">"Copy"</button>
            </div>
        </section>
    }
    .into_any()
}

/// A card's heading, with a few words beside it.
pub(crate) fn heading(title: &'static str, sub: &str) -> AnyView {
    view! {
        <header>
            <h2>{title}</h2>
            <span class="sub">{sub.to_owned()}</span>
        </header>
    }
    .into_any()
}
