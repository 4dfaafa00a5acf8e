//! The walk over a body by its shape. It reads lengths and counts, steps over everything else and allocates only to
//! report a fault.
//!
//! It steps exactly where the decoder of `kafka-protocol` will: a body that passes here is one whose every length and
//! count the decoder may trust.

use super::Claim;
use super::shape::{Field, Kind, Request};

/// Bound on the elements of all arrays of one body, tagged fields included.
///
/// An element of two bytes can take a hundred when decoded, so the bytes of a frame alone bound too little: 100 MB of
/// empty elements would become gigabytes. No request of a real client comes near this.
pub(crate) const MAX_ELEMENTS: usize = 1_000_000;

/// Kafka's strings carry 16-bit lengths, and its readers hold compact ones to the same bound.
const MAX_STRING_BYTES: usize = i16::MAX as usize;

/// No element of the table has a larger least size; a test holds it to that.
pub(super) const LARGEST_LEAST_BYTES: usize = 64;

/// The least a tagged field takes: its number and its size.
const LEAST_TAGGED_BYTES: usize = 2;

/// A claim and the path to it. Boxed, so that the way without faults hands around one word.
pub(super) struct Fault {
    pub(super) path: String,
    pub(super) claim: Claim,
}

type Walked = Result<(), Box<Fault>>;

/// Answers with how many bytes of `body` the request takes.
pub(super) fn walk(request: &Request, version: i16, body: &[u8]) -> Result<usize, Box<Fault>> {
    let mut walker = Walker {
        rest: body,
        version,
        is_flexible: request.is_flexible_in(version),
        elements: 0,
    };
    walker.structure(request.fields)?;
    Ok(body.len() - walker.rest.len())
}

struct Walker<'a> {
    rest: &'a [u8],
    version: i16,
    is_flexible: bool,
    /// Counted over all arrays so far.
    elements: usize,
}

