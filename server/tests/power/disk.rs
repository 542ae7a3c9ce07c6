//! What the recorded calls did to a folder: its files with every change and every fsync, its names with every creation,
//! renaming and removal, and the answers that went out meanwhile, all on one clock.
//!
//! A change is *durable* from the end of the first fsync of its file that began after the change had ended; a name, when
//! its folder was synced likewise. Nothing else is taken for durable: neither that ext4 writes a new file's name together
//! with the file, nor that names reach its journal in order. So the model allows more than that file system does.
//!
//! Deliberately absent: `*-shm`, which SQLite makes anew, and reads. What the model does not know (other descriptors of a
//! file, memory that is mapped) would make it differ from the folder that the recording left: [`Disk::differences`] looks.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::path::{Path, PathBuf};

use crate::process;
use crate::strace::Moment;

/// Place in [`Disk::nodes`].
pub type Node = usize;

/// The folder in which all others lie.
const ROOT: Node = 0;

/// From when to when something was under way, in lines of the recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    pub entered: Moment,
    pub left: Moment,
    /// From when on it is sure to survive.
    pub durable: Moment,
}

/// Later than everything.
pub const NEVER: Moment = Moment::MAX;

/// Something that can be synced.
#[derive(Debug, Default)]
pub struct File {
    /// Its first path, for telling journals and logs apart.
    pub path: String,
    pub folder: bool,
    pub changes: Vec<(Span, Change)>,
    /// Entered and left.
    pub syncs: Vec<(Moment, Moment)>,
}

/// A change of a file's content.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

/// What a name stood for, from its first event on.
#[derive(Debug, Default)]
pub struct Name {
    pub events: Vec<(Span, Option<Node>)>,
}

/// Everything recorded.
#[derive(Debug)]
pub struct Disk {
    pub root: PathBuf,
    pub nodes: Vec<File>,
    /// By folder and name.
    pub names: BTreeMap<(Node, String), Name>,
    /// When a 200 was being written, and the id of its request.
    pub answers: Vec<(Moment, String)>,
    /// When each process began.
    pub begins: Vec<Moment>,
    pub end: Moment,
}

/// The fsyncs of a file by their beginning, each with the earliest end of itself and all later ones.
struct Syncs(Vec<(Moment, Moment)>);

impl Syncs {
    fn of(syncs: &[(Moment, Moment)]) -> Syncs {
        let mut syncs = syncs.to_vec();
        syncs.sort_unstable();
        let mut earliest = NEVER;
        for (_, left) in syncs.iter_mut().rev() {
            earliest = earliest.min(*left);
            *left = earliest;
        }
        Syncs(syncs)
    }

    /// The end of the first that began at this moment or later.
    fn first_after(&self, moment: Moment) -> Moment {
        let index = self.0.partition_point(|(entered, _)| *entered < moment);
        self.0.get(index).map_or(NEVER, |(_, left)| *left)
    }
}

impl Disk {
    /// An empty folder.
    pub fn new(root: &Path) -> Disk {
        let root_node = File {
            folder: true,
            ..File::default()
        };
        Disk {
            root: root.to_owned(),
            nodes: vec![root_node],
            names: BTreeMap::new(),
            answers: Vec::new(),
            begins: Vec::new(),
            end: 0,
        }
    }

    /// Adds what a further process did; the folder must be as it left it.
    pub fn add(&mut self, trace: impl BufRead) {
        let begin = self.end;
        self.begins.push(begin);
        let end = process::replay(self, trace, begin);
        self.end = end;
        self.settle();
    }

    /// Says from when on everything is durable.
    fn settle(&mut self) {
        let syncs: Vec<Syncs> = self.nodes.iter().map(|file| Syncs::of(&file.syncs)).collect();
        for (node, file) in self.nodes.iter_mut().enumerate() {
            for (span, _) in &mut file.changes {
                span.durable = syncs[node].first_after(span.left);
            }
        }
        for ((folder, _), name) in &mut self.names {
            for (span, _) in &mut name.events {
                span.durable = syncs[*folder].first_after(span.left);
            }
        }
    }

