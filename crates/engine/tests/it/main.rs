//! The engine on a store in memory and a clock that tests move. One program for all of it: each is linked with the engine.

mod alert_rail;
mod alerts;
mod breakers;
mod calls;
mod common;
mod duty;
mod elsewhere;
mod erase;
mod explore;
mod figures;
mod function_of_journal;
mod hidden;
mod hub;
mod labels;
mod markers;
mod provider;
mod providers;
mod query;
mod replay;
mod restart;
mod sharing;
