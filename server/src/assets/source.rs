//! Where files come from, each with its hash.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

/// A file as it is served.
#[derive(Clone)]
pub struct File {
    /// All of it.
    pub bytes: Bytes,
    /// SHA-256, hexadecimal.
    pub hash: String,
}

/// Hexadecimal SHA-256.
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A file of the folder, with the time and length it had when it was read.
pub struct Seen {
    stamp: (Option<SystemTime>, u64),
    file: File,
}

/// A folder, or the program itself.
pub enum Source {
    /// Files are read when they are asked for, and again when they have changed.
    Folder {
        /// Which.
        root: PathBuf,
        /// What was read, by name.
        read: Mutex<HashMap<String, Seen>>,
    },
    /// Files are inside the program.
    #[cfg(feature = "embed")]
    Embedded,
}

#[cfg(feature = "embed")]
#[derive(rust_embed::RustEmbed)]
#[folder = "$SITE_DIR"]
struct Site;

/// Files kept in memory; a site has a few dozen.
const KEPT: usize = 512;

impl Source {
    /// The folder, or, in the product, the program itself.
    pub fn new(folder: Option<PathBuf>) -> Source {
        #[cfg(feature = "embed")]
        if folder.is_none() {
            return Source::Embedded;
        }
        Source::Folder {
            root: folder.unwrap_or_default(),
            read: Mutex::default(),
        }
    }

    /// The hash of the file with this name. The file is not kept: browsers ask for its compressed form.
    pub async fn hash(&self, name: &str) -> Option<String> {
        match self {
            Source::Folder { root, .. } => load(&root.join(name)).await.map(|file| file.hash),
            #[cfg(feature = "embed")]
            Source::Embedded => self.read(name).await.map(|file| file.hash),
        }
    }

    /// The file with this name, which [`super::site_name`] has checked.
    pub async fn read(&self, name: &str) -> Option<File> {
        match self {
            Source::Folder { root, read } => {
                let path = root.join(name);
                let meta = tokio::fs::metadata(&path)
                    .await
                    .ok()
                    .filter(std::fs::Metadata::is_file)?;
                let stamp = (meta.modified().ok(), meta.len());
                if let Some(seen) = read.lock().get(name)
                    && seen.stamp == stamp
                {
                    return Some(seen.file.clone());
                }
                let file = load(&path).await?;
                let mut read = read.lock();
                if read.len() >= KEPT {
                    read.clear();
                }
                read.insert(
                    name.to_owned(),
                    Seen {
                        stamp,
                        file: file.clone(),
                    },
                );
                Some(file)
            }
            #[cfg(feature = "embed")]
            Source::Embedded => {
                let file = Site::get(name)?;
                let hash = file
                    .metadata
                    .sha256_hash()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                let bytes = match file.data {
                    std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                    std::borrow::Cow::Owned(bytes) => bytes.into(),
                };
                Some(File { bytes, hash })
            }
        }
    }
}

async fn load(path: &Path) -> Option<File> {
    let bytes = Bytes::from(tokio::fs::read(path).await.ok()?);
    Some(File {
        hash: hash(&bytes),
        bytes,
    })
}
