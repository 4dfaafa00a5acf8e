//! Sends the requests of a sequence to a broker, as they were sent to Kafka, and compares the answers.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::names::Names;
use super::normal::Normalizer;
use super::recording::{Recording, Sequence, Step};
use super::rules::Rules;

/// The answer of a connection that was closed instead, as a recording has it.
const CLOSED: &str = "CLOSED";
const PATIENCE: Duration = Duration::from_secs(20);
/// The time that a request which is left has to reach the broker's rules before the next one is sent on another connection.
const AHEAD: Duration = Duration::from_millis(15);
/// The codes of an answer while something that was asked before is still under way; a client asks again, and so did the recording.
const UNDER_WAY: [i64; 5] = [6, 14, 15, 16, 51];
const MOST_TRIES: usize = 100;
/// The positions, within a batch, of its length, of its checksum, of what that covers, and of its producer id.
const LENGTH_AT: usize = 8;
const CHECKSUM_AT: usize = 17;
const COVERED_FROM: usize = 21;
const PRODUCER_ID_AT: usize = 43;
const PRODUCE: i16 = 0;

/// Sends the requests of a sequence to the broker at `address`. Returns a sentence for each answer that differs from Kafka's.
///
/// # Panics
/// If the broker cannot be reached, or does not answer in time.
pub fn differences(address: &str, recording: &Recording, rules: &Rules, sequence: &Sequence) -> Vec<String> {
    let mut replay = Replay {
        address,
        recording,
        rules,
        sequence,
        connections: HashMap::new(),
        left: HashMap::new(),
        kafkas: Names::default(),
        ours: Names::default(),
        differences: Vec::new(),
    };
    for index in 0..sequence.steps.len() {
        replay.step(index);
    }
    for connection in replay.left.keys().copied().collect::<Vec<_>>() {
        replay.collect(connection);
    }
    replay.differences
}

struct Replay<'a> {
    address: &'a str,
    recording: &'a Recording,
    rules: &'a Rules,
    sequence: &'a Sequence,
    connections: HashMap<i32, TcpStream>,
    /// The steps whose answer has not been read, by connection.
    left: HashMap<i32, usize>,
    kafkas: Names,
    ours: Names,
    differences: Vec<String>,
}

