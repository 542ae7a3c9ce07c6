//! The stored form of a sketch.
//!
//! Version 1: the byte 1, the number of bins, then for each bin its distance from the bin before (from bin −1 for the
//! first) minus one and its count minus one. Numbers are little-endian base-128 varints. Decoding is total: anything
//! that encoding could not have made (unknown version, a bin outside the range, bytes left over) is `None`.

use super::{BINS, Sketch};

const VERSION: u8 = 1;

impl Sketch {
    /// Its stored form; the first byte is the version. Two bytes per bin are typical.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(3 + 3 * self.bins.len());
        bytes.push(VERSION);
        write(&mut bytes, self.bins.len() as u64);
        let mut next = 0;
        for (bin, count) in self.bins.iter() {
            write(&mut bytes, bin - next);
            write(&mut bytes, count - 1);
            next = bin + 1;
        }
        bytes
    }

    /// Reads the stored form. `None` when it is not one; never panics, and never takes more memory than the bytes
    /// given plus a constant.
    pub fn from_bytes(bytes: &[u8]) -> Option<Sketch> {
        let (version, mut rest) = bytes.split_first()?;
        if *version != VERSION {
            return None;
        }
        let bins = read(&mut rest)?;
        let mut sketch = Sketch::new();
        let mut next = 0u64;
        for _ in 0..bins {
            let bin = next.checked_add(read(&mut rest)?)?;
            let count = read(&mut rest)?.checked_add(1)?;
            if bin >= BINS as u64 {
                return None;
            }
            sketch.bins.add(bin, count);
            next = bin + 1;
        }
        rest.is_empty().then_some(sketch)
    }
}

fn write(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if part != 0 && part.leading_zeros() < shift {
            return None;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Sketch;

    #[test]
    fn golden() {
        assert_eq!(Sketch::new().to_bytes(), [1, 0]);
        let mut sketch = Sketch::new();
        sketch.add(0, 1);
        sketch.add(1, 300);
        sketch.add(1_000_000, 2);
        // Bins 0, 1 and 692 (1 s: ⌈ln 10^6 / ln γ⌉ + 1).
        assert_eq!(sketch.to_bytes(), [1, 3, 0, 0, 0, 0xab, 2, 0xb2, 5, 1]);
    }

    #[test]
    fn what_encoding_cannot_make_is_refused() {
        for bytes in [
            &[][..],
            &[2, 0],
            &[1],
            &[1, 1, 0],
            &[1, 0, 0],
            &[1, 1, 0xee, 9, 0],
            &[1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ] {
            assert_eq!(Sketch::from_bytes(bytes), None, "{bytes:?}");
        }
        assert!(Sketch::from_bytes(&[1, 1, 0xed, 9, 0]).is_some(), "the last bin");
    }
}
