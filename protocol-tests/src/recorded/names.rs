//! The ids that one broker chose, by the names under which a sequence knows them.

use std::collections::HashMap;

use serde_json::Value;

/// The ids of one broker.
#[derive(Default)]
pub(super) struct Names {
    /// The bytes of each id in a request, by its name.
    values: HashMap<String, Vec<u8>>,
    /// The name of each id, by its kind and text.
    names: HashMap<(&'static str, String), String>,
}

/// The topic id of no topic.
const NO_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

impl Names {
    /// Returns the bytes that a request has for the id of that name.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// Returns the name of an id in an answer.
    pub(super) fn name(&self, kind: &'static str, text: &str) -> Option<&str> {
        self.names.get(&(kind, text.to_owned())).map(String::as_str)
    }

    /// Takes over the ids that an answer tells, under the name of the step's actor.
    pub(super) fn learn(&mut self, api: &str, actor: &str, prefix: &str, answer: &Value) {
        match api {
            "CreateTopics" | "Metadata" | "DescribeTopicPartitions" => self.learn_topics(prefix, answer),
            "JoinGroup" | "ConsumerGroupHeartbeat" => self.learn_text("member", actor, &answer["memberId"]),
            "InitProducerId" | "EndTxn" => {
                if let Some(id) = answer["producerId"].as_i64().filter(|id| *id >= 0) {
                    self.bind("producer", actor, id.to_string(), id.to_be_bytes().to_vec());
                }
            }
            "Fetch" => {
                if let Some(id) = answer["sessionId"].as_i64().filter(|id| *id > 0) {
                    self.bind(
                        "session",
                        actor,
                        id.to_string(),
                        (id as i32).to_be_bytes().to_vec(),
                    );
                }
            }
            _ => {}
        }
    }

    fn learn_topics(&mut self, prefix: &str, answer: &Value) {
        for topic in answer["topics"].as_array().into_iter().flatten() {
            let (name, id) = (
                topic["name"].as_str().unwrap_or_default(),
                topic["topicId"].as_str().unwrap_or(NO_ID),
            );
            if !name.is_empty() && id != NO_ID {
                let bytes = base64_simd::URL_SAFE_NO_PAD
                    .decode_to_vec(id)
                    .expect("it was encoded by the reader");
                let name = name.strip_prefix(prefix).unwrap_or(name);
                self.bind("id", name, id.to_owned(), bytes);
            }
        }
    }

    fn learn_text(&mut self, kind: &'static str, actor: &str, value: &Value) {
        if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
            self.bind(kind, actor, text.to_owned(), text.as_bytes().to_vec());
        }
    }

    fn bind(&mut self, kind: &'static str, actor: &str, text: String, bytes: Vec<u8>) {
        let name = format!("{kind}:{actor}");
        self.names
            .entry((kind, text))
            .or_insert_with(|| format!("<{name}>"));
        self.values.insert(name, bytes);
    }
}
