//! Reading a request's body: decoded as it arrives, never more than the limit in memory, never for longer than the
//! sender is given.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use futures::StreamExt;
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

/// A body may have so many bytes, after decompression.
pub const LIMIT: usize = 5 << 20;
/// A body may grow by this factor when it is decompressed…
const RATIO: usize = 100;
/// …once it is larger than this: a small batch of equal events compresses better than any bomb and harms nobody.
const RATIO_COUNTS_ABOVE: usize = 1 << 20;
/// A zstd frame may ask for a window of 2^23 bytes, what RFC 8878 wants every decoder to support.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How the body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// How long a sender may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Between two pieces.
    pub gap: Duration,
    /// For all of it.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            gap: Duration::from_secs(10),
            total: Duration::from_secs(60),
        }
    }
}

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// More than [`LIMIT`].
    TooLarge,
    /// It grows too much when it is decompressed.
    Bomb,
    /// It is not what `Content-Encoding` says; in words.
    Garbled(String),
    /// The sender took too long.
    Slow,
    /// The connection broke.
    Gone,
}

/// Reads and decodes a body.
///
/// # Errors
/// See [`BodyFault`].
pub async fn read(body: Body, coding: Coding, patience: Patience) -> Result<Bytes, BodyFault> {
    tokio::time::timeout(patience.total, read_on(body, coding, patience.gap))
        .await
        .unwrap_or(Err(BodyFault::Slow))
}

async fn read_on(body: Body, coding: Coding, gap: Duration) -> Result<Bytes, BodyFault> {
    let mut decoder = Decoder::new(coding)?;
    let mut stream = body.into_data_stream();
    loop {
        match tokio::time::timeout(gap, stream.next()).await {
            Err(_) => return Err(BodyFault::Slow),
            Ok(None) => return decoder.finish(),
            Ok(Some(Err(_))) => return Err(BodyFault::Gone),
            Ok(Some(Ok(chunk))) => {
                if let Err(fault) = decoder.push(&chunk) {
                    // The rest is read away, so that the sender gets to see the answer.
                    crate::edge::discard(Body::from_stream(stream)).await;
                    return Err(fault);
                }
            }
        }
    }
}

/// Where decoded bytes go; refuses more than the limits.
#[derive(Default)]
struct Sink {
    out: Vec<u8>,
    fed: usize,
    fault: Option<BodyFault>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size = self.out.len() + bytes.len();
        if size > LIMIT {
            self.fault = Some(BodyFault::TooLarge);
        } else if size > RATIO_COUNTS_ABOVE && size > self.fed.saturating_mul(RATIO) {
            self.fault = Some(BodyFault::Bomb);
        }
        if self.fault.is_some() {
            return Err(io::Error::other("over the limit"));
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Decoder {
    Identity(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Zstd {
        decoder: ZstdDecoder<'static>,
        sink: Sink,
        at_end: bool,
    },
}

impl Decoder {
    fn new(coding: Coding) -> Result<Decoder, BodyFault> {
        Ok(match coding {
            Coding::Identity => Decoder::Identity(Sink::default()),
            Coding::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(Sink::default()))),
            Coding::Zstd => {
                let mut decoder = ZstdDecoder::new().map_err(garbled)?;
                decoder
                    .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))
                    .map_err(garbled)?;
                Decoder::Zstd {
                    decoder,
                    sink: Sink::default(),
                    at_end: false,
                }
            }
        })
    }

    fn push(&mut self, chunk: &[u8]) -> Result<(), BodyFault> {
        match self {
            Decoder::Identity(sink) => {
                sink.fed += chunk.len();
                let written = sink.write_all(chunk);
                settle(sink, written)
            }
            Decoder::Gzip(decoder) => {
                decoder.get_mut().fed += chunk.len();
                let written = decoder.write_all(chunk);
                settle(decoder.get_mut(), written)
            }
            Decoder::Zstd {
                decoder,
                sink,
                at_end,
            } => {
                sink.fed += chunk.len();
                let written = unzstd(decoder, sink, at_end, chunk);
                settle(sink, written)
            }
        }
    }

    fn finish(self) -> Result<Bytes, BodyFault> {
        match self {
            Decoder::Identity(sink) => Ok(sink.out.into()),
            Decoder::Gzip(mut decoder) => {
                let ended = decoder.try_finish();
                settle(decoder.get_mut(), ended)?;
                let sink = std::mem::take(decoder.get_mut());
                if sink.fed == 0 {
                    Err(cut_short())
                } else {
                    Ok(sink.out.into())
                }
            }
            Decoder::Zstd { sink, at_end, .. } => {
                if at_end {
                    Ok(sink.out.into())
                } else {
                    Err(cut_short())
                }
            }
        }
    }
}

/// Runs one piece through the zstd decoder; `at_end` says afterwards whether a frame has just ended.
fn unzstd(decoder: &mut ZstdDecoder<'_>, sink: &mut Sink, at_end: &mut bool, chunk: &[u8]) -> io::Result<()> {
    let mut buffer = [0_u8; 16 << 10];
    let mut input = InBuffer::around(chunk);
    loop {
        let mut output = OutBuffer::around(&mut buffer[..]);
        let hint = decoder.run(&mut input, &mut output)?;
        let full = output.pos() == output.capacity();
        sink.write_all(output.as_slice())?;
        *at_end = hint == 0;
        if input.pos() == chunk.len() && !(full && hint != 0) {
            return Ok(());
        }
    }
}

