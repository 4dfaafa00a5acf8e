//! The four codecs. Decompression is bounded: no input makes it allocate more than the caller allows. Source: Kafka's
//! `CompressionType`; snappy-java's `SnappyOutputStream` for the framing that Java clients use.

use super::InvalidRecords;
use crate::log::header::Compression;
use bytes::Bytes;
use std::io::{self, Read, Write};

/// snappy-java's magic, then two `int32`: its version and the oldest compatible one.
const SNAPPY_JAVA_MAGIC: &[u8] = b"\x82SNAPPY\x00";
const SNAPPY_JAVA_HEADER_BYTES: usize = 16;
/// snappy-java's block size.
const SNAPPY_BLOCK_BYTES: usize = 32 << 10;
/// The largest zstd window that is accepted, as a power of two: the decoder allocates the window that a frame asks for. Kafka's own
/// compression never needs a larger one.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Decompresses the body of a batch to at most `limit_bytes`. Returns the same bytes if it is not compressed.
///
/// # Errors
/// [`InvalidRecords`] if the body does not decompress, or to more than `limit_bytes`.
pub fn decompress(codec: Compression, body: &Bytes, limit_bytes: usize) -> Result<Bytes, InvalidRecords> {
    if codec == Compression::None {
        return Ok(body.clone());
    }
    decompress_slice(codec, body, limit_bytes).map(Bytes::from)
}

/// Decompresses borrowed bytes into a new buffer.
pub(in crate::log) fn decompress_slice(
    codec: Compression,
    body: &[u8],
    limit_bytes: usize,
) -> Result<Vec<u8>, InvalidRecords> {
    let plain = match codec {
        Compression::None => Ok(body.to_vec()),
        // A gzip body may have several members; Java's `GZIPInputStream` reads them one after another.
        Compression::Gzip => read_bounded(flate2::bufread::MultiGzDecoder::new(body), body, limit_bytes),
        Compression::Snappy => snappy(body, limit_bytes),
        Compression::Lz4 => read_bounded(lz4_flex::frame::FrameDecoder::new(body), body, limit_bytes),
        Compression::Zstd => zstd_reader(body).and_then(|reader| read_bounded(reader, body, limit_bytes)),
    };
    plain.map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => InvalidRecords::TooLarge { limit_bytes },
        _ => InvalidRecords::Decompression {
            codec,
            reason: error.to_string(),
        },
    })
}

/// Appends `plain`, compressed, to `out`.
pub(super) fn compress(codec: Compression, plain: &[u8], out: &mut Vec<u8>) {
    // A `Vec` accepts every byte, so only a bug in the codec can fail here.
    let written = match codec {
        Compression::None => out.write_all(plain),
        Compression::Gzip => gzip_into(plain, out),
        Compression::Snappy => snappy_into(plain, out),
        Compression::Lz4 => lz4_into(plain, out),
        Compression::Zstd => zstd::stream::copy_encode(plain, out, zstd::DEFAULT_COMPRESSION_LEVEL),
    };
    assert!(written.is_ok(), "compressing into memory failed: {written:?}");
}

fn gzip_into(plain: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::default());
    encoder.write_all(plain)?;
    encoder.finish().map(|_| ())
}

fn lz4_into(plain: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    // Kafka's reader accepts independent blocks only, and its writer uses blocks of 64 KB.
    let info = lz4_flex::frame::FrameInfo::new()
        .block_mode(lz4_flex::frame::BlockMode::Independent)
        .block_size(lz4_flex::frame::BlockSize::Max64KB);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, out);
    encoder.write_all(plain)?;
    encoder.finish().map(|_| ()).map_err(io::Error::other)
}

fn snappy_into(plain: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    out.extend_from_slice(SNAPPY_JAVA_MAGIC);
    out.extend_from_slice(&1u32.to_be_bytes());
    out.extend_from_slice(&1u32.to_be_bytes());
    let mut encoder = snap::raw::Encoder::new();
    for block in plain.chunks(SNAPPY_BLOCK_BYTES) {
        let compressed = encoder.compress_vec(block).map_err(io::Error::other)?;
        out.extend_from_slice(&(compressed.len() as u32).to_be_bytes());
        out.extend_from_slice(&compressed);
    }
    Ok(())
}

fn zstd_reader(body: &[u8]) -> io::Result<zstd::stream::read::Decoder<'_, &[u8]>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(decoder)
}

/// Reads to the end, but at most one byte more than `limit_bytes`, which tells a body at the limit from one beyond it.
fn read_bounded(reader: impl Read, body: &[u8], limit_bytes: usize) -> io::Result<Vec<u8>> {
    // Records compress about fourfold. A wrong guess costs a copy and never allocates more than the limit.
    let mut plain = Vec::with_capacity(body.len().saturating_mul(4).min(limit_bytes));
    reader
        .take((limit_bytes as u64).saturating_add(1))
        .read_to_end(&mut plain)?;
    if plain.len() > limit_bytes {
        return Err(too_large());
    }
    Ok(plain)
}

fn too_large() -> io::Error {
    io::Error::from(io::ErrorKind::FileTooLarge)
}

/// Decompresses raw snappy, which librdkafka sends, or snappy-java's framing with its magic, which Java clients send.
fn snappy(body: &[u8], limit_bytes: usize) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    if !body.starts_with(SNAPPY_JAVA_MAGIC) {
        snappy_block(body, &mut plain, limit_bytes)?;
        return Ok(plain);
    }
    let mut rest = body
        .get(SNAPPY_JAVA_HEADER_BYTES..)
        .ok_or_else(|| io::Error::other("snappy-java's header is cut off"))?;
    while !rest.is_empty() {
        let (len, after) = rest
            .split_first_chunk::<4>()
            .ok_or_else(|| io::Error::other("a block's length is cut off"))?;
        let (block, next) = after
            .split_at_checked(u32::from_be_bytes(*len) as usize)
            .ok_or_else(|| io::Error::other("a block is cut off"))?;
        snappy_block(block, &mut plain, limit_bytes)?;
        rest = next;
    }
    Ok(plain)
}

fn snappy_block(block: &[u8], plain: &mut Vec<u8>, limit_bytes: usize) -> io::Result<()> {
    let len = snap::raw::decompress_len(block).map_err(io::Error::other)?;
    let start = plain.len();
    // The length is a claim of the client, so it is checked before memory is allocated for it.
    if len > limit_bytes - start {
        return Err(too_large());
    }
    plain.resize(start + len, 0);
    let written = snap::raw::Decoder::new()
        .decompress(block, &mut plain[start..])
        .map_err(io::Error::other)?;
    plain.truncate(start + written);
    Ok(())
}
