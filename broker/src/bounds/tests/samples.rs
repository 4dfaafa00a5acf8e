//! Random requests in the types of `kafka-protocol`: every field that the version has gets a value, nullable ones are
//! sometimes null, and flexible structs carry unknown tagged fields.

mod table;

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::{BrokerId, GroupId, ProducerId, TopicName, TransactionalId};
use kafka_protocol::protocol::{Request, StrBytes};
use uuid::Uuid;

pub(crate) use table::cases;

/// A request type: its versions, and how it is encoded and decoded.
pub(crate) struct Case {
    pub(crate) key: i16,
    /// Kafka's name of the API.
    pub(crate) name: &'static str,
    /// The version of the request's header at a version of the request.
    pub(crate) header_version: fn(i16) -> i16,
    pub(crate) first_version: i16,
    pub(crate) last_version: i16,
    /// Encodes a random request of this version from this seed.
    pub(crate) encode: fn(seed: u64, version: i16) -> Vec<u8>,
    /// Decodes, and returns the number of bytes left; `None` if the decoder refuses.
    pub(crate) decode: fn(body: Bytes, version: i16) -> Option<usize>,
}

macro_rules! list_cases {
    ($($request:path)*) => {
        /// Every request of the table, with the ranges of its decoder.
        pub(crate) fn cases() -> Vec<Case> {
            vec![$({
                type R = $request;
                let versions = <R as kafka_protocol::protocol::Message>::VERSIONS;
                Case {
                    key: <R as super::Request>::KEY,
                    name: crate::bounds::api_name(<R as super::Request>::KEY).unwrap(),
                    header_version: <R as kafka_protocol::protocol::HeaderVersion>::header_version,
                    first_version: versions.min,
                    last_version: versions.max,
                    encode: encode::<R>,
                    decode: decode::<R>,
                }
            }),*]
        }
    };
}

fn encode<R: Request + Sample>(seed: u64, version: i16) -> Vec<u8> {
    let mut source = Source::new(seed, version, R::header_version(version) == 2);
    let mut body = Vec::new();
    R::sample(&mut source)
        .encode(&mut body, version)
        .expect("samples keep to the fields of their version");
    body
}

fn decode<R: Request>(mut body: Bytes, version: i16) -> Option<usize> {
    R::decode(&mut body, version).ok().map(|_| body.len())
}

/// SplitMix64: small, and the same on every machine for a seed.
pub(crate) struct Source {
    state: u64,
    version: i16,
    is_flexible: bool,
}

impl Source {
    pub(crate) fn new(seed: u64, version: i16, is_flexible: bool) -> Self {
        Self {
            state: seed,
            version,
            is_flexible,
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> usize {
        (self.next() % end) as usize
    }

    fn bytes(&mut self, length: usize) -> Bytes {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// Returns a length: mostly a short one, sometimes one whose compact form takes two or three bytes.
    fn length(&mut self) -> usize {
        match self.below(40) {
            0 => self.below(16_000),
            1..4 => self.below(300),
            _ => 1 + self.below(20),
        }
    }

    /// Returns a value that differs from `default`.
    fn other_than<T: Sample + PartialEq>(&mut self, default: &T) -> T {
        loop {
            let value = T::sample(self);
            if value != *default {
                return value;
            }
        }
    }

    fn unknown_tagged_fields(&mut self) -> BTreeMap<i32, Bytes> {
        if !self.is_flexible || self.below(4) != 0 {
            return BTreeMap::new();
        }
        let count = 1 + self.below(4);
        let tags = [100, 128, 20_000, i32::MAX].into_iter().take(count);
        tags.map(|tag| (tag, Bytes::sample(self))).collect()
    }
}

pub(crate) trait Sample: Sized {
    fn sample(source: &mut Source) -> Self;

    /// Returns null, for types that can be null.
    fn null() -> Self {
        panic!("only an option can be null")
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Sample for $number {
            fn sample(source: &mut Source) -> Self {
                source.next() as Self
            }
        })*
    };
}

numbers!(i16, u16, i32, i64);

impl Sample for i8 {
    fn sample(source: &mut Source) -> Self {
        // 0 is Kafka's code of what nobody knows, and a request for ACLs with it is not decoded.
        match source.next() as Self {
            0 => 1,
            number => number,
        }
    }
}

impl Sample for bool {
    fn sample(source: &mut Source) -> Self {
        source.below(2) == 1
    }
}

impl Sample for Uuid {
    fn sample(source: &mut Source) -> Self {
        Uuid::from_u64_pair(source.next(), source.next())
    }
}

impl Sample for StrBytes {
    fn sample(source: &mut Source) -> Self {
        let length = source.length();
        // Two bytes a character half of the time, so that lengths are seen to be those of bytes.
        let letter = if source.below(2) == 0 { "k" } else { "ß" };
        StrBytes::from_string(letter.repeat(length))
    }
}

impl Sample for Bytes {
    fn sample(source: &mut Source) -> Self {
        let length = source.length();
        source.bytes(length)
    }
}

macro_rules! newtypes {
    ($($newtype:ident),*) => {
        $(impl Sample for $newtype {
            fn sample(source: &mut Source) -> Self {
                $newtype(Sample::sample(source))
            }
        })*
    };
}

newtypes!(BrokerId, GroupId, ProducerId, TopicName, TransactionalId);

impl<T: Sample> Sample for Option<T> {
    fn sample(source: &mut Source) -> Self {
        Some(T::sample(source))
    }

    fn null() -> Self {
        None
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(source: &mut Source) -> Self {
        // Past 126 elements a compact count takes a second byte; only arrays of small things get there.
        let is_long = size_of::<T>() <= 8 && source.below(8) == 0;
        let count = if is_long {
            127 + source.below(100)
        } else {
            1 + source.below(3)
        };
        (0..count).map(|_| T::sample(source)).collect()
    }
}

macro_rules! tagging {
    (tagged $value:ident $source:ident) => {
        $value.unknown_tagged_fields = $source.unknown_tagged_fields()
    };
    (untagged $value:ident $source:ident) => {};
}

/// `Struct { field FIRST [to LAST] [null FIRST], ... }` in the ranges of Kafka's message definitions; `tagged` if they keep
/// unknown tagged fields, as all but OffsetDelete do.
macro_rules! samples {
    ($tagging:ident: $($type:ty { $($field:ident $first:literal $(to $last:literal)? $(null $null:literal)?),* })*) => {
        $(impl Sample for $type {
            fn sample(source: &mut Source) -> Self {
                let mut value = Self::default();
                $(
                    let last: i16 = [i16::MAX, $($last)?].into_iter().min().unwrap();
                    if ($first..=last).contains(&source.version) {
                        let null_from: i16 = [i16::MAX, $($null)?].into_iter().min().unwrap();
                        value.$field = if source.version >= null_from && source.below(4) == 0 {
                            Sample::null()
                        } else {
                            source.other_than(&value.$field)
                        };
                    }
                )*
                tagging!($tagging value source);
                value
            }
        })*
    };
}

use {list_cases, samples, tagging};
