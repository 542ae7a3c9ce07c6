//! The interface: compiled twice, for the server (`ssr`) and for the browser (`hydrate`).
//!
//! `pages/` (route and data) → `features/` (widgets of this domain) → `components/` (a dumb kit); `live/` (socket,
//! state, staleness); `fetched/` (figures over a range, over HTTP); `charts/` (option builders and the one place that sees ECharts); `format` (numbers, durations,
//! money). It sees `protocol` types only. What a page is first painted with arrives as a [`seed::Seed`], built by the
//! server and put into the page, so that hydration starts from the same value.
//!
//! Deliberately absent: rules about the data, storage, HTTP routes, clocks on the server side.

#[cfg(feature = "ssr")]
pub mod alerts;
mod app;
pub mod browser;
mod carry;
pub mod charts;
pub mod components;
#[cfg(feature = "ssr")]
pub mod door;
pub mod features;
pub mod fetched;
pub mod format;
pub mod keys;
#[cfg(feature = "ssr")]
pub mod kpis;
pub mod lasting;
mod later;
pub mod live;
pub mod pages;
pub mod part;
#[cfg(feature = "ssr")]
mod plain;
pub mod seed;
#[cfg(feature = "ssr")]
pub mod settings;
mod shell;
mod slots;
pub mod ui_state;

pub use app::App;
pub use shell::{AlertsBeside, Demo, demo_note, shell, theme_key};
