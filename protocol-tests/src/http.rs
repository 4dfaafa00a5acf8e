//! A minimal HTTP client, for the product's pages that no AWS tool knows.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

/// Sends a GET and returns the status and the body of the answer. `base` is `http://HOST:PORT`.
///
/// # Panics
/// If the server does not answer with HTTP.
pub fn get(base: &str, path: &str) -> (u16, String) {
    send(base, "GET", path, "")
}

/// Sends a POST of JSON and returns the status and the body of the answer. `base` is `http://HOST:PORT`.
///
/// # Panics
/// If the server does not answer with HTTP.
pub fn post(base: &str, path: &str, body: &Value) -> (u16, String) {
    send(base, "POST", path, &body.to_string())
}

fn send(base: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let address = base.strip_prefix("http://").expect("plain http");
    let mut stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout above zero");
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("an answer has a status"), body.to_owned())
}
