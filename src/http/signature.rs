//! Signatures of requests (SigV4). Without configured credentials every request is accepted, signed or not; with them the signature is
//! verified. Source: AWS Identity and Access Management, "Create a signed AWS API request".
//!
//! # Differs from AWS
//! - A signature is read from the header Authorization only, and not from the query of a presigned URL.
//! - There are no permissions: whoever signs with known credentials may do everything.

#[cfg(test)]
mod tests;

use crate::credentials::Credentials;
use axum::http::{HeaderMap, Method, Uri};
use chrono::NaiveDateTime;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The length of a block of SHA-256.
const BLOCK_BYTES: usize = 64;

/// The longest time between a signature and its verification, in seconds.
const MAX_SKEW_S: i64 = 300;

/// The characters that are encoded in a query: all that RFC 3986 reserves.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The same in a path, whose slashes stay.
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// The reason why a signature is refused, in AWS's words where they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SignatureError {
    #[error("Missing Authentication Token")]
    Missing,
    #[error("Authorization header requires {missing}.")]
    Incomplete { missing: &'static str },
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("Credential should be scoped to correct service: '{service}'.")]
    Service { service: &'static str },
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{date}'."
    )]
    Date { scope: String, date: String },
    #[error("Signature expired: {date} is more than 5 minutes before the time of the service.")]
    Expired { date: String },
    #[error("Signature not yet current: {date} is more than 5 minutes after the time of the service.")]
    Early { date: String },
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
         signing method. Consult the service documentation for details."
    )]
    Mismatch,
}

impl SignatureError {
    /// Returns the exception, and the code of the query protocol.
    pub(super) fn names(&self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => (
                "MissingAuthenticationTokenException",
                "MissingAuthenticationToken",
            ),
            Self::Incomplete { .. } => ("IncompleteSignatureException", "IncompleteSignature"),
            Self::UnknownKey => ("UnrecognizedClientException", "InvalidClientTokenId"),
            _ => ("InvalidSignatureException", "SignatureDoesNotMatch"),
        }
    }
}

/// The signed parts of a request.
pub(super) struct SignedRequest<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// The parts of the header Authorization.
struct Authorization<'a> {
    access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Self, SignatureError> {
        let header = headers
            .get("authorization")
            .and_then(|header| header.to_str().ok());
        let header = header.ok_or(SignatureError::Missing)?;
        let parameters = header.strip_prefix(ALGORITHM).ok_or(SignatureError::Incomplete {
            missing: "the algorithm AWS4-HMAC-SHA256",
        })?;
        let parameter = |name: &str, missing| {
            let mut all = parameters.split(',').map(str::trim);
            let found = all.find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='));
            found.ok_or(SignatureError::Incomplete { missing })
        };
        let credential = parameter("Credential", "'Credential' parameter")?;
        // An access key may contain slashes; the four parts after it do not.
        let mut scope = credential.rsplitn(5, '/');
        let (end, service, region, date, access_key) = (
            scope.next(),
            scope.next(),
            scope.next(),
            scope.next(),
            scope.next(),
        );
        let (Some("aws4_request"), Some(service), Some(region), Some(date), Some(access_key)) =
            (end, service, region, date, access_key)
        else {
            let missing = "a 'Credential' of KEY/DATE/REGION/SERVICE/aws4_request";
            return Err(SignatureError::Incomplete { missing });
        };
        Ok(Self {
            access_key,
            date,
            region,
            service,
            signed_headers: parameter("SignedHeaders", "'SignedHeaders' parameter")?
                .split(';')
                .collect(),
            signature: parameter("Signature", "'Signature' parameter")?,
        })
    }
}

