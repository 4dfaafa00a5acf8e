//! The encoding of each type of field that a message can have. The macros of [`super::declaration`] put messages together from it.
//!
//! Source: Kafka's `MessageDataGenerator`, whose Java classes read and write the same bytes.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use kafka_protocol::messages::{BrokerId, GroupId, ProducerId, TopicName, TransactionalId};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::protocol::buf::{ByteBuf, ByteBufMut};
use uuid::Uuid;

/// The encoding of a message at one version.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    pub(super) version: i16,
    /// Lengths are compact, and structs end with tagged fields.
    pub(super) is_flexible: bool,
}

/// A value that a field can hold.
pub(super) trait Value: Sized {
    fn write<B: ByteBufMut>(&self, buffer: &mut B, encoding: Encoding) -> Result<()>;

    fn read<B: ByteBuf>(buffer: &mut B, encoding: Encoding) -> Result<Self>;
}

/// A value that can be null instead.
pub(super) trait Nullable: Value {
    fn write_nullable<B: ByteBufMut>(value: Option<&Self>, buffer: &mut B, encoding: Encoding) -> Result<()>;

    fn read_nullable<B: ByteBuf>(buffer: &mut B, encoding: Encoding) -> Result<Option<Self>>;
}

impl<T: Nullable> Value for Option<T> {
    fn write<B: ByteBufMut>(&self, buffer: &mut B, encoding: Encoding) -> Result<()> {
        T::write_nullable(self.as_ref(), buffer, encoding)
    }

    fn read<B: ByteBuf>(buffer: &mut B, encoding: Encoding) -> Result<Self> {
        T::read_nullable(buffer, encoding)
    }
}

macro_rules! numbers {
    ($($number:ty: $put:ident $get:ident,)*) => {
        $(impl Value for $number {
            fn write<B: ByteBufMut>(&self, buffer: &mut B, _: Encoding) -> Result<()> {
                buffer.$put(*self);
                Ok(())
            }

            fn read<B: ByteBuf>(buffer: &mut B, _: Encoding) -> Result<Self> {
                Ok(buffer.$get()?)
            }
        })*
    };
}

numbers! {
    u8: put_u8 try_get_u8,
    i8: put_i8 try_get_i8,
    i16: put_i16 try_get_i16,
    u16: put_u16 try_get_u16,
    i32: put_i32 try_get_i32,
    i64: put_i64 try_get_i64,
    u128: put_u128 try_get_u128,
}

/// The types that are encoded as another one.
macro_rules! same_as {
    ($($type:ty: $other:ty, $to:expr, $from:expr;)*) => {
        $(impl Value for $type {
            fn write<B: ByteBufMut>(&self, buffer: &mut B, encoding: Encoding) -> Result<()> {
                // The type is written out because it is not inferred for a closure from the macro's argument.
                let to: fn(&Self) -> $other = $to;
                to(self).write(buffer, encoding)
            }

            fn read<B: ByteBuf>(buffer: &mut B, encoding: Encoding) -> Result<Self> {
                <$other>::read(buffer, encoding).map($from)
            }
        })*
    };
}

same_as! {
    bool: u8, |value| u8::from(*value), |byte| byte != 0;
    Uuid: u128, Uuid::as_u128, Uuid::from_u128;
    BrokerId: i32, |id| id.0, BrokerId;
    GroupId: StrBytes, |id| id.0.clone(), GroupId;
    ProducerId: i64, |id| id.0, ProducerId;
    TopicName: StrBytes, |name| name.0.clone(), TopicName;
    TransactionalId: StrBytes, |id| id.0.clone(), TransactionalId;
}

/// Writes and reads values with a length in front as those that are not null.
macro_rules! never_null {
    ($($($generic:ident)? => $type:ty),*) => {
        $(impl$(<$generic: Value>)? Value for $type {
            fn write<B: ByteBufMut>(&self, buffer: &mut B, encoding: Encoding) -> Result<()> {
                Self::write_nullable(Some(self), buffer, encoding)
            }

            fn read<B: ByteBuf>(buffer: &mut B, encoding: Encoding) -> Result<Self> {
                match Self::read_nullable(buffer, encoding)? {
                    Some(value) => Ok(value),
                    None => bail!("a field is null that must not be"),
                }
            }
        })*
    };
}

never_null!(=> StrBytes, => Bytes, T => Vec<T>);

impl Nullable for StrBytes {
    fn write_nullable<B: ByteBufMut>(value: Option<&Self>, buffer: &mut B, encoding: Encoding) -> Result<()> {
        let length = value.map(|text| text.len());
        if encoding.is_flexible {
            write_compact_length(buffer, length)?;
        } else {
            buffer.put_i16(length.map_or(Ok(-1), i16::try_from)?);
        }
        buffer.put_slice(value.map_or(&[], |text| text.as_bytes()));
        Ok(())
    }

    fn read_nullable<B: ByteBuf>(buffer: &mut B, encoding: Encoding) -> Result<Option<Self>> {
        let length = if encoding.is_flexible {
            read_compact_length(buffer)?
        } else {
            nullable_length(i64::from(buffer.try_get_i16()?))?
        };
        let Some(length) = length else {
            return Ok(None);
        };
        Ok(Some(StrBytes::from_utf8(buffer.try_get_bytes(length)?)?))
    }
}

impl Nullable for Bytes {
    fn write_nullable<B: ByteBufMut>(value: Option<&Self>, buffer: &mut B, encoding: Encoding) -> Result<()> {
        write_length(buffer, value.map(Bytes::len), encoding)?;
        buffer.put_slice(value.map_or(&[], |bytes| bytes));
        Ok(())
    }

