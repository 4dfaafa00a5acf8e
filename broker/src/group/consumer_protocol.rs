//! The embedded protocol of consumers: subscriptions and assignments inside the requests of the classic protocol. A broker looks into them
//! when members of both protocols meet in one group.
//!
//! Source: Kafka's `ConsumerProtocol`, `ConsumerProtocolSubscription.json` and `ConsumerProtocolAssignment.json`. A later version than those
//! known is read as the last known one.

use bytes::{BufMut, Bytes, BytesMut};
use std::sync::Arc;

/// The last version of both messages.
const LAST_VERSION: i16 = 3;

/// Partitions of topics by name.
pub(super) type NamedTopics = Vec<(Arc<str>, Vec<i32>)>;

/// The subscription of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    pub(super) topics: Vec<Arc<str>>,
    /// The partitions that the consumer has; empty for consumers that give all up before they join.
    pub(super) owned: NamedTopics,
    pub(super) rack_id: Option<Arc<str>>,
}

/// The assignment of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) partitions: NamedTopics,
    /// True if the client's assignor has added data of its own.
    pub(super) has_user_data: bool,
}

/// Reads a subscription; `None` if the bytes are not one.
pub(super) fn read_subscription(bytes: &[u8]) -> Option<Subscription> {
    let mut reader = Reader(bytes);
    let version = reader.version()?;
    let topics = reader.array(Reader::string)?;
    let _user_data = reader.nullable_bytes()?;
    let owned = if version >= 1 {
        reader.array(Reader::topic)?
    } else {
        Vec::new()
    };
    let _generation_id = if version >= 2 { reader.int()? } else { -1 };
    let rack_id = if version >= 3 {
        reader.nullable_string()?
    } else {
        None
    };
    Some(Subscription {
        topics,
        owned,
        rack_id,
    })
}

/// Reads an assignment; `None` if the bytes are not one.
pub(super) fn read_assignment(bytes: &[u8]) -> Option<Assignment> {
    let mut reader = Reader(bytes);
    reader.version()?;
    let partitions = reader.array(Reader::topic)?;
    let has_user_data = reader.nullable_bytes()?.is_some_and(|data| !data.is_empty());
    Some(Assignment {
        partitions,
        has_user_data,
    })
}

/// Returns the version of a subscription or assignment; `None` if the bytes are neither.
pub(super) fn version(bytes: &[u8]) -> Option<i16> {
    Reader(bytes).version()
}

/// Writes an assignment at a version; later versions than the last are written as that.
pub(super) fn write_assignment(version: i16, partitions: &NamedTopics) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_i16(version.min(LAST_VERSION));
    bytes.put_i32(partitions.len() as i32);
    for (topic, partitions) in partitions {
        bytes.put_i16(topic.len() as i16);
        bytes.put_slice(topic.as_bytes());
        bytes.put_i32(partitions.len() as i32);
        for partition in partitions {
            bytes.put_i32(*partition);
        }
    }
    // There is no data of an assignor.
    bytes.put_i32(-1);
    bytes.freeze()
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn int(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    fn version(&mut self) -> Option<i16> {
        let version = self.take().map(i16::from_be_bytes)?;
        (version >= 0).then_some(version)
    }

    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn string(&mut self) -> Option<Arc<str>> {
        self.nullable_string()?
    }

    fn nullable_string(&mut self) -> Option<Option<Arc<str>>> {
        let length = self.take().map(i16::from_be_bytes)?;
        if length == -1 {
            return Some(None);
        }
        let bytes = self.slice(usize::try_from(length).ok()?)?;
        Some(Some(Arc::from(std::str::from_utf8(bytes).ok()?)))
    }

    fn nullable_bytes(&mut self) -> Option<Option<&'a [u8]>> {
        let length = self.int()?;
        if length == -1 {
            return Some(None);
        }
        Some(Some(self.slice(usize::try_from(length).ok()?)?))
    }

    fn array<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        // The count is a claim of the client, so nothing is allocated for it in advance.
        let count = usize::try_from(self.int()?).ok()?;
        let mut elements = Vec::new();
        for _ in 0..count {
            elements.push(read(self)?);
        }
        Some(elements)
    }

    fn topic(&mut self) -> Option<(Arc<str>, Vec<i32>)> {
        Some((self.string()?, self.array(Self::int)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_of_a_subscription_is_read_and_later_ones_as_the_last() {
        let topics = b"\0\0\0\x01\0\x01t\xff\xff\xff\xff";
        let owned = b"\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\x05";
        let rest = b"\0\0\0\x07\0\x01r";
        let cases: [(&[u8], NamedTopics, Option<&str>); 4] = [
            (&[b"\0\0", topics.as_slice()].concat(), vec![], None),
            (
                &[b"\0\x01", topics.as_slice(), owned].concat(),
                vec![("t".into(), vec![5])],
                None,
            ),
            (
                &[b"\0\x03", topics.as_slice(), owned, rest].concat(),
                vec![("t".into(), vec![5])],
                Some("r"),
            ),
            (
                &[b"\0\x09", topics.as_slice(), owned, rest, b"more"].concat(),
                vec![("t".into(), vec![5])],
                Some("r"),
            ),
        ];
        for (bytes, owned, rack) in cases {
            let expected = Subscription {
                topics: vec!["t".into()],
                owned,
                rack_id: rack.map(Arc::from),
            };
            assert_eq!(read_subscription(bytes), Some(expected), "{bytes:?}");
        }
        for bytes in [
            &b""[..],
            b"\xff\xff",
            b"\0\0\x7f\xff\xff\xff",
            b"\0\x01\0\0\0\0\xff\xff\xff\xff",
        ] {
            assert_eq!(read_subscription(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_assignment_is_read_as_it_was_written() {
        let partitions = vec![("t".into(), vec![0, 2]), ("u".into(), vec![])];
        for version in [0, 3, 9] {
            let bytes = write_assignment(version, &partitions);
            assert_eq!(super::version(&bytes), Some(version.min(3)));
            let read = read_assignment(&bytes).expect("it can be read");
            assert_eq!((read.partitions, read.has_user_data), (partitions.clone(), false));
        }
        let with_data = b"\0\0\0\0\0\0\0\0\0\x01x";
        assert_eq!(
            read_assignment(with_data).map(|read| read.has_user_data),
            Some(true)
        );
    }
}
