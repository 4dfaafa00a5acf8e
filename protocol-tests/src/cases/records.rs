//! Produce with every codec, then read back exactly the same records.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::clients::Client;
use crate::context::Context;
use crate::kafka;
use crate::server::Server;
use crate::wire;

const PARTITION_COUNT: i32 = 2;

/// Returns every kind of record: with and without a key, a tombstone, empty key and value, text beyond ASCII, a compressible value.
fn records(client: &Client) -> Vec<Value> {
    let long = "the same words over and over ".repeat(300);
    let mut headers = vec![json!(["first", "1"]), json!(["second", "ë"])];
    if client.repeats_header_names {
        headers.push(json!(["second", "again"]));
    }
    let record = |partition: i32, millisecond: i64, key: Value, value: Value, headers: &[Value]| {
        let timestamp = 1_700_000_000_000_i64 + millisecond;
        json!({"partition": partition, "timestamp": timestamp, "key": key, "value": value, "headers": headers})
    };
    vec![
        record(0, 0, json!("key-0"), json!("value-0"), &headers),
        record(0, 1, Value::Null, json!("no key"), &[]),
        record(1, 2, json!("key-1"), Value::Null, &[]),
        record(0, 3, json!(""), json!(""), &[]),
        record(1, 4, json!("ключ"), json!(long), &[json!(["empty", ""])]),
        record(0, 5, json!("key-2"), json!(long), &[]),
    ]
}

/// The offsets of the records above, in the order in which they are sent.
const OFFSETS: [i64; 6] = [0, 1, 0, 2, 1, 3];

pub(super) fn every_codec(context: &Context, client: &Client) {
    let server = Server::start(context, &[]);
    let topics: Vec<String> = client
        .codecs
        .iter()
        .map(|codec| format!("records-{codec}"))
        .collect();
    for topic in &topics {
        kafka::create_topic(&server.bootstrap_servers, topic, PARTITION_COUNT);
    }
    let sent = records(client);
    let argument = json!({
        "bootstrap": server.bootstrap_servers,
        "codecs": client.codecs,
        "prefix": "records-",
        "partitions": PARTITION_COUNT,
        "records": sent,
    });
    let seen = client
        .start(context, "records", "records", &argument)
        .finish(context.deadline);
    let codecs = codecs(client, &seen);
    assert_produced(&codecs, &seen);
    for codec in codecs {
        let topic = &format!("records-{codec}");
        assert_read_back(topic, &sent, &seen);
        assert_kept_as_sent(&server, codec, topic);
    }
}

/// Returns the client's codecs, without zstd if the client reports that the runtime lacks it.
fn codecs(client: &Client, seen: &[Value]) -> Vec<&'static str> {
    let reported = seen
        .iter()
        .find(|event| event["event"] == "codecs")
        .map(|event| &event["codecs"]);
    let has = |codec: &&str| {
        *codec != "zstd"
            || reported
                .and_then(Value::as_array)
                .is_none_or(|reported| reported.contains(&json!(codec)))
    };
    client.codecs.iter().copied().filter(has).collect()
}

/// Asserts the offsets that the producer reported.
fn assert_produced(codecs: &[&str], seen: &[Value]) {
    for codec in codecs {
        let offsets: Vec<Option<i64>> = seen
            .iter()
            .filter(|event| event["event"] == "produced" && event["codec"] == *codec)
            .map(|event| event["offset"].as_i64())
            .collect();
        assert_eq!(
            offsets,
            OFFSETS.map(Some),
            "offsets acknowledged with codec {codec}"
        );
    }
}

fn assert_read_back(topic: &str, sent: &[Value], seen: &[Value]) {
    for partition in 0..PARTITION_COUNT {
        let wanted: Vec<Value> = sent
            .iter()
            .zip(OFFSETS)
            .filter(|(record, _)| record["partition"] == partition)
            .map(|(record, offset)| {
                let mut record = record.clone();
                record["event"] = json!("record");
                record["topic"] = json!(topic);
                record["offset"] = json!(offset);
                record
            })
            .collect();
        let found: Vec<Value> = seen
            .iter()
            .filter(|event| {
                event["event"] == "record" && event["topic"] == topic && event["partition"] == partition
            })
            .cloned()
            .collect();
        assert_eq!(found, wanted, "records of {topic}, partition {partition}");
    }
}

/// Asserts that the broker keeps a batch in the codec that it was sent with. A client may leave a small batch uncompressed.
fn assert_kept_as_sent(server: &Server, codec: &str, topic: &str) {
    for partition in 0..PARTITION_COUNT {
        let found: BTreeSet<&str> = wire::codecs_of_batches(&server.bootstrap_servers, topic, partition)
            .into_iter()
            .collect();
        assert!(
            found.contains(codec),
            "batches of {topic}, partition {partition}, are of codecs {found:?}"
        );
        assert!(
            found.iter().all(|one| *one == codec || *one == "none"),
            "{topic}, partition {partition}: {found:?}"
        );
    }
}