    fn read_nullable<B: ByteBuf>(buffer: &mut B, encoding: Encoding) -> Result<Option<Self>> {
        let Some(length) = read_length(buffer, encoding)? else {
            return Ok(None);
        };
        Ok(Some(buffer.try_get_bytes(length)?))
    }
}

impl<T: Value> Nullable for Vec<T> {
    fn write_nullable<B: ByteBufMut>(value: Option<&Self>, buffer: &mut B, encoding: Encoding) -> Result<()> {
        write_length(buffer, value.map(Vec::len), encoding)?;
        for element in value.into_iter().flatten() {
            element.write(buffer, encoding)?;
        }
        Ok(())
    }

    fn read_nullable<B: ByteBuf>(buffer: &mut B, encoding: Encoding) -> Result<Option<Self>> {
        let Some(count) = read_length(buffer, encoding)? else {
            return Ok(None);
        };
        // The count may be a lie; an element takes at least a byte.
        let mut elements = Vec::with_capacity(count.min(buffer.remaining()));
        for _ in 0..count {
            elements.push(T::read(buffer, encoding)?);
        }
        Ok(Some(elements))
    }
}

/// Writes a struct after a byte that says whether it is there (1) or null (-1).
pub(super) fn write_nullable_struct<T: Value, B: ByteBufMut>(
    value: Option<&T>,
    buffer: &mut B,
    encoding: Encoding,
) -> Result<()> {
    match value {
        Some(value) => {
            buffer.put_i8(1);
            value.write(buffer, encoding)
        }
        None => {
            buffer.put_i8(-1);
            Ok(())
        }
    }
}

pub(super) fn read_nullable_struct<T: Value, B: ByteBuf>(
    buffer: &mut B,
    encoding: Encoding,
) -> Result<Option<T>> {
    match buffer.try_get_i8()? {
        1 => T::read(buffer, encoding).map(Some),
        -1 => Ok(None),
        marker => bail!("a struct is marked as {marker}, must be -1 (null) or 1"),
    }
}

/// Writes the length of bytes or the count of an array; `None` for null.
fn write_length<B: ByteBufMut>(buffer: &mut B, length: Option<usize>, encoding: Encoding) -> Result<()> {
    if encoding.is_flexible {
        return write_compact_length(buffer, length);
    }
    buffer.put_i32(length.map_or(Ok(-1), i32::try_from)?);
    Ok(())
}

fn read_length<B: ByteBuf>(buffer: &mut B, encoding: Encoding) -> Result<Option<usize>> {
    if encoding.is_flexible {
        return read_compact_length(buffer);
    }
    nullable_length(i64::from(buffer.try_get_i32()?))
}

/// Writes a compact length, which is one more than the value, so that 0 stands for null.
fn write_compact_length<B: ByteBufMut>(buffer: &mut B, length: Option<usize>) -> Result<()> {
    write_varint(buffer, length.map_or(Ok(0), |length| u32::try_from(length + 1))?);
    Ok(())
}

fn read_compact_length<B: ByteBuf>(buffer: &mut B) -> Result<Option<usize>> {
    nullable_length(i64::from(read_varint(buffer)?) - 1)
}

fn nullable_length(length: i64) -> Result<Option<usize>> {
    match length {
        -1 => Ok(None),
        _ => Ok(Some(usize::try_from(length)?)),
    }
}

fn write_varint<B: ByteBufMut>(buffer: &mut B, mut value: u32) {
    while value >= 0x80 {
        buffer.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    buffer.put_u8(value as u8);
}

fn read_varint<B: ByteBuf>(buffer: &mut B) -> Result<u32> {
    let mut value = 0;
    // Five bytes of seven bits hold the 32 bits, as in Kafka's `ByteUtils.readUnsignedVarint`.
    for shift in [0, 7, 14, 21, 28] {
        let byte = buffer.try_get_u8()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    bail!("a varint has more than 5 bytes")
}

/// The tagged fields at the end of a struct, by their tags.
pub(super) type TaggedFields = BTreeMap<i32, Bytes>;

pub(super) fn write_tagged_fields<B: ByteBufMut>(
    buffer: &mut B,
    known: TaggedFields,
    unknown: &TaggedFields,
) -> Result<()> {
    write_varint(buffer, u32::try_from(known.len() + unknown.len())?);
    // In the order of their tags, as Kafka demands; the unknown ones are cheap to clone.
    let mut fields = known;
    fields.extend(unknown.iter().map(|(tag, value)| (*tag, value.clone())));
    for (tag, value) in fields {
        write_varint(buffer, tag as u32);
        write_varint(buffer, u32::try_from(value.len())?);
        buffer.put_slice(&value);
    }
    Ok(())
}

pub(super) fn read_tagged_fields<B: ByteBuf>(buffer: &mut B) -> Result<TaggedFields> {
    let mut fields = TaggedFields::new();
    for _ in 0..read_varint(buffer)? {
        let tag = read_varint(buffer)?;
        let size = read_varint(buffer)?;
        fields.insert(tag as i32, buffer.try_get_bytes(size as usize)?);
    }
    Ok(fields)
}

/// Fails where a field has a value that the version cannot carry, unless the field may be left out.
pub(super) fn check_absent<T: PartialEq>(
    value: &T,
    default: &T,
    is_ignorable: bool,
    name: &str,
    version: i16,
) -> Result<()> {
    let is_allowed = is_ignorable || value == default;
    ensure!(is_allowed, "version {version} has no field {name}");
    Ok(())
}
