//! What can go wrong with secrets. No message holds one.

use std::io;
use std::path::PathBuf;

use store::{Place, StoreError};

use crate::LONGEST;

/// Why a secret cannot be kept or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file with the master keys cannot be read or written.
    #[error("the master key file {path} cannot be used: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error(
        "the master key file {path} must hold a key of 64 hexadecimal digits in each line that does not begin with #, \
         and line {line} is none; put the right file back, or point secrets.key_file at it"
    )]
    Malformed {
        /// Which.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// The database needs a master key that is not in the file.
    #[error(
        "the secrets in this database are sealed with the master key {key}, which is not in {path}. Put the file back \
         that belongs to this database (or point secrets.key_file at it). If it is lost for good, `fuseboard secrets \
         forget --the-key-is-lost` removes what nobody can open any more."
    )]
    MissingKey {
        /// Its id.
        key: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another process rotates or prunes just now.
    #[error("another process is changing the master key file {0}; try again when it is done")]
    Busy(PathBuf),
    /// The system has no randomness to give.
    #[error("no randomness for a key: {0}")]
    Random(getrandom::Error),
    /// What is stored is not what was put there.
    #[error(
        "the secret {} of {} {} cannot be opened: it was changed in the database, or comes from another place in it. \
         Give it anew, or remove what has it.", .0.field, .0.kind, .0.owner
    )]
    Unsound(Place),
    /// A data key is not what was put there.
    #[error(
        "data key {n} of {holder} cannot be opened: it was changed in the database, or comes from another place"
    )]
    UnsoundKey {
        /// Whose, in words.
        holder: String,
        /// Its number.
        n: u32,
    },
    /// It was given for another destination.
    #[error("the secret {} of {} {} was given for {bound} and is sent nowhere else", place.field, place.kind, place.owner)]
    OtherDestination {
        /// Which.
        place: Place,
        /// What it was given for, in words.
        bound: String,
    },
    /// It does not fit.
    #[error("a secret has at most {LONGEST} bytes, this one has {0}")]
    TooLong(usize),
    /// The store failed.
    #[error("the secrets cannot be read or written")]
    Store(#[from] StoreError),
}
