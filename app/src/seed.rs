//! What a page is first painted with. The server provides it as a context; the page carries it to the browser.

use protocol::view::{Board, Connect};
use serde::{Deserialize, Serialize};

/// Everything the first paint needs, at one moment. Provided by the server as a leptos context for each page request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seed {
    /// The board, with an empty `points`.
    pub board: Board,
    /// The Connect page.
    pub connect: Connect,
    /// The figures of a page of history, for what its address asks, as postcard: only that page knows what they are.
    /// `None` on other pages, and when it cannot be filled.
    pub figures: Option<Vec<u8>>,
    /// The address names a provider or a breaker that nobody has ever heard of.
    pub nobody: bool,
    /// The last day at a glance, as postcard: only the replay bar, which comes later, reads it. `None` on pages without
    /// the bar, and when it cannot be told.
    pub activity: Option<Vec<u8>>,
    /// The moment that the board shows instead of now, epoch milliseconds.
    pub replay: Option<i64>,
    /// Why the moment of the address is not shown.
    pub refused: Option<String>,
    /// The server's time, epoch milliseconds.
    pub present: i64,
    /// The server and this page.
    pub site: Site,
}

/// Facts about the server and this page that do not change while it is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The server's build.
    pub build: String,
    /// What stands before our paths: empty, or `/fuseboard` (ADR 0036).
    pub root: String,
    /// Where the router starts: the root, or `{root}/t/{slug}`.
    pub base: String,
    /// `http://127.0.0.1:3000`, for snippets.
    pub origin: String,
    /// The API key `local`, on a machine that has it; else snippets say `$FUSEBOARD_KEY`.
    pub local_key: Option<String>,
    /// Whoever looks may make keys here.
    pub may_make_keys: bool,
    /// `light` or `dark` when the visitor chose one; `None` follows the system.
    pub theme: Option<Theme>,
    /// Minutes east of UTC in which times are shown, from the page's cookie, else the tenant's zone.
    pub utc_offset_min: i32,
}

/// A theme that the visitor chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Light.
    Light,
    /// Dark.
    Dark,
}
