//! A keyframe's checkpoint, packed: version, then one zstd frame. There are hundreds of them, and they resemble each
//! other in all but their times.

use super::frame;
use crate::StoreError;

const VERSION: u8 = 1;
const LEVEL: i32 = 3;
/// A checkpoint of the most breakers, instances, series and sources that there may be stays well under it.
const MAX_UNPACKED: usize = 1 << 30;
const WHAT: &str = "keyframe";

/// Packs the bytes of a checkpoint.
///
/// # Errors
/// [`StoreError::Unavailable`] when the compressor fails.
pub fn encode_keyframe(checkpoint: &[u8]) -> Result<Vec<u8>, StoreError> {
    frame::compress(VERSION, checkpoint, LEVEL).map_err(|error| StoreError::Unavailable(Box::new(error)))
}

/// And unpacks them.
///
/// # Errors
/// [`StoreError::Corrupt`] when these are not the bytes of a keyframe.
pub fn decode_keyframe(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    match bytes.split_first() {
        Some((&VERSION, frame)) => frame::decompress(frame, MAX_UNPACKED).map_err(|error| error.of(WHAT)),
        Some((version, _)) => Err(StoreError::Corrupt(format!("{WHAT}: unknown version {version}"))),
        None => Err(StoreError::Corrupt(format!("{WHAT}: empty"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_damage_is_noticed() {
        let content: Vec<u8> = (0..10_000u32).flat_map(|n| (n % 97).to_le_bytes()).collect();
        let mut packed = encode_keyframe(&content).unwrap();
        assert!(packed.len() < content.len() / 4);
        assert_eq!(decode_keyframe(&packed).unwrap(), content);
        assert_eq!(decode_keyframe(&encode_keyframe(&[]).unwrap()).unwrap(), [0u8; 0]);
        let last = packed.len() - 1;
        packed[last] ^= 1;
        assert!(decode_keyframe(&packed).is_err());
        assert!(decode_keyframe(&[]).is_err());
        assert!(decode_keyframe(&[9, 1, 2]).is_err());
    }
}