/// The limit is the reason, where there is one; else the bytes are wrong.
fn settle(sink: &mut Sink, written: io::Result<()>) -> Result<(), BodyFault> {
    match (sink.fault.take(), written) {
        (Some(fault), _) => Err(fault),
        (None, Err(error)) => Err(garbled(error)),
        (None, Ok(())) => Ok(()),
    }
}

fn garbled(error: io::Error) -> BodyFault {
    BodyFault::Garbled(error.to_string())
}

fn cut_short() -> BodyFault {
    BodyFault::Garbled("the compressed data ends too early".into())
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(bytes, 19).unwrap()
    }

    /// Bytes that hardly compress.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u64;
        (0..length)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect()
    }

    async fn decode(packed: Vec<u8>, coding: Coding, piece: usize) -> Result<Bytes, BodyFault> {
        let pieces: Vec<Result<Bytes, io::Error>> = packed
            .chunks(piece)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        read(
            Body::from_stream(futures::stream::iter(pieces)),
            coding,
            Patience::default(),
        )
        .await
    }

    #[tokio::test]
    async fn bodies_come_out_as_they_went_in_whatever_the_pieces() {
        let text = noise(200_000);
        for piece in [1_000, 65_536, 1_000_000] {
            assert_eq!(decode(text.clone(), Coding::Identity, piece).await.unwrap(), text);
            assert_eq!(decode(gzip(&text), Coding::Gzip, piece).await.unwrap(), text);
            assert_eq!(decode(zstd(&text), Coding::Zstd, piece).await.unwrap(), text);
        }
        let small = b"{\"events\":[]}";
        assert_eq!(decode(gzip(small), Coding::Gzip, 1).await.unwrap(), &small[..]);
        assert_eq!(decode(zstd(small), Coding::Zstd, 1).await.unwrap(), &small[..]);
    }

    #[tokio::test]
    async fn members_and_frames_may_follow_each_other() {
        let two = [gzip(b"one,"), gzip(b"two")].concat();
        assert_eq!(decode(two, Coding::Gzip, 7).await.unwrap(), &b"one,two"[..]);
        let two = [zstd(b"one,"), zstd(b"two")].concat();
        assert_eq!(decode(two, Coding::Zstd, 7).await.unwrap(), &b"one,two"[..]);
    }

    #[tokio::test]
    async fn the_limit_counts_after_decompression() {
        let fits = noise(LIMIT);
        let over = noise(LIMIT + 1);
        for (pack, coding) in [
            ((|b: &[u8]| b.to_vec()) as fn(&[u8]) -> Vec<u8>, Coding::Identity),
            (gzip, Coding::Gzip),
            (|b| zstd::bulk::compress(b, 1).unwrap(), Coding::Zstd),
        ] {
            assert_eq!(decode(pack(&fits), coding, 65_536).await.unwrap().len(), LIMIT);
            assert_eq!(
                decode(pack(&over), coding, 65_536).await,
                Err(BodyFault::TooLarge)
            );
        }
    }

    #[tokio::test]
    async fn bombs_are_refused() {
        let zeros = vec![0_u8; 4 << 20];
        assert_eq!(
            decode(gzip(&zeros), Coding::Gzip, 1_024).await,
            Err(BodyFault::Bomb)
        );
        assert_eq!(
            decode(zstd(&zeros), Coding::Zstd, 1_024).await,
            Err(BodyFault::Bomb)
        );
        let small = vec![0_u8; 1 << 20];
        assert_eq!(
            decode(gzip(&small), Coding::Gzip, 1_024).await.unwrap().len(),
            small.len()
        );
    }

    #[tokio::test]
    async fn garbage_and_cut_bodies_are_told_apart_from_large_ones() {
        for coding in [Coding::Gzip, Coding::Zstd] {
            let pack = if coding == Coding::Gzip { gzip } else { zstd };
            let whole = pack(&noise(10_000));
            let cut = whole[..whole.len() - 3].to_vec();
            for bad in [b"{\"events\":[]}".to_vec(), cut, Vec::new()] {
                let fault = decode(bad, coding, 512).await.unwrap_err();
                assert!(matches!(fault, BodyFault::Garbled(_)), "{coding:?} {fault:?}");
            }
        }
    }

    const SHORT: Patience = Patience {
        gap: Duration::from_millis(60),
        total: Duration::from_millis(300),
    };

    #[tokio::test]
    async fn a_sender_that_stops_is_not_waited_for() {
        let stream = futures::stream::once(async { Ok::<_, io::Error>(Bytes::from_static(b"{")) })
            .chain(futures::stream::pending());
        let fault = read(Body::from_stream(stream), Coding::Identity, SHORT).await;
        assert_eq!(fault, Err(BodyFault::Slow));
    }

    #[tokio::test]
    async fn nor_is_one_that_trickles() {
        let stream = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Some((Ok::<_, io::Error>(Bytes::from_static(b" ")), ()))
        });
        let body = Body::from_stream(Box::pin(stream));
        assert_eq!(read(body, Coding::Identity, SHORT).await, Err(BodyFault::Slow));
    }
}