    /// The path below the root, unless it lies elsewhere or is of no interest.
    pub fn inside(&self, path: &str) -> Option<String> {
        let below = Path::new(path).strip_prefix(&self.root).ok()?;
        let below = below.to_str()?.to_owned();
        (!below.ends_with("-shm")).then_some(below)
    }

    /// What a path below the root stands for now, as the processes see it.
    pub fn now(&self, path: &str) -> Option<Node> {
        path.split('/')
            .filter(|name| !name.is_empty())
            .try_fold(ROOT, |folder, name| {
                let name = self.names.get(&(folder, name.to_owned()))?;
                name.events.last()?.1
            })
    }

    /// A name stands for this from now on, or for nothing.
    pub fn name(&mut self, path: &str, span: Span, node: Option<Node>) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self
            .now(folder)
            .unwrap_or_else(|| panic!("{path} is in no known folder"));
        let name = self.names.entry((folder, name.to_owned())).or_default();
        name.events.push((span, node));
    }

    /// A new file or folder, without a name yet.
    pub fn make(&mut self, path: &str, folder: bool) -> Node {
        self.nodes.push(File {
            path: path.to_owned(),
            folder,
            ..File::default()
        });
        self.nodes.len() - 1
    }

    /// All files as the last process left them, by path below the root.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let latest = |name: &Name| name.events.last().and_then(|(_, node)| *node);
        self.walk(latest, |file| {
            let mut content = Vec::new();
            for (_, change) in &file.changes {
                change.apply(&mut content);
            }
            content
        })
        .into_iter()
        .filter_map(|(path, content)| Some((path, content?)))
        .collect()
    }

    /// Everything that can be reached when names stand for what `name` says: files with their content, folders without.
    pub fn walk(
        &self,
        name: impl FnMut(&Name) -> Option<Node>,
        mut content: impl FnMut(&File) -> Vec<u8>,
    ) -> BTreeMap<String, Option<Vec<u8>>> {
        let mut name = name;
        let chosen: Vec<(Node, &str, Node)> = self
            .names
            .iter()
            .filter_map(|((folder, text), events)| Some((*folder, text.as_str(), name(events)?)))
            .collect();
        let mut found = BTreeMap::new();
        let mut folders = vec![(ROOT, String::new())];
        while let Some((folder, path)) = folders.pop() {
            for (_, text, node) in chosen.iter().filter(|(of, ..)| *of == folder) {
                let path = if path.is_empty() {
                    (*text).to_owned()
                } else {
                    format!("{path}/{text}")
                };
                let file = &self.nodes[*node];
                if file.folder {
                    folders.push((*node, path.clone()));
                    found.insert(path, None);
                } else {
                    found.insert(path, Some(content(file)));
                }
            }
        }
        found
    }

    /// Where the model and the folder that the recording left differ.
    pub fn differences(&self) -> Vec<String> {
        let modelled = self.files();
        let mut paths: BTreeSet<String> = modelled.keys().cloned().collect();
        collect(&self.root, &self.root, &mut paths);
        let differs = |path: &String| match (modelled.get(path), std::fs::read(self.root.join(path)).ok()) {
            (Some(here), Some(there)) if *here == there => None,
            (here, there) => Some(format!(
                "{path}: {:?} bytes in the model, {:?} in the folder",
                here.map(Vec::len),
                there.map(|content| content.len())
            )),
        };
        paths.iter().filter_map(differs).collect()
    }
}

fn collect(root: &Path, folder: &Path, paths: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(root, &path, paths);
        } else if let Some(path) = path.strip_prefix(root).ok().and_then(Path::to_str)
            && !path.ends_with("-shm")
        {
            paths.insert(path.to_owned());
        }
    }
}

impl Change {
    pub fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Change::Write { at, bytes } => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(bytes);
            }
            Change::Length(length) => content.resize(*length, 0),
        }
    }
}
