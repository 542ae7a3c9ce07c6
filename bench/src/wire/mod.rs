//! The two wires, made to cost little: requests are ready bytes, answers are looked at no more than needed.

pub mod http;
pub mod socket;
