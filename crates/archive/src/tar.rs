//! The container: POSIX ustar, as every `tar` reads it, in exactly one form. A header is accepted only when it is byte
//! for byte what we would write, so no bit of it is free to be anything else.

/// Everything in a tar archive is a multiple of this.
pub(crate) const BLOCK: usize = 512;

/// Files of up to so many bytes have their size in octal digits; larger ones in binary, as GNU and BSD tar do.
const OCTAL_LIMIT: u64 = 1 << 33;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Seconds since 1970.
    pub(crate) modified: u64,
}

impl Header {
    /// `None` when the name is too long for a header: none of ours is.
    pub(crate) fn encode(&self) -> Option<[u8; BLOCK]> {
        let mut block = [0; BLOCK];
        let name = self.name.as_bytes();
        if name.is_empty() || name.len() > 100 || name.contains(&0) {
            return None;
        }
        block[..name.len()].copy_from_slice(name);
        octal(&mut block[100..108], 0o600);
        octal(&mut block[108..116], 0);
        octal(&mut block[116..124], 0);
        if self.size < OCTAL_LIMIT {
            octal(&mut block[124..136], self.size);
        } else {
            block[124] = 0x80;
            block[128..136].copy_from_slice(&self.size.to_be_bytes());
        }
        octal(&mut block[136..148], self.modified.min(OCTAL_LIMIT - 1));
        block[148..156].fill(b' ');
        block[156] = b'0';
        block[257..265].copy_from_slice(b"ustar\x0000");
        octal(&mut block[329..337], 0);
        octal(&mut block[337..345], 0);
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        octal(&mut block[148..155], sum);
        Some(block)
    }

    /// `None` unless it is exactly what [`Header::encode`] gives.
    pub(crate) fn decode(block: &[u8; BLOCK]) -> Option<Header> {
        let name = block[..100].split(|byte| *byte == 0).next()?;
        let size = if block[124] == 0x80 {
            u64::from_be_bytes(block[128..136].try_into().ok()?)
        } else {
            from_octal(&block[124..136])?
        };
        let header = Header {
            name: String::from_utf8(name.to_vec()).ok()?,
            size,
            modified: from_octal(&block[136..148])?,
        };
        (header.encode()? == *block).then_some(header)
    }
}

/// How many zeros follow so many bytes.
pub(crate) fn padding(size: u64) -> usize {
    let block = BLOCK as u64;
    ((block - size % block) % block) as usize
}

/// Digits with leading zeros, then a NUL.
fn octal(field: &mut [u8], value: u64) {
    let digits = field.len() - 1;
    for (index, byte) in field[..digits].iter_mut().rev().enumerate() {
        *byte = b'0' + ((value >> (3 * index)) & 7) as u8;
    }
    field[digits] = 0;
}

fn from_octal(field: &[u8]) -> Option<u64> {
    let (last, digits) = field.split_last()?;
    let good = *last == 0 && digits.iter().all(|byte| (b'0'..=b'7').contains(byte));
    good.then(|| {
        digits
            .iter()
            .fold(0, |value, byte| value << 3 | u64::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(size: u64) -> Header {
        Header {
            name: "sqlite/fuseboard.db.zst".into(),
            size,
            modified: 1_795_184_880,
        }
    }

    #[test]
    fn headers_of_any_size_are_read_as_written() {
        for size in [0, 1, 511, OCTAL_LIMIT - 1, OCTAL_LIMIT, u64::MAX] {
            let block = header(size).encode().unwrap();
            assert_eq!(Header::decode(&block), Some(header(size)), "{size}");
        }
    }

    #[test]
    fn no_bit_of_a_header_is_free() {
        let whole = header(4_711).encode().unwrap();
        for bit in 0..BLOCK * 8 {
            let mut block = whole;
            block[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&block), None, "bit {bit}");
        }
    }

    #[test]
    fn padding_fills_blocks() {
        assert_eq!(
            [padding(0), padding(1), padding(511), padding(512)],
            [0, 511, 1, 0]
        );
    }
}
