//! Light, dark, or as the system has it.

use leptos::prelude::*;

use crate::{
    browser,
    components::{Icon, MenuItem, icon, menu},
    lasting::Lasting,
    part::{IntoPart, Part, dynamic, when},
    seed::{Site, Theme},
};

/// The visitor's choice of theme, as its place among [`CHOICES`]; a context, because it outlives the page on which it was
/// made.
#[derive(Clone, Copy)]
pub struct ChosenTheme(pub Lasting<usize>);

const CHOICES: [(&str, Option<Theme>, Icon); 3] = [
    ("As the system", None, Icon::Auto),
    ("Light", Some(Theme::Light), Icon::Sun),
    ("Dark", Some(Theme::Dark), Icon::Moon),
];

/// The theme that this page was rendered with.
pub fn chosen_theme(site: &Site) -> ChosenTheme {
    let place = CHOICES.iter().position(|(_, theme, _)| *theme == site.theme);
    ChosenTheme(Lasting::new(place.unwrap_or_default()))
}

/// Draws the button and its menu.
pub fn theme_menu() -> Part {
    let ChosenTheme(chosen) = expect_context();
    let open = Lasting::new(false);
    let face = view! {
        {when(move || Some(icon(CHOICES[chosen.get()].2)))}
        <span class="vh">{dynamic(move || CHOICES[chosen.get()].0)}</span>
    };
    let item = |(place, (label, theme, _)): (usize, (&'static str, Option<Theme>, Icon))| MenuItem {
        label,
        taken: dynamic(move || chosen.get() == place),
        take: Callback::new(move |()| {
            chosen.set(place);
            browser::set_theme(theme);
        }),
    };
    let items = CHOICES.into_iter().enumerate().map(item).collect();
    view! { <div class="theme">{menu("Theme", "theme", face.part(), open, items)}</div> }.part()
}
