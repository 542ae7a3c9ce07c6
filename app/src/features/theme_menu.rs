//! Light, dark, or as the system has it.

use leptos::prelude::*;

use crate::{
    browser,
    components::{Icon, MenuItem, icon, menu},
    part::{IntoPart, Part},
    seed::{Site, Theme},
};

/// The visitor's choice of theme, as a context: it outlives the page that changed it.
#[derive(Clone, Copy)]
pub struct ChosenTheme(pub RwSignal<Option<Theme>>);

const CHOICES: [(&str, Option<Theme>, Icon); 3] = [
    ("As the system", None, Icon::Auto),
    ("Light", Some(Theme::Light), Icon::Sun),
    ("Dark", Some(Theme::Dark), Icon::Moon),
];

/// The theme that this page was rendered with.
pub fn chosen_theme(site: &Site) -> ChosenTheme {
    ChosenTheme(RwSignal::new(site.theme))
}

/// Draws the button and its menu.
pub fn theme_menu() -> Part {
    let ChosenTheme(chosen) = expect_context();
    let open = RwSignal::new(false);
    let face = move || {
        let (words, _, mark) = CHOICES
            .into_iter()
            .find(|(_, theme, _)| *theme == chosen.get())
            .unwrap_or(CHOICES[0]);
        view! {
            {icon(mark)}
            <span class="vh">{words}</span>
        }
    };
    let items = CHOICES
        .into_iter()
        .map(|(label, theme, _)| MenuItem {
            label,
            taken: Signal::derive(move || chosen.get() == theme),
            take: Callback::new(move |()| {
                chosen.set(theme);
                browser::set_theme(theme);
            }),
        })
        .collect();
    view! { <div class="theme">{menu("Theme", "theme", face.part(), open, items)}</div> }.part()
}
