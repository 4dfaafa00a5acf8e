//! Decodes the body of a Produce request by hand. For a request of one small record, checking the bounds and building the message of
//! `kafka-protocol` costs more than appending the record.
//!
//! It accepts exactly the bodies that the walk over the shape in `bounds` accepts, and refuses others with the same texts. Source: Kafka's
//! `ProduceRequest.json`.

use crate::api::answer::produce::{Few, TOPIC_IDS_FROM};
use crate::api::{Body, Decoded, Undecodable};
use crate::bounds::OutOfBounds;
use crate::wire::{Fault, Reader};
use bytes::Bytes;
use kafka_protocol::messages;
use kafka_protocol::protocol::StrBytes;
use std::str::{self, Utf8Error};
use uuid::Uuid;

/// The first version with compact encoding and tagged fields.
const FLEXIBLE_FROM: i16 = 9;

/// The decoded request.
#[derive(Debug, PartialEq)]
pub(crate) struct ProduceRequest {
    pub(super) acks: i16,
    pub(super) transactional_id: Option<StrBytes>,
    pub(super) topics: Few<TopicData>,
}

/// The batches for one topic, which is named by id from version 13 on and by name before.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TopicData {
    pub(super) name: StrBytes,
    pub(super) id: Uuid,
    pub(super) partitions: Few<PartitionData>,
}

/// The batch for one partition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PartitionData {
    pub(super) index: i32,
    pub(super) records: Option<Bytes>,
}

impl Body for ProduceRequest {
    type Message = messages::ProduceRequest;

    fn read(body: &Bytes, version: i16) -> Result<Decoded<Self>, Undecodable> {
        let mut request_reader = RequestReader::new(body, version);
        let request = request_reader.request().map_err(|unread| match unread {
            Unread::Fault(fault) => OutOfBounds::in_body("Produce", version, *fault).into(),
            Unread::Text(error) => Undecodable::Malformed {
                reason: error.to_string(),
            },
        })?;
        Ok(Decoded {
            request,
            elements: request_reader.reader.elements(),
        })
    }
}

/// The reason why a body was not decoded.
enum Unread {
    Fault(Box<Fault>),
    Text(Utf8Error),
}

impl From<Box<Fault>> for Unread {
    fn from(fault: Box<Fault>) -> Self {
        Self::Fault(fault)
    }
}

impl From<Utf8Error> for Unread {
    fn from(error: Utf8Error) -> Self {
        Self::Text(error)
    }
}

impl Unread {
    #[cold]
    fn within_topic(self, index: usize) -> Self {
        match self {
            Self::Fault(fault) => Self::Fault(fault.within_element(index).within("TopicData")),
            text => text,
        }
    }
}

struct RequestReader<'a> {
    body: &'a Bytes,
    reader: Reader<'a>,
    version: i16,
}

impl<'a> RequestReader<'a> {
    fn new(body: &'a Bytes, version: i16) -> Self {
        Self {
            body,
            reader: Reader::new(body, version >= FLEXIBLE_FROM),
            version,
        }
    }

    fn request(&mut self) -> Result<ProduceRequest, Unread> {
        let transactional_id = self
            .reader
            .string(true)
            .map_err(|fault| fault.within("TransactionalId"))?;
        // Copied, because few requests have one, and it would keep the frame alive.
        let transactional_id = transactional_id.map(str::from_utf8).transpose()?;
        let transactional_id = transactional_id.map(|id| StrBytes::from_string(id.to_owned()));
        let acks = self.reader.int16().map_err(|fault| fault.within("Acks"))?;
        // Nothing waits for followers, so the timeout has no use.
        self.reader.int32().map_err(|fault| fault.within("TimeoutMs"))?;
        let count = self
            .reader
            .array_of(self.least_topic_bytes())
            .map_err(|fault| fault.within("TopicData"))?;
        // `array_of` has checked the count against the bytes that are left, so a small body cannot reserve much.
        let mut topics = Few::with_capacity(count);
        for index in 0..count {
            topics.push(self.topic().map_err(|unread| unread.within_topic(index))?);
        }
        self.reader.skip_tagged_fields()?;
        Ok(ProduceRequest {
            acks,
            transactional_id,
            topics,
        })
    }

    fn topic(&mut self) -> Result<TopicData, Unread> {
        let (name, id) = if self.version >= TOPIC_IDS_FROM {
            let id = self.reader.take().map_err(|fault| fault.within("TopicId"))?;
            (StrBytes::default(), Uuid::from_bytes(id))
        } else {
            let name = self.reader.string(false).map_err(|fault| fault.within("Name"))?;
            // The name stays a part of the frame, so that it costs no allocation.
            let name = self.body.slice_ref(name.unwrap_or_default());
            (StrBytes::from_utf8(name)?, Uuid::nil())
        };
        let count = self
            .reader
            .array_of(self.least_partition_bytes())
            .map_err(|fault| fault.within("PartitionData"))?;
        let mut partitions = Few::with_capacity(count);
        for index in 0..count {
            let partition = self.partition();
            partitions.push(partition.map_err(|fault| fault.within_element(index).within("PartitionData"))?);
        }
        self.reader.skip_tagged_fields()?;
        Ok(TopicData { name, id, partitions })
    }

