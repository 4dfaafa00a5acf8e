//! The 61-byte header of a record batch of message format 2, as it is on the wire. Source: Kafka's `DefaultRecordBatch`.

use crate::ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

/// The length of the header: everything before the first record.
pub(crate) const BATCH_HEADER_BYTES: usize = 61;

pub(super) const MAGIC: i8 = 2;
// All message formats have their magic here, so it can be read before the format is known.
pub(super) const MAGIC_AT: usize = 16;
/// The end of the length field. The length counts the bytes from here on.
const LENGTH_END: usize = 12;
/// The end of the CRC field. The CRC covers the bytes from here on: offset and leader epoch lie before it, so that a broker can set
/// them without a new CRC.
pub(super) const CRC_END: usize = 21;
pub(super) const ATTRIBUTES_AT: usize = CRC_END;
const TIMESTAMP_TYPE_BIT: i16 = 0b1000;
pub(super) const TRANSACTIONAL_BIT: i16 = 0b1_0000;
const CONTROL_BIT: i16 = 0b10_0000;
const DELETE_HORIZON_BIT: i16 = 0b100_0000;

/// Bits 0 to 2 of a batch's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// 0
    None,
    /// 1
    Gzip,
    /// 2: raw snappy, or the framing of snappy-java
    Snappy,
    /// 3: the LZ4 frame format
    Lz4,
    /// 4
    Zstd,
}

/// Bit 3 of a batch's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// The producer set the timestamps.
    CreateTime,
    /// The broker set one timestamp for the whole batch.
    LogAppendTime,
}

/// The header of a batch, as it is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// The header is apart from the body, so that offset, epoch and timestamps change without a copy of the body.
pub struct BatchHeader(pub(crate) [u8; BATCH_HEADER_BYTES]);

impl Compression {
    /// Returns the codec with that number in a batch's attributes.
    pub(crate) fn from_code(code: i32) -> Option<Self> {
        let codecs = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];
        codecs.get(usize::try_from(code).ok()?).copied()
    }
}

impl BatchHeader {
    /// Returns the offset of the first record.
    pub fn base_offset(&self) -> Offset {
        Offset(i64::from_be_bytes(self.field(0)))
    }

    /// Returns the length of the batch after the length field: the last 49 bytes of the header, and the body.
    pub fn batch_length(&self) -> i32 {
        i32::from_be_bytes(self.field(8))
    }

    /// Returns the epoch of the leader that appended it.
    pub fn partition_leader_epoch(&self) -> LeaderEpoch {
        LeaderEpoch(i32::from_be_bytes(self.field(12)))
    }

    /// Returns the message format.
    pub fn magic(&self) -> i8 {
        i8::from_be_bytes(self.field(16))
    }

    /// Returns the CRC-32C of everything from the attributes on, as the header has it.
    pub fn crc(&self) -> u32 {
        u32::from_be_bytes(self.field(17))
    }

    /// Returns the attribute bits.
    pub fn attributes(&self) -> i16 {
        i16::from_be_bytes(self.field(21))
    }

    /// Returns the offset of the last record less that of the first.
    pub fn last_offset_delta(&self) -> i32 {
        i32::from_be_bytes(self.field(23))
    }

    /// Returns the offset of the last record.
    pub fn last_offset(&self) -> Offset {
        self.base_offset().plus(i64::from(self.last_offset_delta()))
    }

    /// Returns the timestamp that the records' deltas count from, in milliseconds.
    pub fn base_timestamp_ms(&self) -> i64 {
        i64::from_be_bytes(self.field(27))
    }

    /// Returns the largest timestamp in the batch, in milliseconds.
    pub fn max_timestamp_ms(&self) -> i64 {
        i64::from_be_bytes(self.field(35))
    }

    /// Returns the producer's id, or -1.
    pub(crate) fn producer_id(&self) -> ProducerId {
        ProducerId(i64::from_be_bytes(self.field(43)))
    }

    /// Returns the producer's epoch, or -1.
    pub(crate) fn producer_epoch(&self) -> ProducerEpoch {
        ProducerEpoch(i16::from_be_bytes(self.field(51)))
    }

    /// Returns the sequence of the first record, or -1.
    pub(crate) fn base_sequence(&self) -> Sequence {
        Sequence(i32::from_be_bytes(self.field(53)))
    }

