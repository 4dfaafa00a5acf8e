//! The client program of the crate rskafka, which supports topics and partitions but no groups.

use std::collections::BTreeMap;

use rskafka::chrono::DateTime;
use rskafka::client::partition::{Compression, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::Record;
use serde_json::{Value, json};

use super::report::{self, Outcome, SeenRecord, array, number, text};

const TIMEOUT_MS: i32 = 10_000;
const FETCH_BYTES: std::ops::Range<i32> = 1..1_000_000;

pub(super) fn run(mode: &str, argument: &Value) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let bootstrap = text(argument, "bootstrap")?
            .split(',')
            .map(str::to_owned)
            .collect();
        let client = ClientBuilder::new(bootstrap).build().await?;
        match mode {
            "records" => records(&client, argument).await,
            "admin" => admin(&client).await,
            _ => Err(format!("unknown mode {mode:?}: must be records or admin").into()),
        }
    })
}

fn compression(codec: &str) -> Result<Compression, String> {
    match codec {
        "none" => Ok(Compression::NoCompression),
        "gzip" => Ok(Compression::Gzip),
        "snappy" => Ok(Compression::Snappy),
        "lz4" => Ok(Compression::Lz4),
        "zstd" => Ok(Compression::Zstd),
        _ => Err(format!(
            "unknown codec {codec:?}: must be none, gzip, snappy, lz4 or zstd"
        )),
    }
}

async fn records(client: &Client, argument: &Value) -> Outcome {
    let sent = array(argument, "records")?;
    for codec in array(argument, "codecs")?.iter().filter_map(Value::as_str) {
        let topic = format!("{}{codec}", text(argument, "prefix")?);
        produce(client, &topic, codec, sent).await?;
        for partition in 0..number(argument, "partitions")? as i32 {
            let count = sent
                .iter()
                .filter(|record| record["partition"] == partition)
                .count();
            read(client, &topic, partition, count).await?;
        }
    }
    Ok(())
}

/// Sends the records of each partition as one batch, and reports their offsets in the order given.
async fn produce(client: &Client, topic: &str, codec: &str, sent: &[Value]) -> Outcome {
    let mut batches: BTreeMap<i64, Vec<(usize, Record)>> = BTreeMap::new();
    for (index, one) in sent.iter().enumerate() {
        batches
            .entry(number(one, "partition")?)
            .or_default()
            .push((index, record(one)?));
    }
    let mut offsets = vec![-1; sent.len()];
    for (partition, batch) in batches {
        let (indexes, records): (Vec<usize>, Vec<Record>) = batch.into_iter().unzip();
        let partition = client
            .partition_client(topic, partition as i32, UnknownTopicHandling::Retry)
            .await?;
        let found = partition.produce(records, compression(codec)?).await?;
        indexes
            .into_iter()
            .zip(found)
            .for_each(|(index, offset)| offsets[index] = offset);
    }
    for offset in offsets {
        report::line(&json!({"event": "produced", "codec": codec, "offset": offset}));
    }
    Ok(())
}

fn record(sent: &Value) -> Result<Record, String> {
    let bytes = |value: &Value| value.as_str().map(|text| text.as_bytes().to_vec());
    let header = |pair: &Value| Some((pair[0].as_str()?.to_owned(), bytes(&pair[1])?));
    Ok(Record {
        key: bytes(&sent["key"]),
        value: bytes(&sent["value"]),
        headers: array(sent, "headers")?.iter().filter_map(header).collect(),
        timestamp: DateTime::from_timestamp_millis(number(sent, "timestamp")?)
            .ok_or("a time out of range")?,
    })
}

async fn read(client: &Client, topic: &str, partition: i32, count: usize) -> Outcome {
    let reader = client
        .partition_client(topic, partition, UnknownTopicHandling::Retry)
        .await?;
    let mut next_offset = 0;
    for _ in 0..count {
        let (found, _) = reader.fetch_records(next_offset, FETCH_BYTES, TIMEOUT_MS).await?;
        for one in found
            .into_iter()
            .filter(|one| one.offset >= next_offset)
            .collect::<Vec<_>>()
        {
            next_offset = one.offset + 1;
            report::record(&SeenRecord {
                topic,
                partition,
                offset: one.offset,
                timestamp: one.record.timestamp.timestamp_millis(),
                key: one.record.key.as_deref(),
                value: one.record.value.as_deref(),
                headers: one
                    .record
                    .headers
                    .into_iter()
                    .map(|(key, value)| (key, Some(value)))
                    .collect(),
            });
        }
        if next_offset >= count as i64 {
            return Ok(());
        }
    }
    Err("the records were not fetched".into())
}

async fn admin(client: &Client) -> Outcome {
    let controller = client.controller_client()?;
    for step in report::steps() {
        let (name, topic) = (text(&step, "step")?, text(&step, "topic")?);
        let mut event = json!({});
        match name {
            "create_topic" => {
                controller
                    .create_topic(topic, number(&step, "partitions")? as i32, 1, TIMEOUT_MS)
                    .await?;
            }
            "describe_topic" => {
                let found = client
                    .list_topics()
                    .await?
                    .into_iter()
                    .find(|one| one.name == topic);
                event["partitions"] = json!(found.ok_or("the topic is not listed")?.partitions);
            }
            "delete_records" => {
                let partition = number(&step, "partition")? as i32;
                let partition = client
                    .partition_client(topic, partition, UnknownTopicHandling::Retry)
                    .await?;
                partition
                    .delete_records(number(&step, "before_offset")?, TIMEOUT_MS)
                    .await?;
            }
            "delete_topic" => controller.delete_topic(topic, TIMEOUT_MS).await?,
            _ => return Err(format!("unknown step {name:?}").into()),
        }
        event["event"] = json!(name);
        report::line(&event);
    }
    Ok(())
}
