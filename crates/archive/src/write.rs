//! Writing an archive. Everything unfinished lies in one hidden folder beside it, which goes when the writer does;
//! the archive gets its name last, once it is on disk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zstd::stream::write::Encoder;

use crate::ArchiveError;
use crate::hashing::Hashing;
use crate::manifest::{Contents, Manifest, Part};
use crate::name::PartName;
use crate::tar::{BLOCK, Header, padding};

/// Most of what is stored is compressed already: a higher level would cost the server's time and save nothing.
const LEVEL: i32 = 1;

/// So much is given to the disk at a time: all of it at the end would make a server on the same disk wait.
const SYNC_EVERY: u64 = 8 << 20;

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const MANIFEST_DIGEST: &str = "manifest.blake3";

type Packer = Hashing<Encoder<'static, Hashing<BufWriter<File>>>>;

/// An archive that is being written.
pub struct Writer {
    target: PathBuf,
    folder: PathBuf,
    manifest: Manifest,
    /// Between parts.
    file: Option<BufWriter<File>>,
    /// Within a part: where its header is, its name, and what packs it.
    part: Option<(u64, PartName, Packer)>,
    /// How much of the part is on disk.
    synced: u64,
}

impl Writer {
    /// Begins an archive that will have this name.
    ///
    /// # Errors
    /// [`ArchiveError::Exists`] unless `replace`, or the folder cannot be written to.
    pub fn create(target: &Path, replace: bool, manifest: Manifest) -> Result<Writer, ArchiveError> {
        if !replace && fs::symlink_metadata(target).is_ok() {
            return Err(ArchiveError::Exists(target.to_owned()));
        }
        let name = target.file_name().ok_or_else(|| {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "it has no file name");
            ArchiveError::io("write", target)(source)
        })?;
        let hidden = format!(".{}.unfinished-{}", name.to_string_lossy(), std::process::id());
        let folder = target.with_file_name(hidden);
        let mut builder = fs::DirBuilder::new();
        builder.mode(0o700);
        builder
            .create(&folder)
            .map_err(ArchiveError::io("create", &folder))?;
        let mut writer = Writer {
            target: target.to_owned(),
            folder,
            manifest,
            file: None,
            part: None,
            synced: 0,
        };
        let path = writer.unfinished();
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(&path).map_err(ArchiveError::io("create", &path))?;
        writer.file = Some(BufWriter::with_capacity(1 << 16, file));
        Ok(writer)
    }

    /// A place for what has to lie on disk while the archive is written. It goes with the writer.
    pub fn scratch(&self) -> &Path {
        &self.folder
    }

    /// What it says about itself, to be completed before the end.
    pub fn manifest(&mut self) -> &mut Manifest {
        &mut self.manifest
    }

    /// Begins a part; what follows by [`Writer::write`] is in it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn begin(&mut self, name: PartName) -> Result<(), ArchiveError> {
        debug_assert!(self.part.is_none(), "the part before was not ended");
        let failed = ArchiveError::io("write", &self.target);
        let begin = |file: Option<BufWriter<File>>| -> io::Result<(u64, Packer)> {
            let mut file = file.ok_or_else(lost)?;
            let start = file.stream_position()?;
            // The size is not known yet; the header is written again when it is.
            file.write_all(&[0; BLOCK])?;
            let encoder = Encoder::new(Hashing::new(file), LEVEL)?;
            Ok((start, Hashing::new(encoder)))
        };
        let (start, packer) = begin(self.file.take()).map_err(failed)?;
        self.part = Some((start, name, packer));
        self.synced = 0;
        Ok(())
    }

    /// Adds bytes to the part.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        let result = match &mut self.part {
            Some((_, _, packer)) => packer.write_all(bytes).and_then(|()| {
                let packed = packer.get_mut().get_mut();
                if packed.count() < self.synced + SYNC_EVERY {
                    return Ok(());
                }
                self.synced = packed.count();
                packed.get_mut().get_ref().sync_data()
            }),
            None => Err(lost()),
        };
        result.map_err(ArchiveError::io("write", &self.target))
    }

    /// Ends the part and notes what it holds.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn end(&mut self, contents: Contents) -> Result<(), ArchiveError> {
        let failed = ArchiveError::io("write", &self.target);
        let (start, name, packer) = self
            .part
            .take()
            .ok_or_else(lost)
            .map_err(ArchiveError::io("write", &self.target))?;
        let mut part = Part {
            name: name.to_string(),
            tables: contents.tables,
            columns: contents.columns,
            bytes: packer.count(),
            blake3: packer.digest(),
            packed_bytes: 0,
            packed_blake3: String::new(),
        };
        let modified = self.modified();
        let end = |part: &mut Part| -> io::Result<BufWriter<File>> {
            let packed = packer.into_inner().finish()?;
            part.packed_bytes = packed.count();
            part.packed_blake3 = packed.digest();
            let mut file = packed.into_inner();
            file.write_all(&[0; BLOCK][..padding(part.packed_bytes)])?;
            let header = header(&part.name, part.packed_bytes, modified)?;
            file.seek(SeekFrom::Start(start))?;
            file.write_all(&header)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        self.file = Some(end(&mut part).map_err(failed)?);
        self.manifest.parts.push(part);
        Ok(())
    }

    /// Writes the manifest, waits for the disk, and gives the archive its name.
    ///
    /// # Errors
    /// Those of the file system. Nothing is left then.
    pub fn finish(mut self) -> Result<Manifest, ArchiveError> {
        let text = serde_json::to_vec_pretty(&self.manifest)
            .map_err(|error| ArchiveError::io("write", &self.target)(error.into()))?;
        let digest = blake3::hash(&text).to_hex().to_string();
        let modified = self.modified();
        let file = self.file.take();
        let close = || -> io::Result<()> {
            let mut file = file.ok_or_else(lost)?;
            for (name, bytes) in [(MANIFEST, text.as_slice()), (MANIFEST_DIGEST, digest.as_bytes())] {
                file.write_all(&header(name, bytes.len() as u64, modified)?)?;
                file.write_all(bytes)?;
                file.write_all(&[0; BLOCK][..padding(bytes.len() as u64)])?;
            }
            file.write_all(&[0; 2 * BLOCK])?;
            file.into_inner()
                .map_err(io::IntoInnerError::into_error)?
                .sync_all()
        };
        close().map_err(ArchiveError::io("write", &self.target))?;
        fs::rename(self.unfinished(), &self.target).map_err(ArchiveError::io("write", &self.target))?;
        let folder = match self.target.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(ArchiveError::io("write", folder))?;
        Ok(self.manifest.clone())
    }

    fn unfinished(&self) -> PathBuf {
        self.folder.join("archive")
    }

    fn modified(&self) -> u64 {
        modified(&self.manifest)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // What cannot be removed has a name that nobody takes for a backup.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The time that every header carries.
pub(crate) fn modified(manifest: &Manifest) -> u64 {
    u64::try_from(manifest.created / 1_000).unwrap_or(0)
}

fn header(name: &str, size: u64, modified: u64) -> io::Result<[u8; BLOCK]> {
    let header = Header {
        name: name.to_owned(),
        size,
        modified,
    };
    header.encode().ok_or_else(lost)
}

/// After an error nothing more can be written.
fn lost() -> io::Error {
    io::Error::other("an earlier step failed")
}
