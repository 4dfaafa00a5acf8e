//! The batches of a topic: made from a seed, each once, and used in turn.

use crate::simulate::scenario::TopicScenario;
use base64_simd::Base64;
use esmeralda_broker::local::{self, Client, PreparedBatch};
use esmeralda_broker::records::{NewRecord, encode_batch};
use esmeralda_broker::{Compression, Entropy};
use std::collections::BTreeMap;

/// The start and the end of a value that is long enough for both.
const VALUE_START: &[u8] = br#"{"data":""#;
const VALUE_END: &[u8] = br#""}"#;

/// The alphabet of keys and values.
const CHARACTERS: Base64 = base64_simd::URL_SAFE_NO_PAD;

/// Number of significant bits in the size of a partial batch. Smaller sizes are exact; larger ones are rounded down to this many bits, so
/// that few partial batches are kept.
const EXACT_SIZE_BITS: u32 = 7;

/// The batches of a topic, each made when it is first used.
#[derive(Debug)]
pub(super) struct Bodies {
    records: RecordShape,
    compression: Compression,
    seed: u64,
    records_per_batch: u32,
    /// Full batches, used in turn.
    whole: Vec<Option<DatedBatch>>,
    turn: usize,
    /// Partial batches by their number of records, for the end of a backlog or a step.
    partial: BTreeMap<u32, DatedBatch>,
}

#[derive(Clone, Copy, Debug)]
struct RecordShape {
    key_bytes: usize,
    value_bytes: usize,
}

#[derive(Clone, Debug)]
struct DatedBatch {
    batch: PreparedBatch,
    timestamp_ms: i64,
}

impl Bodies {
    /// Returns the batches of `topic`, which follow from `seed` and the topic's name.
    pub(super) fn new(topic: &TopicScenario, seed: u64) -> Self {
        Self {
            records: RecordShape {
                key_bytes: topic.key_bytes,
                value_bytes: topic.value_bytes,
            },
            compression: topic.compression,
            // With the name in the seed, the topics of one scenario do not have the same records.
            seed: mix(seed, topic.name.as_bytes()),
            records_per_batch: topic.records_per_batch,
            whole: vec![None; topic.distinct_bodies as usize],
            turn: 0,
            partial: BTreeMap::new(),
        }
    }

    /// Returns the next batch, with at most `records` records (1 or more), all with timestamp `timestamp_ms`.
    ///
    /// # Errors
    /// The cluster's error if it has no memory for a new batch.
    pub(super) fn next(
        &mut self,
        client: &Client,
        records: u64,
        timestamp_ms: i64,
    ) -> Result<PreparedBatch, local::Error> {
        // A batch costs its CRC and compression when it is made, so a full one is made once for each of the distinct bodies and used
        // again.
        let count = self.records_per_batch;
        if records >= u64::from(count) {
            let turn = self.turn;
            self.turn = (turn + 1) % self.whole.len();
            if self.whole[turn].is_none() {
                let made = self.make(client, count, turn as u64, timestamp_ms)?;
                self.whole[turn] = Some(made);
            }
            return Ok(dated(self.whole[turn].as_mut(), timestamp_ms));
        }
        let size = partial_size(records as u32);
        if !self.partial.contains_key(&size) {
            let body = self.whole.len() as u64 + u64::from(size);
            let made = self.make(client, size, body, timestamp_ms)?;
            self.partial.insert(size, made);
        }
        Ok(dated(self.partial.get_mut(&size), timestamp_ms))
    }