    fn partition(&mut self) -> Result<PartitionData, Box<Fault>> {
        let index = self.reader.int32().map_err(|fault| fault.within("Index"))?;
        // Null is valid on the wire. The operation refuses it for its partition alone.
        let records = self.reader.bytes(true).map_err(|fault| fault.within("Records"))?;
        self.reader.skip_tagged_fields()?;
        Ok(PartitionData {
            index,
            records: records.map(|records| self.body.slice_ref(records)),
        })
    }

    /// Returns the least size of a topic: an empty name or an id, no partitions, no tagged fields.
    fn least_topic_bytes(&self) -> usize {
        match self.version {
            TOPIC_IDS_FROM.. => 16 + 1 + 1,
            FLEXIBLE_FROM.. => 1 + 1 + 1,
            _ => 2 + 4,
        }
    }

    /// Returns the least size of a partition: an index, no records, no tagged fields.
    fn least_partition_bytes(&self) -> usize {
        match self.version {
            FLEXIBLE_FROM.. => 4 + 1 + 1,
            _ => 4 + 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::tests::samples;
    use crate::bounds::{Walked, check};
    use kafka_protocol::messages::ApiKey;
    use kafka_protocol::protocol::Decodable;
    use proptest::prelude::*;

    fn read(version: i16, body: &[u8]) -> Result<Decoded<ProduceRequest>, Undecodable> {
        ProduceRequest::read(&Bytes::copy_from_slice(body), version)
    }

    /// Decodes the body with `kafka-protocol`.
    fn decoded(version: i16, body: &[u8]) -> ProduceRequest {
        let message = messages::ProduceRequest::decode(&mut &body[..], version).expect("it was encoded");
        let topics = message.topic_data.into_iter().map(|topic| TopicData {
            name: topic.name.0,
            id: topic.topic_id,
            partitions: topic
                .partition_data
                .into_iter()
                .map(|partition| PartitionData {
                    index: partition.index,
                    records: partition.records,
                })
                .collect(),
        });
        ProduceRequest {
            acks: message.acks,
            transactional_id: message.transactional_id.map(|id| id.0),
            topics: topics.collect(),
        }
    }

    fn produce_case() -> samples::Case {
        let mut cases = samples::cases().into_iter();
        cases
            .find(|case| case.key == ApiKey::Produce as i16)
            .expect("it is served")
    }

    /// Asserts that decoding ends where the walk over the shape ends, or finds the same fault.
    fn assert_reads_as_walked(version: i16, body: &[u8]) -> Result<(), TestCaseError> {
        let walked = check(ApiKey::Produce as i16, version, body);
        let body = Bytes::copy_from_slice(body);
        let mut request_reader = RequestReader::new(&body, version);
        match request_reader.request() {
            Ok(_) => {
                let bytes = body.len() - request_reader.reader.left();
                let elements = request_reader.reader.elements();
                prop_assert_eq!(walked, Ok(Walked { bytes, elements }));
            }
            Err(Unread::Fault(fault)) => {
                prop_assert_eq!(walked, Err(OutOfBounds::in_body("Produce", version, *fault)));
            }
            // The walk does not look at text.
            Err(Unread::Text(_)) => {}
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn reads_what_kafka_protocol_decodes_to_its_last_byte(seed in any::<u64>()) {
            for version in 3..=13 {
                let body = (produce_case().encode)(seed, version);
                let read = read(version, &body).expect("it was encoded");
                prop_assert_eq!(read.request, decoded(version, &body), "v{}", version);
                assert_reads_as_walked(version, &body)?;
            }
        }

        #[test]
        fn a_body_that_was_cut_or_changed_is_read_as_it_is_walked(
            seed in any::<u64>(),
            place in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            for version in 3..=13 {
                let mut body = (produce_case().encode)(seed, version);
                let place = place.index(body.len());
                assert_reads_as_walked(version, &body[..place])?;
                body[place] = byte;
                assert_reads_as_walked(version, &body)?;
            }
        }
    }

    #[test]
    fn a_claim_beyond_the_body_is_refused_by_its_path() {
        // No transactional id, acks of 1, a timeout, one topic "t" with one partition 0 and 9 bytes of records, of which 2 are there.
        let body = [0, 0, 1, 0, 0, 0, 9, 2, 2, b't', 2, 0, 0, 0, 0, 10, 7, 7];
        let error = read(9, &body).expect_err("it claims too much");
        assert_eq!(
            error.to_string(),
            "Produce v9: TopicData[0].PartitionData[0].Records claims a length of 9 bytes, but 2 are left"
        );
        let error = read(9, &[0, 0, 1, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 0x0f]).expect_err("so does this");
        assert_eq!(
            error.to_string(),
            "Produce v9: TopicData claims 4294967294 elements of at least 3 bytes each, but 0 are left"
        );
    }
}
