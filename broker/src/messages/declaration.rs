//! The macros that declare messages: a struct, its encoding at each version, and its place among Kafka's requests and responses. They are called
//! by the files that broker/messages/generate.py writes.

/// Declares a struct of a message: its name, its versions, the first flexible one, and for each field the name, the name of
/// its setter, the type, its default if that is not the type's own, the versions that have it, its tag, and `else dropped` if
/// a version that lacks the field drops its value.
macro_rules! message {
    (
        $(#[$about:meta])*
        $name:ident: $min:literal to $max:literal, flexible $flexible:literal {
            $(
                $field:ident $with:ident: $type:ty $(= $default:expr)?, $first:literal to $last:literal
                    $(tag $tag:literal)? $(else $lacking:ident)?;
            )*
        }
    ) => {
        $(#[$about])*
        #[non_exhaustive]
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $(
                #[doc = concat!("The field `", stringify!($field), "`.")]
                pub $field: $type,
            )*
            /// The tagged fields that this version of the definition does not know.
            pub unknown_tagged_fields: std::collections::BTreeMap<i32, bytes::Bytes>,
        }

        impl $name {
            $(
                #[doc = concat!("Replaces the field `", stringify!($field), "`.")]
                #[must_use]
                pub fn $with(mut self, $field: $type) -> Self {
                    self.$field = $field;
                    self
                }
            )*

            fn encoding(version: i16) -> anyhow::Result<$crate::messages::codec::Encoding> {
                anyhow::ensure!(($min..=$max).contains(&version), "{} has no version {version}", stringify!($name));
                Ok($crate::messages::codec::Encoding { version, is_flexible: version >= $flexible })
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $crate::messages::declaration::or_default!($($default)?),)*
                    unknown_tagged_fields: Default::default(),
                }
            }
        }

        impl kafka_protocol::protocol::Message for $name {
            const VERSIONS: kafka_protocol::protocol::VersionRange =
                kafka_protocol::protocol::VersionRange { min: $min, max: $max };
            const DEPRECATED_VERSIONS: Option<kafka_protocol::protocol::VersionRange> = None;
        }

        impl kafka_protocol::protocol::Encodable for $name {
            fn encode<B: kafka_protocol::protocol::buf::ByteBufMut>(
                &self,
                buffer: &mut B,
                version: i16,
            ) -> anyhow::Result<()> {
                use $crate::messages::{codec, declaration};
                let encoding = Self::encoding(version)?;
                #[allow(unused_mut, reason = "most structs have no tagged fields")]
                let mut tagged = codec::TaggedFields::new();
                $({
                    let default: $type = declaration::or_default!($($default)?);
                    if ($first..=$last).contains(&version) {
                        declaration::write_field!(self.$field, default, buffer, encoding, tagged $(, $tag)?);
                    } else {
                        let is_ignorable = declaration::is_ignorable!($($lacking)?);
                        // Kafka's generated classes refuse this too: a value that a version cannot carry must
                        // not get lost.
                        codec::check_absent(&self.$field, &default, is_ignorable, stringify!($field), version)?;
                    }
                })*
                if encoding.is_flexible {
                    codec::write_tagged_fields(buffer, tagged, &self.unknown_tagged_fields)?;
                }
                Ok(())
            }

            fn compute_size(&self, version: i16) -> anyhow::Result<usize> {
                let mut buffer = bytes::BytesMut::new();
                self.encode(&mut buffer, version)?;
                Ok(buffer.len())
            }
        }

        impl kafka_protocol::protocol::Decodable for $name {
            fn decode<B: kafka_protocol::protocol::buf::ByteBuf>(
                buffer: &mut B,
                version: i16,
            ) -> anyhow::Result<Self> {
                use $crate::messages::{codec, declaration};
                let encoding = Self::encoding(version)?;
                let mut message = Self::default();
                $(declaration::read_field!(message.$field, buffer, encoding, $first, $last $(, $tag)?);)*
                if encoding.is_flexible {
                    #[allow(unused_mut, reason = "most structs have no tagged fields")]
                    let mut tagged = codec::read_tagged_fields(buffer)?;
                    $(declaration::take_tagged!(message.$field, tagged, encoding, $first, $last $(, $tag)?);)*
                    message.unknown_tagged_fields = tagged;
                }
                Ok(message)
            }
        }

        impl $crate::messages::codec::Value for $name {
            fn write<B: kafka_protocol::protocol::buf::ByteBufMut>(
                &self,
                buffer: &mut B,
                encoding: $crate::messages::codec::Encoding,
            ) -> anyhow::Result<()> {
                kafka_protocol::protocol::Encodable::encode(self, buffer, encoding.version)
            }

            fn read<B: kafka_protocol::protocol::buf::ByteBuf>(
                buffer: &mut B,
                encoding: $crate::messages::codec::Encoding,
            ) -> anyhow::Result<Self> {
                kafka_protocol::protocol::Decodable::decode(buffer, encoding.version)
            }
        }

        impl $crate::messages::codec::Nullable for $name {
            fn write_nullable<B: kafka_protocol::protocol::buf::ByteBufMut>(
                value: Option<&Self>,
                buffer: &mut B,
                encoding: $crate::messages::codec::Encoding,
            ) -> anyhow::Result<()> {
                $crate::messages::codec::write_nullable_struct(value, buffer, encoding)
            }

            fn read_nullable<B: kafka_protocol::protocol::buf::ByteBuf>(
                buffer: &mut B,
                encoding: $crate::messages::codec::Encoding,
            ) -> anyhow::Result<Option<Self>> {
                $crate::messages::codec::read_nullable_struct(buffer, encoding)
            }
        }
    };
}

