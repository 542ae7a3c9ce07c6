//! What one process did to the disk, call by call.

use std::collections::HashMap;
use std::io::BufRead;

use crate::disk::{Change, Disk, NEVER, Node, Span};
use crate::strace::{self, Call, Moment, Seen};

/// All calls that the recorder asks for.
/// (`?`: not every machine has them.)
pub const CALLS: &str = "?open,openat,?creat,close,lseek,write,pwrite64,writev,pwritev,?pwritev2,sendto,sendmsg,sendfile,?copy_file_range,\
     splice,truncate,ftruncate,fallocate,fsync,fdatasync,?rename,?renameat,?renameat2,?unlink,unlinkat,?rmdir,?link,linkat,\
     ?symlink,symlinkat,?mkdir,mkdirat,?io_uring_setup";

/// Adds what a trace tells to the disk, from this moment on; the moment after it. What the process was killed in is looked
/// up in the folder.
pub fn replay(disk: &mut Disk, trace: impl BufRead, begin: Moment) -> Moment {
    let mut process = Process {
        disk,
        open: HashMap::new(),
        inside: HashMap::new(),
    };
    let end = strace::read(trace, begin, |moment, seen| process.see(moment, seen));
    process.killed(end);
    end
}

/// An open file.
#[derive(Debug, Clone, Copy)]
struct Open {
    node: Node,
    at: usize,
}

/// What a thread is in the middle of.
#[derive(Debug)]
enum Doing {
    Opening {
        path: String,
        create: bool,
        empty: bool,
    },
    Writing {
        descriptor: i64,
        at: Option<usize>,
        bytes: Vec<u8>,
    },
    Changing {
        node: Node,
        change: Change,
    },
    Syncing {
        node: Node,
    },
    Seeking {
        descriptor: i64,
    },
    Naming {
        path: String,
        new: Naming,
    },
}

#[derive(Debug)]
enum Naming {
    Folder,
    Gone,
    From(String),
    Also(String),
}

/// One process while its trace is read.
struct Process<'a> {
    disk: &'a mut Disk,
    open: HashMap<i64, Open>,
    inside: HashMap<u32, (Moment, Doing)>,
}

