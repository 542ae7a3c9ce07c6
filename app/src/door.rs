//! Where people come in: sign in, set a new installation up, take up an invitation, choose a new password.
//!
//! Plain HTML forms, made on the server only: they work before, and without, the program of the pages, and weigh nothing
//! in it. The one script moves a token from the address into its field, because what stands behind the `#` of an address
//! never reaches a server or its logs.

use leptos::prelude::*;

use crate::{components::brand, demo_note, plain::head, seed::Theme, theme_key};

/// A page with one form.
#[derive(Debug, Clone, Default)]
pub struct Door {
    /// What stands before our paths: empty, or `/fuseboard`.
    pub root: String,
    /// In the browser's title and as heading.
    pub title: &'static str,
    /// One or two sentences below it.
    pub lead: String,
    /// What went wrong with what was sent, if it is not about one field.
    pub refused: Option<String>,
    /// Where the form goes, below the root; without one there is no form.
    pub action: Option<&'static str>,
    /// The fields, in order.
    pub fields: Vec<Field>,
    /// What the button says.
    pub button: &'static str,
    /// Whether the token of the address goes into the field `token`.
    pub takes_token: bool,
    /// Whether the form is sent as soon as the token is there.
    pub goes_on: bool,
    /// Another form below it, one button.
    pub other: Option<Other>,
    /// A link that leads on.
    pub onward: Option<Onward>,
    /// A last line.
    pub foot: Option<&'static str>,
    /// `light` or `dark` when the visitor chose one.
    pub theme: Option<Theme>,
    /// Whether it leads into a demonstration.
    pub demo: bool,
}

/// A form that is one button.
#[derive(Debug, Clone)]
pub struct Other {
    /// Where it goes, below the root.
    pub action: &'static str,
    /// What it carries, hidden.
    pub fields: Vec<Field>,
    /// What the button says.
    pub button: String,
}

/// A link that leads on.
#[derive(Debug, Clone)]
pub struct Onward {
    /// What it says.
    pub words: String,
    /// Where it leads, as it is: an address of ours has its root, or it is of somebody else.
    pub to: String,
    /// Whether the page leads there by itself.
    pub at_once: bool,
}

/// One field.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// In the form.
    pub name: &'static str,
    /// What it is called; without one the field is hidden.
    pub label: Option<&'static str>,
    /// `text`, `email`, `password`.
    pub kind: &'static str,
    /// What is in it already.
    pub value: String,
    /// For the browser's own memory: `username`, `current-password`, `new-password`, `name`.
    pub autocomplete: &'static str,
    /// Below it, small.
    pub hint: Option<&'static str>,
    /// What is wrong with it.
    pub wrong: Option<String>,
    /// It may be left empty.
    pub optional: bool,
    /// It is shown and cannot be changed.
    pub fixed: bool,
}

/// The page's HTML.
pub fn door(door: Door) -> String {
    let theme = door.theme.map(theme_key);
    let root = door.root.as_str();
    let demo = door.demo.then(demo_note);
    let title = format!("{} · Fuseboard", door.title);
    let first_wrong = door.fields.iter().position(|field| field.wrong.is_some());
    let first_free = door
        .fields
        .iter()
        .position(|field| field.label.is_some() && !field.fixed && field.value.is_empty());
    let focus = first_wrong.or(first_free);
    let fields: Vec<_> = door
        .fields
        .into_iter()
        .enumerate()
        .map(|(place, field)| input(field, Some(place) == focus))
        .collect();
    let button = door.button;
    let goes_on = door.goes_on.then_some("");
    let form = door.action.map(|action| {
        view! {
            <form method="post" action=[root, action].concat() data-goes-on=goes_on>
                {fields}
                <button type="submit" class="door-go">{button}</button>
            </form>
        }
    });
    let beside = door.action.is_some() && door.other.is_some();
    let or = beside.then(|| view! { <p class="door-or" aria-hidden="true">"or"</p> });
    let other = door.other.map(|other| {
        let fields: Vec<_> = other
            .fields
            .into_iter()
            .map(|field| input(field, false))
            .collect();
        view! {
            <form method="post" action=[root, other.action].concat() class="door-other">
                {fields}
                <button type="submit">{other.button}</button>
            </form>
        }
    });
    let leads = door.onward.as_ref().filter(|onward| onward.at_once);
    let leads = leads.map(|onward| {
        let content = format!("0; url={}", onward.to);
        view! { <meta http-equiv="refresh" content=content/> }.into_any()
    });
    let onward = door
        .onward
        .map(|onward| view! { <p class="door-onward"><a href=onward.to>{onward.words}</a></p> });
    let refused = door
        .refused
        .map(|why| view! { <p class="door-refused" role="alert">{why}</p> });
    let foot = door.foot.map(|foot| view! { <p class="door-foot">{foot}</p> });
    let scripts: &[&str] = if door.takes_token { &["/door.js"] } else { &[] };
    let page = view! {
        <html lang="en" data-theme=theme>
            {head(root, title, scripts, leads)}
            <body class="door">
                <main id="main">
                    <p class="brand">{brand()} "Fuseboard"</p>
                    <section class="card pad">
                        <h1>{door.title}</h1>
                        <p class="door-lead">{door.lead}</p>
                        {refused}
                        {form}
                        {or}
                        {other}
                        {onward}
                    </section>
                    {foot}
                </main>
                {demo}
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", page.to_html())
}

fn input(field: Field, focus: bool) -> AnyView {
    let Some(label) = field.label else {
        return view! { <input type="hidden" name=field.name value=field.value/> }.into_any();
    };
    let id = format!("door-{}", field.name);
    let wrong_id = format!("{id}-wrong");
    let hint_id = format!("{id}-hint");
    let described = match (&field.wrong, field.hint) {
        (Some(_), _) => Some(wrong_id.clone()),
        (None, Some(_)) => Some(hint_id.clone()),
        (None, None) => None,
    };
    let invalid = field.wrong.is_some().then_some("true");
    let hint = field.hint.filter(|_| field.wrong.is_none());
    view! {
        <div class="door-field" data-field=field.name>
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=field.name
                type=field.kind
                value=field.value
                autocomplete=field.autocomplete
                required=!field.optional
                readonly=field.fixed
                autofocus=focus
                spellcheck="false"
                autocapitalize="none"
                maxlength="512"
                aria-invalid=invalid
                aria-describedby=described
            />
            {field.wrong.map(|why| view! { <p class="door-wrong" id=wrong_id role="alert">{why}</p> })}
            {hint.map(|hint| view! { <p class="door-hint" id=hint_id>{hint}</p> })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_sent_comes_back_as_text() {
        let html = door(Door {
            title: "Sign in",
            refused: Some("<b>no</b>".into()),
            action: Some("/login"),
            fields: vec![Field {
                name: "email",
                label: Some("Email"),
                kind: "email",
                value: "\"><script>x</script>".into(),
                wrong: Some("<i>why</i>".into()),
                ..Field::default()
            }],
            button: "Sign in",
            ..Door::default()
        });
        assert!(html.starts_with("<!DOCTYPE html><html"), "{html}");
        for evil in ["<script>x", "<b>no", "<i>why"] {
            assert!(!html.contains(evil), "{evil} in {html}");
        }
        assert!(
            html.contains("aria-invalid=\"true\"") && html.contains("autofocus"),
            "{html}"
        );
        assert!(!html.contains("style="), "no inline styles");
    }
}
