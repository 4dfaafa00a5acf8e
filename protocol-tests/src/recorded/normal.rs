//! Makes the answers of two brokers comparable: ids become names, clocks become signs, and sets are sorted.

use serde_json::{Map, Value, json};

use super::names::Names;
use super::rules::Rules;

/// The fields that tell an element of an array from the others.
const KEYS: &[&str] = &[
    "partitionIndex",
    "partition",
    "index",
    "partitionId",
    "name",
    "topic",
    "topicName",
    "topicId",
    "configName",
    "groupId",
    "resourceName",
    "key",
    "transactionalId",
    "memberId",
    "nodeId",
    "brokerId",
    "apiKey",
    "producerId",
    "id",
];
/// The fields whose value is the name of something that belongs to one sequence.
const OWNED: &[&str] = &[
    "name",
    "topicName",
    "topic",
    "groupId",
    "transactionalId",
    "resourceName",
];
/// The times at which recordings are made and replayed. The records that are sent have earlier times, and look-ups name later ones.
const NOW: std::ops::RangeFrom<i64> = 1_750_000_000_000..;
/// The topic id of no topic, which stays as it is.
const NO_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";
/// The length of the header of a record batch, and its attributes for a control batch and for the time of the append.
const HEADER_BYTES: usize = 61;
const TIMED_ATTRIBUTES: i16 = 1 << 5 | 1 << 3;

/// Returns a text whose times, numbers of 13 digits and more, are replaced.
fn without_times(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        let digits = rest[start..]
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(rest.len() - start);
        let before = &rest[..start];
        if digits >= 13 {
            normal.push_str(before.strip_suffix('-').unwrap_or(before));
            normal.push_str("<time>");
        } else {
            normal.push_str(&rest[..start + digits]);
        }
        rest = &rest[start + digits..];
    }
    normal + rest
}

/// The rules and names by which a broker's answers are compared.
pub(super) struct Normalizer<'a> {
    pub(super) rules: &'a Rules,
    pub(super) names: &'a Names,
    pub(super) api: &'a str,
    /// The prefix of the sequence's own names.
    pub(super) prefix: &'a str,
}

