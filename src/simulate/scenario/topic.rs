//! A topic of a scenario: its partitions, its records, and when they arrive.

use super::arrivals::{Arrivals, ArrivalsText};
use super::numbers::WholeNumber;
use esmeralda_broker::Compression;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The most bytes that a record takes in a batch beside its key and value.
const RECORD_OVERHEAD_BYTES: usize = 26;
/// Kafka's default of `max.message.bytes`.
const MAX_MESSAGE_BYTES: usize = 1_048_588;

/// One `[[topics]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicScenario {
    /// The topic's name.
    pub name: String,
    /// Number of partitions, 1 to 200,000.
    pub partitions: u32,
    /// Topic configs by Kafka's name.
    pub configs: BTreeMap<String, String>,
    /// Size of a record's key in bytes, at most 40,000; 0 for records without a key.
    pub key_bytes: usize,
    /// Size of a record's value in bytes, 0 to 1,000,000.
    pub value_bytes: usize,
    /// Number of records in a full batch, 1 or more.
    pub records_per_batch: u32,
    /// Number of different full batches that are made, 1 or more; they are appended in turn.
    pub distinct_bodies: u32,
    /// The codec of the batches.
    pub compression: Compression,
    /// The distribution of the records over the partitions.
    pub skew: Skew,
    /// The sources of records; the topic gets the sum of all of them.
    pub workload: Vec<Arrivals>,
}

/// The share of a topic's records that each partition gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Skew {
    /// All shares are equal.
    Even,
    /// The share of partition n, counted from 1, is in proportion to n to the power of minus this exponent.
    Zipf(f64),
    /// The shares are in proportion to these weights, one per partition, 0 or more.
    Weights(Vec<f64>),
}

impl Skew {
    /// Returns the share of each partition. The shares add up to 1.
    pub fn shares(&self, partitions: u32) -> Vec<f64> {
        let weights: Vec<f64> = match self {
            Self::Even => vec![1.0; partitions as usize],
            Self::Zipf(exponent) => (1..=partitions)
                .map(|rank| f64::from(rank).powf(-exponent))
                .collect(),
            Self::Weights(weights) => weights.clone(),
        };
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }
}

/// A topic as it is written in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicText {
    pub(super) name: String,
    partitions: WholeNumber<1, 200_000>,
    #[serde(default)]
    configs: BTreeMap<String, String>,
    key_bytes: Option<WholeNumber<0, 40_000>>,
    value_bytes: Option<WholeNumber<0, 1_000_000>>,
    records_per_batch: Option<WholeNumber<1, 100_000>>,
    distinct_bodies: Option<WholeNumber<1, 65_536>>,
    #[serde(default)]
    compression: CompressionText,
    skew: Option<SkewText>,
    #[serde(default)]
    pub(super) workload: Vec<Spanned<ArrivalsText>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CompressionText {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SkewText {
    Zipf(f64),
    Weights(Vec<f64>),
}

impl TopicText {
    /// Converts the text to a topic without its workload.
    ///
    /// # Errors
    /// A sentence with the invalid value and what is allowed.
    pub(super) fn topic(&self) -> Result<TopicScenario, String> {
        let topic = TopicScenario {
            name: self.name.clone(),
            partitions: self.partitions.get() as u32,
            configs: self.configs.clone(),
            key_bytes: self.key_bytes.map_or(0, WholeNumber::get) as usize,
            value_bytes: self.value_bytes.map_or(1_000, WholeNumber::get) as usize,
            records_per_batch: self.records_per_batch.map_or(100, WholeNumber::get) as u32,
            distinct_bodies: self.distinct_bodies.map_or(1, WholeNumber::get) as u32,
            compression: match self.compression {
                CompressionText::None => Compression::None,
                CompressionText::Gzip => Compression::Gzip,
                CompressionText::Snappy => Compression::Snappy,
                CompressionText::Lz4 => Compression::Lz4,
                CompressionText::Zstd => Compression::Zstd,
            },
            skew: self.skew()?,
            workload: Vec::new(),
        };
        check_batch(&topic)?;
        Ok(topic)
    }

    fn skew(&self) -> Result<Skew, String> {
        match &self.skew {
            None => Ok(Skew::Even),
            Some(SkewText::Zipf(exponent)) if (0.0..=10.0).contains(exponent) => Ok(Skew::Zipf(*exponent)),
            Some(SkewText::Zipf(exponent)) => Err(format!("invalid zipf = {exponent}: must be from 0 to 10")),
            Some(SkewText::Weights(weights)) => {
                let partitions = self.partitions.get();
                if weights.len() as u64 != partitions {
                    return Err(format!(
                        "invalid weights: {} numbers for {partitions} partitions, must be one per partition",
                        weights.len()
                    ));
                }
                let is_right = |weight: &f64| (0.0..=1e9).contains(weight);
                if let Some(wrong) = weights.iter().find(|weight| !is_right(weight)) {
                    return Err(format!("invalid weight {wrong}: must be from 0 to 1000000000"));
                }
                if weights.iter().sum::<f64>() <= 0.0 {
                    return Err("invalid weights: the sum must be more than 0".to_owned());
                }
                Ok(Skew::Weights(weights.clone()))
            }
        }
    }
}

/// Refuses a full batch that is larger than Kafka's default of `max.message.bytes`, unless the topic's configs set it.
fn check_batch(topic: &TopicScenario) -> Result<(), String> {
    let record_bytes = topic.key_bytes + topic.value_bytes + RECORD_OVERHEAD_BYTES;
    let batch_bytes = topic.records_per_batch as usize * record_bytes;
    if batch_bytes <= MAX_MESSAGE_BYTES || topic.configs.contains_key("max.message.bytes") {
        return Ok(());
    }
    Err(format!(
        "invalid records_per_batch = {}: batches of {batch_bytes} bytes are more than max.message.bytes of {MAX_MESSAGE_BYTES}, \
         must be at most {} unless `configs` sets max.message.bytes",
        topic.records_per_batch,
        MAX_MESSAGE_BYTES / record_bytes
    ))
}
