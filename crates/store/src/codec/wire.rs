//! Varints, optional values and dictionary strings: the alphabet in which columns are written and read.

use std::rc::Rc;

use hashbrown::HashMap;

use crate::StoreError;

/// Why bytes cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub &'static str);

impl Malformed {
    /// As the store's error, with what was being read.
    pub(super) fn of(self, what: &str) -> StoreError {
        StoreError::Corrupt(format!("{what}: {}", self.0))
    }
}

/// A varint has at most ten bytes: 64 bits and one more, because `Some(u64::MAX)` is written as 2⁶⁴.
const MAX_VARINT: usize = 10;

/// Maps signed to unsigned so that small differences stay small: 0, -1, 1, -2 become 0, 1, 2, 3.
const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

const fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

/// Columns being written. Strings are gathered into a dictionary that is written in front of them.
#[derive(Default)]
pub(super) struct Writer<'a> {
    out: Vec<u8>,
    known: HashMap<&'a str, u64>,
    strings: Vec<&'a str>,
}

impl<'a> Writer<'a> {
    pub(super) fn byte(&mut self, value: u8) {
        self.out.push(value);
    }

    pub(super) fn bytes(&mut self, value: &[u8]) {
        self.out.extend_from_slice(value);
    }

    pub(super) fn uint(&mut self, value: u64) {
        put_varint(&mut self.out, value);
    }

    pub(super) fn int(&mut self, value: i64) {
        self.uint(zigzag(value));
    }

    /// Zero is `None`, anything else is one more than the value.
    pub(super) fn opt_uint(&mut self, value: Option<u64>) {
        match value {
            None => self.byte(0),
            // One more than this does not fit 64 bits.
            Some(u64::MAX) => self.bytes(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]),
            Some(value) => self.uint(value + 1),
        }
    }

    pub(super) fn opt_int(&mut self, value: Option<i64>) {
        self.opt_uint(value.map(zigzag));
    }

    pub(super) fn opt_float(&mut self, value: Option<f64>) {
        match value {
            None => self.byte(0),
            Some(value) => {
                self.byte(1);
                self.bytes(&value.to_bits().to_le_bytes());
            }
        }
    }

    pub(super) fn flag(&mut self, value: bool) {
        self.byte(u8::from(value));
    }

    pub(super) fn opt_flag(&mut self, value: Option<bool>) {
        self.byte(value.map_or(0, |value| 1 + u8::from(value)));
    }

    /// A string that is likely to come again.
    pub(super) fn text(&mut self, value: &'a str) {
        let index = self.index(value);
        self.uint(index);
    }

    fn index(&mut self, value: &'a str) -> u64 {
        let next = self.strings.len() as u64;
        let index = *self.known.entry(value).or_insert(next);
        if index == next {
            self.strings.push(value);
        }
        index
    }

    pub(super) fn opt_text(&mut self, value: Option<&'a str>) {
        match value {
            None => self.byte(0),
            Some(value) => {
                let index = self.index(value);
                self.uint(index + 1);
            }
        }
    }

    /// A string that is unlikely to come again: written in place.
    pub(super) fn opt_unique(&mut self, value: Option<&str>) {
        self.opt_uint(value.map(|value| value.len() as u64));
        self.bytes(value.unwrap_or_default().as_bytes());
    }

    /// The dictionary, then the columns.
    pub(super) fn finish(self) -> Vec<u8> {
        let text: usize = self.strings.iter().map(|string| string.len() + 2).sum();
        let mut all = Vec::with_capacity(self.out.len() + text + MAX_VARINT);
        put_varint(&mut all, self.strings.len() as u64);
        for string in &self.strings {
            put_varint(&mut all, string.len() as u64);
        }
        for string in &self.strings {
            all.extend_from_slice(string.as_bytes());
        }
        all.extend_from_slice(&self.out);
        all
    }

    /// The columns alone; for those that use no dictionary.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        debug_assert!(self.strings.is_empty(), "these bytes have no dictionary");
        self.out
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Columns being read. `budget` bounds the memory of what is built from them: every string and list element is paid
/// from it, so that a few bytes cannot name one long string a million times.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    input: &'a [u8],
    strings: Rc<[&'a str]>,
    budget: usize,
}