    /// Returns the number of records that it claims to have.
    pub fn record_count(&self) -> i32 {
        i32::from_be_bytes(self.field(57))
    }

    /// Returns how the body is compressed; `None` for an id that Kafka does not know.
    pub fn compression(&self) -> Option<Compression> {
        Compression::from_code(i32::from(self.attributes() & 0b111))
    }

    /// Returns who set the timestamps.
    pub fn timestamp_type(&self) -> TimestampType {
        if self.attributes() & TIMESTAMP_TYPE_BIT == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Returns whether the CRC in it is that of the rest of the header and `body`.
    pub fn matches_crc(&self, body: &[u8]) -> bool {
        self.compute_crc(body) == self.crc()
    }

    /// Returns whether it belongs to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes() & TRANSACTIONAL_BIT != 0
    }

    /// Returns whether it holds a transaction's marker instead of records.
    pub fn is_control(&self) -> bool {
        self.attributes() & CONTROL_BIT != 0
    }

    /// Returns the time from which on compaction may drop the batch's tombstones, or its marker (KIP-534).
    pub(super) fn delete_horizon_ms(&self) -> Option<i64> {
        (self.attributes() & DELETE_HORIZON_BIT != 0).then(|| self.base_timestamp_ms())
    }

    /// Returns the header at the start of `bytes`; `None` if they are shorter than a header.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(Self)
    }

    /// Returns the length of the batch, header included; `None` if it claims to be shorter than a header.
    pub(crate) fn size_bytes(&self) -> Option<usize> {
        let size = usize::try_from(self.batch_length()).ok()? + LENGTH_END;
        (size >= BATCH_HEADER_BYTES).then_some(size)
    }

    /// Returns whether an idempotent producer wrote it.
    pub(crate) fn has_producer_id(&self) -> bool {
        self.producer_id() > ProducerId::NONE
    }

    /// Returns the sequence of the last record, or -1.
    pub(crate) fn last_sequence(&self) -> Sequence {
        match self.base_sequence() {
            none @ Sequence::NONE => none,
            base => base.plus(self.last_offset_delta()),
        }
    }

    /// Returns the header of an empty batch without timestamps and producer.
    pub(crate) fn empty(compression: Compression) -> Self {
        let mut header = Self([0; BATCH_HEADER_BYTES]);
        header.set_leader_epoch(LeaderEpoch::NONE);
        header.put(16, MAGIC.to_be_bytes());
        header.put(21, (compression as i16).to_be_bytes());
        header.put(43, ProducerId::NONE.0.to_be_bytes());
        header.put(51, (-1i16).to_be_bytes());
        header.put(53, (-1i32).to_be_bytes());
        header
    }

    /// Sets the offset of the first record, which the CRC does not cover.
    pub(crate) fn set_base_offset(&mut self, offset: Offset) {
        self.put(0, offset.0.to_be_bytes());
    }

    /// Sets the leader epoch, which the CRC does not cover.
    pub(crate) fn set_leader_epoch(&mut self, epoch: LeaderEpoch) {
        self.put(12, epoch.0.to_be_bytes());
    }

    /// Sets the length for a body of `len` bytes, which the CRC does not cover.
    pub(crate) fn set_body_len(&mut self, len: usize) {
        self.put(8, ((BATCH_HEADER_BYTES - LENGTH_END + len) as i32).to_be_bytes());
    }

    /// Sets base and largest timestamp. The CRC is wrong afterwards.
    pub(crate) fn set_timestamps(&mut self, base_ms: i64, max_ms: i64) {
        self.put(27, base_ms.to_be_bytes());
        self.put(35, max_ms.to_be_bytes());
    }

    /// Sets count and last offset delta. The CRC is wrong afterwards.
    pub(crate) fn set_count(&mut self, count: i32) {
        self.put(23, (count - 1).to_be_bytes());
        self.put(57, count.to_be_bytes());
    }

    /// Sets the count, but not the last offset delta. The CRC is wrong afterwards.
    pub(super) fn set_record_count(&mut self, count: i32) {
        self.put(57, count.to_be_bytes());
    }

    /// Sets the codec. The CRC is wrong afterwards.
    pub(super) fn set_compression(&mut self, compression: Compression) {
        self.put(
            21,
            (self.attributes() & !0b111 | compression as i16).to_be_bytes(),
        );
    }

    /// Sets whether the base timestamp is a delete horizon. The CRC is wrong afterwards.
    pub(super) fn set_delete_horizon(&mut self, is_set: bool) {
        let others = self.attributes() & !DELETE_HORIZON_BIT;
        let bit = if is_set { DELETE_HORIZON_BIT } else { 0 };
        self.put(21, (others | bit).to_be_bytes());
    }

    /// Marks it as a transaction's control batch. The CRC is wrong afterwards.
    pub(super) fn set_control(&mut self) {
        self.put(
            21,
            (self.attributes() | TRANSACTIONAL_BIT | CONTROL_BIT).to_be_bytes(),
        );
    }

    /// Marks it as part of a transaction. The CRC is wrong afterwards.
    pub(crate) fn set_transactional(&mut self) {
        self.put(21, (self.attributes() | TRANSACTIONAL_BIT).to_be_bytes());
    }

    /// Sets the producer and the first record's sequence. The CRC is wrong afterwards.
    pub(crate) fn set_producer(&mut self, id: ProducerId, epoch: ProducerEpoch, base_sequence: Sequence) {
        self.put(43, id.0.to_be_bytes());
        self.put(51, epoch.0.to_be_bytes());
        self.put(53, base_sequence.0.to_be_bytes());
    }

    /// Sets the checksum.
    pub(crate) fn set_crc(&mut self, crc: u32) {
        self.put(17, crc.to_be_bytes());
    }

    /// Computes the CRC-32C of the attributes and everything after them, `body` included.
    pub(crate) fn compute_crc(&self, body: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(&self.0[CRC_END..]), body)
    }

    /// Gives all records of a verified batch with `body_len` bytes of body the time of the append, and corrects the CRC.
    pub(crate) fn set_log_append_time(&mut self, now_ms: i64, body_len: usize) {
        self.change(body_len, |header| {
            header.put(21, (header.attributes() | TIMESTAMP_TYPE_BIT).to_be_bytes());
            // The base timestamp stays, as in `DefaultRecordBatch.setMaxTimestamp`: under `LogAppendTime`
            // readers take the largest one for every record.
            header.put(35, now_ms.to_be_bytes());
        });
    }

    /// Lets the records of a verified batch with `body_len` bytes of body have their own timestamps, of which `max_ms` is the largest, and
    /// corrects the CRC.
    pub(crate) fn set_create_time(&mut self, max_ms: i64, body_len: usize) {
        self.change(body_len, |header| {
            header.put(21, (header.attributes() & !TIMESTAMP_TYPE_BIT).to_be_bytes());
            header.put(35, max_ms.to_be_bytes());
        });
    }

    /// Moves all timestamps of a verified batch with `body_len` bytes of body, so that its base is `base_timestamp_ms`, and corrects
    /// the CRC. The records' timestamps are relative to the base, so they move too.
    pub(crate) fn move_timestamps(&mut self, base_timestamp_ms: i64, body_len: usize) {
        // Readers add their deltas with wrapping too, as Java does, so any base gives the timestamps that are
        // meant.
        let moved_ms = base_timestamp_ms.wrapping_sub(self.base_timestamp_ms());
        let max_timestamp_ms = self.max_timestamp_ms().wrapping_add(moved_ms);
        self.change(body_len, |header| {
            header.set_timestamps(base_timestamp_ms, max_timestamp_ms);
        });
    }

    /// Changes the header of a verified batch with `body_len` bytes of body, and corrects the CRC.
    ///
    /// The body is not read again: CRCs are linear, so the old checksum changes by the difference of the two headers, carried over
    /// the body's length. That keeps a 1 MB checksum out of the partition's lock.
    fn change(&mut self, body_len: usize, change: impl FnOnce(&mut Self)) {
        let before = crc32c::crc32c(&self.0[CRC_END..]);
        change(self);
        // Both checksums have the same initial value and final inversion, which the XOR cancels.
        let difference = before ^ crc32c::crc32c(&self.0[CRC_END..]);
        self.set_crc(self.crc() ^ crc32c::crc32c_combine(difference, 0, body_len));
    }

    pub(super) fn put<const N: usize>(&mut self, at: usize, value: [u8; N]) {
        self.0[at..at + N].copy_from_slice(&value);
    }

    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0[at..at + N]
            .try_into()
            .expect("a field lies within the header")
    }
}
