//! A producer to topics of the cluster that a mapping reads, over any [`KafkaClient`]: it chooses partitions as Kafka's own producer does.
//! Source: Kafka's `BuiltInPartitioner` and `Utils.murmur2`.
//!
//! # Differs from Kafka's producer
//! - Messages without a key go to one partition for each call, not to one for each `batch.size` bytes.
//! - A batch is sent as soon as it is full or no message is left (`linger.ms` is 0), without compression.

use super::consumer::client::{ClientError, KafkaClient, Message};
use bytes::Bytes;
use esmeralda_broker::Compression;
use esmeralda_broker::records::{NewRecord, encode_batch};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// Bytes of keys and values after which a batch is closed: Kafka's `batch.size`. A larger message is a batch alone.
const BATCH_BYTES: usize = 16 * 1024;

/// A message that was not appended, and the reason.
pub(crate) type Unsent = (Message, ClientError);

/// The result of [`Producer::produce`].
pub(crate) type Produced<'a> = Pin<Box<dyn Future<Output = Vec<Unsent>> + Send + 'a>>;

/// A producer, whatever its client is.
pub(crate) trait Producer: Send + Sync + fmt::Debug {
    /// Appends messages to a topic, in their order within each partition. `random` chooses the partition of those without a key. Returns the
    /// messages that were not appended.
    fn produce<'a>(&'a self, topic: &'a str, messages: Vec<Message>, random: u64) -> Produced<'a>;
}

/// A producer over a client.
pub(crate) struct TopicProducer<C> {
    client: C,
}

impl<C> TopicProducer<C> {
    /// Returns a producer over `client`.
    pub(crate) fn new(client: C) -> Self {
        Self { client }
    }
}

impl<C> fmt::Debug for TopicProducer<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TopicProducer")
    }
}

impl<C: KafkaClient> Producer for TopicProducer<C> {
    fn produce<'a>(&'a self, topic: &'a str, messages: Vec<Message>, random: u64) -> Produced<'a> {
        Box::pin(async move {
            let partitions = match self.client.partition_count(topic).await {
                Ok(partitions) => u32::try_from(partitions).unwrap_or(0).max(1),
                Err(error) => return all_unsent(messages, &error),
            };
            let mut by_partition: BTreeMap<i32, Vec<Message>> = BTreeMap::new();
            for message in messages {
                let partition = partition_of(&message, partitions, random);
                by_partition.entry(partition).or_default().push(message);
            }
            let mut unsent = Vec::new();
            for (partition, messages) in by_partition {
                for batch in batches(messages) {
                    if let Err(error) = self.client.produce(topic, partition, &batch).await {
                        unsent.extend(all_unsent(batch, &error));
                    }
                }
            }
            unsent
        })
    }
}

fn all_unsent(messages: Vec<Message>, error: &ClientError) -> Vec<Unsent> {
    let unsent = messages.into_iter().map(|message| (message, error.clone()));
    unsent.collect()
}

/// Splits messages into batches of [`BATCH_BYTES`].
fn batches(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let mut batches: Vec<Vec<Message>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let more = message.value.len() + message.key.as_ref().map_or(0, Bytes::len);
        match batches.last_mut() {
            Some(batch) if bytes + more <= BATCH_BYTES => {
                batch.push(message);
                bytes += more;
            }
            _ => {
                batches.push(vec![message]);
                bytes = more;
            }
        }
    }
    batches
}

/// Returns messages as one batch, as it is sent and lies in the log.
pub(super) fn encode(messages: &[Message]) -> Bytes {
    let records = messages.iter().map(|message| NewRecord {
        timestamp_ms: message.timestamp_ms,
        key: message.key.as_deref(),
        value: Some(&message.value),
        headers: &[],
    });
    encode_batch(&records.collect::<Vec<_>>(), Compression::None)
}

fn partition_of(message: &Message, partitions: u32, random: u64) -> i32 {
    let index = match &message.key {
        Some(key) => (murmur2(key) & 0x7fff_ffff) % partitions,
        // Less than `partitions`, so it fits.
        None => (random % u64::from(partitions)) as u32,
    };
    index as i32
}

/// Returns Kafka's hash of a key: MurmurHash2 of 32 bits with Kafka's seed.
fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const FACTOR: u32 = 0x5bd1_e995;
    // Kafka's lengths are of 32 bits, too.
    let mut hash = SEED ^ bytes.len() as u32;
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        let mut word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(FACTOR);
        word ^= word >> 24;
        hash = hash.wrapping_mul(FACTOR) ^ word.wrapping_mul(FACTOR);
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        for (place, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(FACTOR);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(FACTOR);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(key: Option<&'static [u8]>, value_bytes: usize) -> Message {
        Message {
            key: key.map(Bytes::from_static),
            value: Bytes::from(vec![b'x'; value_bytes]),
            timestamp_ms: 0,
        }
    }

    #[test]
    fn keys_have_kafkas_hash() {
        // The cases of Kafka's `UtilsTest.testMurmur2`.
        let cases: [(&[u8], i32); 7] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            (b"abc", 479_470_107),
            (b"", 275_646_681),
        ];
        for (key, hash) in cases {
            assert_eq!(murmur2(key) as i32, hash, "{}", String::from_utf8_lossy(key));
        }
    }

    #[test]
    fn a_message_without_a_key_goes_where_the_random_number_says() {
        let partitions =
            |message: &Message| [0, 1, 5, u64::MAX].map(|random| partition_of(message, 7, random));
        assert_eq!(partitions(&message(None, 1)), [0, 1, 5, 1]);
        // (-973932308 & 0x7fffffff) % 7
        assert_eq!(partitions(&message(Some(b"21"), 1)), [3; 4]);
    }

    #[test]
    fn batches_are_full_at_16_kib_and_a_larger_message_is_alone() {
        let sizes = [10_000, 6_000, 384, 1, 20_000, 1];
        let messages = sizes.map(|size| message(None, size)).to_vec();
        let batches: Vec<Vec<usize>> = batches(messages)
            .iter()
            .map(|batch| batch.iter().map(|message| message.value.len()).collect())
            .collect();
        assert_eq!(
            batches,
            [vec![10_000, 6_000, 384], vec![1], vec![20_000], vec![1]]
        );
    }
}
