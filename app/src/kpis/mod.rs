//! What people who do not operate look at: the period in one page, what is promised, where the money goes, who sees it.
//!
//! Plain pages and forms, as the settings are (ADR 0025): a reader opens a link, prints it, shows it on a wall; nothing of it
//! is in the board's program. Charts are SVG made here; one small script (`public/kpis.js`) keeps what is shown fresh.
//!
//! Deliberately absent: any arithmetic on figures (the engine's), and who may see what.

mod burndown;
mod calendar;
mod charts;
mod figure_form;
mod figure_preview;
mod figures;
mod frame;
mod objective;
mod objectives;
mod overview;
mod prices;
mod public_status;
mod shared;
mod sharing;
mod status_page;
mod told;

pub use crate::plain::form::Wrong;
pub use calendar::Calendar;
pub use figure_form::FigureForm;
pub use figures::{FigureRow, FiguresView, SavedFigure, figures};
pub use frame::{Frame, Section};
pub use objective::{ObjectiveView, objective};
pub use objectives::{ObjectiveForm, ObjectiveRow, ObjectivesView, objectives};
pub use overview::{Asked, KpiView, TABLES, chart_file, overview, refused};
pub use prices::{ImportForm, PricesView, prices};
pub use public_status::{StatusFrame, public_status};
pub use shared::{SharedFrame, no_share, shared_page};
pub use sharing::{ENDS, ShareRow, SharingView, StatusRow, sharing};
pub use status_page::{MOST_ROWS, StatusPageView, status_page};
