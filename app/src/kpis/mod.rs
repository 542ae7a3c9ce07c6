//! What people who do not operate look at: the period in one page, what is promised, where the money goes, who sees it.
//!
//! Plain pages and forms, as the settings are (ADR 0025): a reader opens a link, prints it, shows it on a wall; nothing of it
//! is in the board's program. Charts are SVG made here; one small script (`public/kpis.js`) keeps what is shown fresh.
//!
//! Deliberately absent: any arithmetic on figures (the engine's), and who may see what.

mod figure_form;
mod figure_preview;
mod figures;
mod frame;
mod told;
mod prices;
mod burndown;
mod objective;
mod objectives;

pub use figure_form::FigureForm;
pub use figures::{FigureRow, FiguresView, SavedFigure, figures};
pub use frame::{Frame, Section};
pub use prices::{ImportForm, PricesView, prices};
pub use objective::{ObjectiveView, objective};
pub use objectives::{ObjectiveForm, ObjectiveRow, ObjectivesView, objectives};
mod calendar;
mod charts;
mod overview;

pub use calendar::Calendar;
pub use overview::{Asked, KpiView, TABLES, chart_file, overview, refused};

pub use crate::plain::form::Wrong;
