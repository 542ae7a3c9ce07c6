//! A build step whose result is kept: the same inputs give the same folder, and the second run finds it there.
//! Folders are `target/site-cache/NAME-HASH`; a new one of a name replaces the old one.

use std::hash::Hasher as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::{npm, process, ui};

/// What a step depends on.
#[derive(Clone)]
pub struct Inputs(std::hash::DefaultHasher);

impl Inputs {
    /// `recipe` names the way of making it: change it when the way changes.
    pub fn new(recipe: &str) -> Inputs {
        let mut inputs = Inputs(std::hash::DefaultHasher::new());
        inputs.0.write(recipe.as_bytes());
        inputs
    }

    /// Adds a file's name and content.
    pub fn file(mut self, path: &Path) -> Result<Inputs> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        self.0
            .write(path.file_name().unwrap_or_default().as_encoded_bytes());
        self.0.write_usize(bytes.len());
        self.0.write(&bytes);
        Ok(self)
    }

    /// A number that stands for all of it.
    pub fn hash(&self) -> u64 {
        self.0.finish()
    }

    /// Adds every file below a folder.
    pub fn folder(mut self, dir: &Path) -> Result<Inputs> {
        for file in files_below(dir)? {
            self.0.write(
                file.strip_prefix(dir)
                    .unwrap_or(&file)
                    .as_os_str()
                    .as_encoded_bytes(),
            );
            self = self.file(&file)?;
        }
        Ok(self)
    }
}

/// The folder that `make` fills from `inputs`, with `.br` and `.gz` beside every file that gets smaller.
pub fn stage(name: &str, inputs: Inputs, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    stage_in(&process::target_dir().join("site-cache"), name, inputs, |dir| {
        ui::step(name, || {
            make(dir)?;
            compress(dir)
        })
    })
}

fn stage_in(
    cache: &Path,
    name: &str,
    inputs: Inputs,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let slug = name.replace(' ', "-").to_lowercase();
    let done = cache.join(format!("{slug}-{:016x}", inputs.0.finish()));
    if done.is_dir() {
        return Ok(done);
    }
    let fresh = cache.join(format!(".{slug}.{}", std::process::id()));
    remove_dir(&fresh)?;
    std::fs::create_dir_all(&fresh).with_context(|| format!("cannot make {}", fresh.display()))?;
    make(&fresh)?;
    let old = format!("{slug}-");
    for entry in std::fs::read_dir(cache)?.flatten() {
        let file_name = entry.file_name();
        let hash = file_name
            .to_str()
            .and_then(|file_name| file_name.strip_prefix(&old));
        if hash.is_some_and(|hash| hash.len() == 16 && !hash.contains('-')) {
            remove_dir(&entry.path())?;
        }
    }
    std::fs::rename(&fresh, &done).with_context(|| format!("cannot make {}", done.display()))?;
    Ok(done)
}

/// Removes a folder that may not be there.
pub fn remove_dir(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Every file below a folder, sorted; empty when there is no such folder.
pub fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot list {}", folder.display())),
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Fonts are compressed as they are.
fn compress(dir: &Path) -> Result<()> {
    let mut files = files_below(dir)?;
    files.retain(|file| {
        file.extension()
            .is_none_or(|ending| ending != "woff2" && ending != "png")
    });
    if files.is_empty() {
        return Ok(());
    }
    process::run(npm::tool("js/compress.mjs").args(files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::children::TempDir;

    #[test]
    fn the_same_inputs_are_made_once() {
        let temp = TempDir::new("stage-test").unwrap();
        let source = temp.path().join("source.txt");
        let cache = temp.path().join("cache");
        let mut made = 0;
        let mut build = || {
            stage_in(
                &cache,
                "A thing",
                Inputs::new("1").file(&source).unwrap(),
                |dir| {
                    made += 1;
                    std::fs::copy(&source, dir.join("out.txt"))
                        .map(drop)
                        .map_err(Into::into)
                },
            )
            .unwrap()
        };
        std::fs::write(&source, "one").unwrap();
        let first = build();
        assert_eq!(build(), first);
        std::fs::write(&source, "two").unwrap();
        let second = build();
        assert_ne!(second, first);
        assert_eq!(std::fs::read_to_string(second.join("out.txt")).unwrap(), "two");
        assert!(!first.exists(), "the old result is gone");
        assert_eq!(made, 2);
    }

    #[test]
    fn a_failed_step_leaves_no_result() {
        let temp = TempDir::new("stage-fail").unwrap();
        let fail = stage_in(temp.path(), "x", Inputs::new("1"), |_| anyhow::bail!("no"));
        assert!(fail.is_err());
        let made = stage_in(temp.path(), "x", Inputs::new("1"), |dir| {
            Ok(std::fs::write(dir.join("f"), "1")?)
        });
        assert!(made.unwrap().join("f").exists());
    }
}
