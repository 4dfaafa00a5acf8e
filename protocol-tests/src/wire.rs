//! A raw Fetch request, for the headers of a partition's batches, which no client shows.
//!
//! Reference: Fetch version 4 of Apache Kafka's protocol guide, and the record batch format of its message guide.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const FETCH: i16 = 1;
const FETCH_VERSION: i16 = 4;
const PATIENCE: Duration = Duration::from_secs(10);
/// The position of the length in a batch, and the number of bytes that the length does not count.
const BATCH_LENGTH_AT: usize = 8;
const BATCH_PREFIX_BYTES: usize = 12;
/// The position of the attributes in a batch. The codec is the lowest three bits.
const ATTRIBUTES_AT: usize = 21;

/// Returns the codec of each batch of a partition, from its start.
///
/// # Panics
/// If the broker does not answer as Kafka does.
pub fn codecs_of_batches(bootstrap_servers: &str, topic: &str, partition: i32) -> Vec<&'static str> {
    let answer = fetch(bootstrap_servers, topic, partition);
    // The answer holds the throttle time, one topic, its name, and one partition: index, error, high watermark, last stable offset, no aborted
    // transactions, and the records with their length.
    let mut at = 4 + 4 + 4 + 2 + topic.len() + 4 + 4;
    assert_eq!(
        i16::from_be_bytes(take(&answer, at)),
        0,
        "the error code of Fetch"
    );
    at += 2 + 8 + 8;
    let aborted_count = i32::from_be_bytes(take(&answer, at));
    assert!(aborted_count <= 0, "no transaction was aborted");
    let records_length = i32::from_be_bytes(take(&answer, at + 4)) as usize;
    let mut records = &answer[at + 8..at + 8 + records_length];
    let mut codecs = Vec::new();
    while records.len() > ATTRIBUTES_AT + 1 {
        let length = i32::from_be_bytes(take(records, BATCH_LENGTH_AT)) as usize;
        let attributes = i16::from_be_bytes(take(records, ATTRIBUTES_AT));
        codecs.push(["none", "gzip", "snappy", "lz4", "zstd"][usize::from(attributes as u16 & 7)]);
        records = &records[BATCH_PREFIX_BYTES + length..];
    }
    codecs
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the length is N")
}

fn fetch(bootstrap_servers: &str, topic: &str, partition: i32) -> Vec<u8> {
    let mut request = Vec::new();
    request.extend(FETCH.to_be_bytes());
    request.extend(FETCH_VERSION.to_be_bytes());
    request.extend(7_i32.to_be_bytes()); // correlation id
    request.extend((-1_i16).to_be_bytes()); // no client id
    for number in [-1_i32, 100, 1, 1 << 20] {
        request.extend(number.to_be_bytes()); // replica, max wait, min bytes, max bytes
    }
    request.push(0); // read uncommitted
    request.extend(1_i32.to_be_bytes());
    request.extend((topic.len() as i16).to_be_bytes());
    request.extend(topic.as_bytes());
    request.extend(1_i32.to_be_bytes());
    request.extend(partition.to_be_bytes());
    request.extend(0_i64.to_be_bytes());
    request.extend((1_i32 << 20).to_be_bytes());

    let address = bootstrap_servers
        .split(',')
        .next()
        .expect("a list has a first entry");
    let mut stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout above zero");
    stream
        .write_all(&(request.len() as i32).to_be_bytes())
        .expect("the broker reads");
    stream.write_all(&request).expect("the broker reads");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("Fetch is answered");
    let mut answer = vec![0; i32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).expect("the answer is whole");
    assert_eq!(take(&answer, 0), 7_i32.to_be_bytes(), "the correlation id");
    answer
}
