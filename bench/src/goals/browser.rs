//! P7, P13 and P20: what a person sees, in Chromium without a graphics card, which makes every figure pessimistic.
//!
//! A full board: 13 breakers, 1,000 calls a second. Server and generator share one core, the browser has the other.
//! Somebody has signed in before anything is measured: every context has the cookie of one session.
//!
//! P13: navigation → first contentful paint, of a page whose HTML was checked to hold real numbers; → the page says that it
//! is live. Each visit has a fresh context, so nothing is cached; the median of a repetition's visits.
//! P7: a transition is pushed → the frame after the one in which its lever changed; p99. The push, the commit, the socket
//! and the paint are all in it.
//! P20: CPU time of the page's main thread while the board is live and all three charts were drawn, for each frame that
//! came over the socket. Charts redraw once a second, and only in view.
//!
//! Uptime Kuma, the goal's peer for P13, has to be built from its repository and is not part of this run.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::time::sleep;

use super::viewers::{furnish, steady};
use crate::context::Bench;
use crate::figure::{Bar, Better, Figure, Samples};
use crate::machine::watch::Watch;
use crate::machine::{pin, process};
use crate::repeat::{Repetition, interleaved};
use crate::subject::Side;
use crate::subject::fuseboard::Fuseboard;

/// The script's own repetitions.
const VISITS: u64 = 7;
const CHANGES: u64 = 150;
const SECONDS: u64 = 20;

/// Who looks.
const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "an umbrella in march";

/// Measures.
pub async fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut taken = interleaved(bench, &[Side::Fuseboard], async |_| once(bench).await).await?;
    let ours = taken.pop().unwrap_or_default();
    let of = |name: &'static str| {
        Samples::of(&ours, move |told: &Value| {
            told[name].as_f64().unwrap_or(f64::INFINITY)
        })
    };
    let median = |name: &'static str| of(name).median().unwrap_or_default();
    Ok(vec![
        Figure::new(
            "P13",
            "navigation → first paint with real numbers, cold",
            "ms",
            Better::Less,
            of("painted"),
        )
        .bars(Some(Bar::Value(360.0)), Some(Bar::Value(100.0)))
        .noting("must is 0.3 × the 1.2 s that Uptime Kuma took when it was measured once"),
        Figure::new("P13", "navigation → live, cold", "ms", Better::Less, of("live"))
            .bars(Some(Bar::Value(840.0)), Some(Bar::Value(500.0)))
            .noting("must is 0.7 × the 1.2 s that Uptime Kuma took when it was measured once"),
        Figure::new(
            "P7",
            "transition pushed → lever painted, p99, 1,000 events/s",
            "ms",
            Better::Less,
            of("pixel_p99"),
        )
        .bars(Some(Bar::Value(150.0)), Some(Bar::Value(60.0)))
        .noting(format!("median {:.0} ms", median("pixel_p50"))),
        Figure::new(
            "P20",
            "main thread per frame, full board, 3 charts",
            "ms",
            Better::Less,
            of("tick"),
        )
        .bars(Some(Bar::Value(16.0)), Some(Bar::Value(8.0)))
        .noting(format!("{:.1} frames a second", median("frames_per_second"))),
    ])
}

async fn once(bench: &Bench) -> Result<Repetition<Value>> {
    let data = bench.folder("browser")?;
    let password = data.with_extension("password");
    std::fs::write(&password, PASSWORD).with_context(|| format!("cannot write {}", password.display()))?;
    let account: [(&str, &OsStr); 2] = [
        ("FUSEBOARD__ADMIN__EMAIL", EMAIL.as_ref()),
        ("FUSEBOARD__ADMIN__PASSWORD_FILE", password.as_os_str()),
    ];
    let server = Fuseboard::with(bench, &data, &[bench.cores.generator], &[], &account).await?;
    furnish(&server).await?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/measure.mjs");
    let mut command = pin::on(&[bench.cores.subject], "node");
    command
        .arg(script)
        .arg(format!("http://{}", server.running.address))
        .arg(bench.number(VISITS, 2).to_string())
        .arg(bench.number(CHANGES, 15).to_string())
        .arg(bench.number(SECONDS, 3).to_string())
        .env("FUSEBOARD_KEY", &server.key)
        .env("FUSEBOARD_EMAIL", EMAIL)
        .env("FUSEBOARD_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut node = command.spawn().context("Node.js is needed")?;
    let pid = node.id().context("node has ended")?;
    let mut out = node.stdout.take().context("no output of node")?;
    let watch = Watch::start(&[server.running.pid])?;
    let mut text = String::new();
    let measuring = async {
        // Processes of the browser come and go: their time is read again and again, the last time before they end.
        let mut used = Duration::ZERO;
        let reading = out.read_to_string(&mut text);
        tokio::pin!(reading);
        loop {
            tokio::select! {
                read = &mut reading => break read.map(|_| used).context("node"),
                () = sleep(Duration::from_millis(500)) => {
                    let family = process::family(pid);
                    let now: Duration = family.iter().filter_map(|pid| process::cpu(*pid).ok()).sum();
                    used = used.max(now);
                }
            }
        }
    };
    let used = tokio::select! {
        used = measuring => used?,
        ended = steady(&server, None, 100, 10) => {
            ended?;
            bail!("the load ended");
        }
    };
    let mut seen = watch.stop()?;
    if !node.wait().await?.success() {
        bail!("the browser's part failed");
    }
    let capacity = seen.time.as_secs_f64() * crate::machine::all_cores() as f64;
    seen.foreign = (seen.foreign - used.as_secs_f64() / capacity).max(0.0);
    server.running.stop().await?;
    let told: Value = serde_json::from_str(text.trim()).with_context(|| text.clone())?;
    Ok(Repetition::new(told, &seen))
}
