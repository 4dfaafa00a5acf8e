use super::*;
use axum::http::HeaderValue;

/// 2015-08-30T12:36:00Z, the time of AWS's test suite for SigV4.
const SIGNED_MS: i64 = 1_440_938_160_000;

fn credentials() -> Vec<Credentials> {
    vec![
        "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
            .parse()
            .expect("credentials"),
    ]
}

fn headers(signed: &str, signature: &str) -> HeaderMap {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={signed}, Signature={signature}"
    );
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "example.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        ("authorization", &authorization),
    ] {
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    headers
}

fn check_at(method: &Method, uri: &str, headers: &HeaderMap, now_ms: i64) -> Result<(), SignatureError> {
    let request = SignedRequest {
        method,
        uri: &uri.parse().expect("a path"),
        headers,
        body: b"",
    };
    check(&request, "service", &credentials(), now_ms)
}

// The signatures are those of AWS's own test suite: get-vanilla, get-vanilla-query-order-key-case, post-vanilla.
#[test]
fn signatures_of_awss_test_suite_are_right() {
    for (method, uri, signature) in [
        (
            Method::GET,
            "/",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            Method::GET,
            "/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            Method::POST,
            "/",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
    ] {
        let headers = headers("host;x-amz-date", signature);
        assert_eq!(
            check_at(&method, uri, &headers, SIGNED_MS),
            Ok(()),
            "{method} {uri}"
        );
    }
}

#[test]
fn wrong_signatures_are_refused_with_awss_exceptions() {
    let right = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let whole = headers("host;x-amz-date", right);
    let refused = |headers: &HeaderMap, now_ms| {
        let error = check_at(&Method::GET, "/", headers, now_ms).expect_err("it is refused");
        (error.names().0, error)
    };
    assert_eq!(check_at(&Method::GET, "/", &whole, SIGNED_MS + 300_000), Ok(()));
    let date = "20150830T123600Z".to_owned();
    for (shift_ms, expected) in [
        (301_000, SignatureError::Expired { date: date.clone() }),
        (-301_000, SignatureError::Early { date: date.clone() }),
    ] {
        let expected = ("InvalidSignatureException", expected);
        assert_eq!(refused(&whole, SIGNED_MS + shift_ms), expected);
    }
    let other = headers("host;x-amz-date", &right.replace('5', "6"));
    assert_eq!(
        refused(&other, SIGNED_MS),
        ("InvalidSignatureException", SignatureError::Mismatch)
    );
    let longer = headers("host;x-amz-date", &format!("{right}00"));
    assert_eq!(refused(&longer, SIGNED_MS).1, SignatureError::Mismatch);
    let absent = headers("host;x-absent;x-amz-date", right);
    assert_eq!(refused(&absent, SIGNED_MS).1, SignatureError::Mismatch);
    assert_eq!(
        refused(&HeaderMap::new(), SIGNED_MS),
        ("MissingAuthenticationTokenException", SignatureError::Missing)
    );
    let with = |authorization: &str| {
        let mut headers = whole.clone();
        headers.insert(
            "authorization",
            HeaderValue::from_str(authorization).expect("a value"),
        );
        headers
    };
    for (authorization, exception) in [
        ("Bearer x", "IncompleteSignatureException"),
        (
            "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=a",
            "IncompleteSignatureException",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/service/aws4_request, SignedHeaders=host, Signature=a",
            "IncompleteSignatureException",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=OTHER/20150830/us-east-1/service/aws4_request, SignedHeaders=host, Signature=a",
            "UnrecognizedClientException",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=a",
            "InvalidSignatureException",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150829/us-east-1/service/aws4_request, SignedHeaders=host, Signature=a",
            "InvalidSignatureException",
        ),
    ] {
        assert_eq!(
            refused(&with(authorization), SIGNED_MS).0,
            exception,
            "{authorization}"
        );
    }
    let mut undated = whole.clone();
    undated.remove("x-amz-date");
    assert_eq!(refused(&undated, SIGNED_MS).0, "IncompleteSignatureException");
}

#[test]
fn what_is_encoded_in_a_path_is_encoded_twice() {
    let path = utf8_percent_encode("/2017-03-31/tags/arn%3Aaws", PATH).to_string();
    assert_eq!(path, "/2017-03-31/tags/arn%253Aaws");
    assert_eq!(canonical_query("b=2&a=x%20y&c&a=%7E"), "a=x%20y&a=~&b=2&c=");
}
