//! Entry points of the fuzz targets in `broker/fuzz`, and of the test that replays their corpora. They are not part of the API.
//!
//! For any input they neither panic nor allocate much more than the input's size.

mod history;

pub use history::run_history;

use crate::cluster::{Cluster, Node, NodeListener};
use crate::config::{Config, ConfigError};
use crate::ids::{LeaderEpoch, NodeId};
use crate::log::header::{BATCH_HEADER_BYTES, BatchHeader, Compression};
use crate::log::{Batch, LogSettings, Part, PartitionLog, records};
use crate::pool::Pool;
use crate::server;
use crate::{Clock, Entropy};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

/// The limit on the size of a decompressed batch.
const DECOMPRESSED_LIMIT_BYTES: usize = 1 << 20;

/// A CreateTopics request of version 2 for topic `t` with two partitions, so that the frame finds a topic.
const CREATE_TOPIC: &[u8] = &[
    0, 19, 0, 2, 0, 0, 0, 1, 0, 0, // header: key, version, correlation id, no client id
    0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, // one topic
    0, 0, 3, 232, 0, // timeout, not only validated
];

/// The time after which the client closes the connection if no answer comes, as with `acks=0`.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The size of the duplex pipe in each direction.
const PIPE_BYTES: usize = 64 << 10;

/// Sends one frame, given without its length, to a new broker with one topic `t`, and closes the connection. Returns the answer without
/// its length, or `None` if there was no answer. The caller's tokio runtime is paused, so that no wait takes long.
///
/// # Errors
/// The cluster cannot be created.
pub async fn answer_frame(frame: &[u8]) -> Result<Option<Vec<u8>>, ConfigError> {
    let node = Node::new(NodeId(1), NodeListener::without_socket("localhost", 9092));
    let clock = Clock::tokio(1_700_000_000_000);
    let cluster = Cluster::new(Config::default(), vec![node], clock, Entropy::from_seed(1))?;
    let (mut client, stream) = tokio::io::duplex(PIPE_BYTES);
    let conversation = async {
        // The broker may close the connection before it has read everything.
        let _ = client
            .write_all(&[framed(CREATE_TOPIC), framed(frame)].concat())
            .await;
        let created = receive_frame(&mut client).await;
        assert!(created.is_some(), "the topic's creation is answered");
        let answer = timeout(PATIENCE, receive_frame(&mut client)).await;
        let _ = client.shutdown().await;
        let mut rest = Vec::new();
        let _ = client.read_to_end(&mut rest).await;
        assert!(
            rest.is_empty(),
            "one frame has one answer, written whole: {rest:02x?}"
        );
        answer.unwrap_or_default()
    };
    let cluster = Arc::new(cluster);
    let (answer, ()) = tokio::join!(conversation, server::converse(&cluster, NodeId(1), stream));
    Ok(answer)
}

async fn receive_frame(client: &mut DuplexStream) -> Option<Vec<u8>> {
    let length = client.read_u32().await.ok()?;
    let mut frame = vec![0; length as usize];
    client.read_exact(&mut frame).await.ok()?;
    Some(frame)
}

fn framed(frame: &[u8]) -> Vec<u8> {
    [&(frame.len() as u32).to_be_bytes()[..], frame].concat()
}

/// Verifies `records` as those of a Produce request, appends them to a log and reads them back. Does so a second time with the CRC that
/// fits the bytes, since the CRC refuses nearly every changed input. Returns whether the log stored the records in either case.
pub fn validate_batch(records: &[u8]) -> bool {
    let as_sent = store(Bytes::copy_from_slice(records));
    let Some(mut header) = BatchHeader::read(records) else {
        return as_sent;
    };
    let end = header
        .size_bytes()
        .map_or(records.len(), |size| size.min(records.len()));
    let body = &records[BATCH_HEADER_BYTES..end.max(BATCH_HEADER_BYTES)];
    header.set_crc(header.compute_crc(body));
    let with_its_crc = [&header.0[..], &records[BATCH_HEADER_BYTES..]].concat();
    store(with_its_crc.into()) || as_sent
}

fn store(records: Bytes) -> bool {
    let Ok(batch) = Batch::verify(records) else {
        return false;
    };
    walk(&batch);
    let size = batch.size_bytes();
    let mut log = PartitionLog::new(Pool::new(1 << 24));
    for log_append_time in [false, true] {
        let settings = LogSettings {
            log_append_time,
            ..LogSettings::default()
        };
        let _ = log.append(batch.clone(), LeaderEpoch(0), 1_700_000_000_000, &settings);
    }
    let read = log
        .read(log.log_start_offset(), log.log_end_offset(), usize::MAX, true)
        .expect("the log holds what lies between its ends");
    let stored = read.parts.iter().fold(Vec::new(), |mut stored, part| {
        match part {
            Part::Header(header) => stored.extend_from_slice(header),
            Part::Bytes(bytes) => stored.extend_from_slice(bytes),
        }
        stored
    });
    assert_eq!(stored.len() as u64, log.size_bytes());
    let batches = records::batches(stored.into());
    batches
        .inspect(|(header, body)| {
            assert_eq!(header.size_bytes(), Some(size));
            assert_eq!(
                header.compute_crc(body),
                header.crc(),
                "a stored batch has the CRC of its bytes"
            );
        })
        .count()
        > 0
}

/// Decompresses, and walks every record with its headers.
fn walk(batch: &Batch) {
    let codec = batch.header.compression().unwrap_or(Compression::None);
    let Ok(plain) = records::decompress(codec, &batch.body, DECOMPRESSED_LIMIT_BYTES) else {
        return;
    };
    assert!(codec == Compression::None || plain.len() <= DECOMPRESSED_LIMIT_BYTES);
    for record in records::walk(&batch.header, &plain).flatten() {
        let headers = records::headers(record.headers);
        assert!(headers.count() <= record.headers.len());
    }
}

#[cfg(test)]
mod tests;
