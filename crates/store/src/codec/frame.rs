//! A version byte and one zstd frame with its checksum: what large stored bytes are wrapped in.

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{self, CParameter};

use super::wire::{Malformed, Read};

/// The version, then the frame.
pub(super) fn compress(version: u8, content: &[u8], level: i32) -> std::io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(level)?;
    compressor.set_parameter(CParameter::ChecksumFlag(true))?;
    let mut bytes = Vec::with_capacity(1 + zstd_safe::compress_bound(content.len()));
    bytes.push(version);
    bytes.extend_from_slice(&compressor.compress(content)?);
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// The content of a frame (without the version byte) that declares at most `limit` bytes.
pub(super) fn decompress(frame: &[u8], limit: usize) -> Read<Vec<u8>> {
    let size = zstd_safe::get_frame_content_size(frame)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .ok_or(Malformed("the frame has no size"))?;
    if size > limit {
        return Err(Malformed("the frame is too large"));
    }
    let mut decompressor = Decompressor::new().map_err(|_| Malformed("no decompressor"))?;
    let content = decompressor
        .decompress(frame, size)
        .map_err(|_| Malformed("the frame is damaged"))?;
    if content.len() == size {
        Ok(content)
    } else {
        Err(Malformed("the frame is damaged"))
    }
}
