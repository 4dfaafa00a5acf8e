//! Signatures of requests to AWS. Source: AWS, "Signature Version 4 signing process". Pure.

use crate::date::UtcTime;
use ring::{digest, hmac};
use serde::Deserialize;
use std::fmt;
use std::fmt::Write as _;

/// Credentials of AWS.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsCredentials {
    /// The id of the access key.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
}

impl Default for AwsCredentials {
    /// Returns `test` for both, which emulators of AWS take.
    fn default() -> Self {
        Self {
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
        }
    }
}

impl fmt::Debug for AwsCredentials {
    /// Writes the id alone: the secret belongs into no log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AwsCredentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// A request without query that is to be signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsigned<'a> {
    pub(super) method: &'a str,
    /// The path, percent-encoded.
    pub(super) path: &'a str,
    /// The headers to sign: names in lower case, sorted.
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// The hash of the body ([`hash`]).
    pub(super) body_hash: &'a str,
}

/// The scope of a signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) now: UtcTime,
}

/// Returns the hash of a body, in hexadecimal digits.
pub(super) fn hash(body: &[u8]) -> String {
    hexadecimal(digest::digest(&digest::SHA256, body).as_ref())
}

/// Returns the time as the header `x-amz-date` has it.
pub(super) fn amz_date(now: UtcTime) -> String {
    now.format("%Y%m%dT%H%M%SZ")
}

fn amz_day(now: UtcTime) -> String {
    now.format("%Y%m%d")
}

/// Returns the header `authorization` of a request.
pub(super) fn authorization(
    unsigned: &Unsigned<'_>,
    scope: &Scope<'_>,
    credentials: &AwsCredentials,
) -> String {
    let names: Vec<&str> = unsigned.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let mut canonical = format!("{}\n{}\n\n", unsigned.method, unsigned.path);
    for (name, value) in unsigned.headers {
        // Writing to a String does not fail.
        let _ = writeln!(canonical, "{name}:{}", value.trim());
    }
    let _ = write!(canonical, "\n{names}\n{}", unsigned.body_hash);
    let day = amz_day(scope.now);
    let scope_text = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{scope_text}\n{}",
        amz_date(scope.now),
        hash(canonical.as_bytes())
    );
    let secret = format!("AWS4{}", credentials.secret_access_key);
    let parts = [&day[..], scope.region, scope.service, "aws4_request", &to_sign];
    let signature = parts
        .iter()
        .fold(secret.into_bytes(), |key, part| authenticate(&key, part));
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope_text}, SignedHeaders={names}, Signature={}",
        credentials.access_key_id,
        hexadecimal(&signature)
    )
}

fn authenticate(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request `post-vanilla` of AWS's test suite for signatures.
    #[test]
    fn a_request_is_signed_as_aws_signs_it() {
        let now = UtcTime::of_ms(1_440_938_160_000);
        assert_eq!(amz_date(now), "20150830T123600Z");
        let body_hash = hash(b"");
        let unsigned = Unsigned {
            method: "POST",
            path: "/",
            headers: &[
                ("host", "example.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body_hash: &body_hash,
        };
        let scope = Scope {
            region: "us-east-1",
            service: "service",
            now,
        };
        let credentials = AwsCredentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        };
        assert_eq!(
            authorization(&unsigned, &scope, &credentials),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let credentials = AwsCredentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "hidden".to_owned(),
        };
        assert_eq!(
            format!("{credentials:?}"),
            r#"AwsCredentials { access_key_id: "id", .. }"#
        );
    }
}
