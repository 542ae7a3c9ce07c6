//! Documents of the KPI section as the API has them: what is promised and planned, prices, links to share.
//!
//! One file per kind of document. Deliberately absent: what they mean, and whether they make sense (the engine).

pub mod invoice;
pub mod kpi;
pub mod price_list;
pub mod prices;
pub mod share;
pub mod slo;
pub mod status;
