//! Archives as they are written, and everything that can happen to one afterwards.
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use archive::{Archive, ArchiveError, Contents, DatabaseKind, JournalRange, Manifest, PartName, Writer};
use tempfile::TempDir;

/// Bytes that do not compress, and some that do.
fn content(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    (0..length)
        .map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if index % 4 == 0 { 0 } else { (state >> 24) as u8 }
        })
        .collect()
}

fn contents() -> Contents {
    Contents {
        tables: BTreeMap::from([("batch".to_owned(), 7)]),
        columns: Vec::new(),
    }
}

fn parts() -> Vec<(PartName, Vec<u8>)> {
    vec![
        (PartName::MainFile, content(1, 40_000)),
        (PartName::day("20261120").unwrap(), content(2, 9_000)),
        (PartName::day("20261121").unwrap(), content(3, 9_000)),
        (PartName::day("20261122").unwrap(), Vec::new()),
    ]
}

fn manifest() -> Manifest {
    let mut manifest = Manifest::new("0.1.0", DatabaseKind::Sqlite, 4, 1_795_233_600_999);
    manifest.tenants = vec!["default".into()];
    manifest.journal = JournalRange {
        writer: 1,
        first: Some(1),
        last: Some(99),
    };
    manifest
}

fn write(path: &Path, parts: &[(PartName, Vec<u8>)]) -> Manifest {
    let mut writer = Writer::create(path, true, manifest()).unwrap();
    for (name, bytes) in parts {
        writer.begin(name.clone()).unwrap();
        for piece in bytes.chunks(1_000) {
            writer.write(piece).unwrap();
        }
        writer.end(contents()).unwrap();
    }
    writer.finish().unwrap()
}

fn whole() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbbackup");
    write(&path, &parts());
    (folder, path)
}

/// As `backup --verify` does it.
fn check(path: &Path) -> Result<(), ArchiveError> {
    Archive::open(path)?.check()
}

