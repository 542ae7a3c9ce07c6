//! strace, with which power cuts are recorded.

use anyhow::{Result, bail};

use crate::{process, ui};

/// Sees that it is there, installed where that is possible.
pub fn provide() -> Result<()> {
    if process::on_path("strace").is_some() {
        return Ok(());
    }
    if process::can_apt() {
        ui::step("apt-get install strace", || process::apt_install("strace"))?;
        if process::on_path("strace").is_some() {
            return Ok(());
        }
    }
    bail!("no strace here: install it (Debian: apt-get install strace)")
}
