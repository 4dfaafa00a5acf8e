//! Reads a message by its fields: Kafka's encoding, for any message at any version.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The fields of a message at one version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shape {
    is_flexible: bool,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    array: bool,
    #[serde(default)]
    nullable: bool,
    /// The number of a tagged field.
    tag: Option<u32>,
    #[serde(default)]
    fields: Vec<Field>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    is_flexible: bool,
}

/// An error of a body that does not fit its fields.
type Unreadable = String;

impl Shape {
    /// Returns the message as JSON: ids and bytes as text in base64.
    ///
    /// # Errors
    /// A sentence, if bytes are missing, or are left at the end.
    pub(super) fn read(&self, body: &[u8]) -> Result<Value, Unreadable> {
        let mut reader = Reader {
            bytes: body,
            is_flexible: self.is_flexible,
        };
        let message = reader.fields(&self.fields)?;
        match reader.bytes.len() {
            0 => Ok(message),
            left => Err(format!("{left} bytes are left at the end")),
        }
    }
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or_else(|| format!("{count} bytes are wanted, {} are left", self.bytes.len()))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        Ok(self.take(N)?.try_into().expect("the length is N"))
    }

    fn varint(&mut self) -> Result<u32, Unreadable> {
        let mut value = 0_u32;
        for shift in (0..35).step_by(7) {
            let [byte] = self.number()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a varint has more than five bytes".to_owned())
    }

    /// Reads a count or a length; `None` is null.
    fn length(&mut self, is_short: bool) -> Result<Option<usize>, Unreadable> {
        if self.is_flexible {
            return Ok(self.varint()?.checked_sub(1).map(|length| length as usize));
        }
        let length = if is_short {
            i32::from(i16::from_be_bytes(self.number()?))
        } else {
            i32::from_be_bytes(self.number()?)
        };
        match length {
            -1 => Ok(None),
            length => usize::try_from(length)
                .map(Some)
                .map_err(|_| format!("a length is {length}")),
        }
    }

    fn fields(&mut self, fields: &[Field]) -> Result<Value, Unreadable> {
        let mut read = Map::new();
        for field in fields.iter().filter(|field| field.tag.is_none()) {
            let value = self
                .value(field)
                .map_err(|error| format!("{}: {error}", field.name))?;
            read.insert(field.name.clone(), value);
        }
        if self.is_flexible {
            let tagged: HashMap<u32, &Field> = fields
                .iter()
                .filter_map(|field| Some((field.tag?, field)))
                .collect();
            for _ in 0..self.varint()? {
                let (tag, length) = (self.varint()?, self.varint()? as usize);
                let field = tagged.get(&tag).ok_or_else(|| format!("unknown tag {tag}"))?;
                let before = self.bytes.len();
                read.insert(field.name.clone(), self.value(field)?);
                if before - self.bytes.len() != length {
                    return Err(format!("{} is not {length} bytes long", field.name));
                }
            }
        }
        Ok(Value::Object(read))
    }

    fn value(&mut self, field: &Field) -> Result<Value, Unreadable> {
        if !field.array {
            return self.single(field);
        }
        let Some(count) = self.length(false)? else {
            return null(field);
        };
        (0..count).map(|_| self.single(field)).collect()
    }

    fn single(&mut self, field: &Field) -> Result<Value, Unreadable> {
        Ok(match field.kind.as_str() {
            "bool" | "int8" => json!(i8::from_be_bytes(self.number()?)),
            "int16" => json!(i16::from_be_bytes(self.number()?)),
            "uint16" => json!(u16::from_be_bytes(self.number()?)),
            "int32" => json!(i32::from_be_bytes(self.number()?)),
            "uint32" => json!(u32::from_be_bytes(self.number()?)),
            "int64" => json!(i64::from_be_bytes(self.number()?)),
            "float64" => json!(f64::from_be_bytes(self.number()?)),
            "uuid" => json!(base64_simd::URL_SAFE_NO_PAD.encode_to_string(self.take(16)?)),
            "string" => match self.length(true)? {
                Some(length) => json!(String::from_utf8_lossy(self.take(length)?)),
                None => return null(field),
            },
            "bytes" | "records" => match self.length(false)? {
                Some(length) => json!(base64_simd::STANDARD.encode_to_string(self.take(length)?)),
                None => return null(field),
            },
            // In a flexible version a struct that may be null has a byte before it that says whether it is.
            _ if field.nullable && !field.array && i8::from_be_bytes(self.number()?) < 0 => Value::Null,
            _ => self.fields(&field.fields)?,
        })
    }
}

fn null(field: &Field) -> Result<Value, Unreadable> {
    // The generated code of Kafka refuses a null that the version does not allow, so this must too.
    match field.nullable || field.kind == "records" {
        true => Ok(Value::Null),
        false => Err(format!("{} is null", field.name)),
    }
}