/// The default of a field: the given one, or that of its type.
macro_rules! or_default {
    () => {
        Default::default()
    };
    ($default:expr) => {
        $default
    };
}

/// Expands to true if a version that lacks the field drops its value: Kafka's `ignorable`.
macro_rules! is_ignorable {
    () => {
        false
    };
    (dropped) => {
        true
    };
}

/// Writes a field; a tagged one only if it differs from its default, and into `tagged`.
macro_rules! write_field {
    ($value:expr, $default:ident, $buffer:ident, $encoding:ident, $tagged:ident) => {
        $crate::messages::codec::Value::write(&$value, $buffer, $encoding)?
    };
    ($value:expr, $default:ident, $buffer:ident, $encoding:ident, $tagged:ident, $tag:literal) => {
        if $value != $default {
            let mut value = bytes::BytesMut::new();
            $crate::messages::codec::Value::write(&$value, &mut value, $encoding)?;
            $tagged.insert($tag, value.freeze());
        }
    };
}

/// Reads a field that is not tagged.
macro_rules! read_field {
    ($place:expr, $buffer:ident, $encoding:ident, $first:literal, $last:literal) => {
        if ($first..=$last).contains(&$encoding.version) {
            $place = $crate::messages::codec::Value::read($buffer, $encoding)?;
        }
    };
    ($place:expr, $buffer:ident, $encoding:ident, $first:literal, $last:literal, $tag:literal) => {};
}

/// Takes a tagged field out of those that were read.
macro_rules! take_tagged {
    ($place:expr, $tagged:ident, $encoding:ident, $first:literal, $last:literal) => {};
    ($place:expr, $tagged:ident, $encoding:ident, $first:literal, $last:literal, $tag:literal) => {
        if ($first..=$last).contains(&$encoding.version)
            && let Some(mut value) = $tagged.remove(&$tag)
        {
            $place = $crate::messages::codec::Value::read(&mut value, $encoding)?;
            anyhow::ensure!(
                value.is_empty(),
                "the tagged field {} is too long",
                stringify!($place)
            );
        }
    };
}

/// Makes a message the request of an API.
macro_rules! request {
    ($name:ident, $key:literal, flexible $flexible:literal, $response:ident) => {
        impl kafka_protocol::protocol::HeaderVersion for $name {
            fn header_version(version: i16) -> i16 {
                if version >= $flexible { 2 } else { 1 }
            }
        }

        impl kafka_protocol::protocol::Request for $name {
            const KEY: i16 = $key;
            type Response = $response;
        }
    };
}

/// Makes a message the response of an API, whose header has tagged fields from a version on.
macro_rules! response {
    ($name:ident, flexible $flexible:literal) => {
        impl kafka_protocol::protocol::HeaderVersion for $name {
            fn header_version(version: i16) -> i16 {
                i16::from(version >= $flexible)
            }
        }
    };
    // ApiVersions is answered before the client knows the broker's versions, so its header never changes
    // (KIP-511).
    ($name:ident, never flexible) => {
        impl kafka_protocol::protocol::HeaderVersion for $name {
            fn header_version(_: i16) -> i16 {
                0
            }
        }
    };
}

pub(super) use {is_ignorable, message, or_default, read_field, request, response, take_tagged, write_field};
