//! The file that a backup is (ADR 0020): a tar archive of zstd-compressed parts, closed by a manifest that says what
//! each part holds, how large it is and what its BLAKE3 is. `tar` and `zstd` alone can take it apart.
//!
//! [`Writer`] makes one under another name and gives it its own name only when it is whole and on disk. [`Archive`]
//! opens one: every byte of the file is accounted for, so that a flipped, missing or added byte anywhere is told, with
//! the part it is in. Names are of a few known forms; nothing that a foreign archive says becomes a path.
//!
//! Deliberately absent: databases (store-sql reads and fills them), the clock (times are arguments), and any secret.
//! Checksums tell damage, not forgery: whoever can write an archive can write its checksums too.

mod error;
mod hashing;
mod manifest;
mod name;
mod read;
mod tar;
mod write;

pub use error::ArchiveError;
pub use manifest::{Contents, DatabaseKind, FORMAT, JournalRange, Manifest, NOT_INCLUDED, Part, Sequence};
pub use name::PartName;
pub use read::{Archive, PartReader};
pub use write::Writer;
