//! The vocabulary of the table of shapes: those parts of Kafka's message definitions
//! (`clients/src/main/resources/common/message`) that determine the size of a field.

/// A request: its range of versions and its fields in the order of the wire.
pub(super) struct Request {
    pub(super) name: &'static str,
    pub(super) api_key: i16,
    pub(super) first_version: i16,
    pub(super) last_version: i16,
    /// The first version with compact lengths and tagged fields; [`NEVER`] if no version has them.
    pub(super) flexible_from: i16,
    pub(super) fields: &'static [Field],
}

/// Greater than every version.
pub(super) const NEVER: i16 = i16::MAX;

/// A field of a request, or of a struct in it.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    first_version: i16,
    last_version: i16,
    nullable_from: i16,
    tag: Option<u32>,
}

/// The kind of value that a field holds. Kinds of the same size are the same.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Booleans, integers and uuids, by their size in bytes.
    Fixed(usize),
    /// Length and UTF-8: 16 bits, or a compact varint.
    String,
    /// Length and bytes or records: 32 bits, or a compact varint.
    Bytes,
    /// Count and elements: 32 bits, or a compact varint.
    Array(&'static Kind),
    /// Fields, and in flexible versions tagged ones.
    Struct(&'static [Field]),
}

const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        first_version: 0,
        last_version: i16::MAX,
        nullable_from: NEVER,
        tag: None,
    }
}

pub(super) const fn boolean(name: &'static str) -> Field {
    field(name, Kind::Fixed(1))
}

pub(super) const fn int8(name: &'static str) -> Field {
    field(name, Kind::Fixed(1))
}

pub(super) const fn int16(name: &'static str) -> Field {
    field(name, Kind::Fixed(2))
}

pub(super) const fn int32(name: &'static str) -> Field {
    field(name, Kind::Fixed(4))
}

pub(super) const fn int64(name: &'static str) -> Field {
    field(name, Kind::Fixed(8))
}

pub(super) const fn uuid(name: &'static str) -> Field {
    field(name, Kind::Fixed(16))
}

pub(super) const fn string(name: &'static str) -> Field {
    field(name, Kind::String)
}

pub(super) const fn bytes(name: &'static str) -> Field {
    field(name, Kind::Bytes)
}

pub(super) const fn records(name: &'static str) -> Field {
    field(name, Kind::Bytes)
}

/// Returns a field of type `[]TYPE`. Structs as elements are written `&of(&[...])`.
pub(super) const fn array(name: &'static str, element: &'static Kind) -> Field {
    field(name, Kind::Array(element))
}

/// Returns structs as the elements of an [`array`].
pub(super) const fn of(fields: &'static [Field]) -> Kind {
    Kind::Struct(fields)
}

/// Returns a field with a struct that is not in an array.
pub(super) const fn structure(name: &'static str, fields: &'static [Field]) -> Field {
    field(name, Kind::Struct(fields))
}

impl Field {
    /// Returns the field of `"versions": "FIRST+"`.
    pub(super) const fn since(mut self, first_version: i16) -> Self {
        self.first_version = first_version;
        self
    }

    /// Returns the field of `"versions": "0-LAST"`.
    pub(super) const fn until(mut self, last_version: i16) -> Self {
        self.last_version = last_version;
        self
    }

    /// Returns the field of `"nullableVersions": "FIRST+"`.
    pub(super) const fn nullable(mut self, first_version: i16) -> Self {
        self.nullable_from = first_version;
        self
    }

    /// Returns the field of `"tag": TAG`, in all versions that have it.
    pub(super) const fn tagged(mut self, tag: u32) -> Self {
        self.tag = Some(tag);
        self
    }

    /// Returns whether every body of this version has the field at its place among the untagged ones.
    pub(super) fn is_untagged_in(&self, version: i16) -> bool {
        self.tag.is_none() && self.exists_in(version)
    }

    /// Returns whether the field has this tag in this version.
    pub(super) fn is_tagged_in(&self, version: i16, tag: u32) -> bool {
        self.tag == Some(tag) && self.exists_in(version)
    }

    fn exists_in(&self, version: i16) -> bool {
        self.first_version <= version && version <= self.last_version
    }

    pub(super) fn is_nullable_in(&self, version: i16) -> bool {
        self.nullable_from <= version
    }
}

impl Request {
    pub(super) fn is_flexible_in(&self, version: i16) -> bool {
        self.flexible_from <= version
    }
}

impl Kind {
    /// Returns the least number of bytes that a value takes which is not null.
    pub(super) fn least_size_bytes(self, version: i16, is_flexible: bool) -> usize {
        match self {
            Kind::Fixed(size) => size,
            // The least length is a varint of one byte.
            _ if is_flexible && !matches!(self, Kind::Struct(_)) => 1,
            Kind::String => 2,
            Kind::Bytes | Kind::Array(_) => 4,
            Kind::Struct(fields) => {
                // A flexible struct ends with the count of its tagged fields, which may all be absent.
                let mut least = usize::from(is_flexible);
                for field in fields.iter().filter(|field| field.is_untagged_in(version)) {
                    least += match field.kind {
                        // The marker that says that the struct is null.
                        Kind::Struct(_) if field.is_nullable_in(version) => 1,
                        kind => kind.least_size_bytes(version, is_flexible),
                    };
                }
                least
            }
        }
    }
}
