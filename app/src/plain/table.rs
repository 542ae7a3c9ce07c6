//! Tables of plain pages.

use leptos::prelude::*;

/// The head of a column.
pub(crate) enum Column {
    /// Its words stand over numbers and moments.
    Plain(&'static str),
    /// Its words stand over text, at the left.
    Left(&'static str),
    /// It holds buttons and is named for those who cannot see them.
    Unseen(&'static str),
}

/// A table that scrolls by itself where it is wider than the page; `name` is what tests know it by. On a phone each row is
/// folded into lines, and cells say in `data-label` what their column is called.
pub(crate) fn table<const N: usize>(
    name: &'static str,
    columns: [Column; N],
    rows: impl Iterator<Item = AnyView>,
) -> AnyView {
    let head = columns.map(|column| match column {
        Column::Plain(words) => view! { <th scope="col">{words}</th> }.into_any(),
        Column::Left(words) => view! { <th scope="col" class="l">{words}</th> }.into_any(),
        Column::Unseen(words) => view! { <th scope="col"><span class="vh">{words}</span></th> }.into_any(),
    });
    view! {
        <div class="scroll">
            <table class="folds" data-table=name>
                <thead>
                    <tr>{head.into_iter().collect_view()}</tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
