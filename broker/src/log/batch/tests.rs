use super::*;
use crate::ids::{LeaderEpoch, ProducerEpoch, ProducerId};
use crate::log::header::TimestampType;
use crate::log::records::{NewRecord, encode_batch};

fn wire() -> Vec<u8> {
    let value = b"value".as_slice();
    let records: Vec<_> = (0..3)
        .map(|index| NewRecord {
            timestamp_ms: 1_000 + index,
            value: Some(value),
            ..NewRecord::default()
        })
        .collect();
    encode_batch(&records, Compression::None).to_vec()
}

/// The batch with its header changed, and the CRC made right again.
fn changed(change: impl FnOnce(&mut BatchHeader)) -> Bytes {
    let mut wire = wire();
    let mut header = BatchHeader::read(&wire).expect("a header");
    change(&mut header);
    header.set_crc(header.compute_crc(&wire[BATCH_HEADER_BYTES..]));
    wire[..BATCH_HEADER_BYTES].copy_from_slice(&header.0);
    Bytes::from(wire)
}

fn refusal(records: impl Into<Bytes>) -> InvalidBatch {
    Batch::verify(records.into()).expect_err("it is refused")
}

#[test]
fn a_producers_batch_is_split_into_header_and_body() {
    let wire = wire();
    let batch = Batch::verify(Bytes::from(wire.clone())).expect("it is valid");
    assert_eq!([&batch.header.0[..], &batch.body[..]].concat(), wire);
    assert_eq!(batch.size_bytes(), wire.len());
    assert_eq!(batch.header.last_offset(), Offset(2));
    assert_eq!(batch.header.producer_id(), ProducerId::NONE);
    assert_eq!(batch.header.last_sequence(), Sequence(-1));
}

#[test]
fn a_changed_byte_anywhere_under_the_crc_is_found() {
    let wire = wire();
    for at in CRC_END..wire.len() {
        let mut corrupt = wire.clone();
        corrupt[at] ^= 0x10;
        assert!(
            matches!(refusal(corrupt), InvalidBatch::Corrupt { .. }),
            "byte {at}"
        );
    }
}

#[test]
fn what_lies_outside_the_crc_may_change() {
    let changed = changed(|header| {
        header.set_leader_epoch(LeaderEpoch(9));
    });
    assert!(Batch::verify(changed).is_ok());
}

#[test]
fn what_kafka_refuses_from_clients_is_refused_by_name() {
    let malformed = |reason| InvalidBatch::Malformed { reason };
    let cases: [(Bytes, InvalidBatch); 13] = [
        (
            changed(|header| header.put(16, [1])),
            InvalidBatch::UnsupportedMagic { magic: 1 },
        ),
        (
            changed(|header| header.set_base_offset(Offset(1))),
            malformed("the base offset of a batch in a Produce request must be 0"),
        ),
        (
            changed(|header| header.put(23, (-1i32).to_be_bytes())),
            malformed("the batch's last offset delta is negative"),
        ),
        (
            changed(|header| header.put(57, 0i32.to_be_bytes())),
            malformed("a batch must hold one record at least"),
        ),
        (
            changed(|header| header.put(57, 4i32.to_be_bytes())),
            malformed("the batch's last offset delta does not match its count of records"),
        ),
        (
            changed(|header| header.put(23, i32::MAX.to_be_bytes())),
            malformed("the batch's last offset delta does not match its count of records"),
        ),
        (
            changed(|header| header.put(21, 0x20i16.to_be_bytes())),
            malformed("clients may not write control records"),
        ),
        (
            changed(|header| header.set_producer(ProducerId(7), ProducerEpoch(0), Sequence(-1))),
            malformed("a batch with a producer id needs a sequence of 0 or more"),
        ),
        (
            changed(|header| header.put(21, 5i16.to_be_bytes())),
            InvalidBatch::UnknownCompression { id: 5 },
        ),
        (
            changed(|header| header.put(8, 48i32.to_be_bytes())),
            InvalidBatch::ShorterThanHeader { batch_length: 48 },
        ),
        (
            changed(|header| header.put(8, 13i32.to_be_bytes())),
            InvalidBatch::TooShort { batch_length: 13 },
        ),
        (
            changed(|header| header.put(16, [3])),
            InvalidBatch::UnknownMagic { magic: 3 },
        ),
        (
            changed(|header| header.put(16, [0xff])),
            InvalidBatch::UnknownMagic { magic: -1 },
        ),
    ];
    for (records, expected) in cases {
        assert_eq!(refusal(records), expected);
    }
}

