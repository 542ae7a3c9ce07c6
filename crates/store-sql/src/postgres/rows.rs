//! Rows as binary COPY, and errors of moving them.

use std::io;

use crate::OpenError;

/// Why rows did not move.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The database.
    #[error("the table {table} of {database} cannot be copied")]
    Database {
        /// The database's name.
        database: String,
        /// Which table.
        table: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// What was read is not binary COPY.
    #[error("the rows of {table} cannot be read: {why}")]
    Rows {
        /// Which table.
        table: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The other side: where rows go to, or come from.
    #[error(transparent)]
    Other(io::Error),
    /// What holds for every use of a database.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// `PGCOPY\n\xff\r\n\0`, flags, length of an extension: all of ours are zero.
const SIGNATURE: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Counts the rows of a binary COPY that passes by in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct RowCounter {
    seen: usize,
    state: State,
    /// Bytes of a number that is not whole yet.
    partial: Vec<u8>,
    pub(super) rows: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Within the signature.
    #[default]
    Start,
    /// Before a row's number of fields.
    Row,
    /// Before a field's length; so many fields are left.
    Length(u16),
    /// Within a field: bytes left of it, fields left behind it.
    Field(u32, u16),
    /// Behind the end.
    End,
}

impl RowCounter {
    /// Takes the next piece in.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Result<(), &'static str> {
        while !bytes.is_empty() {
            match self.state {
                State::Start => {
                    let wanted = &SIGNATURE[self.seen..];
                    let step = wanted.len().min(bytes.len());
                    if bytes[..step] != wanted[..step] {
                        return Err("they do not begin as binary COPY does");
                    }
                    self.seen += step;
                    bytes = &bytes[step..];
                    if self.seen == SIGNATURE.len() {
                        self.state = State::Row;
                    }
                }
                State::Row => {
                    let Some(number) = self.number::<2>(&mut bytes) else {
                        break;
                    };
                    match i16::from_be_bytes(number) {
                        -1 => self.state = State::End,
                        fields @ 0.. => {
                            self.rows += 1;
                            self.state = after_field(fields.unsigned_abs());
                        }
                        _ => return Err("a row has a negative number of fields"),
                    }
                }
                State::Length(left) => {
                    let Some(number) = self.number::<4>(&mut bytes) else {
                        break;
                    };
                    self.state = match i32::from_be_bytes(number) {
                        -1 | 0 => after_field(left - 1),
                        length @ 1.. => State::Field(length.unsigned_abs(), left - 1),
                        _ => return Err("a field has a negative length"),
                    };
                }
                State::Field(length, left) => {
                    let step = bytes.len().min(length as usize);
                    bytes = &bytes[step..];
                    self.state = match length - step as u32 {
                        0 => after_field(left),
                        rest => State::Field(rest, left),
                    };
                }
                State::End => return Err("something follows their end"),
            }
        }
        Ok(())
    }

    /// All of it was seen.
    pub(super) fn is_whole(&self) -> bool {
        self.state == State::End
    }

    fn number<const N: usize>(&mut self, bytes: &mut &[u8]) -> Option<[u8; N]> {
        let step = (N - self.partial.len()).min(bytes.len());
        self.partial.extend_from_slice(&bytes[..step]);
        *bytes = &bytes[step..];
        let number = self.partial.as_slice().try_into().ok()?;
        self.partial.clear();
        Some(number)
    }
}

fn after_field(left: u16) -> State {
    match left {
        0 => State::Row,
        left => State::Length(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_rows() -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        for value in [b"abc".as_slice(), b"", b"\xff\xff"] {
            bytes.extend(2_i16.to_be_bytes());
            bytes.extend((value.len() as i32).to_be_bytes());
            bytes.extend(value);
            bytes.extend((-1_i32).to_be_bytes());
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    #[test]
    fn rows_are_counted_however_they_are_cut() {
        let bytes = three_rows();
        for size in 1..=bytes.len() {
            let mut counter = RowCounter::default();
            for piece in bytes.chunks(size) {
                assert!(!counter.is_whole());
                counter.take(piece).unwrap();
            }
            assert_eq!((counter.rows, counter.is_whole()), (3, true), "pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_copy_is_refused() {
        assert!(RowCounter::default().take(b"PGCOPZ").is_err());
        let mut longer = three_rows();
        longer.push(0);
        assert!(RowCounter::default().take(&longer).is_err());
        let mut counter = RowCounter::default();
        counter.take(&three_rows()[..30]).unwrap();
        assert!(!counter.is_whole());
    }
}