impl Process<'_> {
    fn see(&mut self, moment: Moment, seen: Seen) {
        match seen {
            Seen::Enter(call) => {
                if let Some(doing) = self.enter(moment, &call) {
                    self.inside.insert(call.thread, (moment, doing));
                }
            }
            Seen::Leave { thread, result } => {
                if let Some((entered, doing)) = self.inside.remove(&thread)
                    && result >= 0
                {
                    let span = Span {
                        entered,
                        left: moment,
                        durable: NEVER,
                    };
                    self.leave(span, doing, result);
                }
            }
        }
    }

    fn enter(&mut self, moment: Moment, call: &Call) -> Option<Doing> {
        let descriptor = call.number(0);
        let node = descriptor.and_then(|descriptor| Some(self.open.get(&descriptor)?.node));
        match call.name.as_str() {
            "open" => self.opening(call, 0),
            "openat" => self.opening(call, 1),
            "close" => {
                // The number is free from now on; who gets it may come back before this does.
                self.open.remove(&descriptor?);
                None
            }
            "write" | "writev" | "pwrite64" | "sendto" | "sendmsg" => {
                let Some(node) = node else {
                    self.answer(moment, call);
                    return None;
                };
                let path = &self.disk.nodes[node].path;
                let bytes = call
                    .bytes(1)
                    .unwrap_or_else(|| panic!("a write to {path} was cut short"));
                let at = match call.name.as_str() {
                    "pwrite64" => Some(usize::try_from(call.number(3)?).ok()?),
                    "write" | "writev" => None,
                    other => panic!("{other} to {path} is not modelled"),
                };
                let descriptor = descriptor?;
                Some(Doing::Writing {
                    descriptor,
                    at,
                    bytes,
                })
            }
            "ftruncate" => {
                let length = usize::try_from(call.number(1)?).ok()?;
                let change = Change::Length(length);
                Some(Doing::Changing { node: node?, change })
            }
            "fsync" | "fdatasync" => Some(Doing::Syncing { node: node? }),
            "lseek" => node
                .and(descriptor)
                .map(|descriptor| Doing::Seeking { descriptor }),
            "unlink" => self.naming(call, 0, Naming::Gone),
            "rmdir" => self.naming(call, 0, Naming::Gone),
            "unlinkat" => self.naming(call, 1, Naming::Gone),
            "link" => self.naming(call, 1, Naming::Also(self.path(call, 0)?)),
            "linkat" => self.naming(call, 3, Naming::Also(self.path(call, 1)?)),
            "mkdir" => self.naming(call, 0, Naming::Folder),
            "mkdirat" => self.naming(call, 1, Naming::Folder),
            "rename" => self.naming(call, 1, Naming::From(self.path(call, 0)?)),
            "renameat" | "renameat2" => self.naming(call, 3, Naming::From(self.path(call, 1)?)),
            other => {
                let here = |text: &String| self.disk.inside(text).is_some();
                let touches = (0..call.arguments.len())
                    .filter_map(|index| call.text(index))
                    .any(|text| here(&text));
                assert!(
                    node.is_none() && !touches && other != "io_uring_setup",
                    "{other} is not modelled: {:?}",
                    call.arguments
                );
                None
            }
        }
    }

    /// The path that is this argument, when it is one of ours.
    fn path(&self, call: &Call, index: usize) -> Option<String> {
        let text = call.text(index)?;
        let plain = text.starts_with('/') || index == 0 || call.arguments[index - 1] == "AT_FDCWD";
        assert!(plain, "a path below an open folder is not modelled: {text}");
        self.disk.inside(&text)
    }

    fn naming(&self, call: &Call, path: usize, new: Naming) -> Option<Doing> {
        let path = self.path(call, path)?;
        Some(Doing::Naming { path, new })
    }

    fn opening(&self, call: &Call, index: usize) -> Option<Doing> {
        let path = self.path(call, index)?;
        let flags = index + 1;
        assert!(!call.has(flags, "O_APPEND"), "O_APPEND is not modelled: {path}");
        Some(Doing::Opening {
            path,
            create: call.has(flags, "O_CREAT"),
            empty: call.has(flags, "O_TRUNC"),
        })
    }

    /// A 200 on its way out counts from the moment at which it is handed to the kernel.
    fn answer(&mut self, moment: Moment, call: &Call) {
        // What is not text, or was cut short, is no answer to a batch.
        let Some(bytes) = call.bytes(1) else { return };
        if !bytes.starts_with(b"HTTP/1.1 200") {
            return;
        }
        let text = String::from_utf8_lossy(&bytes);
        let id = text.split("x-request-id: ").nth(1);
        if let Some(id) = id.and_then(|rest| rest.split("\r\n").next()) {
            self.disk.answers.push((moment, id.to_owned()));
        }
    }

    fn leave(&mut self, span: Span, doing: Doing, result: i64) {
        match doing {
            Doing::Opening { path, create, empty } => {
                let node = match self.disk.now(&path) {
                    Some(node) => node,
                    None if create => {
                        let node = self.disk.make(&path, false);
                        self.disk.name(&path, span, Some(node));
                        node
                    }
                    None => panic!("{path} was opened but never made"),
                };
                if empty && !self.disk.nodes[node].changes.is_empty() {
                    self.disk.nodes[node].changes.push((span, Change::Length(0)));
                }
                self.open.insert(result, Open { node, at: 0 });
            }
            Doing::Writing {
                descriptor,
                at,
                mut bytes,
            } => {
                let open = self
                    .open
                    .get_mut(&descriptor)
                    .expect("it is open while it is written");
                bytes.truncate(result as usize);
                let place = at.unwrap_or(open.at);
                if at.is_none() {
                    open.at += bytes.len();
                }
                let change = Change::Write { at: place, bytes };
                self.disk.nodes[open.node].changes.push((span, change));
            }
            Doing::Changing { node, change } => self.disk.nodes[node].changes.push((span, change)),
            Doing::Syncing { node } => self.disk.nodes[node].syncs.push((span.entered, span.left)),
            Doing::Seeking { descriptor } => {
                if let Some(open) = self.open.get_mut(&descriptor) {
                    open.at = result as usize;
                }
            }
            Doing::Naming { path, new } => match new {
                Naming::Folder => {
                    let node = self.disk.make(&path, true);
                    self.disk.name(&path, span, Some(node));
                }
                Naming::Gone => self.disk.name(&path, span, None),
                Naming::Also(from) => {
                    let node = self.disk.now(&from);
                    self.disk.name(&path, span, node);
                }
                Naming::From(from) => {
                    let node = self.disk.now(&from);
                    self.disk.name(&path, span, node);
                    self.disk.name(&from, span, None);
                }
            },
        }
    }

    /// What a killed process was in the middle of either happened or not; the folder knows.
    fn killed(mut self, end: Moment) {
        for (_, (entered, doing)) in std::mem::take(&mut self.inside) {
            let span = Span {
                entered,
                left: end,
                durable: NEVER,
            };
            let happened = match &doing {
                // A sync that never ended promised nothing, and a place in a file is forgotten.
                Doing::Syncing { .. } | Doing::Seeking { .. } => false,
                Doing::Writing {
                    descriptor,
                    at,
                    bytes,
                } => {
                    let open = self.open[descriptor];
                    let at = at.unwrap_or(open.at);
                    let content = std::fs::read(self.disk.root.join(&self.disk.nodes[open.node].path));
                    content.is_ok_and(|content| content.get(at..at + bytes.len()) == Some(bytes.as_slice()))
                }
                Doing::Changing { node, change } => {
                    let content = std::fs::metadata(self.disk.root.join(&self.disk.nodes[*node].path));
                    content.is_ok_and(|content| *change == Change::Length(content.len() as usize))
                }
                Doing::Opening { path, create, .. } => *create && self.disk.root.join(path).exists(),
                Doing::Naming { path, new } => {
                    self.disk.root.join(path).exists() != matches!(new, Naming::Gone)
                }
            };
            if happened {
                let result = match &doing {
                    Doing::Writing { bytes, .. } => bytes.len() as i64,
                    _ => i64::MAX,
                };
                self.leave(span, doing, result);
            }
        }
    }
}
