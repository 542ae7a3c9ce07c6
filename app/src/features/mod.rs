//! The widgets of this domain: each takes [`crate::live::Live`] and draws one thing of it.

pub mod bar;
pub mod breaker;
pub mod breakers;
pub mod chart_cards;
pub mod connect;
pub mod desk;
pub mod detail;
pub mod explore;
pub mod feed;
pub mod fuses;
pub mod help;
pub mod history;
pub mod kpis;
pub mod limits;
pub mod live_pill;
pub mod nav;
pub mod notes;
pub mod provider;
pub mod providers;
pub mod rail;
pub mod range_menu;
pub mod replay;
pub mod theme_menu;
