//! Reading an archive that may be anything.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zstd::stream::read::Decoder;

use crate::ArchiveError;
use crate::hashing::Hashing;
use crate::manifest::{FORMAT, Manifest, Part};
use crate::name::PartName;
use crate::tar::{BLOCK, Header, padding};
use crate::write::{MANIFEST, MANIFEST_DIGEST, modified};

/// A manifest has a few hundred bytes per part, and a journal a part per day.
const MANIFEST_LIMIT: u64 = 16 << 20;
const ENTRIES_LIMIT: usize = 100_000;

/// Unpacking takes 16 MiB of memory at most; what we write needs half a mebibyte.
const WINDOW_LOG: u32 = 24;

/// An archive whose outline is right: manifest, names and sizes agree, and no byte is left over. What is inside the
/// parts is not known before they are read.
pub struct Archive {
    path: PathBuf,
    file: File,
    manifest: Manifest,
    /// Where each part begins, in the manifest's order.
    starts: Vec<u64>,
}

/// Where an entry lies.
struct Entry {
    header: Header,
    start: u64,
}

impl Archive {
    /// Opens one.
    ///
    /// # Errors
    /// It cannot be read, is no backup, is damaged, or is of a newer format.
    pub fn open(path: &Path) -> Result<Archive, ArchiveError> {
        let mut file = File::open(path).map_err(ArchiveError::io("read", path))?;
        let size = file.metadata().map_err(ArchiveError::io("read", path))?.len();
        let mut entries = outline(path, &mut file, size)?;
        let damaged = |part: &str, why: &str| damaged(path, part, why);
        let digest = entries.pop().filter(|entry| entry.header.name == MANIFEST_DIGEST);
        let last = entries.pop().filter(|entry| entry.header.name == MANIFEST);
        let (Some(digest), Some(last)) = (digest, last) else {
            return Err(damaged(
                MANIFEST,
                "it is not at the end, so the archive is not whole",
            ));
        };
        let text = small(path, &mut file, &last)?;
        if blake3::hash(&text).to_hex().as_bytes() != small(path, &mut file, &digest)? {
            return Err(damaged(MANIFEST, "its checksum differs"));
        }
        let manifest = parse(path, &text)?;
        if let Some((part, why)) = manifest.mistake() {
            return Err(damaged(part, &why));
        }
        let stamp = modified(&manifest);
        if let Some(entry) = entries
            .iter()
            .chain([&last, &digest])
            .find(|entry| entry.header.modified != stamp)
        {
            return Err(damaged(&entry.header.name, "its time is not the backup's"));
        }
        for (index, part) in manifest.parts.iter().enumerate() {
            match entries.get(index) {
                Some(entry) if entry.header.name == part.name => {
                    if entry.header.size != part.packed_bytes {
                        return Err(damaged(&part.name, "its size is not what the manifest says"));
                    }
                }
                Some(entry) => {
                    let why = format!("{} is in its place", entry.header.name);
                    return Err(damaged(&part.name, &why));
                }
                None => return Err(damaged(&part.name, "it is missing")),
            }
        }
        if let Some(entry) = entries.get(manifest.parts.len()) {
            return Err(damaged(&entry.header.name, "the manifest does not know it"));
        }
        Ok(Archive {
            path: path.to_owned(),
            file,
            manifest,
            starts: entries.iter().map(|entry| entry.start).collect(),
        })
    }

    /// What it says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size.
    ///
    /// # Errors
    /// It cannot be asked.
    pub fn size(&self) -> Result<u64, ArchiveError> {
        let metadata = self.file.metadata();
        Ok(metadata.map_err(ArchiveError::io("read", &self.path))?.len())
    }

    /// Reads every part to its end.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] with the first part that is not what the manifest says.
    pub fn check(&mut self) -> Result<(), ArchiveError> {
        for index in 0..self.manifest.parts.len() {
            let mut part = self.part(index)?;
            let mut buffer = vec![0; 1 << 17];
            while part.read(&mut buffer)? > 0 {}
        }
        Ok(())
    }

    /// A part, by its place in the manifest.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn part(&mut self, index: usize) -> Result<PartReader<'_>, ArchiveError> {
        let failed = ArchiveError::io("read", &self.path);
        let part = self.manifest.parts.get(index);
        let (Some(part), Some(start)) = (part, self.starts.get(index)) else {
            return Err(failed(io::ErrorKind::NotFound.into()));
        };
        let mut file = &self.file;
        let mut open = move || -> io::Result<Unpacker<'_>> {
            file.seek(SeekFrom::Start(*start))?;
            let packed = Hashing::new(file.take(part.packed_bytes));
            let mut decoder = Decoder::new(packed)?;
            decoder.window_log_max(WINDOW_LOG)?;
            Ok(Hashing::new(decoder))
        };
        Ok(PartReader {
            unpacked: open().map_err(failed)?,
            path: &self.path,
            part,
        })
    }
}

type Unpacker<'a> = Hashing<Decoder<'static, BufReader<Hashing<io::Take<&'a File>>>>>;

/// A part being read. What it gave may be used only once it has given its end: then all of it was right.
pub struct PartReader<'a> {
    unpacked: Unpacker<'a>,
    path: &'a Path,
    part: &'a Part,
}

