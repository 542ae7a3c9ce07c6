//! Tells somebody elsewhere that alerts are looked after. While rules are evaluated and whoever sends looks for work, an
//! address is asked every minute; when it hears nothing, whoever is behind it raises the alarm. It is the one alert that no
//! part of this process can raise.
//!
//! Deliberately absent: retries (the next minute is one), and what is said: that it is asked is all.

use std::time::Duration;

use domain::Millis;
use engine::Engine;
use outbound::{Outbound, Request, Rules};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Work that was done within this time is being done: six turns of the evaluator.
const RECENT: Millis = 60_000;

/// Asks an address while all is well.
pub struct Heartbeat {
    /// How it goes out.
    pub door: Outbound,
    /// Whom it asks; it may hold a secret, and is in no log.
    pub url: String,
    /// How often.
    pub every: Duration,
}

impl Heartbeat {
    /// Until it is told to stop.
    pub async fn run(self, engine: Engine, stop: CancellationToken) {
        let mut every = tokio::time::interval(self.every);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_well = true;
        loop {
            tokio::select! {
                _ = every.tick() => {}
                () = stop.cancelled() => return,
            }
            let beaten = tokio::select! {
                beaten = self.beat(&engine) => beaten,
                () = stop.cancelled() => return,
            };
            // Once for each change: an address that is gone must not fill the log.
            match (was_well, &beaten) {
                (true, Err(why)) => tracing::warn!(why, "no heartbeat was heard"),
                (false, Ok(())) => tracing::info!("heartbeats are heard again"),
                (true, Ok(())) | (false, Err(_)) => {}
            }
            was_well = beaten.is_ok();
        }
    }

    async fn beat(&self, engine: &Engine) -> Result<(), String> {
        let now = engine.clock().now();
        match engine.looked_after() {
            Some(at) if now - at <= RECENT => {}
            Some(at) => {
                return Err(format!(
                    "alerts were last looked after {} s ago",
                    (now - at) / 1_000
                ));
            }
            // The process has just started: the next one says it.
            None => return Ok(()),
        }
        let request = Request::new("GET", &self.url);
        let answer = self.door.send(&request, &Rules::default()).await;
        match answer {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(answer) => Err(format!(
                "alerts.heartbeat_url answered {}",
                answer.status.as_u16()
            )),
            Err(error) => Err(format!("alerts.heartbeat_url: {error}")),
        }
    }
}
