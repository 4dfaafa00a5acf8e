//! The file of a recording: lines of JSON, compressed. The first names Kafka's version, the next have the fields of answers, and each
//! further one has a sequence.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::shape::Shape;

/// A recording: what Kafka was asked, and what it answered.
pub struct Recording {
    /// The version of Kafka, such as `4.4.0`.
    pub kafka: String,
    /// The client id of each request. Ids of members begin with it.
    pub(super) client_id: String,
    /// The fields of answers, by the name of the API and the version.
    pub(super) shapes: HashMap<(String, i16), Shape>,
    /// The sequences, which do not depend on each other.
    pub sequences: Vec<Sequence>,
}

/// Requests in their order, with their answers.
#[derive(Deserialize)]
pub struct Sequence {
    /// The arguments of `wire/run.sh` that run the sequence again.
    #[serde(rename = "sequence")]
    pub name: String,
    /// The prefix of all names of topics, groups and transactional ids.
    pub(super) prefix: String,
    /// The requests.
    pub steps: Vec<Step>,
}

/// One request and its answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub(super) connection: i32,
    pub(super) api: String,
    pub(super) key: i16,
    pub(super) version: i16,
    /// The name under which later steps know the ids in the answer.
    pub(super) actor: String,
    /// Whether the next step is sent before the answer is read, because it may have to wait for that step.
    pub(super) is_left: bool,
    pub(super) request_header: i16,
    pub(super) response_header: i16,
    /// The request's body, in base64.
    pub(super) request: String,
    /// The positions in the body of values that the broker chose, with their names.
    pub(super) holes: Vec<(usize, String)>,
    /// The answer's body in base64, or `CLOSED`.
    pub(super) answer: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    kafka: String,
    client_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShapeLine {
    api: String,
    version: i16,
    #[serde(flatten)]
    shape: Shape,
}

impl Recording {
    /// Reads a recording.
    ///
    /// # Panics
    /// If the file is missing or is no recording.
    pub fn read(path: &Path) -> Recording {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut lines = BufReader::new(GzDecoder::new(file))
            .lines()
            .map(|line| line.expect("a recording is text"));
        let head: Head = parse(&lines.next().expect("a recording begins with Kafka's version"));
        let mut recording = Recording {
            kafka: head.kafka,
            client_id: head.client_id,
            shapes: HashMap::new(),
            sequences: Vec::new(),
        };
        for line in lines {
            if line.starts_with("{\"sequence\"") {
                recording.sequences.push(parse(&line));
            } else {
                let ShapeLine { api, version, shape } = parse(&line);
                recording.shapes.insert((api, version), shape);
            }
        }
        recording
    }
}

fn parse<'a, T: Deserialize<'a>>(line: &'a str) -> T {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {:.200}", line))
}
