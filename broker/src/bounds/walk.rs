//! The walk over a body by its shape. It reads lengths and counts, steps over everything else and allocates only to
//! report a fault.
//!
//! It takes the same steps as the decoder of `kafka-protocol`, so that the decoder may trust every length and count of a body
//! that passes.

use super::Walked;
use super::shape::{Field, Kind, Request};
use crate::wire::{Claim, Fault, Reader, TAGGED_FIELDS, fault};

/// The upper bound of the least sizes of all elements in the table; a test compares.
pub(super) const LARGEST_LEAST_BYTES: usize = 64;

// A fault is boxed because it is rare: a large error would make the result of every step large.
type Step = Result<(), Box<Fault>>;

/// Walks the request at the start of `body`.
pub(super) fn walk(request: &Request, version: i16, body: &[u8]) -> Result<Walked, Box<Fault>> {
    let mut walker = Walker {
        reader: Reader::new(body, request.is_flexible_in(version)),
        version,
    };
    walker.structure(request.fields)?;
    Ok(Walked {
        bytes: body.len() - walker.reader.left(),
        elements: walker.reader.elements(),
    })
}

struct Walker<'a> {
    reader: Reader<'a>,
    version: i16,
}

impl Walker<'_> {
    fn structure(&mut self, fields: &'static [Field]) -> Step {
        for field in fields {
            if !field.is_untagged_in(self.version) {
                continue;
            }
            // Most fields have a fixed size, so they skip the dispatch that the others need.
            let walked = match field.kind {
                Kind::Fixed(size) => self.reader.skip(size),
                _ => self.field(field),
            };
            walked.map_err(|fault| fault.within(field.name))?;
        }
        if self.reader.is_flexible {
            self.tagged_fields(fields)
        } else {
            Ok(())
        }
    }

    #[inline]
    fn field(&mut self, field: &Field) -> Step {
        let is_nullable = field.is_nullable_in(self.version);
        match field.kind {
            Kind::Struct(fields) if is_nullable => match self.reader.take().map(i8::from_be_bytes)? {
                -1 => Ok(()),
                1 => self.structure(fields),
                marker => fault(Claim::Marker { marker }),
            },
            kind => self.value(kind, is_nullable),
        }
    }

    fn value(&mut self, kind: Kind, is_nullable: bool) -> Step {
        match kind {
            Kind::Fixed(size) => self.reader.skip(size),
            Kind::String => self.reader.string(is_nullable).map(drop),
            Kind::Bytes => self.reader.bytes(is_nullable).map(drop),
            Kind::Array(element) => self.array(*element, is_nullable),
            Kind::Struct(fields) => self.structure(fields),
        }
    }

    fn array(&mut self, element: Kind, is_nullable: bool) -> Step {
        // The exact least size takes a loop over every field, and few counts need it.
        let least = |reader: &Reader<'_>, claimed| {
            let most = reader.left() / LARGEST_LEAST_BYTES;
            if usize::try_from(claimed).is_ok_and(|count| count <= most) {
                LARGEST_LEAST_BYTES
            } else {
                element.least_size_bytes(self.version, reader.is_flexible)
            }
        };
        let count = self.reader.array(least, is_nullable)?.unwrap_or(0);
        if let Kind::Fixed(size) = element {
            // The count was checked against the bytes that are left, so the product does not overflow.
            return self.reader.skip(count * size);
        }
        for index in 0..count {
            self.value(element, false)
                .map_err(|fault| fault.within_element(index))?;
        }
        Ok(())
    }

    fn tagged_fields(&mut self, fields: &'static [Field]) -> Step {
        let count = self.reader.tagged_count();
        for _ in 0..count.map_err(|fault| fault.within(TAGGED_FIELDS))? {
            let tag = self
                .reader
                .varint()
                .map_err(|fault| fault.within(TAGGED_FIELDS))?;
            let known = fields.iter().find(|field| field.is_tagged_in(self.version, tag));
            match known {
                Some(field) => self
                    .tagged_field(field)
                    .map_err(|fault| fault.within(field.name))?,
                None => self.reader.skip_unknown_tagged_field()?,
            }
        }
        Ok(())
    }

    fn tagged_field(&mut self, field: &Field) -> Step {
        let claimed = self.reader.tagged_size()?;
        let before = self.reader.left();
        self.field(field)?;
        // The decoder ignores the size and reads on where the value ends.
        let held = before - self.reader.left();
        if held != claimed {
            return fault(Claim::TaggedSize { claimed, held });
        }
        Ok(())
    }
}
