//! Keys for viewers: the server allows a key ten sockets, so that thousands of viewers need hundreds of keys.
//!
//! Made as an operator makes them, with `fuseboard keys create` on the data of the running server, several at a time and
//! before anything is measured. Deliberately absent: writing them into the database here, which would have to know how
//! the text of a key is built.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Result, bail};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::context::Bench;
use crate::machine::pin;

/// Sockets that the server allows a key.
pub const EACH: usize = 10;
/// Made at the same time.
const TOGETHER: usize = 4;

/// Keys for so many viewers of the server whose data is in `data`; ten share one.
pub async fn for_viewers(bench: &Bench, data: &Path, viewers: usize) -> Result<Vec<String>> {
    stream::iter(0..viewers.div_ceil(EACH))
        .map(|number| make(bench, data, number))
        .buffered(TOGETHER)
        .try_collect()
        .await
}

async fn make(bench: &Bench, data: &Path, number: usize) -> Result<String> {
    // Nothing is measured yet: it may have every core.
    let made = pin::on(&[bench.cores.subject, bench.cores.generator], &bench.server)
        .args(["keys", "create", "--name", &format!("viewers-{number}")])
        .args(["--scope", "metrics:read", "--data-dir"])
        .arg(data)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    if !made.status.success() {
        bail!(
            "no key was made: {}",
            String::from_utf8_lossy(&made.stderr).trim()
        );
    }
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}
