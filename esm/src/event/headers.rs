//! Record headers as Lambda shows them: for each header an object with one member, whose value is an array of signed bytes.

use std::borrow::Cow;

/// Returns the number of bytes that [`write_json`] writes for the headers of a record.
pub(super) fn json_bytes(encoded: &[u8]) -> usize {
    // Most records have no headers.
    if encoded == [0] {
        return 0;
    }
    let mut length = 0;
    for (index, (name, value)) in Headers::new(encoded).enumerate() {
        let commas = usize::from(index > 0) + value.len().saturating_sub(1);
        let numbers: usize = value
            .iter()
            .map(|byte| usize::from(SIGNED_BYTES[usize::from(*byte)].1))
            .sum();
        length += r#"{"":[]}"#.len() + escaped_bytes(&String::from_utf8_lossy(name)) + commas + numbers;
    }
    length
}

/// Appends the headers of a record, with commas between them.
pub(super) fn write_json(encoded: &[u8], payload: &mut Vec<u8>) {
    for (index, (name, value)) in Headers::new(encoded).enumerate() {
        payload.extend_from_slice(if index > 0 { br#",{""# } else { br#"{""# });
        write_escaped(&String::from_utf8_lossy(name), payload);
        payload.extend_from_slice(br#"":["#);
        for (index, byte) in value.iter().enumerate() {
            if index > 0 {
                payload.push(b',');
            }
            let (text, length) = &SIGNED_BYTES[usize::from(*byte)];
            payload.extend_from_slice(&text[..usize::from(*length)]);
        }
        payload.extend_from_slice(b"]}");
    }
}

/// Appends `text` with the escapes that it needs between quotes in JSON.
pub(super) fn write_escaped(text: &str, payload: &mut Vec<u8>) {
    for byte in text.bytes() {
        match escape(byte) {
            Some(escaped) => payload.extend_from_slice(escaped.as_bytes()),
            None => payload.push(byte),
        }
    }
}

/// Returns the number of bytes that [`write_escaped`] writes.
fn escaped_bytes(text: &str) -> usize {
    text.bytes()
        .map(|byte| escape(byte).map_or(1, |escaped| escaped.len()))
        .sum()
}

/// Returns the escape of a byte that needs one, as JSON from Java services has it.
fn escape(byte: u8) -> Option<Cow<'static, str>> {
    let short = match byte {
        b'"' => r#"\""#,
        b'\\' => r"\\",
        0x08 => r"\b",
        0x0c => r"\f",
        b'\n' => r"\n",
        b'\r' => r"\r",
        b'\t' => r"\t",
        0x00..0x20 => return Some(format!(r"\u{byte:04X}").into()),
        _ => return None,
    };
    Some(short.into())
}

/// The decimal text of each byte read as a signed one, and its length: header values are Java's `byte[]`.
// A table, because the values of headers are written byte by byte on the hot path.
static SIGNED_BYTES: [([u8; 4], u8); 256] = signed_bytes();

const fn signed_bytes() -> [([u8; 4], u8); 256] {
    let mut table = [([0; 4], 0); 256];
    let mut index = 0;
    while index < 256 {
        let signed = index as u8 as i8;
        let magnitude = signed.unsigned_abs();
        let (mut text, mut length) = ([0; 4], 0);
        if signed < 0 {
            text[length] = b'-';
            length += 1;
        }
        if magnitude >= 100 {
            text[length] = b'0' + magnitude / 100;
            length += 1;
        }
        if magnitude >= 10 {
            text[length] = b'0' + magnitude / 10 % 10;
            length += 1;
        }
        text[length] = b'0' + magnitude % 10;
        table[index] = (text, length as u8 + 1);
        index += 1;
    }
    table
}

/// Walks headers as they are in a record: a varint count, then names and values with varint lengths, where a value's length of -1
/// is null. Source: Apache Kafka, `DefaultRecord`. Malformed headers end the walk, because the broker stores records without looking
/// into them.
struct Headers<'a> {
    rest: &'a [u8],
    left: i64,
}

impl<'a> Headers<'a> {
    fn new(mut encoded: &'a [u8]) -> Self {
        let left = take_varint(&mut encoded).unwrap_or(0);
        Self { rest: encoded, left }
    }

    fn take_bytes(&mut self) -> Option<&'a [u8]> {
        let length = take_varint(&mut self.rest)?;
        // Null reads as empty: a name is never null, and a null value is shown as an empty array.
        let length = if length == -1 {
            0
        } else {
            usize::try_from(length).ok()?
        };
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.left <= 0 {
            return None;
        }
        self.left -= 1;
        Some((self.take_bytes()?, self.take_bytes()?))
    }
}

/// Takes a zigzag varint of at most 5 bytes off the front.
fn take_varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0u64;
    for shift in (0..5).map(|index| index * 7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}