impl Replay<'_> {
    fn step(&mut self, index: usize) {
        let step = &self.sequence.steps[index];
        if self.left.contains_key(&step.connection) {
            self.collect(step.connection);
        }
        self.send(index);
        self.left.insert(step.connection, index);
        if step.is_left {
            std::thread::sleep(AHEAD);
        } else {
            self.collect(step.connection);
        }
    }

    fn send(&mut self, index: usize) {
        let step = &self.sequence.steps[index];
        let frame = self.frame(step, index as i32);
        let address = self.address;
        let stream = self.connections.entry(step.connection).or_insert_with(|| {
            let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
            stream.set_nodelay(true).expect("a socket has the option");
            stream
                .set_read_timeout(Some(PATIENCE))
                .expect("a timeout above zero");
            stream
        });
        // A connection that was closed is seen when the answer is read.
        let _ = stream.write_all(&frame);
    }

    /// Returns the frame of a request, with this broker's ids.
    fn frame(&self, step: &Step, correlation_id: i32) -> Vec<u8> {
        let mut body = decode(&step.request);
        for (at, name) in &step.holes {
            let Some(bytes) = self.ours.bytes(name) else {
                continue;
            };
            let batch = (step.key == PRODUCE && name.starts_with("producer:")).then(|| at - PRODUCER_ID_AT);
            // A batch whose checksum was wrong keeps it.
            let batch = batch.filter(|batch| read_checksum(&body, *batch) == checksum(&body, *batch));
            body[*at..*at + bytes.len()].copy_from_slice(bytes);
            if let Some(batch) = batch {
                let checksum = checksum(&body, batch).to_be_bytes();
                body[batch + CHECKSUM_AT..batch + CHECKSUM_AT + 4].copy_from_slice(&checksum);
            }
        }
        let client_id = self.recording.client_id.as_bytes();
        let mut frame = vec![0; 4];
        frame.extend(step.key.to_be_bytes());
        frame.extend(step.version.to_be_bytes());
        frame.extend(correlation_id.to_be_bytes());
        frame.extend((client_id.len() as i16).to_be_bytes());
        frame.extend(client_id);
        if step.request_header >= 2 {
            frame.push(0); // no tagged fields
        }
        frame.extend(body);
        let length = frame.len() as i32 - 4;
        frame[..4].copy_from_slice(&length.to_be_bytes());
        frame
    }

    fn collect(&mut self, connection: i32) {
        let index = self.left.remove(&connection).expect("a step was left");
        let step = &self.sequence.steps[index];
        let body = self.receive(connection, step);
        let (kafkas, ours) = match (step.answer.as_str(), body) {
            (CLOSED, None) => return,
            (CLOSED, Some(_)) => return self.note(index, "Kafka closes the connection"),
            (_, None) => return self.note(index, "the connection was closed"),
            (recorded, Some(body)) => (decode(recorded), body),
        };
        let shape = &self.recording.shapes[&(step.api.clone(), step.version)];
        let kafkas = shape.read(&kafkas).expect("an answer of Kafka fits its fields");
        let mut ours = shape.read(&ours);
        let asks_again = !step.is_left && !is_under_way(&kafkas);
        for _ in 0..MOST_TRIES {
            if !asks_again || !ours.as_ref().is_ok_and(is_under_way) {
                break;
            }
            std::thread::sleep(AHEAD);
            self.send(index);
            let Some(body) = self.receive(connection, step) else {
                return self.note(index, "the connection was closed");
            };
            ours = shape.read(&body);
        }
        let ours = match ours {
            Ok(ours) => ours,
            Err(error) => return self.note(index, &error),
        };
        let prefix = &self.sequence.prefix;
        self.kafkas.learn(&step.api, &step.actor, prefix, &kafkas);
        self.ours.learn(&step.api, &step.actor, prefix, &ours);
        let normal = |names: &Names, answer: &Value| {
            let (rules, api) = (self.rules, step.api.as_str());
            Normalizer {
                rules,
                names,
                api,
                prefix,
            }
            .normalize(answer)
        };
        let (kafkas, ours) = (normal(&self.kafkas, &kafkas), normal(&self.ours, &ours));
        if kafkas != ours && !is_unexpected(&kafkas) {
            self.note(index, &format!("\n  Kafka {kafkas}\n  ours  {ours}"));
        }
    }

    fn note(&mut self, index: usize, difference: &str) {
        let (name, step) = (&self.sequence.name, &self.sequence.steps[index]);
        let (api, version) = (&step.api, step.version);
        self.differences
            .push(format!("{name} step {index} {api} v{version}: {difference}"));
    }

    /// Reads an answer's body; `None` if the broker closed the connection.
    fn receive(&mut self, connection: i32, step: &Step) -> Option<Vec<u8>> {
        let stream = self.connections.get_mut(&connection).expect("the step was sent");
        let mut length = [0; 4];
        let read = stream.read_exact(&mut length).and_then(|()| {
            let mut answer = vec![0; i32::from_be_bytes(length) as usize];
            stream.read_exact(&mut answer).map(|()| answer)
        });
        match read {
            // The correlation id, and in the newer header no tagged fields.
            Ok(answer) => Some(answer[if step.response_header >= 1 { 5 } else { 4 }..].to_vec()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("{} {} is not answered", self.sequence.name, step.api)
            }
            Err(_) => {
                self.connections.remove(&connection);
                None
            }
        }
    }
}

/// Returns whether an answer has a code that asks the client to come again.
fn is_under_way(answer: &Value) -> bool {
    match answer {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let code = value.as_i64().filter(|_| name == "errorCode");
            code.is_some_and(|code| UNDER_WAY.contains(&code)) || is_under_way(value)
        }),
        Value::Array(elements) => elements.iter().any(is_under_way),
        _ => false,
    }
}

/// Returns whether an answer has UNKNOWN_SERVER_ERROR: an exception that Kafka did not foresee, which is no answer to be held to.
fn is_unexpected(answer: &Value) -> bool {
    match answer {
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name == "errorCode" && *value == -1 || is_unexpected(value)),
        Value::Array(elements) => elements.iter().any(is_unexpected),
        _ => false,
    }
}

fn decode(base64: &str) -> Vec<u8> {
    base64_simd::STANDARD
        .decode_to_vec(base64)
        .expect("a recording has bytes in base64")
}

/// Returns the checksum that the batch at `start` has.
fn read_checksum(body: &[u8], start: usize) -> u32 {
    u32::from_be_bytes(four(body, start + CHECKSUM_AT))
}

/// Returns the checksum of what it covers in the batch at `start`. A batch that is cut ends with the body.
fn checksum(body: &[u8], start: usize) -> u32 {
    let end = start + LENGTH_AT + 4 + u32::from_be_bytes(four(body, start + LENGTH_AT)) as usize;
    crc32c::crc32c(&body[start + COVERED_FROM..end.min(body.len())])
}

fn four(body: &[u8], at: usize) -> [u8; 4] {
    body[at..at + 4].try_into().expect("four bytes")
}
