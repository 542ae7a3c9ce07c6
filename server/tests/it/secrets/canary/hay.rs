//! What is looked for, and what it is looked for in.

use std::path::Path;

use archive::Archive;

/// Something that must not be found.
pub struct Canary {
    pub name: &'static str,
    pub needles: Vec<Vec<u8>>,
    /// Where it is told to who asked for it; there it must be. A form that is refused comes back with its token.
    pub told: &'static [&'static str],
}

impl Canary {
    pub fn new(name: &'static str, text: &str, told: &'static [&'static str]) -> Canary {
        assert!(text.len() >= 16, "{name} is too short to be sure: {text:?}");
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let encoded = url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let mut needles: Vec<Vec<u8>> = [text, &hex, &encoded].map(|text| text.as_bytes().to_vec()).into();
        // Base64 of it wherever it starts; the ends depend on what is around it.
        for shift in 0..3 {
            let padded = [&vec![0; shift], text.as_bytes()].concat();
            let coded = base64(&padded);
            needles.push(coded.as_bytes()[4..coded.len() - 4].to_vec());
        }
        needles.dedup();
        Canary { name, needles, told }
    }

    /// A key written in hexadecimal digits: its bytes too.
    pub fn key(name: &'static str, text: &str) -> Canary {
        let mut canary = Canary::new(name, text, &[]);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        canary.needles.push(text.as_bytes().chunks(2).map(byte).collect());
        canary
    }

    pub fn is_in(&self, hay: &[u8]) -> bool {
        self.needles.iter().any(|needle| contains(hay, needle))
    }
}

pub fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else {
        return false;
    };
    let mut hay = hay;
    while let Some(place) = hay.iter().position(|byte| byte == first) {
        if hay[place + 1..].starts_with(rest) {
            return true;
        }
        hay = &hay[place + 1..];
    }
    false
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| DIGITS[(bits & 63) as usize] as char;
    let three = |chunk: &[u8]| {
        let bits = (0..3).fold(0, |bits, n| {
            bits << 8 | u32::from(chunk.get(n).copied().unwrap_or(0))
        });
        [18, 12, 6, 0].map(|shift| digit(bits >> shift))
    };
    bytes.chunks(3).flat_map(three).collect()
}

/// What was written or answered, by what it is called.
#[derive(Default)]
pub struct Haystacks(pub Vec<(String, Vec<u8>)>);

impl Haystacks {
    pub fn add(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((name.into(), bytes.into()));
    }

    /// The names of those that hold it.
    pub fn with(&self, found: impl Fn(&[u8]) -> bool) -> Vec<&str> {
        let found = self.0.iter().filter(|(_, bytes)| found(bytes));
        found.map(|(name, _)| name.as_str()).collect()
    }

    /// All files of a folder but those that are there to hold a secret.
    pub fn files(&mut self, folder: &Path, when: &str) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                self.files(&path, when);
            } else if !["master.key", "audit.key", "local.key", "setup-token"].contains(&name.as_str()) {
                self.add(format!("file {name} {when}"), std::fs::read(&path).unwrap());
            }
        }
    }

    pub fn backup(&mut self, file: &Path) {
        self.add("backup as it is", std::fs::read(file).unwrap());
        let mut archive = Archive::open(file).unwrap();
        self.add("backup manifest", serde_json::to_vec(archive.manifest()).unwrap());
        for index in 0..archive.manifest().parts.len() {
            let mut part = archive.part(index).unwrap();
            let name = part.part().name.clone();
            let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
            loop {
                let read = part.read(&mut buffer).unwrap();
                if read == 0 {
                    break;
                }
                bytes.extend_from_slice(&buffer[..read]);
            }
            self.add(format!("backup {name}"), bytes);
        }
    }
}
