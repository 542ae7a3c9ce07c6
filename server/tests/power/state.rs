//! What a power cut at one moment may leave, of all that it may leave.
//!
//! - [`Mode::Synced`]: what is durable, and nothing else.
//! - [`Mode::Some`]: also any part of what is not. Each file keeps a share of its unsynced writes, from none to all, drawn
//!   anew for each file, so that one file is far ahead of another; the writes kept are any of them, not the first ones;
//!   some are torn, so that any of their sectors of 512 bytes is new and the others are old. Each name stands at any of
//!   its events since its folder was synced, independently of other names, although journalling file systems keep their
//!   order; only a name that was renamed is never gone from both places.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use rand::Rng;

use crate::disk::{Change, Disk, File, Name, Node, Span};
use crate::strace::Moment;

const SECTOR: usize = 512;

/// How much survives beyond what must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Synced,
    Some,
}

/// Files with their content, folders without; by path.
pub type Image = BTreeMap<String, Option<Vec<u8>>>;

/// One state after a cut at this moment.
pub fn after(disk: &Disk, cut: Moment, mode: Mode, random: &mut impl Rng) -> Image {
    let names: BTreeMap<*const Name, Option<Node>> = {
        let mut kept: HashSet<Node> = HashSet::new();
        let mut chosen = BTreeMap::new();
        for name in disk.names.values() {
            let node = stands_for(name, cut, mode, random);
            kept.extend(node);
            chosen.insert(std::ptr::from_ref(name), node);
        }
        for name in disk.names.values() {
            // A file that was renamed and is at its new name no longer, or not yet, is still at its old one.
            if let Some(moved) = moved_away(disk, name, cut)
                && !kept.contains(&moved)
            {
                chosen.insert(std::ptr::from_ref(name), Some(moved));
            }
        }
        chosen
    };
    disk.walk(
        |name| names[&std::ptr::from_ref(name)],
        |file| content(file, cut, mode, random),
    )
}

/// Writes it to an empty folder.
pub fn write(image: &Image, folder: &Path) {
    // Sorted, so that folders come before what is in them.
    for (path, content) in image {
        let path = folder.join(path);
        match content {
            None => std::fs::create_dir(path).expect("the image can be written"),
            Some(content) => std::fs::write(path, content).expect("the image can be written"),
        }
    }
}

fn began(span: &Span, cut: Moment) -> bool {
    span.entered <= cut
}

fn stands_for(name: &Name, cut: Moment, mode: Mode, random: &mut impl Rng) -> Option<Node> {
    let sure = name.events.iter().filter(|(span, _)| span.durable <= cut).count();
    let begun = name.events.iter().filter(|(span, _)| began(span, cut)).count();
    let events = match mode {
        Mode::Synced => sure,
        Mode::Some => random.random_range(sure..=begun.max(sure)),
    };
    events.checked_sub(1).and_then(|last| name.events[last].1)
}

/// The file that this name lost to another name by renaming, when that is not durable.
fn moved_away(disk: &Disk, name: &Name, cut: Moment) -> Option<Node> {
    let mut before = None;
    for (span, node) in &name.events {
        if node.is_none() && began(span, cut) && span.durable > cut {
            let lost: Node = before?;
            let elsewhere = disk.names.values().any(|other| {
                let mut events = other.events.iter();
                !std::ptr::eq(other, name)
                    && events.any(|(at, node)| at.entered == span.entered && *node == Some(lost))
            });
            return elsewhere.then_some(lost);
        }
        before = *node;
    }
    None
}

fn content(file: &File, cut: Moment, mode: Mode, random: &mut impl Rng) -> Vec<u8> {
    let share = [0.0, 0.1, 0.5, 0.9, 1.0][random.random_range(0..5)];
    let mut content = Vec::new();
    for (span, change) in &file.changes {
        if span.durable <= cut {
            change.apply(&mut content);
        } else if mode == Mode::Some && began(span, cut) && random.random_bool(share) {
            match change {
                Change::Write { at, bytes } if share < 1.0 && random.random_ratio(1, 4) => {
                    for piece in torn(*at, bytes, random) {
                        piece.apply(&mut content);
                    }
                }
                _ => change.apply(&mut content),
            }
        }
    }
    content
}

