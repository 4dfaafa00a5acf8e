//! Kafka's variable-length integers and a borrowing reader. Source: Kafka's `ByteUtils`.

/// A forward reader of borrowed bytes. Every method returns `None` if the bytes end too early or are malformed by Kafka's rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the unread bytes.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    /// Reads a zig-zag `int32` of at most five bytes.
    #[inline]
    pub(super) fn varint(&mut self) -> Option<i32> {
        let raw = self.unsigned(5)? as u32;
        Some((raw >> 1) as i32 ^ -((raw & 1) as i32))
    }

    /// Reads a zig-zag `int64` of at most ten bytes.
    #[inline]
    pub(super) fn varlong(&mut self) -> Option<i64> {
        let raw = self.unsigned(10)?;
        Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// Reads a varint length and that many bytes. The outer `None` means malformed, the inner one null.
    #[inline]
    pub(super) fn nullable_bytes(&mut self) -> Option<Option<&'a [u8]>> {
        let len = self.varint()?;
        if len < 0 {
            // Kafka's reader treats any negative length as null.
            return Some(None);
        }
        self.take(len as usize).map(Some)
    }

    #[inline]
    fn unsigned(&mut self, most_bytes: usize) -> Option<u64> {
        // A fast path for one and two bytes: most lengths and deltas have no more.
        match self.rest {
            [first @ ..0x80, rest @ ..] => {
                self.rest = rest;
                Some(u64::from(*first))
            }
            [first, second @ ..0x80, rest @ ..] => {
                self.rest = rest;
                Some(u64::from(*first & 0x7f) | u64::from(*second) << 7)
            }
            _ => self.unsigned_long(most_bytes),
        }
    }

    fn unsigned_long(&mut self, most_bytes: usize) -> Option<u64> {
        let mut value = 0u64;
        for (index, &byte) in self.rest.iter().take(most_bytes).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Some(value);
            }
        }
        None
    }
}

/// Appends a zig-zag varint. A varlong of the same value has the same bytes.
pub(super) fn put(out: &mut Vec<u8>, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)) as u64;
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

/// Returns the number of bytes that [`put`] appends.
pub(super) fn len(value: i64) -> usize {
    let raw = ((value << 1) ^ (value >> 63)) as u64;
    (70 - (raw | 1).leading_zeros() as usize) / 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_match_kafkas() {
        let cases: [(i64, &[u8]); 8] = [
            (0, &[0]),
            (-1, &[1]),
            (1, &[2]),
            (63, &[0x7e]),
            (-64, &[0x7f]),
            (64, &[0x80, 0x01]),
            (i64::from(i32::MAX), &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
            (i64::from(i32::MIN), &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ];
        for (value, wire) in cases {
            let mut out = Vec::new();
            put(&mut out, value);
            assert_eq!(out, wire, "{value}");
            assert_eq!(len(value), wire.len(), "{value}");
            assert_eq!(Reader::new(wire).varint(), Some(value as i32));
            assert_eq!(Reader::new(wire).varlong(), Some(value));
        }
        for value in [i64::MIN, i64::MAX] {
            let mut out = Vec::new();
            put(&mut out, value);
            assert_eq!((out.len(), len(value)), (10, 10));
            assert_eq!(Reader::new(&out).varlong(), Some(value));
        }
    }

    #[test]
    fn a_varint_that_does_not_end_is_malformed() {
        assert_eq!(Reader::new(&[]).varint(), None);
        assert_eq!(Reader::new(&[0x80]).varint(), None);
        assert_eq!(Reader::new(&[0x80; 6]).varint(), None);
        assert_eq!(Reader::new(&[0x80; 11]).varlong(), None);
    }
}
