//! A topic of a scenario: its partitions, its records, and when they arrive.

use super::arrivals::{Arrivals, ArrivalsText};
use super::numbers::Whole;
use esmeralda_broker::Compression;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// What a record takes in a batch beside its key and value, at most.
const RECORD_OVERHEAD_BYTES: usize = 26;
/// Kafka's default of `max.message.bytes`.
const MAX_MESSAGE_BYTES: usize = 1_048_588;

/// One `[[topics]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicScenario {
    /// The topic's name.
    pub name: String,
    /// How many, 1 to 200,000.
    pub partitions: u32,
    /// Topic configs by Kafka's name.
    pub configs: BTreeMap<String, String>,
    /// Bytes of a record's key, 40,000 at most; 0: no key.
    pub key_bytes: usize,
    /// Bytes of a record's value, 0 to 1,000,000.
    pub value_bytes: usize,
    /// Records of a whole batch, 1 or more.
    pub records_per_batch: u32,
    /// How many different batches are made, 1 or more; they are appended in turns.
    pub distinct_bodies: u32,
    /// Of the batches.
    pub compression: Compression,
    /// How the records are shared out to the partitions.
    pub skew: Skew,
    /// When records arrive: the sum of all of these.
    pub workload: Vec<Arrivals>,
}

/// How much of a topic's records each partition gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Skew {
    /// All the same.
    Even,
    /// Partition n, counted from 1, in proportion to n to the power of minus this.
    Zipf(f64),
    /// In proportion to these, one per partition, 0 or more.
    Weights(Vec<f64>),
}

impl Skew {
    /// The share of each of `partitions`; they add up to 1.
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

/// A topic as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicText {
    pub(super) name: String,
    partitions: Whole<1, 200_000>,
    #[serde(default)]
    configs: BTreeMap<String, String>,
    key_bytes: Option<Whole<0, 40_000>>,
    value_bytes: Option<Whole<0, 1_000_000>>,
    records_per_batch: Option<Whole<1, 100_000>>,
    distinct_bodies: Option<Whole<1, 65_536>>,
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
    /// What it means, its workload left out.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(super) fn topic(&self) -> Result<TopicScenario, String> {
        let topic = TopicScenario {
            name: self.name.clone(),
            partitions: self.partitions.get() as u32,
            configs: self.configs.clone(),
            key_bytes: self.key_bytes.map_or(0, Whole::get) as usize,
            value_bytes: self.value_bytes.map_or(1_000, Whole::get) as usize,
            records_per_batch: self.records_per_batch.map_or(100, Whole::get) as u32,
            distinct_bodies: self.distinct_bodies.map_or(1, Whole::get) as u32,
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
            Some(SkewText::Zipf(exponent)) => Err(format!("zipf = {exponent} is not between 0 and 10")),
            Some(SkewText::Weights(weights)) => {
                let partitions = self.partitions.get();
                if weights.len() as u64 != partitions {
                    return Err(format!(
                        "weights has {} numbers for {partitions} partitions: each has one",
                        weights.len()
                    ));
                }
                let is_right = |weight: &f64| (0.0..=1e9).contains(weight);
                if let Some(wrong) = weights.iter().find(|weight| !is_right(weight)) {
                    return Err(format!("weight {wrong} is not between 0 and 1000000000"));
                }
                if weights.iter().sum::<f64>() <= 0.0 {
                    return Err("all weights are 0: one at least has to be more".to_owned());
                }
                Ok(Skew::Weights(weights.clone()))
            }
        }
    }
}

/// A whole batch must be one that a broker takes, unless the topic's configs say what it takes.
fn check_batch(topic: &TopicScenario) -> Result<(), String> {
    let record_bytes = topic.key_bytes + topic.value_bytes + RECORD_OVERHEAD_BYTES;
    let batch_bytes = topic.records_per_batch as usize * record_bytes;
    if batch_bytes <= MAX_MESSAGE_BYTES || topic.configs.contains_key("max.message.bytes") {
        return Ok(());
    }
    Err(format!(
        "records_per_batch = {} makes batches of {batch_bytes} bytes, more than max.message.bytes of {MAX_MESSAGE_BYTES}: \
         write {} or fewer, or set max.message.bytes in `configs`",
        topic.records_per_batch,
        MAX_MESSAGE_BYTES / record_bytes
    ))
}
