//! The routes of the KPI section, one file per page with what belongs to it over JSON. Parts of the table in
//! [`super::routes`].

mod definitions;
mod figure_files;
mod objectives;
mod overview;
mod prices;
mod sharing;
mod slos;

pub(crate) use figure_files::take_in;

use super::routes::Route;

/// All of them.
pub(super) const TABLES: &[&[Route]] = &[
    definitions::ROUTES,
    prices::ROUTES,
    objectives::ROUTES,
    overview::ROUTES,
    sharing::ROUTES,
];