    /// Makes batch number `body` with `count` records.
    fn make(
        &self,
        client: &Client,
        count: u32,
        body: u64,
        timestamp_ms: i64,
    ) -> Result<DatedBatch, local::Error> {
        let entropy = Entropy::from_seed(mix(self.seed, &body.to_be_bytes()));
        let RecordShape {
            key_bytes,
            value_bytes,
        } = self.records;
        let texts: Vec<(Vec<u8>, Vec<u8>)> = (0..count)
            .map(|_| (text(&entropy, key_bytes), value(&entropy, value_bytes)))
            .collect();
        let records: Vec<NewRecord<'_>> = texts
            .iter()
            .map(|(key, value)| NewRecord {
                timestamp_ms,
                key: (key_bytes > 0).then_some(key),
                value: Some(value),
                headers: &[],
            })
            .collect();
        let batch = client.prepare(encode_batch(&records, self.compression))?;
        Ok(DatedBatch { batch, timestamp_ms })
    }
}

/// Returns the batch with a new timestamp, and keeps it: the next call often has the same timestamp.
fn dated(batch: Option<&mut DatedBatch>, timestamp_ms: i64) -> PreparedBatch {
    let dated = batch.expect("the batch was just made");
    if dated.timestamp_ms != timestamp_ms {
        dated.batch = dated.batch.with_timestamp(timestamp_ms);
        dated.timestamp_ms = timestamp_ms;
    }
    dated.batch.clone()
}

/// Returns the size of the next partial batch if `records` (1 or more) are left.
fn partial_size(records: u32) -> u32 {
    let cut_bits = records.ilog2().saturating_sub(EXACT_SIZE_BITS - 1);
    records >> cut_bits << cut_bits
}

/// Returns a JSON object of exactly `len` bytes, or plain text if `len` is too short for an object.
fn value(entropy: &Entropy, len: usize) -> Vec<u8> {
    match len.checked_sub(VALUE_START.len() + VALUE_END.len()) {
        None => text(entropy, len),
        Some(inner) => [VALUE_START, &text(entropy, inner), VALUE_END].concat(),
    }
}

/// Returns `len` random letters, digits, hyphens and underscores. A character has six bits of randomness, so text compresses to three
/// quarters, as JSON with ids and base64 does.
fn text(entropy: &Entropy, len: usize) -> Vec<u8> {
    let mut bits = vec![0; len.div_ceil(4) * 3];
    entropy.fill(&mut bits);
    let mut text: Vec<u8> = CHARACTERS.encode_type(&bits);
    text.truncate(len);
    text
}

/// Derives a seed from another seed and a name (FNV-1a).
fn mix(seed: u64, name: &[u8]) -> u64 {
    let bytes = seed.to_be_bytes().into_iter().chain(name.iter().copied());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_of_exactly_their_length() {
        let entropy = Entropy::from_seed(1);
        for len in [11, 12, 100, 1_000] {
            let value = value(&entropy, len);
            assert_eq!(value.len(), len);
            let json: serde_json::Value = serde_json::from_slice(&value).expect("valid JSON");
            assert_eq!(json["data"].as_str().map(str::len), Some(len - 11));
        }
        for len in 0..11 {
            let value = value(&entropy, len);
            assert!(
                value.len() == len
                    && value
                        .iter()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
            );
        }
    }

    #[test]
    fn the_seed_the_topic_and_the_number_of_a_body_make_it() {
        let of = |seed, name: &str, body: u64| {
            text(
                &Entropy::from_seed(mix(mix(seed, name.as_bytes()), &body.to_be_bytes())),
                20,
            )
        };
        let one = of(0, "orders", 0);
        assert_eq!(one, of(0, "orders", 0));
        for other in [of(1, "orders", 0), of(0, "order", 0), of(0, "orders", 1)] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn partial_batches_have_a_bounded_number_of_sizes() {
        let cases = [
            (1, 1),
            (99, 99),
            (127, 127),
            (128, 128),
            (129, 128),
            (1_000, 1_000),
            (1_023, 1_016),
        ];
        for (records, size) in cases {
            assert_eq!(partial_size(records), size, "{records}");
        }
        let sizes: std::collections::BTreeSet<u32> = (1..10_000).map(partial_size).collect();
        assert_eq!(sizes.len(), 127 + 6 * 64 + 15);
    }
}
