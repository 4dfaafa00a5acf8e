//! The output of the Rust client programs, and the steps that they read.

use std::error::Error;
use std::io::Write;
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

/// The result of a client program. Any error is reported as a sentence.
pub(super) type Outcome = Result<(), Box<dyn Error>>;

/// One record, as every client program reports it.
pub(super) struct SeenRecord<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) timestamp: i64,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: Vec<(String, Option<Vec<u8>>)>,
}

pub(super) fn line(event: &Value) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{event}");
    let _ = stdout.flush();
}

pub(super) fn failure(message: &str) {
    line(&json!({"event": "error", "message": message}));
}

/// Tells whether a value was acknowledged.
pub(super) fn delivery(value: &str, refusal: Option<String>) {
    match refusal {
        None => line(&json!({"event": "acknowledged", "value": value})),
        Some(message) => line(&json!({"event": "refused", "value": value, "message": message})),
    }
}

pub(super) fn record(seen: &SeenRecord<'_>) {
    let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let headers: Vec<Value> = seen
        .headers
        .iter()
        .map(|(key, value)| json!([key, text(value.as_deref())]))
        .collect();
    line(&json!({
        "event": "record",
        "topic": seen.topic,
        "partition": seen.partition,
        "offset": seen.offset,
        "timestamp": seen.timestamp,
        "key": text(seen.key),
        "value": text(seen.value),
        "headers": headers,
    }));
}

/// Returns the steps on stdin. The channel ends with stdin.
pub(super) fn steps() -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if let Ok(step) = serde_json::from_str(&line)
                && sender.send(step).is_err()
            {
                break;
            }
        }
    });
    receiver
}

/// Returns a member of a JSON object that must be a string.
pub(super) fn text<'a>(object: &'a Value, member: &str) -> Result<&'a str, String> {
    object[member]
        .as_str()
        .ok_or_else(|| format!("invalid {member:?} in {object}: must be a string"))
}

/// Returns a member of a JSON object that must be an array.
pub(super) fn array<'a>(object: &'a Value, member: &str) -> Result<&'a [Value], String> {
    object[member]
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| format!("invalid {member:?} in {object}: must be an array"))
}

/// Returns a member of a JSON object that must be a whole number.
pub(super) fn number(object: &Value, member: &str) -> Result<i64, String> {
    object[member]
        .as_i64()
        .ok_or_else(|| format!("invalid {member:?} in {object}: must be a whole number"))
}