#[test]
fn a_length_that_is_negative_or_beyond_the_bytes_is_refused() {
    assert_eq!(
        refusal(changed(|header| header.put(8, i32::MIN.to_be_bytes()))),
        InvalidBatch::TooShort {
            batch_length: i32::MIN
        }
    );
    let longer = changed(|header| header.put(8, i32::MAX.to_be_bytes()));
    let bytes = longer.len();
    assert_eq!(refusal(longer), InvalidBatch::Truncated { bytes });
}

#[test]
fn records_that_do_not_fill_an_uncompressed_body_are_refused() {
    let not_filled = InvalidBatch::Malformed {
        reason: "the batch's records do not fill it exactly",
    };
    for count in [2, 4, i32::MAX] {
        assert_eq!(
            refusal(changed(|header| header.set_count(count))),
            not_filled,
            "{count} instead of 3"
        );
    }
    let compressed = changed(|header| {
        header.set_count(4);
        header.put(21, (Compression::Zstd as i16).to_be_bytes());
    });
    assert!(Batch::verify(compressed).is_ok(), "nothing is decompressed");
}

#[test]
fn any_beginning_of_a_batch_is_truncated() {
    let wire = wire();
    for len in 0..wire.len() {
        assert_eq!(
            refusal(wire[..len].to_vec()),
            InvalidBatch::Truncated { bytes: len }
        );
    }
}

#[test]
fn a_second_batch_is_refused_and_a_piece_of_one_is_cut_off() {
    let wire = wire();
    assert_eq!(
        refusal([&wire[..], &wire[..]].concat()),
        InvalidBatch::SeveralBatches
    );
    let followed = [&wire[..], &wire[..wire.len() - 1]].concat();
    assert_eq!(
        Batch::verify(followed.into()).expect("it is valid").size_bytes(),
        wire.len()
    );
}

#[test]
fn bytes_behind_the_batch_that_cannot_begin_one_are_corrupt() {
    let wire = wire();
    assert_eq!(
        refusal([&wire[..], &[0; 30]].concat()),
        InvalidBatch::CorruptTrailer
    );
    assert!(Batch::verify([&wire[..], &[0; 11]].concat().into()).is_ok());
}

#[test]
fn log_append_time_gives_the_crc_that_the_whole_batch_has() {
    for body_len in [0, 1, 7, 8, 100, 4_096, 70_001] {
        let body: Vec<u8> = (0..body_len).map(|index| (index * 31 % 251) as u8).collect();
        let mut header = BatchHeader::empty(Compression::Gzip);
        header.set_body_len(body.len());
        header.set_timestamps(123_456, 234_567);
        header.set_crc(header.compute_crc(&body));
        header.set_log_append_time(1_700_000_000_000, body.len());
        assert_eq!(header.crc(), header.compute_crc(&body), "{body_len} bytes");
        assert_eq!(header.timestamp_type(), TimestampType::LogAppendTime);
        assert_eq!(header.max_timestamp_ms(), 1_700_000_000_000);
        assert_eq!(header.base_timestamp_ms(), 123_456);
        assert_eq!(header.compression(), Some(Compression::Gzip));
    }
}

#[test]
fn moved_timestamps_give_the_crc_that_the_whole_batch_has() {
    let wire = changed(|header| header.set_producer(ProducerId(7), ProducerEpoch(1), Sequence(5)));
    let batch = Batch::verify(wire).expect("it is valid");
    for base_ms in [1_000, 0, -1, 1_700_000_000_000, i64::MAX] {
        let mut header = batch.header;
        header.move_timestamps(base_ms, batch.body.len());
        assert_eq!(header.crc(), header.compute_crc(&batch.body), "{base_ms}");
        assert_eq!(header.base_timestamp_ms(), base_ms);
        assert_eq!(header.max_timestamp_ms(), base_ms.wrapping_add(2));
        header.move_timestamps(1_000, batch.body.len());
        assert_eq!(header, batch.header);
    }
}

#[test]
fn a_sequence_that_wraps_ends_below_where_it_began() {
    let mut header = BatchHeader::empty(Compression::None);
    header.set_producer(ProducerId(1), ProducerEpoch(0), Sequence(i32::MAX - 1));
    header.set_count(4);
    assert_eq!(header.last_sequence(), Sequence(1));
}
