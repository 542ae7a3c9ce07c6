//! The routes of the KPI section, one file per page with what belongs to it over JSON. Parts of the table in
//! [`super::routes`].

mod sharing;

use super::routes::Route;

/// All of them.
pub(super) const TABLES: &[&[Route]] = &[sharing::ROUTES];