impl Walker<'_> {
    fn structure(&mut self, fields: &'static [Field]) -> Walked {
        for field in fields {
            if !field.is_untagged_in(self.version) {
                continue;
            }
            // Most fields by far, so they are not to pay for the others.
            let walked = match field.kind {
                Kind::Fixed(size) => self.skip(size),
                _ => self.field(field),
            };
            walked.map_err(|fault| fault.within(field.name))?;
        }
        if self.is_flexible {
            self.tagged_fields(fields)
        } else {
            Ok(())
        }
    }

    #[inline]
    fn field(&mut self, field: &Field) -> Walked {
        let is_nullable = field.is_nullable_in(self.version);
        match field.kind {
            Kind::Struct(fields) if is_nullable => match self.marker()? {
                -1 => Ok(()),
                1 => self.structure(fields),
                marker => fault(Claim::Marker { marker }),
            },
            kind => self.value(kind, is_nullable),
        }
    }

    fn value(&mut self, kind: Kind, is_nullable: bool) -> Walked {
        match kind {
            Kind::Fixed(size) => self.skip(size),
            Kind::String => self.string(is_nullable),
            Kind::Bytes => self.bytes(is_nullable),
            Kind::Array(element) => self.array(*element, is_nullable),
            Kind::Struct(fields) => self.structure(fields),
        }
    }

    fn string(&mut self, is_nullable: bool) -> Walked {
        let length = if self.is_flexible {
            self.compact_length()?
        } else {
            i64::from(self.int16()?)
        };
        if length > MAX_STRING_BYTES as i64 {
            return fault(Claim::LongString { claimed: length });
        }
        self.skip_length(length, is_nullable)
    }

    fn bytes(&mut self, is_nullable: bool) -> Walked {
        let length = if self.is_flexible {
            self.compact_length()?
        } else {
            i64::from(self.int32()?)
        };
        self.skip_length(length, is_nullable)
    }

    fn skip_length(&mut self, length: i64, is_nullable: bool) -> Walked {
        let left = self.rest.len();
        match usize::try_from(length) {
            Ok(length) if length <= left => self.skip(length),
            Err(_) if length == -1 => null(is_nullable),
            _ => fault(Claim::Length {
                claimed: length,
                left,
            }),
        }
    }

    fn array(&mut self, element: Kind, is_nullable: bool) -> Walked {
        let claimed = if self.is_flexible {
            self.compact_length()?
        } else {
            i64::from(self.int32()?)
        };
        if claimed == -1 {
            return null(is_nullable);
        }
        // The exact least size costs a look at every field, and few counts come near it.
        let is_small =
            usize::try_from(claimed).is_ok_and(|count| count <= self.rest.len() / LARGEST_LEAST_BYTES);
        let least = if is_small {
            LARGEST_LEAST_BYTES
        } else {
            element.least_size_bytes(self.version, self.is_flexible)
        };
        let count = self.count(claimed, least)?;
        if let Kind::Fixed(size) = element {
            return self.skip(count * size);
        }
        for index in 0..count {
            self.value(element, false)
                .map_err(|fault| fault.within_element(index))?;
        }
        Ok(())
    }

    /// Holds a count against the bytes that are left, and adds it to the elements of the body.
    fn count(&mut self, claimed: i64, least: usize) -> Result<usize, Box<Fault>> {
        let left = self.rest.len();
        let count = match usize::try_from(claimed) {
            Ok(count) if count <= left / least => count,
            _ => return fault(Claim::Count { claimed, least, left }),
        };
        let before = self.elements;
        if count > MAX_ELEMENTS - before {
            return fault(Claim::TooManyElements { claimed, before });
        }
        self.elements += count;
        Ok(count)
    }

    fn tagged_fields(&mut self, fields: &'static [Field]) -> Walked {
        let claimed = self.varint().map_err(|fault| fault.within("tagged fields"))?;
        if claimed == 0 {
            return Ok(());
        }
        let count = self
            .count(i64::from(claimed), LEAST_TAGGED_BYTES)
            .map_err(|fault| fault.within("tagged fields"))?;
        for _ in 0..count {
            let tag = self.varint().map_err(|fault| fault.within("tagged fields"))?;
            self.tagged_field(fields, tag)?;
        }
        Ok(())
    }

    fn tagged_field(&mut self, fields: &'static [Field], tag: u32) -> Walked {
        let known = fields.iter().find(|field| field.is_tagged_in(self.version, tag));
        let name = known.map_or("unknown tagged field", |field| field.name);
        let claimed = self.varint().map_err(|fault| fault.within(name))? as usize;
        let left = self.rest.len();
        if claimed > left {
            let claim = Claim::Length {
                claimed: claimed as i64,
                left,
            };
            return fault(claim).map_err(|fault: Box<Fault>| fault.within(name));
        }
        let Some(field) = known else {
            return self.skip(claimed);
        };
        self.field(field).map_err(|fault| fault.within(name))?;
        // The decoder reads on after the value, wherever the size says that it ends.
        let held = left - self.rest.len();
        if held != claimed {
            return fault(Claim::TaggedSize { claimed, held })
                .map_err(|fault: Box<Fault>| fault.within(name));
        }
        Ok(())
    }

    #[inline]
    fn skip(&mut self, needed: usize) -> Walked {
        match self.rest.get(needed..) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => fault(Claim::Truncated {
                needed,
                left: self.rest.len(),
            }),
        }
    }

    #[inline]
    fn take<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], Box<Fault>> {
        match self.rest.split_first_chunk::<SIZE>() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => fault(Claim::Truncated {
                needed: SIZE,
                left: self.rest.len(),
            }),
        }
    }

    fn marker(&mut self) -> Result<i8, Box<Fault>> {
        self.take().map(i8::from_be_bytes)
    }

    fn int16(&mut self) -> Result<i16, Box<Fault>> {
        self.take().map(i16::from_be_bytes)
    }

    fn int32(&mut self) -> Result<i32, Box<Fault>> {
        self.take().map(i32::from_be_bytes)
    }

    /// Lengths and counts of flexible versions: one more than the value, so that 0 is null (-1 here).
    #[inline]
    fn compact_length(&mut self) -> Result<i64, Box<Fault>> {
        self.varint().map(|length| i64::from(length) - 1)
    }

    /// `ByteUtils.readUnsignedVarint`: seven bits a byte, least significant first. Bits beyond the 32nd fall away, there
    /// as here, but a sixth byte is an error.
    /// `ByteUtils.readUnsignedVarint`: seven bits a byte, least significant first. Bits beyond the 32nd fall away, there
    /// as here, but a sixth byte is an error.
    #[inline]
    fn varint(&mut self) -> Result<u32, Box<Fault>> {
        match *self.rest {
            [byte @ ..0x80, ref rest @ ..] => {
                self.rest = rest;
                Ok(u32::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u32, Box<Fault>> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        fault(Claim::LongVarint)
    }
}

fn null(is_nullable: bool) -> Walked {
    if is_nullable { Ok(()) } else { fault(Claim::Null) }
}

#[cold]
fn fault<T>(claim: Claim) -> Result<T, Box<Fault>> {
    Err(Box::new(Fault {
        path: String::new(),
        claim,
    }))
}

impl Fault {
    #[cold]
    fn within(mut self: Box<Self>, name: &str) -> Box<Self> {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{name}{dot}{}", self.path);
        self
    }

    #[cold]
    fn within_element(mut self: Box<Self>, index: usize) -> Box<Self> {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.path = format!("[{index}]{dot}{}", self.path);
        self
    }
}
