//! A row on its way: as binary COPY has it, which is what Postgres reads and writes. So a row of either database is the
//! same bytes, and so is its digest.

/// `PGCOPY\n\xff\r\n\0`, flags, length of an extension: all of ours are zero.
pub(crate) const HEAD: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands behind the last row.
pub(crate) const TAIL: [u8; 2] = (-1_i16).to_be_bytes();

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
    Bytes,
    Bool,
}

impl Kind {
    /// Of a type of Postgres; `None` for one that no table of ours has.
    pub(crate) fn of_postgres(name: &str) -> Option<Kind> {
        Some(match name {
            "int8" => Kind::Int,
            "text" => Kind::Text,
            "bytea" => Kind::Bytes,
            "bool" => Kind::Bool,
            _ => return None,
        })
    }
}

/// A row being written, field by field.
pub(crate) struct RowWriter(Vec<u8>);

impl RowWriter {
    pub(crate) fn new(fields: usize) -> RowWriter {
        let fields = i16::try_from(fields).unwrap_or(i16::MAX);
        RowWriter(fields.to_be_bytes().to_vec())
    }

    pub(crate) fn int(&mut self, value: Option<i64>) {
        self.field(value.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    }

    pub(crate) fn bool(&mut self, value: Option<bool>) {
        self.field(
            value
                .map(|value| [u8::from(value)])
                .as_ref()
                .map(<[u8; 1]>::as_slice),
        );
    }

    /// A text, or bytes.
    pub(crate) fn field(&mut self, value: Option<&[u8]>) {
        let length = match value {
            // No field of ours is near 2 GiB; what is too long would be refused by Postgres.
            Some(bytes) => i32::try_from(bytes.len()).unwrap_or(i32::MAX),
            None => -1,
        };
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value.unwrap_or_default());
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Rows in any order, in 40 bytes: how many, and the sum of their digests. Tells damage and loss, not forgery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) rows: u64,
    halves: [u128; 2],
}

impl Sum {
    pub(crate) fn add(&mut self, row: &[u8]) {
        let hash = blake3::hash(row);
        self.join(&Sum::read(1, hash.as_bytes()));
    }

    pub(crate) fn join(&mut self, other: &Sum) {
        self.rows += other.rows;
        for (half, more) in self.halves.iter_mut().zip(other.halves) {
            *half = half.wrapping_add(more);
        }
    }

    /// What [`Sum::bytes`] gave.
    pub(crate) fn read(rows: u64, bytes: &[u8; 32]) -> Sum {
        let mut halves = [0; 2];
        for (half, bytes) in halves.iter_mut().zip(bytes.as_chunks::<16>().0) {
            *half = u128::from_be_bytes(*bytes);
        }
        Sum { rows, halves }
    }

    pub(crate) fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (half, bytes) in self.halves.iter().zip(bytes.as_chunks_mut::<16>().0) {
            *bytes = half.to_be_bytes();
        }
        bytes
    }
}

/// Takes a binary COPY that comes in pieces of any size, row by row.
#[derive(Default)]
pub(crate) struct Splitter {
    buffer: Vec<u8>,
    begun: bool,
    ended: bool,
}

impl Splitter {
    /// The next piece; each row that is whole now goes to `each`.
    pub(crate) fn take(&mut self, piece: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), &'static str> {
        self.buffer.extend_from_slice(piece);
        let mut at = 0;
        if !self.begun {
            let Some(head) = self.buffer.get(..HEAD.len()) else {
                return Ok(());
            };
            if head != HEAD {
                return Err("they do not begin as binary COPY does");
            }
            self.begun = true;
            at = HEAD.len();
        }
        while !self.ended {
            match row_end(&self.buffer[at..])? {
                Found::More => break,
                Found::End => {
                    self.ended = true;
                    at += TAIL.len();
                }
                Found::Row(length) => {
                    each(&self.buffer[at..at + length]);
                    at += length;
                }
            }
        }
        self.buffer.drain(..at);
        if self.ended && !self.buffer.is_empty() {
            return Err("something follows their end");
        }
        Ok(())
    }

    /// All of it was seen.
    pub(crate) fn is_whole(&self) -> bool {
        self.ended
    }
}

enum Found {
    More,
    Row(usize),
    End,
}

/// Where the row ends that begins here.
fn row_end(bytes: &[u8]) -> Result<Found, &'static str> {
    let Some((fields, mut rest)) = bytes.split_first_chunk::<2>() else {
        return Ok(Found::More);
    };
    let fields = match i16::from_be_bytes(*fields) {
        -1 => return Ok(Found::End),
        fields @ 0.. => fields,
        _ => return Err("a row has a negative number of fields"),
    };
    for _ in 0..fields {
        let Some((length, behind)) = rest.split_first_chunk::<4>() else {
            return Ok(Found::More);
        };
        let length = match i32::from_be_bytes(*length) {
            -1 => 0,
            length @ 0.. => length.unsigned_abs() as usize,
            _ => return Err("a field has a negative length"),
        };
        match behind.get(length..) {
            Some(behind) => rest = behind,
            None => return Ok(Found::More),
        }
    }
    Ok(Found::Row(bytes.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Vec<u8> {
        let mut row = RowWriter::new(4);
        row.int(Some(-7));
        row.field(Some(text.as_bytes()));
        row.field(None);
        row.bool(Some(true));
        row.finish()
    }

    #[test]
    fn rows_are_found_however_they_are_cut() {
        let rows = [row("a"), row(""), row("\u{2026} longer")];
        let whole = [&HEAD[..], &rows.concat(), &TAIL].concat();
        for size in 1..=whole.len() {
            let mut splitter = Splitter::default();
            let mut found = Vec::new();
            for piece in whole.chunks(size) {
                assert!(!splitter.is_whole());
                splitter.take(piece, |row| found.push(row.to_vec())).unwrap();
            }
            assert!(splitter.is_whole());
            assert_eq!(found, rows, "pieces of {size}");
        }
        let mut splitter = Splitter::default();
        let longer = [&whole[..], b"x"].concat();
        assert!(splitter.take(&longer, |_| {}).is_err());
        assert!(
            Splitter::default()
                .take(b"PGCOPY\n\xff\r\n\0\0\0\0\x01\0\0\0\0", |_| {})
                .is_err()
        );
    }

    #[test]
    fn a_sum_knows_rows_not_their_order() {
        let of = |rows: &[&str]| {
            let mut sum = Sum::default();
            rows.iter().for_each(|text| sum.add(&row(text)));
            sum
        };
        assert_eq!(of(&["a", "b", "c"]), of(&["c", "a", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["a", "c"]));
        assert_ne!(of(&["a", "b"]), of(&["a", "b", "b"]));
        let mut joined = of(&["a"]);
        joined.join(&of(&["b", "c"]));
        assert_eq!(joined, of(&["a", "b", "c"]));
        assert_eq!(Sum::read(3, &joined.bytes()), joined);
    }
}