fn refused(folder: &Path, bytes: &[u8], what: &str) -> String {
    let path = folder.join("changed.fbbackup");
    fs::write(&path, bytes).unwrap();
    match check(&path) {
        Ok(()) => panic!("accepted: {what}"),
        Err(error) => error.to_string(),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_written_is_read_again() {
    let (folder, path) = whole();
    check(&path).unwrap();
    let mut archive = Archive::open(&path).unwrap();
    assert_eq!(archive.manifest().rows()["batch"], 28);
    assert_eq!(archive.manifest().bytes(), 58_000);
    for (index, (name, bytes)) in parts().into_iter().enumerate() {
        let mut part = archive.part(index).unwrap();
        assert_eq!(part.name(), Some(name));
        let (mut read, mut buffer) = (Vec::new(), [0; 700]);
        loop {
            match part.read(&mut buffer).unwrap() {
                0 => break,
                some => read.extend_from_slice(&buffer[..some]),
            }
        }
        assert_eq!(read, bytes);
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(folder.path()), ["a.fbbackup"], "nothing else is left");
    // The same content is the same file.
    let again = folder.path().join("b.fbbackup");
    write(&again, &parts());
    assert_eq!(fs::read(&path).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn a_flipped_bit_anywhere_is_told() {
    let (folder, path) = whole();
    let whole = fs::read(&path).unwrap();
    // In every header, all over the manifest, and here and there in the rest.
    let mut flips = 0;
    for at in (0..whole.len()).filter(|at| {
        at % 331 == 0 || (*at < 512 && at % 13 == 0) || (*at + 6_000 > whole.len() && at % 53 == 0)
    }) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        refused(
            folder.path(),
            &bytes,
            &format!("byte {at} of {} flipped", whole.len()),
        );
        flips += 1;
    }
    assert!(flips > 200, "{flips}");
}

#[test]
fn a_cut_or_a_longer_archive_is_told() {
    let (folder, path) = whole();
    let whole = fs::read(&path).unwrap();
    let mut cuts = 0;
    for length in (0..whole.len()).filter(|length| length % 509 == 0 || *length + 3 > whole.len()) {
        refused(
            folder.path(),
            &whole[..length],
            &format!("cut to {length} of {}", whole.len()),
        );
        cuts += 1;
    }
    assert!(cuts > 80, "{cuts}");
    for extra in [&b"x"[..], &[0; 512], &whole] {
        let longer = [&whole, extra].concat();
        refused(folder.path(), &longer, &format!("{} bytes more", extra.len()));
    }
}

/// Where the entries of an archive are: name, start of the header, end.
fn entries(bytes: &[u8]) -> Vec<(String, usize, usize)> {
    let (mut at, mut found) = (0, Vec::new());
    while bytes[at] != 0 {
        let name = bytes[at..at + 100].split(|byte| *byte == 0).next().unwrap();
        let size = std::str::from_utf8(&bytes[at + 124..at + 135]).unwrap();
        let size = usize::from_str_radix(size, 8).unwrap();
        let end = at + 512 + size.div_ceil(512) * 512;
        found.push((String::from_utf8(name.to_vec()).unwrap(), at, end));
        at = end;
    }
    found
}

#[test]
fn parts_in_another_place_missing_or_twice_are_named() {
    let (folder, path) = whole();
    let whole = fs::read(&path).unwrap();
    let entries = entries(&whole);
    assert_eq!(entries.len(), 6);
    let entry = |index: usize| &whole[entries[index].1..entries[index].2];
    let rest = |index: usize| &whole[entries[index].1..];

    let swapped = [entry(0), entry(2), entry(1), rest(3)].concat();
    let told = refused(folder.path(), &swapped, "two days swapped");
    assert!(
        told.contains("sqlite/journal/20261120.db.zst is damaged"),
        "{told}"
    );
    let missing = [entry(0), entry(2), rest(3)].concat();
    let told = refused(folder.path(), &missing, "a day missing");
    assert!(
        told.contains("sqlite/journal/20261120.db.zst is damaged"),
        "{told}"
    );
    let twice = [entry(0), entry(1), entry(1), rest(2)].concat();
    refused(folder.path(), &twice, "a day twice");

    // The content of one day under the name of another of the same size.
    let mut mixed = whole.clone();
    let (one, two) = (entries[1].1 + 512, entries[2].1 + 512);
    let length = (entries[1].2 - one).min(entries[2].2 - two);
    mixed[one..one + length].copy_from_slice(&whole[two..two + length]);
    let told = refused(folder.path(), &mixed, "the content of another day");
    assert!(told.contains("20261120"), "{told}");

    // Another archive's manifest.
    let other = folder.path().join("other.fbbackup");
    write(&other, &parts()[..2]);
    let other = fs::read(other).unwrap();
    let tail = self::entries(&other)[2].1;
    let grafted = [&whole[..entries[4].1], &other[tail..]].concat();
    let told = refused(folder.path(), &grafted, "another manifest");
    assert!(told.contains("the manifest does not know it"), "{told}");
}

/// Rewrites the manifest, with a checksum that fits: what somebody would do who means it.
fn forged(bytes: &[u8], change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let entries = entries(bytes);
    let (_, start, end) = entries[entries.len() - 2].clone();
    let size = std::str::from_utf8(&bytes[start + 124..start + 135]).unwrap();
    let size = usize::from_str_radix(size, 8).unwrap();
    let mut value = serde_json::from_slice(&bytes[start + 512..start + 512 + size]).unwrap();
    change(&mut value);
    let text = serde_json::to_vec(&value).unwrap();
    let digest = blake3::hash(&text).to_hex().to_string();
    let mut out = bytes[..start].to_vec();
    for (header, content) in [(start, text.as_slice()), (end, digest.as_bytes())] {
        let mut block = bytes[header..header + 512].to_vec();
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        sum(&mut block);
        out.extend(block);
        out.extend(content);
        out.resize(out.len().div_ceil(512) * 512, 0);
    }
    out.resize(out.len() + 1_024, 0);
    out
}

fn sum(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    block[154] = 0;
}

#[test]
fn forged_manifests_are_refused_for_what_they_claim() {
    let (folder, path) = whole();
    let whole = fs::read(&path).unwrap();
    fs::write(folder.path().join("same.fbbackup"), forged(&whole, |_| {})).unwrap();
    check(&folder.path().join("same.fbbackup")).unwrap();

    type Change = fn(&mut serde_json::Value);
    let cases: [(&str, Change); 9] = [
        ("far more than", |value| {
            value["parts"][0]["bytes"] = (1_u64 << 50).into()
        }),
        ("to more than the manifest says", |value| {
            value["parts"][0]["bytes"] = 39_999.into()
        }),
        ("to less than the manifest says", |value| {
            value["parts"][0]["bytes"] = 40_001.into()
        }),
        ("its size is not what", |value| {
            value["parts"][1]["packed_bytes"] = 5.into()
        }),
        ("is no name of a part", |value| {
            value["parts"][1]["name"] = "../../etc/passwd".into()
        }),
        ("another kind of database", |value| {
            value["database"] = "postgres".into()
        }),
        ("cannot be", |value| {
            value["parts"][1]["columns"] = serde_json::json!(["a\"; DROP TABLE x"])
        }),
        ("knows formats up to", |value| value["format"] = 2.into()),
        ("unknown field", |value| value["extra"] = true.into()),
    ];
    for (expected, change) in cases {
        let told = refused(folder.path(), &forged(&whole, change), expected);
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let (folder, path) = whole();
    let whole = fs::read(&path).unwrap();
    for name in [
        "../../../tmp/owned",
        "/etc/cron.d/owned",
        "sqlite/journal/../x.db.zst",
        "local.key",
    ] {
        let mut bytes = whole.clone();
        let start = entries(&whole)[1].1;
        bytes[start..start + 100].fill(0);
        bytes[start..start + name.len()].copy_from_slice(name.as_bytes());
        sum(&mut bytes[start..start + 512]);
        let told = refused(folder.path(), &bytes, name);
        assert!(told.contains("no part of this name"), "{told}");
    }
    // A link instead of a file.
    let mut bytes = whole.clone();
    bytes[156] = b'2';
    bytes[157..168].copy_from_slice(b"/etc/passwd");
    sum(&mut bytes[..512]);
    refused(folder.path(), &bytes, "a link");
    for bytes in [&b""[..], b"PK\x03\x04", &[0; 2_000], &content(9, 5_000)] {
        let told = refused(folder.path(), bytes, "no archive at all");
        assert!(
            told.contains("not a backup") || told.contains("not whole"),
            "{told}"
        );
    }
}

#[test]
fn nothing_is_replaced_unasked_and_nothing_unfinished_is_left() {
    let (folder, path) = whole();
    let before = fs::read(&path).unwrap();
    let error = Writer::create(&path, false, manifest()).map(drop).unwrap_err();
    assert!(matches!(error, ArchiveError::Exists(_)), "{error}");
    {
        let mut writer = Writer::create(&path, true, manifest()).unwrap();
        writer.begin(PartName::MainFile).unwrap();
        writer.write(&content(5, 300_000)).unwrap();
        fs::write(writer.scratch().join("copy.db"), "half").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
    }
    assert_eq!(names(folder.path()), ["a.fbbackup"]);
    assert_eq!(fs::read(&path).unwrap(), before);
    let missing = folder.path().join("no/such/folder/x.fbbackup");
    let error = Writer::create(&missing, false, manifest()).map(drop).unwrap_err();
    assert!(error.to_string().contains("no/such/folder"), "{error}");
}
