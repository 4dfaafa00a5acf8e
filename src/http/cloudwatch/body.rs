//! Bodies of requests, which may be compressed: SDKs compress large ones of PutMetricData.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use flate2::read::MultiGzDecoder;
use std::io::Read as _;

/// The largest body, compressed or not. Source: the API reference of PutMetricData.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Reads a body.
///
/// # Errors
/// A sentence for one that is too large, or whose encoding is not its header's.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, String> {
    let body = to_bytes(body, MAX_BODY_BYTES)
        .await
        .map_err(|error| format!("The body must not exceed {MAX_BODY_BYTES} bytes: {error}."))?;
    let encoding = headers.get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes());
    match encoding {
        None | Some(b"identity") => Ok(body),
        Some(b"gzip") => decompress(&body),
        Some(other) => Err(format!(
            "The Content-Encoding {} is not supported: must be gzip.",
            String::from_utf8_lossy(other)
        )),
    }
}

fn decompress(body: &[u8]) -> Result<Bytes, String> {
    // One byte more than allowed is read, to see that there is one.
    let mut decoder = MultiGzDecoder::new(body).take(MAX_BODY_BYTES as u64 + 1);
    let mut decoded = Vec::new();
    decoder
        .read_to_end(&mut decoded)
        .map_err(|error| format!("The body is not gzip: {error}."))?;
    if decoded.len() > MAX_BODY_BYTES {
        return Err(format!(
            "The body must not exceed {MAX_BODY_BYTES} bytes when it is decompressed."
        ));
    }
    Ok(decoded.into())
}