/// Checks the signature of a request to `service` at this time.
///
/// # Errors
/// [`SignatureError`] for the first fault.
pub(super) fn check(
    request: &SignedRequest<'_>,
    service: &'static str,
    credentials: &[Credentials],
    now_ms: i64,
) -> Result<(), SignatureError> {
    let authorization = Authorization::read(request.headers)?;
    let mut known = credentials.iter();
    let known = known.find(|known| known.access_key == authorization.access_key);
    let secret = &known.ok_or(SignatureError::UnknownKey)?.secret;
    if authorization.service != service {
        return Err(SignatureError::Service { service });
    }
    let date = request
        .headers
        .get("x-amz-date")
        .and_then(|date| date.to_str().ok());
    let signed_s = date.and_then(seconds_of);
    let (Some(date), Some(signed_s)) = (date, signed_s) else {
        let missing = "existence of a 'X-Amz-Date' header such as 20260101T000000Z";
        return Err(SignatureError::Incomplete { missing });
    };
    if !date.starts_with(authorization.date) || authorization.date.len() != 8 {
        return Err(SignatureError::Date {
            scope: authorization.date.to_owned(),
            date: date[..8].to_owned(),
        });
    }
    let late_s = now_ms.div_euclid(1_000) - signed_s;
    let date_text = || date.to_owned();
    if late_s > MAX_SKEW_S {
        return Err(SignatureError::Expired { date: date_text() });
    }
    if late_s < -MAX_SKEW_S {
        return Err(SignatureError::Early { date: date_text() });
    }
    let signature = sign(request, &authorization, date, secret).ok_or(SignatureError::Mismatch)?;
    // All bytes are compared whatever the first ones are, so that the time tells nothing about them.
    let expected = signature.as_bytes().iter();
    let given = authorization.signature.as_bytes();
    let differences = expected
        .zip(given)
        .fold(0, |differences, (a, b)| differences | (a ^ b));
    match given.len() == signature.len() && differences == 0 {
        true => Ok(()),
        false => Err(SignatureError::Mismatch),
    }
}

/// Returns the seconds since the Unix epoch of a date such as `20260101T000000Z`.
fn seconds_of(date: &str) -> Option<i64> {
    let time = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").ok()?;
    Some(time.and_utc().timestamp())
}

/// Returns the signature that a request must have; `None` if it lacks a header that is signed.
fn sign(
    request: &SignedRequest<'_>,
    authorization: &Authorization<'_>,
    date: &str,
    secret: &str,
) -> Option<String> {
    let mut headers = String::new();
    for name in &authorization.signed_headers {
        let values: Vec<String> = request.headers.get_all(*name).iter().map(trimmed).collect();
        if values.is_empty() {
            return None;
        }
        headers += &format!("{name}:{}\n", values.join(","));
    }
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        request.method,
        // The path is encoded as it came, so that what is encoded in it is encoded twice.
        utf8_percent_encode(request.uri.path(), PATH),
        canonical_query(request.uri.query().unwrap_or_default()),
        authorization.signed_headers.join(";"),
        hex(&Sha256::digest(request.body))
    );
    let Authorization {
        date: day,
        region,
        service,
        ..
    } = authorization;
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!(
        "{ALGORITHM}\n{date}\n{scope}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [*day, *region, *service, "aws4_request", text.as_str()] {
        key = hmac(&key, part.as_bytes()).to_vec();
    }
    Some(hex(&key))
}

/// Returns a header's value without spaces around it, and with one where it has several.
fn trimmed(value: &axum::http::HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a query with its parameters encoded anew and in order.
fn canonical_query(query: &str) -> String {
    let encode = |text: &str| {
        let decoded: Vec<u8> = percent_decode_str(text).collect();
        utf8_percent_encode(&String::from_utf8_lossy(&decoded), QUERY).to_string()
    };
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    let mut parameters: Vec<(String, String)> = parameters
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (encode(name), encode(value))
        })
        .collect();
    parameters.sort();
    let parameters: Vec<String> = parameters
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parameters.join("&")
}

/// Returns the HMAC of a text. Source: RFC 2104.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK_BYTES];
    match key.len() {
        0..=BLOCK_BYTES => block[..key.len()].copy_from_slice(key),
        _ => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(text)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