impl Normalizer<'_> {
    /// Returns the value that is compared.
    pub(super) fn normalize(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(self.object(fields)),
            Value::Array(elements) => {
                let mut normal: Vec<_> = elements
                    .iter()
                    .filter(|element| !self.is_of_another_sequence(element))
                    .map(|element| self.normalize(element))
                    .collect();
                normal.sort_by_cached_key(|element| (key(element), element.to_string()));
                Value::Array(normal)
            }
            Value::String(text) => Value::String(self.text(text)),
            other => other.clone(),
        }
    }

    fn object(&self, fields: &Map<String, Value>) -> Map<String, Value> {
        let mut normal = Map::new();
        for (name, value) in fields {
            let value = match self.rules.how(self.api, name) {
                Some("left out") => continue,
                Some("sign") => json!(value.as_i64().map(i64::signum)),
                Some("clock") if value.is_string() => {
                    json!(without_times(value.as_str().unwrap_or_default()))
                }
                Some("clock") if value.as_i64().is_some_and(|time| NOW.contains(&time)) => json!("<now>"),
                Some("named") => self.named(name, value),
                _ if name == "records" => self.records(value),
                _ => self.normalize(value),
            };
            normal.insert(name.clone(), value);
        }
        normal
    }

    /// Returns the name of an id that is a number. An id that no step asked for has the name of its field.
    fn named(&self, field: &str, value: &Value) -> Value {
        let is_session = field == "sessionId";
        match value.as_i64() {
            Some(id) if id > 0 || id == 0 && !is_session => {
                let kind = if is_session { "session" } else { "producer" };
                json!(
                    self.names
                        .name(kind, &id.to_string())
                        .map_or_else(|| format!("<{field}>"), str::to_owned)
                )
            }
            _ => value.clone(),
        }
    }

    fn is_of_another_sequence(&self, element: &Value) -> bool {
        let name = |field: &&str| element.get(*field).and_then(Value::as_str);
        let of_others =
            |name: &str| is_prefixed(name) && !name.starts_with(self.prefix) || self.rules.leaves_out(name);
        OWNED.iter().filter_map(name).any(of_others)
    }

    /// Replaces each id in a text by its name. Members have ids of the client's id and a UUID, or of 22 characters as topics have.
    fn text(&self, text: &str) -> String {
        if let Some(name) = self.name(text) {
            return name.to_owned();
        }
        let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        let mut normal = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let word = &rest[start..];
            let word = &word[..word.find(|character| !is_part(character)).unwrap_or(word.len())];
            normal.push_str(&rest[..start]);
            normal.push_str(&self.word(word));
            rest = &rest[start + word.len()..];
        }
        normal + rest
    }

    fn word(&self, word: &str) -> String {
        if let Some(name) = self.name(word) {
            name.to_owned()
        } else if word.len() == NO_ID.len() && word != NO_ID {
            "<id>".to_owned()
        } else if let Some(client) = word.len().checked_sub(36).filter(|at| is_uuid(&word[*at..])) {
            format!("{}<uuid>", &word[..client])
        } else {
            word.to_owned()
        }
    }

    fn name(&self, text: &str) -> Option<&str> {
        self.names
            .name("id", text)
            .or_else(|| self.names.name("member", text))
    }

    /// Takes batches apart: their headers are compared field by field, and what follows byte by byte.
    fn records(&self, value: &Value) -> Value {
        let Some(text) = value.as_str() else {
            return value.clone();
        };
        let bytes = base64_simd::STANDARD
            .decode_to_vec(text)
            .expect("it was encoded by the reader");
        let mut rest = bytes.as_slice();
        let mut batches = Vec::new();
        while !rest.is_empty() {
            let end = rest
                .get(8..12)
                .map(|length| 12 + i32::from_be_bytes(length.try_into().expect("four bytes")) as usize);
            match end.filter(|end| (HEADER_BYTES..=rest.len()).contains(end)) {
                Some(end) => {
                    batches.push(self.batch(&rest[..end]));
                    rest = &rest[end..];
                }
                None => {
                    batches.push(json!({"cut": rest.len()}));
                    break;
                }
            }
        }
        Value::Array(batches)
    }

    fn batch(&self, batch: &[u8]) -> Value {
        let int16 = |at: usize| i16::from_be_bytes(batch[at..at + 2].try_into().expect("two bytes"));
        let int32 = |at: usize| i32::from_be_bytes(batch[at..at + 4].try_into().expect("four bytes"));
        let int64 = |at: usize| i64::from_be_bytes(batch[at..at + 8].try_into().expect("eight bytes"));
        let is_timed = int16(21) & TIMED_ATTRIBUTES != 0;
        let times = (!is_timed).then(|| [int64(27), int64(35)]);
        json!({
            "baseOffset": int64(0),
            "leaderEpoch": int32(12),
            "magic": batch[16],
            "isIntact": crc32c::crc32c(&batch[21..]) == int32(17) as u32,
            "attributes": int16(21),
            "lastOffsetDelta": int32(23),
            "times": times,
            "producerId": self.named("producerId", &json!(int64(43))),
            "epoch": int16(51),
            "sequence": int32(53),
            "count": int32(57),
            "body": base64_simd::STANDARD.encode_to_string(&batch[HEADER_BYTES..]),
        })
    }
}

/// Returns the text that an element of an array is sorted by.
fn key(element: &Value) -> String {
    let key = KEYS
        .iter()
        .find_map(|name| element.get(name).filter(|value| !value.is_null()));
    key.map_or_else(|| element.to_string(), Value::to_string)
}

/// Returns whether a name has the prefix of any sequence: a letter, six digits of 16, and a hyphen.
fn is_prefixed(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() > 8
        && matches!(bytes[0], b'r' | b's')
        && bytes[1..7].iter().all(u8::is_ascii_hexdigit)
        && bytes[7] == b'-'
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}
