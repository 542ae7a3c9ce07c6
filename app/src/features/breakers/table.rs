//! The table: a row per breaker. A row keeps its place and its focus while its figures change.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use protocol::view::{Breaker, BreakerRow, HISTORY_CELLS};
use wasm_bindgen::JsCast;

use super::{Page, order, words};
use crate::{
    components::{level_key, long_strip, moving_shape, state_key, state_level},
    features::{feed::breaker_id, history::short},
    fetched::AskedAbout,
    part::{IntoPart, Item, Part, See, dynamic, list, when},
    seed::Site,
    ui_state::{Listed, UiState},
};

/// So many rows are drawn at first.
const FIRST: usize = 100;

/// A column of figures: its key, its title, how it is computed, and what it shows.
type Column = (
    &'static str,
    &'static str,
    &'static str,
    fn(&BreakerRow) -> String,
);

const FIGURES: [Column; 3] = [
    (
        "opened",
        "Opened",
        "Openings that began in the range",
        words::opened,
    ),
    (
        "open_for",
        "Open for",
        "Time open in the range, all openings together",
        words::open_for,
    ),
    (
        "longest",
        "Longest",
        "The longest opening in the range",
        words::longest,
    ),
];

/// Draws the card.
pub(super) fn table(page: Page) -> Part {
    let all = RwSignal::new(false);
    let is_worst_first = Memo::new(move |_| {
        page.fetched.figures.see(|figures| {
            let figures = figures.as_ref();
            figures.is_none_or(|figures| {
                page.arranged
                    .see(|arranged| order::is_worst_first(arranged, figures))
            })
        })
    });
    let restore = move || {
        view! {
            <button type="button" class="btn" on:click=move |_| page.turn.update(|turn| *turn += 1)>
                "Worst first"
            </button>
        }
    };
    let count = move || {
        let (shown, known) = (
            page.shown.see(Vec::len),
            page.arranged.see(|arranged| arranged.keys.len()),
        );
        match shown == known {
            true => format!("{known}, as they are now and what they did"),
            false => format!("{shown} of {known}"),
        }
    };
    let items = move || {
        let most = if all.get() { usize::MAX } else { FIRST };
        let item = |key: &u64| {
            let key = *key;
            Item::new(key.to_string(), move || line(Row { page, key }))
        };
        page.shown
            .see(|shown| shown.iter().take(most).map(item).collect())
    };
    let none = Memo::new(move |_| page.shown.see(Vec::is_empty));
    let more = Memo::new(move |_| match all.get() {
        true => 0,
        false => page.shown.see(Vec::len).saturating_sub(FIRST),
    });
    let show_all = move || {
        let words = dynamic(move || format!("Show {} more", more.get()));
        view! {
            <button type="button" class="more" on:click=move |_| all.set(true)>
                {words}
            </button>
        }
    };
    let range = move || {
        page.fetched.figures.see(|figures| {
            figures
                .as_ref()
                .map_or("Range", |figures| short(&figures.asked_from, &figures.asked_to))
        })
    };
    let heads = FIGURES
        .map(|(key, title, about, _)| view! { <th scope="col" title=about data-column=key>{title}</th> })
        .into_iter()
        .collect_view();
    view! {
        <section class="card" aria-labelledby="breakers-title" data-breakers="">
            <header>
                <h2 id="breakers-title">{dynamic(move || if is_worst_first.get() { "Worst first" } else { "Breakers" })}</h2>
                <span class="sub" data-count="">{dynamic(count)}</span>
                <span class="tools">
                    {when(move || (!is_worst_first.get()).then(restore))}
                    {page.filter.controls()}
                </span>
            </header>
            <div class="scroll prov-scroll" tabindex="0" role="group" aria-labelledby="breakers-title">
                <table class="prov-table">
                    <thead>
                        <tr>
                            <th scope="col">"Breaker"</th>
                            <th scope="col" class="l" title="The worst of its live instances, now">"State"</th>
                            <th scope="col" class="l">"Provider"</th>
                            <th scope="col" class="l">"Service"</th>
                            <th scope="col" title="Live instances, now">"Instances"</th>
                            <th scope="col" title="As its worst instance reports it, else of the last minute's calls">"Failure rate"</th>
                            {heads}
                            <th scope="col" class="l" title="What led to most openings of its instances">"Top cause"</th>
                            <th scope="col" class="l" title="The worst state in each of 48 parts of the range">{dynamic(range)}</th>
                        </tr>
                    </thead>
                    <tbody>{list(items)}</tbody>
                </table>
            </div>
            {when(move || none.get().then(|| filtered_out(page)))}
            {when(move || (more.get() > 0).then(show_all))}
        </section>
    }
    .part()
}

fn filtered_out(page: Page) -> Part {
    view! {
        <p class="pad" data-filtered-out="">
            "No breaker is like that. "
            <button type="button" class="btn" on:click=move |_| page.filter.clear()>
                "Clear the filter"
            </button>
        </p>
    }
    .part()
}

/// The row of a breaker, wherever it stands. Its parts read through this, so that nothing is copied and kept twice.
#[derive(Clone, Copy)]
struct Row {
    page: Page,
    key: u64,
}

