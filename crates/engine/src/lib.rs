//! The application: what happens to an event once it is parsed, and what a viewer is told.
//!
//! ```text
//! intake → pipeline (group commit into the journal) → live state → hub → every socket
//!                                                      ├ every 10 s → flush: partials, transitions, checkpoint
//!                                                      └ on the event, and every 10 s → evaluate: alerts, outbox
//! ```
//!
//! Live state is a function of the journal, never of the socket that received the event: [`live`] is fed with committed
//! batches only, in journal order, and a restart replays what the newest checkpoint does not contain.
//!
//! Deliberately absent: axum, leptos, sqlx (ports only), configuration files, the environment.

mod alerts;
mod calls;
pub mod clock;
mod compact;
mod config;
mod documents;
mod duty;
mod erase;
mod evaluate;
mod facade;
mod flush;
mod history;
pub mod hub;
mod intake;
mod kpis;
mod limits;
pub mod live;
mod markers;
pub mod metrics;
mod names;
mod notify;
mod pages;
mod pipeline;
pub mod query;
mod quota;
mod record;
mod replay;
mod start;
pub mod supervisor;
mod tenants;
mod transitions;
mod wire;

pub use alerts::{AlertError, AlertRail, AlertSearch, Hand, RailRow, SilenceRequest};
pub use calls::{CallsError, CallsRequest};
pub use clock::Clock;
pub use compact::RungLimits;
pub use config::{EngineConfig, Stores};
pub use documents::Document;
pub use duty::Take;
pub use evaluate::Fate;
pub use facade::{Engine, Health};
pub use hub::{Direct, Frame, Out, Outbox, SubscribeError, Tried, ViewerHandle};
pub use intake::{IngestError, IngestReply, IngestRequest, KeyInfo};
pub use kpis::KpiQuestion;
pub use kpis::SloRuled;
pub use kpis::check_definition;
pub use kpis::prices::{MAX_PRICES, PriceFile};
pub use metrics::Metrics;
pub use notify::{
    ChannelError, DeliverySearch, NoPost, Post, Sent, channel_kinds, channel_placeholders,
    channel_suggestions,
};
pub use pages::{MAX_AROUND_MS, PageError};
pub use query::{QueryError, QueryRequest, Resolution};
pub use replay::ReplayError;
pub use supervisor::Supervisor;
pub use transitions::{TransitionsError, TransitionsRequest};
