//! Varints at speed: chunks hold millions of them, most of one byte.

use crate::codec::wire::{Malformed, Read};

/// Columns being read.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes }
    }

    #[inline]
    pub fn uint(&mut self) -> Read<u64> {
        match *self.bytes {
            [first, ref rest @ ..] if first < 0x80 => {
                self.bytes = rest;
                Ok(u64::from(first))
            }
            [first, second, ref rest @ ..] if second < 0x80 => {
                self.bytes = rest;
                Ok(u64::from(first & 0x7f) | u64::from(second) << 7)
            }
            _ => self.long(),
        }
    }

    #[cold]
    fn long(&mut self) -> Read<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.bytes.split_first().ok_or(Malformed("it ends too early"))?;
            self.bytes = rest;
            let part = u64::from(byte & 0x7f);
            if part != 0 && part.leading_zeros() < shift {
                return Err(Malformed("a number is too large"));
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed("a number is too long"))
    }

    pub fn int(&mut self) -> Read<i64> {
        self.uint()
            .map(|value| ((value >> 1) as i64) ^ -((value & 1) as i64))
    }

    /// A number that must fit a smaller type.
    pub fn narrow<T: TryFrom<u64>>(&mut self) -> Read<T> {
        T::try_from(self.uint()?).map_err(|_| Malformed("a number is too large"))
    }

    /// A number of things that take at least one byte each in what follows.
    pub fn count(&mut self) -> Read<usize> {
        let count: usize = self.narrow()?;
        if count > self.bytes.len() {
            return Err(Malformed("it declares more than it holds"));
        }
        Ok(count)
    }

    pub fn bytes(&mut self, length: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or(Malformed("it ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    /// A stretch that declares its length.
    pub fn section(&mut self) -> Read<Cursor<'a>> {
        let length = self.count()?;
        self.bytes(length).map(Cursor::new)
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Nothing may be left over.
    pub fn end(&self) -> Read<()> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(Malformed("it has bytes left over"))
        }
    }
}

pub(super) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn put_int(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// A stretch and its length in front.
pub(super) fn put_section(out: &mut Vec<u8>, section: &[u8]) {
    put(out, section.len() as u64);
    out.extend_from_slice(section);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_round_trips() {
        let mut out = Vec::new();
        let values: Vec<u64> = (0..64)
            .flat_map(|bit| [(1u64 << bit) - 1, 1 << bit])
            .chain([u64::MAX])
            .collect();
        for value in &values {
            put(&mut out, *value);
            put_int(&mut out, *value as i64);
        }
        let mut cursor = Cursor::new(&out);
        for value in &values {
            assert_eq!(cursor.uint(), Ok(*value));
            assert_eq!(cursor.int(), Ok(*value as i64));
        }
        assert_eq!(cursor.end(), Ok(()));
        assert!(cursor.uint().is_err());
    }

    #[test]
    fn what_cannot_be_a_number_is_refused() {
        for bytes in [&[][..], &[0x80], &[0x80, 0x80], &[0xff; 10], &[0xff; 11]] {
            assert!(Cursor::new(bytes).uint().is_err(), "{bytes:?}");
        }
        assert!(Cursor::new(&[0xff, 0xff, 3]).narrow::<u8>().is_err());
        assert!(Cursor::new(&[9, 1]).section().is_err());
    }
}
