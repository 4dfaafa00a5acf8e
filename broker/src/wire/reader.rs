//! Reads the primitives of Kafka's encoding from a body, each checked against the bytes that are left.

use super::claim::{Claim, Fault, MAX_ELEMENTS, fault};

/// Kafka's strings carry 16-bit lengths, and its readers hold compact ones to the same bound.
const MAX_STRING_BYTES: usize = i16::MAX as usize;

/// The least size of a tagged field: its number and its size.
const LEAST_TAGGED_BYTES: usize = 2;

/// A reader of one body: the bytes that are left, and the elements counted so far.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Whether lengths are compact and structs end with tagged fields.
    pub(crate) is_flexible: bool,
    /// The elements of all arrays so far.
    elements: usize,
}

impl<'a> Reader<'a> {
    /// Returns a reader at the start of `body`.
    pub(crate) fn new(body: &'a [u8], is_flexible: bool) -> Self {
        Self {
            rest: body,
            is_flexible,
            elements: 0,
        }
    }

    /// Returns the number of unread bytes.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Returns the number of elements in all arrays so far.
    pub(crate) fn elements(&self) -> usize {
        self.elements
    }

    /// Skips `needed` bytes.
    #[inline]
    pub(crate) fn skip(&mut self, needed: usize) -> Result<(), Box<Fault>> {
        match self.rest.get(needed..) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => fault(Claim::Truncated {
                needed,
                left: self.left(),
            }),
        }
    }

    /// Reads a value of fixed size.
    #[inline]
    pub(crate) fn take<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], Box<Fault>> {
        match self.rest.split_first_chunk::<SIZE>() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => fault(Claim::Truncated {
                needed: SIZE,
                left: self.left(),
            }),
        }
    }

    /// Reads `needed` bytes.
    #[inline]
    pub(crate) fn take_slice(&mut self, needed: usize) -> Result<&'a [u8], Box<Fault>> {
        let taken = self.rest;
        self.skip(needed)?;
        Ok(&taken[..needed])
    }

    /// Reads an `int16`.
    #[inline]
    pub(crate) fn int16(&mut self) -> Result<i16, Box<Fault>> {
        self.take().map(i16::from_be_bytes)
    }

    /// Reads an `int32`.
    #[inline]
    pub(crate) fn int32(&mut self) -> Result<i32, Box<Fault>> {
        self.take().map(i32::from_be_bytes)
    }

    /// Reads a string without checking that it is UTF-8.
    #[inline]
    pub(crate) fn string(&mut self, is_nullable: bool) -> Result<Option<&'a [u8]>, Box<Fault>> {
        let length = if self.is_flexible {
            self.compact_length()?
        } else {
            i64::from(self.int16()?)
        };
        // Only a compact length can be longer than that.
        if length > MAX_STRING_BYTES as i64 {
            return fault(Claim::LongString { claimed: length });
        }
        self.slice(length, is_nullable)
    }

    /// Reads bytes, or records.
    #[inline]
    pub(crate) fn bytes(&mut self, is_nullable: bool) -> Result<Option<&'a [u8]>, Box<Fault>> {
        let length = self.wide_length()?;
        self.slice(length, is_nullable)
    }

    #[inline]
    fn slice(&mut self, length: i64, is_nullable: bool) -> Result<Option<&'a [u8]>, Box<Fault>> {
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length));
        match taken {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(Some(taken))
            }
            None if length == -1 => null(is_nullable),
            None => fault(Claim::Length {
                claimed: length,
                left: self.left(),
            }),
        }
    }

    /// Reads the count of an array whose elements have at least `least` bytes; `None` for null.
    #[inline]
    pub(crate) fn array(
        &mut self,
        least: impl FnOnce(&Self, i64) -> usize,
        is_nullable: bool,
    ) -> Result<Option<usize>, Box<Fault>> {
        let claimed = self.wide_length()?;
        if claimed == -1 {
            return null(is_nullable);
        }
        let least = least(self, claimed);
        self.count(claimed, least).map(Some)
    }

    /// Reads the count of an array that may not be null.
    #[inline]
    pub(crate) fn array_of(&mut self, least: usize) -> Result<usize, Box<Fault>> {
        self.array(|_, _| least, false).map(Option::unwrap_or_default)
    }

    /// Checks a count against the bytes that are left, and adds it to the elements of the body.
    #[inline]
    pub(crate) fn count(&mut self, claimed: i64, least: usize) -> Result<usize, Box<Fault>> {
        let left = self.left();
        let count = match usize::try_from(claimed) {
            // It divides instead of multiplying, so that no claim can overflow.
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

    /// Reads the number of tagged fields that follow.
    #[inline]
    pub(crate) fn tagged_count(&mut self) -> Result<usize, Box<Fault>> {
        match self.varint()? {
            0 => Ok(0),
            claimed => self.count(i64::from(claimed), LEAST_TAGGED_BYTES),
        }
    }

    /// Reads the size of a tagged field and checks that its bytes are there.
    pub(crate) fn tagged_size(&mut self) -> Result<usize, Box<Fault>> {
        let size = self.varint()? as usize;
        let left = self.left();
        if size > left {
            return fault(Claim::Length {
                claimed: size as i64,
                left,
            });
        }
        Ok(size)
    }

    /// Skips the tagged fields at the end of a struct, if the version has them, when none of them is known.
    #[inline]
    pub(crate) fn skip_tagged_fields(&mut self) -> Result<(), Box<Fault>> {
        if !self.is_flexible {
            return Ok(());
        }
        match *self.rest {
            // Almost every struct ends without tagged fields, so this path alone is inlined.
            [0, ref rest @ ..] => {
                self.rest = rest;
                Ok(())
            }
            _ => self.skip_unknown_tagged_fields(),
        }
    }

    fn skip_unknown_tagged_fields(&mut self) -> Result<(), Box<Fault>> {
        let count = self.tagged_count();
        for _ in 0..count.map_err(|fault| fault.within(TAGGED_FIELDS))? {
            self.varint().map_err(|fault| fault.within(TAGGED_FIELDS))?;
            self.skip_unknown_tagged_field()?;
        }
        Ok(())
    }

    /// Skips an unknown tagged field whose number has been read.
    pub(crate) fn skip_unknown_tagged_field(&mut self) -> Result<(), Box<Fault>> {
        let size = self
            .tagged_size()
            .map_err(|fault| fault.within("unknown tagged field"))?;
        self.skip(size)
    }

    /// Reads a 32-bit length or count. Flexible versions write the value plus one, so that 0 is null; this returns -1 for null.
    #[inline]
    fn wide_length(&mut self) -> Result<i64, Box<Fault>> {
        if self.is_flexible {
            self.compact_length()
        } else {
            self.int32().map(i64::from)
        }
    }

    #[inline]
    fn compact_length(&mut self) -> Result<i64, Box<Fault>> {
        self.varint().map(|length| i64::from(length) - 1)
    }

    /// Reads an unsigned varint: seven bits a byte, the least significant first. As in Kafka's `ByteUtils.readUnsignedVarint`, bits beyond
    /// the 32nd are dropped and a sixth byte is an error.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u32, Box<Fault>> {
        match *self.rest {
            // Most lengths and counts fit in one byte. The loop for longer ones stays out of the inlined code.
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

/// The name of a struct's tagged fields in the path of a fault.
pub(crate) const TAGGED_FIELDS: &str = "tagged fields";

fn null<T>(is_nullable: bool) -> Result<Option<T>, Box<Fault>> {
    if is_nullable { Ok(None) } else { fault(Claim::Null) }
}