impl Row {
    /// Looks at its figures; a row that has just gone shows nothing.
    fn see<R: Default>(self, look: impl FnOnce(&BreakerRow) -> R) -> R {
        self.page.fetched.figures.see(|figures| {
            let row = figures.as_ref().and_then(|figures| order::row(figures, self.key));
            row.map(look).unwrap_or_default()
        })
    }

    /// Looks at it as it is now: live, else as it was told with the figures.
    fn now<R: Default>(self, look: impl FnOnce(&Breaker) -> R) -> R {
        match self.page.live.board.breakers.get(self.key) {
            Some(row) => row.see(look),
            None => self.see(|row| look(&row.breaker)),
        }
    }

    fn text(self, text: fn(&BreakerRow) -> String) -> Signal<String> {
        dynamic(move || self.see(text))
    }

    fn text_now(self, text: fn(&Breaker) -> String) -> Signal<String> {
        dynamic(move || self.now(text))
    }
}

fn line(row: Row) -> Part {
    let ui = expect_context::<UiState>();
    let base = expect_context::<Site>().base;
    let key = row.key;
    let state = dynamic(move || state_key(row.page.state(key)));
    let level = dynamic(move || level_key(state_level(row.page.state(key))));
    let href = {
        let asked = row.page.asked;
        dynamic(move || address(&base, key, &asked.get()))
    };
    let figures = FIGURES
        .map(|(column, _, _, text)| view! { <td data-cell=column>{row.text(text)}</td> })
        .into_iter()
        .collect_view();
    view! {
        <tr data-row=row.text_now(|row| row.breaker.clone()) data-state=state>
            <th scope="row">
                <a class="row-link" href=href data-key=key.to_string() on:focus=move |_| ui.selected.set(Some(key))>
                    {row.text_now(|row| row.breaker.clone())}
                </a>
                <small>{row.text_now(beside)}</small>
            </th>
            <td class="l">
                <span class="state" data-cell="state" data-state=state title=row.text_now(|row| row.reason.clone())>
                    {moving_shape(level)}
                    <span>{row.text_now(words::state)}</span>
                </span>
            </td>
            <td class="l">{row.text_now(|row| row.provider.clone())}</td>
            <td class="l">{row.text_now(|row| row.service.clone())}</td>
            <td data-cell="instances">{row.text_now(words::instances)}</td>
            <td data-cell="rate">{row.text_now(words::rate)}</td>
            {figures}
            <td class="l cause" data-cell="cause" title=row.text(words::cause)>{row.text(words::cause)}</td>
            <td class="l">
                {long_strip(row.text(|row| row.strip.clone()), HISTORY_CELLS)}
                <span class="vh">{row.text(words::strip)}</span>
            </td>
        </tr>
    }
    .part()
}

/// What tells a breaker from others of its name.
fn beside(breaker: &Breaker) -> String {
    let parts = [&breaker.deployment, &breaker.environment];
    let told = parts
        .into_iter()
        .filter(|part| !part.is_empty() && !breaker.breaker.contains(part.as_str()));
    told.cloned().collect::<Vec<_>>().join(" · ")
}

/// Its page, over the same range.
pub(super) fn address(base: &str, key: u64, asked: &AskedAbout) -> String {
    [base, "/breakers/", &breaker_id(key), &asked.query()].concat()
}

/// `j`, `k` and `.` go through the rows that are shown; Enter opens one.
pub(super) fn listen_to_keys(page: Page) {
    let ui = expect_context::<UiState>();
    let base = StoredValue::new(expect_context::<Site>().base);
    let navigate = use_navigate();
    let open = Callback::new(move |key: u64| {
        let options = NavigateOptions {
            resolve: false,
            ..NavigateOptions::default()
        };
        let to = base.with_value(|base| page.asked.with_untracked(|asked| address(base, key, asked)));
        navigate(&to, options);
    });
    let listed = Listed {
        keys: page.shown.into(),
        open,
    };
    Effect::new(move |_| ui.listed.set(Some(listed)));
    on_cleanup(move || {
        _ = ui.listed.try_set(None);
        _ = ui.selected.try_set(None);
    });
    Effect::new(move |_| {
        // At once, so that Enter right after opens this one; in a row that is not drawn yet after that.
        if let Some(key) = ui.selected.get()
            && !focus_row(key)
        {
            request_animation_frame(move || _ = focus_row(key));
        }
    });
}

/// Gives the focus to a row; false when it is not drawn.
fn focus_row(key: u64) -> bool {
    let link = document()
        .query_selector(&["a.row-link[data-key=\"", &key.to_string(), "\"]"].concat())
        .ok()
        .flatten();
    let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) else {
        return false;
    };
    // Fails only for an element that has left the page.
    link.focus().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_leads_to_its_page_over_the_same_range() {
        let asked = AskedAbout {
            what: "breakers".into(),
            from: "now-24h".into(),
            to: "now".into(),
        };
        assert_eq!(
            address("/t/acme", 0x2a, &asked),
            "/t/acme/breakers/b_000000000000002a?from=now-24h&to=now"
        );
    }
}
