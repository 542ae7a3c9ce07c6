//! What is in the place of the alerts beside the board. It is made by the server and kept fresh by a script of its own
//! (ADR 0031): this program neither reads nor writes it, and so pays nothing for it.

/// As the server makes it.
#[cfg(feature = "ssr")]
pub fn rail() -> String {
    let beside = leptos::prelude::use_context::<crate::AlertsBeside>().and_then(|beside| beside.rail);
    let rail = beside.as_deref().unwrap_or_default();
    ["<alert-rail>", rail, "</alert-rail>"].concat()
}

/// One that is made in the browser fills itself.
#[cfg(not(feature = "ssr"))]
pub fn rail() -> &'static str {
    "<alert-rail></alert-rail>"
}
