//! The messages that the members of a consumer group exchange through their leader: ConsumerProtocolSubscription and
//! ConsumerProtocolAssignment. The coordinator passes them on unread. Pure.
//! Source: `ConsumerProtocolSubscription.json` and `ConsumerProtocolAssignment.json` of Apache Kafka.
//!
//! Subscriptions are written at version 2, which added the generation of the owned partitions, and read at any version. Later versions
//! add fields at the end, which are not read, as in Kafka's clients.

use std::collections::BTreeMap;

const SUBSCRIPTION_VERSION: i16 = 2;
const ASSIGNMENT_VERSION: i16 = 0;
const NULL: i32 = -1;

/// The subscription of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    /// The topics that it subscribes to.
    pub(super) topics: Vec<String>,
    /// The partitions that it owned before this rebalance.
    pub(super) owned: Partitions,
    /// The generation in which it owned them; -1 if it was in none, or does not say.
    pub(super) generation_id: i32,
}

/// Partitions by topic.
pub(super) type Partitions = BTreeMap<String, Vec<i32>>;

/// The error of bytes that are shorter than the lengths and counts in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is shorter than the lengths and counts in it")]
pub(super) struct Truncated;

impl Subscription {
    /// Returns the subscription as bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = SUBSCRIPTION_VERSION.to_be_bytes().to_vec();
        write_count(self.topics.len(), &mut bytes);
        for topic in &self.topics {
            write_string(topic, &mut bytes);
        }
        bytes.extend(NULL.to_be_bytes()); // user data
        write_partitions(&self.owned, &mut bytes);
        bytes.extend(self.generation_id.to_be_bytes());
        bytes
    }

    /// Reads a subscription of any version.
    ///
    /// # Errors
    /// [`Truncated`] if the bytes end early.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Truncated> {
        let mut reader = Reader { bytes };
        let version = reader.i16()?;
        // No memory is reserved by the count, which comes from another client. A negative count reads as none.
        let mut topics = Vec::new();
        for _ in 0..reader.i32()? {
            topics.push(reader.string()?);
        }
        reader.nullable_bytes()?;
        let owned = match version >= 1 {
            true => reader.partitions()?,
            false => Partitions::new(),
        };
        let generation_id = match version >= 2 {
            true => reader.i32()?,
            false => -1,
        };
        Ok(Self {
            topics,
            owned,
            generation_id,
        })
    }
}

/// Returns an assignment as bytes.
pub(super) fn encode_assignment(partitions: &Partitions) -> Vec<u8> {
    let mut bytes = ASSIGNMENT_VERSION.to_be_bytes().to_vec();
    write_partitions(partitions, &mut bytes);
    bytes.extend(NULL.to_be_bytes()); // user data
    bytes
}

/// Reads an assignment. No bytes at all are an assignment of nothing.
///
/// # Errors
/// [`Truncated`] if the bytes end early.
pub(super) fn decode_assignment(bytes: &[u8]) -> Result<Partitions, Truncated> {
    if bytes.is_empty() {
        return Ok(Partitions::new());
    }
    let mut reader = Reader { bytes };
    reader.i16()?;
    reader.partitions()
}

fn write_count(count: usize, bytes: &mut Vec<u8>) {
    let count = i32::try_from(count).expect("topics and partitions are fewer than 2^31");
    bytes.extend(count.to_be_bytes());
}

fn write_string(text: &str, bytes: &mut Vec<u8>) {
    let length = i16::try_from(text.len()).expect("names of topics have 249 bytes at most");
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn write_partitions(partitions: &Partitions, bytes: &mut Vec<u8>) {
    write_count(partitions.len(), bytes);
    for (topic, indexes) in partitions {
        write_string(topic, bytes);
        write_count(indexes.len(), bytes);
        for index in indexes {
            bytes.extend(index.to_be_bytes());
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Truncated> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn i16(&mut self) -> Result<i16, Truncated> {
        let bytes = self.take(2)?;
        Ok(i16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn i32(&mut self) -> Result<i32, Truncated> {
        let bytes = self.take(4)?;
        Ok(i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn string(&mut self) -> Result<String, Truncated> {
        let length = usize::try_from(self.i16()?).map_err(|_| Truncated)?;
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn nullable_bytes(&mut self) -> Result<(), Truncated> {
        // The length of a null is -1.
        if let Ok(length) = usize::try_from(self.i32()?) {
            self.take(length)?;
        }
        Ok(())
    }

    fn partitions(&mut self) -> Result<Partitions, Truncated> {
        let mut partitions = Partitions::new();
        for _ in 0..self.i32()? {
            let topic = self.string()?;
            let indexes: &mut Vec<i32> = partitions.entry(topic).or_default();
            for _ in 0..self.i32()? {
                indexes.push(self.i32()?);
            }
        }
        Ok(partitions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn subscription() -> Subscription {
        Subscription {
            topics: vec!["orders".into()],
            owned: [("orders".to_owned(), vec![2, 5])].into(),
            generation_id: 7,
        }
    }

    #[test]
    fn a_subscription_is_kafkas_bytes() {
        let bytes: &[u8] = b"\0\x02\0\0\0\x01\0\x06orders\xff\xff\xff\xff\
            \0\0\0\x01\0\x06orders\0\0\0\x02\0\0\0\x02\0\0\0\x05\0\0\0\x07";
        assert_eq!(subscription().encode(), bytes);
        assert_eq!(Subscription::decode(bytes), Ok(subscription()));
    }

    #[test]
    fn subscriptions_of_other_versions_are_read() {
        let none = |generation_id| Subscription {
            owned: Partitions::new(),
            generation_id,
            ..subscription()
        };
        let version_0 = b"\0\0\0\0\0\x01\0\x06orders\0\0\0\x03abc";
        assert_eq!(Subscription::decode(version_0), Ok(none(-1)));
        let version_1 = b"\0\x01\0\0\0\x01\0\x06orders\xff\xff\xff\xff\0\0\0\0";
        assert_eq!(Subscription::decode(version_1), Ok(none(-1)));
        let version_3 = b"\0\x03\0\0\0\x01\0\x06orders\xff\xff\xff\xff\0\0\0\0\0\0\0\x09\0\x01r";
        assert_eq!(Subscription::decode(version_3), Ok(none(9)));
    }

    #[test]
    fn an_assignment_is_kafkas_bytes() {
        let partitions: Partitions = [("orders".to_owned(), vec![1])].into();
        let bytes: &[u8] = b"\0\0\0\0\0\x01\0\x06orders\0\0\0\x01\0\0\0\x01\xff\xff\xff\xff";
        assert_eq!(encode_assignment(&partitions), bytes);
        assert_eq!(decode_assignment(bytes), Ok(partitions));
        assert_eq!(decode_assignment(b""), Ok(Partitions::new()));
    }

    #[test]
    fn bytes_that_end_early_are_refused() {
        let bytes = subscription().encode();
        for length in 0..bytes.len() {
            assert_eq!(Subscription::decode(&bytes[..length]), Err(Truncated), "{length}");
        }
        assert_eq!(decode_assignment(b"\0\0\x7f\xff\xff\xff"), Err(Truncated));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Subscription::decode(&bytes);
            let _ = decode_assignment(&bytes);
        }
    }
}