/// Some sectors of a write: its beginning, or any of them.
fn torn(at: usize, bytes: &[u8], random: &mut impl Rng) -> Vec<Change> {
    let first = at / SECTOR;
    let count = (at + bytes.len()).div_ceil(SECTOR) - first;
    let prefix = random.random_bool(0.5).then(|| random.random_range(0..=count));
    let mut pieces = Vec::new();
    for sector in 0..count {
        let kept = match prefix {
            Some(length) => sector < length,
            None => random.random_bool(0.5),
        };
        if kept {
            let from = ((first + sector) * SECTOR).max(at);
            let to = ((first + sector + 1) * SECTOR).min(at + bytes.len());
            pieces.push(Change::Write {
                at: from,
                bytes: bytes[from - at..to - at].to_vec(),
            });
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    /// A disk whose one process did these calls.
    fn disk(calls: &[&str]) -> Disk {
        let mut text = String::new();
        for call in calls {
            let mut line = String::new();
            for (index, piece) in call.split('\'').enumerate() {
                match index % 2 {
                    0 => line.push_str(piece),
                    _ => {
                        line.push('"');
                        for byte in piece.bytes() {
                            write!(line, "\\x{byte:02x}").unwrap();
                        }
                        line.push('"');
                    }
                }
            }
            writeln!(text, "1 {line}").unwrap();
        }
        let mut disk = Disk::new(Path::new("/r"));
        disk.add(text.as_bytes());
        disk
    }

    fn random() -> StdRng {
        StdRng::seed_from_u64(7)
    }

    /// Every state that many tries find.
    fn states(disk: &Disk, cut: Moment) -> Vec<Image> {
        let mut random = random();
        let mut found: Vec<Image> = Vec::new();
        for _ in 0..500 {
            let state = after(disk, cut, Mode::Some, &mut random);
            if !found.contains(&state) {
                found.push(state);
            }
        }
        found
    }

    fn image(files: &[(&str, &str)]) -> Image {
        let entry = |(path, text): &(&str, &str)| ((*path).to_owned(), Some(text.as_bytes().to_vec()));
        files.iter().map(entry).collect()
    }

    #[test]
    fn a_write_is_durable_when_its_file_and_its_folder_were_synced() {
        let disk = disk(&[
            "openat(AT_FDCWD, '/r/a', O_RDWR|O_CREAT, 0644) = 3",
            "openat(AT_FDCWD, '/r', O_RDONLY) = 4",
            "pwrite64(3, 'one', 3, 0) = 3",
            "fsync(3) = 0",
            "fsync(4) = 0",
            "pwrite64(3, 'two', 3, 3) = 3",
        ]);
        let synced = |cut| after(&disk, cut, Mode::Synced, &mut random());
        // The fsync of the file is left at 7, that of the folder at 9.
        assert_eq!(synced(8), image(&[]));
        assert_eq!(synced(9), image(&[("a", "one")]));
        assert_eq!(synced(11), image(&[("a", "one")]));
        let found = states(&disk, 11);
        assert!(found.contains(&image(&[("a", "one")])) && found.contains(&image(&[("a", "onetwo")])));
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(disk.files()["a"], b"onetwo");
    }

    #[test]
    fn an_fsync_that_began_before_a_write_ended_promises_nothing() {
        let disk = disk(&[
            "openat(AT_FDCWD, '/r/a', O_RDWR|O_CREAT, 0644) = 3",
            "openat(AT_FDCWD, '/r', O_RDONLY) = 4",
            "fsync(4) = 0",
            "fsync(3 <unfinished ...>",
        ]);
        assert_eq!(disk.nodes[1].syncs, []);
        let text = concat!(
            "1 openat(AT_FDCWD, \"\\x2f\\x72\\x2f\\x61\", O_RDWR|O_CREAT, 0644) = 3\n",
            "1 openat(AT_FDCWD, \"\\x2f\\x72\", O_RDONLY) = 4\n",
            "1 fsync(4) = 0\n",
            "2 fsync(3 <unfinished ...>\n",
            "1 write(3, \"\\x41\", 1) = 1\n",
            "2 <... fsync resumed>) = 0\n",
        );
        let mut disk = Disk::new(Path::new("/r"));
        disk.add(text.as_bytes());
        assert_eq!(
            after(&disk, disk.end, Mode::Synced, &mut random()),
            image(&[("a", "")])
        );
    }

    #[test]
    fn a_removed_name_may_come_back_until_its_folder_is_synced() {
        let disk = disk(&[
            "openat(AT_FDCWD, '/r/a', O_RDWR|O_CREAT, 0644) = 3",
            "openat(AT_FDCWD, '/r', O_RDONLY) = 4",
            "fsync(4) = 0",
            "unlink('/r/a') = 0",
            "fsync(4) = 0",
        ]);
        assert_eq!(states(&disk, 7).len(), 2);
        assert_eq!(states(&disk, 9), [image(&[])]);
    }

    #[test]
    fn a_renamed_file_is_at_one_of_its_names_at_least() {
        let disk = disk(&[
            "openat(AT_FDCWD, '/r/a', O_RDWR|O_CREAT, 0644) = 3",
            "openat(AT_FDCWD, '/r', O_RDONLY) = 4",
            "fsync(4) = 0",
            "rename('/r/a', '/r/b') = 0",
        ]);
        let found = states(&disk, 7);
        assert!(!found.contains(&image(&[])), "{found:?}");
        assert!(found.contains(&image(&[("a", "")])) && found.contains(&image(&[("b", "")])));
    }

    #[test]
    fn a_torn_write_keeps_whole_sectors() {
        let mut random = random();
        let bytes = vec![1; 1_300];
        let mut sizes = HashSet::new();
        for _ in 0..100 {
            let mut content = vec![0; 2_000];
            for piece in torn(100, &bytes, &mut random) {
                piece.apply(&mut content);
            }
            assert!(content[..100].iter().all(|byte| *byte == 0));
            // The write lies in three sectors, of which the first and the last are not filled.
            for sector in content[100..1_400].chunk_by(|a, b| a == b) {
                assert!(sector.len() >= 376 || sector.len() == 412, "{}", sector.len());
            }
            sizes.insert(content.iter().filter(|byte| **byte == 1).count());
        }
        assert!(
            sizes.contains(&0) && sizes.contains(&1_300) && sizes.len() > 4,
            "{sizes:?}"
        );
    }
}