/// What a reader returns.
pub(super) type Read<T> = Result<T, Malformed>;

impl<'a> Reader<'a> {
    /// Over columns without a dictionary.
    pub(super) fn new(input: &'a [u8], budget: usize) -> Reader<'a> {
        Reader {
            input,
            strings: Rc::default(),
            budget,
        }
    }

    /// Over what [`Writer::finish`] made.
    pub(super) fn with_dictionary(input: &'a [u8], budget: usize) -> Read<Reader<'a>> {
        let mut reader = Reader::new(input, budget);
        let count = reader.count()?;
        let mut lengths = Vec::with_capacity(count);
        for _ in 0..count {
            lengths.push(reader.count()?);
        }
        let mut strings = Vec::with_capacity(count);
        for length in lengths {
            strings.push(reader.utf8(length)?);
        }
        reader.strings = strings.into();
        Ok(reader)
    }

    pub(super) fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self.input.split_first().ok_or(Malformed("it ends too early"))?;
        self.input = rest;
        Ok(*first)
    }

    pub(super) fn bytes(&mut self, length: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self
            .input
            .split_at_checked(length)
            .ok_or(Malformed("it ends too early"))?;
        self.input = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Read<u128> {
        // Most numbers are small.
        if let [first @ 0..=0x7f, rest @ ..] = self.input {
            self.input = rest;
            return Ok(u128::from(*first));
        }
        let mut value = 0u128;
        for index in 0..MAX_VARINT {
            let byte = self.byte()?;
            value |= u128::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed("a number is too long"))
    }

    pub(super) fn uint(&mut self) -> Read<u64> {
        u64::try_from(self.varint()?).map_err(|_| Malformed("a number is too large"))
    }

    /// A number that must fit a smaller type.
    pub(super) fn narrow<T: TryFrom<u64>>(&mut self) -> Read<T> {
        T::try_from(self.uint()?).map_err(|_| Malformed("a number is too large"))
    }

    pub(super) fn int(&mut self) -> Read<i64> {
        self.uint().map(unzigzag)
    }

    /// A number of things that take at least one byte each in what follows.
    pub(super) fn count(&mut self) -> Read<usize> {
        let count: usize = self.narrow()?;
        if count > self.input.len() {
            return Err(Malformed("it declares more than it holds"));
        }
        Ok(count)
    }

    pub(super) fn opt_uint(&mut self) -> Read<Option<u64>> {
        match self.varint()? {
            0 => Ok(None),
            more => u64::try_from(more - 1)
                .map(Some)
                .map_err(|_| Malformed("a number is too large")),
        }
    }

    pub(super) fn opt_narrow<T: TryFrom<u64>>(&mut self) -> Read<Option<T>> {
        self.opt_uint()?
            .map(|value| T::try_from(value).map_err(|_| Malformed("a number is too large")))
            .transpose()
    }

    pub(super) fn opt_int(&mut self) -> Read<Option<i64>> {
        Ok(self.opt_uint()?.map(unzigzag))
    }

    pub(super) fn opt_float(&mut self) -> Read<Option<f64>> {
        match self.byte()? {
            0 => Ok(None),
            1 => {
                let mut bits = [0u8; 8];
                bits.copy_from_slice(self.bytes(8)?);
                Ok(Some(f64::from_bits(u64::from_le_bytes(bits))))
            }
            _ => Err(Malformed("a flag is neither 0 nor 1")),
        }
    }

    pub(super) fn flag(&mut self) -> Read<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed("a flag is neither 0 nor 1")),
        }
    }

    pub(super) fn opt_flag(&mut self) -> Read<Option<bool>> {
        match self.byte()? {
            0 => Ok(None),
            1 => Ok(Some(false)),
            2 => Ok(Some(true)),
            _ => Err(Malformed("an optional flag is none of 0, 1, 2")),
        }
    }

    pub(super) fn text(&mut self) -> Read<String> {
        let index: usize = self.narrow()?;
        self.entry(index)
    }

    pub(super) fn opt_text(&mut self) -> Read<Option<String>> {
        self.opt_narrow::<usize>()?
            .map(|index| self.entry(index))
            .transpose()
    }

    pub(super) fn opt_unique(&mut self) -> Read<Option<String>> {
        let Some(length) = self.opt_narrow::<usize>()? else {
            return Ok(None);
        };
        let text = self.utf8(length)?;
        self.pay(text.len())?;
        Ok(Some(text.to_owned()))
    }

    /// A string of known length, in place.
    pub(super) fn utf8(&mut self, length: usize) -> Read<&'a str> {
        std::str::from_utf8(self.bytes(length)?).map_err(|_| Malformed("a string is not UTF-8"))
    }

    fn entry(&mut self, index: usize) -> Read<String> {
        let text = *self
            .strings
            .get(index)
            .ok_or(Malformed("a string is not in the dictionary"))?;
        self.pay(text.len())?;
        Ok(text.to_owned())
    }

    /// Where a string stands in the dictionary.
    pub(super) fn place(&self, text: &str) -> Option<u64> {
        let place = self.strings.iter().position(|known| *known == text)?;
        u64::try_from(place).ok()
    }

    /// Passes so many numbers, whatever they are: each ends with the first byte below 128.
    pub(super) fn pass_numbers(&mut self, mut count: usize) -> Read<()> {
        const CONTINUES: u64 = 0x8080_8080_8080_8080;
        while count >= 8
            && let Some((eight, rest)) = self.input.split_first_chunk::<8>()
        {
            count -= (!u64::from_le_bytes(*eight) & CONTINUES).count_ones() as usize;
            self.input = rest;
        }
        while count > 0 {
            count -= usize::from(self.byte()? < 0x80);
        }
        Ok(())
    }

    /// Passes so many strings that are written in place.
    pub(super) fn pass_unique(&mut self, count: usize) -> Read<()> {
        for _ in 0..count {
            if let Some(length) = self.opt_narrow()? {
                self.bytes(length)?;
            }
        }
        Ok(())
    }

    /// Takes memory from the budget.
    pub(super) fn pay(&mut self, bytes: usize) -> Read<()> {
        self.budget = self
            .budget
            .checked_sub(bytes)
            .ok_or(Malformed("it would take too much memory"))?;
        Ok(())
    }

    /// Nothing may be left over.
    pub(super) fn end(self) -> Read<()> {
        if self.input.is_empty() {
            Ok(())
        } else {
            Err(Malformed("it has bytes left over"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_round_trip() {
        let mut writer = Writer::default();
        for value in [0, 1, 127, 128, u64::MAX] {
            writer.uint(value);
            writer.opt_uint(Some(value));
        }
        for value in [0, -1, i64::MIN, i64::MAX] {
            writer.int(value);
            writer.opt_int(Some(value));
        }
        writer.opt_uint(None);
        let bytes = writer.into_bytes();
        let mut reader = Reader::new(&bytes, 0);
        for value in [0, 1, 127, 128, u64::MAX] {
            assert_eq!(reader.uint(), Ok(value));
            assert_eq!(reader.opt_uint(), Ok(Some(value)));
        }
        for value in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(reader.int(), Ok(value));
            assert_eq!(reader.opt_int(), Ok(Some(value)));
        }
        assert_eq!(reader.opt_uint(), Ok(None));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn a_long_string_named_often_is_refused_by_the_budget() {
        let long = "x".repeat(1_000);
        let mut writer = Writer::default();
        for _ in 0..100 {
            writer.text(&long);
        }
        let bytes = writer.finish();
        let mut reader = Reader::with_dictionary(&bytes, 10_000).unwrap();
        let read = (0..100).try_for_each(|_| reader.text().map(drop));
        assert_eq!(read, Err(Malformed("it would take too much memory")));
    }

    #[test]
    fn declared_lengths_are_checked() {
        let mut writer = Writer::default();
        writer.uint(u64::MAX);
        let bytes = writer.into_bytes();
        assert!(Reader::new(&bytes, 0).count().is_err());
        assert!(Reader::with_dictionary(&bytes, 0).is_err());
        assert!(Reader::new(&[0xff; 11], 0).uint().is_err());
    }
}
