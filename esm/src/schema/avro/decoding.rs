//! Binary data of a schema as JSON text, written in one pass.

#[cfg(test)]
mod tests;

use super::parsing::MAX_DEPTH;
use super::{AvroSchema, AvroType, NamedShape};
use serde::Serialize;

/// The longest JSON of one record. A few bytes can stand for billions of empty items, so the bytes read bound nothing.
const MAX_JSON_BYTES: usize = 16 * 1024 * 1024;

/// The depth of values in values, which a recursive type does not bound.
const MAX_VALUE_DEPTH: usize = 4 * MAX_DEPTH;

/// The reason why data is not of a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("the data ends within a value")]
    EndOfData,
    #[error("{0} bytes follow the value")]
    TrailingBytes(usize),
    #[error("invalid {0}")]
    Invalid(&'static str),
    #[error("{what} {found} is out of range: must be below {count}")]
    OutOfRange {
        what: &'static str,
        found: i64,
        count: usize,
    },
    #[error("values are nested deeper than {0}")]
    TooDeep(usize),
    #[error("its JSON is longer than {0} bytes")]
    TooLong(usize),
}

impl AvroSchema {
    /// Appends the JSON of `data`, which is one value of this schema. Bytes are text with one character, U+0000 to U+00FF, for each
    /// byte, as in Avro's JSON encoding; numbers that JSON does not have are the text NaN, Infinity and -Infinity.
    ///
    /// # Errors
    /// [`DecodeError`]; some of the JSON may have been written.
    pub(crate) fn write_json(&self, data: &[u8], json: &mut Vec<u8>) -> Result<(), DecodeError> {
        let mut decoder = Decoder {
            schema: self,
            data,
            end: json.len().saturating_add(MAX_JSON_BYTES),
            json,
        };
        decoder.value(&self.root, 0)?;
        match decoder.data.len() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes(left)),
        }
    }
}

struct Decoder<'a> {
    schema: &'a AvroSchema,
    data: &'a [u8],
    json: &'a mut Vec<u8>,
    /// The length that the JSON must not exceed.
    end: usize,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, avro_type: &AvroType, depth: usize) -> Result<(), DecodeError> {
        if depth > MAX_VALUE_DEPTH {
            return Err(DecodeError::TooDeep(MAX_VALUE_DEPTH));
        }
        if self.json.len() > self.end {
            return Err(DecodeError::TooLong(MAX_JSON_BYTES));
        }
        match avro_type {
            AvroType::Null => self.write(&()),
            AvroType::Boolean => match self.take(1)? {
                [0] => self.write(&false),
                [1] => self.write(&true),
                _ => return Err(DecodeError::Invalid("boolean")),
            },
            AvroType::Int => {
                let number = i32::try_from(self.long()?).map_err(|_| DecodeError::Invalid("int"))?;
                self.write(&number);
            }
            AvroType::Long => {
                let number = self.long()?;
                self.write(&number);
            }
            AvroType::Float => {
                let number = f32::from_le_bytes(self.take_array()?);
                self.float(number, f64::from(number));
            }
            AvroType::Double => {
                let number = f64::from_le_bytes(self.take_array()?);
                self.float(number, number);
            }
            AvroType::Bytes => {
                let length = self.length()?;
                self.bytes(length)?;
            }
            AvroType::String => {
                let text = self.text()?;
                self.write(text);
            }
            AvroType::Array(items) => self.blocks([b'[', b']'], |decoder| decoder.value(items, depth + 1))?,
            AvroType::Map(values) => self.blocks([b'{', b'}'], |decoder| {
                let key = decoder.text()?;
                decoder.write(key);
                decoder.json.push(b':');
                decoder.value(values, depth + 1)
            })?,
            AvroType::Union(branches) => {
                let index = self.index("branch of a union", branches.len())?;
                self.value(&branches[index], depth + 1)?;
            }
            AvroType::Named(name) => self.named(name, depth)?,
        }
        Ok(())
    }

    fn named(&mut self, name: &str, depth: usize) -> Result<(), DecodeError> {
        let schema = self.schema;
        match schema.named(name).map(|named| &named.shape) {
            Some(NamedShape::Record(fields)) => {
                self.json.push(b'{');
                for (index, field) in fields.iter().enumerate() {
                    if index > 0 {
                        self.json.push(b',');
                    }
                    self.write(&field.name);
                    self.json.push(b':');
                    self.value(&field.avro_type, depth + 1)?;
                }
                self.json.push(b'}');
            }
            Some(NamedShape::Enum { symbols, .. }) => {
                let index = self.index("symbol of an enum", symbols.len())?;
                self.write(&symbols[index]);
            }
            Some(NamedShape::Fixed { size }) => self.bytes(*size)?,
            None => return Err(DecodeError::Invalid("type")),
        }
        Ok(())
    }

    /// Reads the blocks of an array or map, with brackets around its items and commas between them.
    fn blocks(
        &mut self,
        [open, close]: [u8; 2],
        mut item: impl FnMut(&mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.json.push(open);
        let mut is_first = true;
        loop {
            let mut count = self.long()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                // A negative count is followed by the block's length, for readers that skip it.
                self.long()?;
                count = count
                    .checked_neg()
                    .ok_or(DecodeError::Invalid("count of a block"))?;
            }
            for _ in 0..count {
                if !std::mem::take(&mut is_first) {
                    self.json.push(b',');
                }
                item(self)?;
            }
        }
        self.json.push(close);
        Ok(())
    }

    /// Reads a zigzag varint.
    fn long(&mut self) -> Result<i64, DecodeError> {
        let mut bits: u64 = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take_array()?;
            if shift == 63 && byte > 1 {
                break;
            }
            bits |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed());
            }
        }
        Err(DecodeError::Invalid("varint"))
    }

    fn index(&mut self, what: &'static str, count: usize) -> Result<usize, DecodeError> {
        let found = self.long()?;
        let index = usize::try_from(found).ok().filter(|index| *index < count);
        index.ok_or(DecodeError::OutOfRange { what, found, count })
    }

    fn length(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(self.long()?).map_err(|_| DecodeError::Invalid("length"))
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::Invalid("UTF-8 of a string"))
    }

    fn bytes(&mut self, length: usize) -> Result<(), DecodeError> {
        let text: String = self.take(length)?.iter().copied().map(char::from).collect();
        self.write(&text);
        Ok(())
    }

    fn float(&mut self, number: impl Serialize, value: f64) {
        if value.is_finite() {
            self.write(&number);
        } else if value.is_nan() {
            self.write("NaN");
        } else {
            self.write(if value > 0.0 { "Infinity" } else { "-Infinity" });
        }
    }

    fn write<T: Serialize + ?Sized>(&mut self, value: &T) {
        // A Vec takes everything, and none of these values is a map.
        let _ = serde_json::to_writer(&mut *self.json, value);
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.data.split_at_checked(length).ok_or(DecodeError::EndOfData)?;
        self.data = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.data.split_first_chunk().ok_or(DecodeError::EndOfData)?;
        self.data = rest;
        Ok(*taken)
    }
}