impl PartReader<'_> {
    /// What the manifest says of it.
    pub fn part(&self) -> &Part {
        self.part
    }

    /// What it is called.
    pub fn name(&self) -> Option<PartName> {
        PartName::parse(&self.part.name)
    }

    /// The next bytes; 0 at the end.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`] at the latest at the end, when anything differs from the manifest.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        let read = match self.unpacked.read(buffer) {
            Ok(read) => read,
            // The packed bytes are not what was written, or the disk failed; both are in this part.
            Err(error) => return Err(self.damaged(&format!("it cannot be unpacked ({error})"))),
        };
        if self.unpacked.count() > self.part.bytes {
            return Err(self.damaged("it unpacks to more than the manifest says"));
        }
        if read == 0 && !buffer.is_empty() {
            self.settle()?;
        }
        Ok(read)
    }

    fn settle(&mut self) -> Result<(), ArchiveError> {
        if self.unpacked.count() != self.part.bytes {
            return Err(self.damaged("it unpacks to less than the manifest says"));
        }
        // The packer's end may come before the part's: nothing may hide behind it.
        let packed = self.unpacked.get_mut().get_mut().get_mut();
        let rest = io::copy(packed, &mut io::sink());
        let (bytes, digest) = (packed.count(), packed.digest());
        if let Err(error) = rest {
            return Err(self.damaged(&error.to_string()));
        }
        if bytes != self.part.packed_bytes {
            return Err(self.damaged("it is cut off"));
        }
        if digest != self.part.packed_blake3 || self.unpacked.digest() != self.part.blake3 {
            return Err(self.damaged("its checksum differs"));
        }
        Ok(())
    }

    fn damaged(&self, why: &str) -> ArchiveError {
        damaged(self.path, &self.part.name, why)
    }
}

fn damaged(path: &Path, part: &str, why: &str) -> ArchiveError {
    ArchiveError::Damaged {
        path: path.to_owned(),
        part: part.to_owned(),
        why: why.to_owned(),
    }
}

/// All entries. Every byte of the file is then in a header, in an entry, or is a zero that has to be there.
fn outline(path: &Path, file: &mut File, size: u64) -> Result<Vec<Entry>, ArchiveError> {
    let failed = || ArchiveError::io("read", path);
    let mut entries: Vec<Entry> = Vec::new();
    let mut at = 0;
    loop {
        let after = || match entries.last() {
            Some(entry) => format!("what follows {}", entry.header.name),
            None => "the first header".to_owned(),
        };
        let mut block = [0; BLOCK];
        file.seek(SeekFrom::Start(at)).map_err(failed())?;
        if size - at < BLOCK as u64 {
            if entries.is_empty() {
                let why = "it is too short".into();
                return Err(ArchiveError::NotABackup {
                    path: path.to_owned(),
                    why,
                });
            }
            return Err(damaged(path, &after(), "the archive is cut off there"));
        }
        file.read_exact(&mut block).map_err(failed())?;
        at += BLOCK as u64;
        if entries.is_empty() && Header::decode(&block).is_none() {
            let why = "it does not begin with a part of one".into();
            return Err(ArchiveError::NotABackup {
                path: path.to_owned(),
                why,
            });
        }
        if block == [0; BLOCK] {
            let mut rest = Vec::new();
            let tail = file.take(BLOCK as u64 + 1).read_to_end(&mut rest);
            tail.map_err(failed())?;
            if rest.len() != BLOCK || rest.iter().any(|byte| *byte != 0) {
                return Err(damaged(path, &after(), "the archive does not end as it should"));
            }
            return Ok(entries);
        }
        let Some(header) = Header::decode(&block) else {
            return Err(damaged(path, &after(), "the header is not one that a backup has"));
        };
        let known = PartName::parse(&header.name).is_some();
        if !known && header.name != MANIFEST && header.name != MANIFEST_DIGEST {
            let part = format!("{:?}", header.name);
            return Err(damaged(path, &part, "a backup has no part of this name"));
        }
        let filler = padding(header.size);
        let end = header
            .size
            .checked_add(filler as u64)
            .and_then(|sum| sum.checked_add(at));
        let Some(end) = end.filter(|end| *end <= size) else {
            return Err(damaged(path, &header.name, "it is cut off"));
        };
        let mut zeros = [0; BLOCK];
        file.seek(SeekFrom::Start(end - filler as u64))
            .map_err(failed())?;
        file.read_exact(&mut zeros[..filler]).map_err(failed())?;
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(damaged(
                path,
                &header.name,
                "what fills its last block is not zero",
            ));
        }
        entries.push(Entry { header, start: at });
        at = end;
        if entries.len() > ENTRIES_LIMIT {
            return Err(damaged(
                path,
                MANIFEST,
                "there are more parts than a backup can have",
            ));
        }
    }
}

/// An entry that is read whole.
fn small(path: &Path, file: &mut File, entry: &Entry) -> Result<Vec<u8>, ArchiveError> {
    if entry.header.size > MANIFEST_LIMIT {
        return Err(damaged(path, &entry.header.name, "it is far too large"));
    }
    let mut bytes = Vec::new();
    let mut read = || {
        file.seek(SeekFrom::Start(entry.start))?;
        (&*file).take(entry.header.size).read_to_end(&mut bytes)
    };
    read().map_err(ArchiveError::io("read", path))?;
    Ok(bytes)
}

fn parse(path: &Path, text: &[u8]) -> Result<Manifest, ArchiveError> {
    let unreadable = |error: serde_json::Error| damaged(path, MANIFEST, &error.to_string());
    let value: serde_json::Value = serde_json::from_slice(text).map_err(unreadable)?;
    // First of all, because a newer format may say anything else in another way.
    let found = value["format"].as_u64().unwrap_or(0);
    if found > FORMAT {
        return Err(ArchiveError::NewerFormat {
            path: path.to_owned(),
            found,
            known: FORMAT,
        });
    }
    if found == 0 {
        return Err(damaged(path, MANIFEST, "it does not say which format it has"));
    }
    serde_json::from_value(value).map_err(unreadable)
}
