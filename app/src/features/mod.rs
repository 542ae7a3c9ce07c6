//! The widgets of this domain: each takes [`crate::live::Live`] and draws one thing of it.

pub mod bar;
pub mod chart_cards;
pub mod connect;
pub mod detail;
pub mod feed;
pub mod fuses;
pub mod help;
pub mod kpis;
pub mod live_pill;
pub mod nav;
pub mod notes;
pub mod providers;
pub mod range_menu;
pub mod theme_menu;
