//! CBOR (RFC 8949), as far as Smithy's protocol rpc-v2-cbor needs it.
//!
//! Requests may have lists, maps and strings of definite and of indefinite length; answers have definite ones. A float of an answer is
//! always eight bytes, because typed clients refuse an integer where the model has a double.

use super::value::Value;

/// The deepest nesting that is read. A request of CloudWatch needs eight levels.
const MAX_DEPTH: usize = 32;

/// The tag of a time in seconds since the Unix epoch.
const EPOCH_TIME: u64 = 1;

/// A fault of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CborError {
    #[error("the body ends within a value")]
    End,
    #[error("a value has the unknown initial byte {0:#04x}")]
    Initial(u8),
    #[error("values are nested more than {MAX_DEPTH} deep")]
    Depth,
    #[error("a key of a map, or a part of a string, has another type than it must have")]
    Type,
    #[error("a string is not UTF-8")]
    Utf8,
    #[error("{0} bytes follow the value")]
    Trailing(usize),
}

/// Reads one value.
///
/// # Errors
/// [`CborError`] for a body that is none. Memory is only taken for bytes that are there.
pub(super) fn read(body: &[u8]) -> Result<Value, CborError> {
    let mut reader = Reader { rest: body };
    let value = reader.value(MAX_DEPTH)?;
    match reader.rest.len() {
        0 => Ok(value),
        trailing => Err(CborError::Trailing(trailing)),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

/// The argument of an initial byte.
enum Argument {
    Number(u64),
    Indefinite,
}

const BREAK: u8 = 0xff;

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: u64) -> Result<&'a [u8], CborError> {
        let count = usize::try_from(count).map_err(|_| CborError::End)?;
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(CborError::End)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, CborError> {
        Ok(self.bytes(1)?[0])
    }

    fn big_endian(&mut self, count: u64) -> Result<u64, CborError> {
        let bytes = self.bytes(count)?.iter();
        Ok(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn argument(&mut self, initial: u8) -> Result<Argument, CborError> {
        Ok(match initial & 0x1f {
            small @ 0..24 => Argument::Number(small.into()),
            power @ 24..28 => Argument::Number(self.big_endian(1 << (power - 24))?),
            31 => Argument::Indefinite,
            _ => return Err(CborError::Initial(initial)),
        })
    }

    fn number(&mut self, initial: u8) -> Result<u64, CborError> {
        match self.argument(initial)? {
            Argument::Number(number) => Ok(number),
            Argument::Indefinite => Err(CborError::Initial(initial)),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, CborError> {
        let depth = depth.checked_sub(1).ok_or(CborError::Depth)?;
        let initial = self.byte()?;
        match initial >> 5 {
            0 => Ok(integer(self.number(initial)?)),
            1 => {
                // -1 - n, which is !n in two's complement.
                let number = self.number(initial)?;
                let negative = i64::try_from(number).map(|number| !number);
                Ok(negative.map_or_else(|_| Value::Double(-1.0 - number as f64), Value::Integer))
            }
            2 => {
                self.string(initial)?;
                // CloudWatch's model has no blobs.
                Err(CborError::Type)
            }
            3 => self.text(initial).map(Value::Text),
            4 => self.list(initial, depth),
            5 => self.map(initial, depth),
            6 => {
                let tag = self.number(initial)?;
                let value = self.value(depth)?;
                Ok(match (tag, value) {
                    (EPOCH_TIME, Value::Integer(seconds)) => Value::Time(seconds as f64),
                    (EPOCH_TIME, Value::Double(seconds)) => Value::Time(seconds),
                    // Other tags add nothing that the model needs.
                    (_, value) => value,
                })
            }
            _ => self.simple(initial),
        }
    }

    fn simple(&mut self, initial: u8) -> Result<Value, CborError> {
        Ok(match initial {
            0xf4 => Value::Boolean(false),
            0xf5 => Value::Boolean(true),
            0xf6 | 0xf7 => Value::Null,
            0xf9 => Value::Double(half(self.big_endian(2)?)),
            0xfa => Value::Double(f32::from_bits(self.big_endian(4)? as u32).into()),
            0xfb => Value::Double(f64::from_bits(self.big_endian(8)?)),
            _ => return Err(CborError::Initial(initial)),
        })
    }

    fn text(&mut self, initial: u8) -> Result<String, CborError> {
        String::from_utf8(self.string(initial)?).map_err(|_| CborError::Utf8)
    }

    /// Reads the bytes of a string of bytes or of text.
    fn string(&mut self, initial: u8) -> Result<Vec<u8>, CborError> {
        match self.argument(initial)? {
            Argument::Number(length) => Ok(self.bytes(length)?.to_vec()),
            Argument::Indefinite => {
                let mut all = Vec::new();
                while let Some(part) = self.until_break()? {
                    // Each part is a definite string of the same type.
                    if part >> 5 != initial >> 5 {
                        return Err(CborError::Type);
                    }
                    let length = self.number(part)?;
                    all.extend_from_slice(self.bytes(length)?);
                }
                Ok(all)
            }
        }
    }

    /// Returns the next initial byte; `None` if it is the break that ends an indefinite value.
    fn until_break(&mut self) -> Result<Option<u8>, CborError> {
        let initial = self.byte()?;
        Ok((initial != BREAK).then_some(initial))
    }

    fn list(&mut self, initial: u8, depth: usize) -> Result<Value, CborError> {
        let mut items = Vec::new();
        match self.argument(initial)? {
            Argument::Number(count) => {
                for _ in 0..count {
                    items.push(self.value(depth)?);
                }
            }
            Argument::Indefinite => {
                while self.rest.first() != Some(&BREAK) {
                    items.push(self.value(depth)?);
                }
                self.byte()?;
            }
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, initial: u8, depth: usize) -> Result<Value, CborError> {
        let mut members = Vec::new();
        let count = match self.argument(initial)? {
            Argument::Number(count) => count,
            Argument::Indefinite => u64::MAX,
        };
        for _ in 0..count {
            let Some(key) = self.until_break()? else {
                if count == u64::MAX {
                    break;
                }
                return Err(CborError::Initial(BREAK));
            };
            if key >> 5 != 3 {
                return Err(CborError::Type);
            }
            let name = self.text(key)?;
            members.push((name, self.value(depth)?));
        }
        Ok(Value::Structure(members))
    }
}

fn integer(number: u64) -> Value {
    i64::try_from(number).map_or_else(|_| Value::Double(number as f64), Value::Integer)
}

/// Returns the value of a float of two bytes.
fn half(bits: u64) -> f64 {
    let (sign, exponent, fraction) = (bits >> 15 & 1, bits >> 10 & 0x1f, (bits & 0x3ff) as f64);
    let value = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1_024.0) * 2f64.powi(exponent as i32 - 15),
    };
    if sign == 1 { -value } else { value }
}

/// Writes one value.
pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, value);
    out
}

fn put(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(0xf6),
        Value::Boolean(false) => out.push(0xf4),
        Value::Boolean(true) => out.push(0xf5),
        Value::Integer(number) if *number < 0 => head(out, 1, (!number).unsigned_abs()),
        Value::Integer(number) => head(out, 0, number.unsigned_abs()),
        Value::Double(number) => double(out, *number),
        Value::Text(text) => put_text(out, text),
        Value::Time(seconds) => {
            head(out, 6, EPOCH_TIME);
            double(out, *seconds);
        }
        Value::List(items) => {
            head(out, 4, items.len() as u64);
            items.iter().for_each(|item| put(out, item));
        }
        Value::Structure(members) => {
            head(out, 5, members.len() as u64);
            for (name, value) in members {
                put_text(out, name);
                put(out, value);
            }
        }
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    head(out, 3, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn double(out: &mut Vec<u8>, number: f64) {
    out.push(0xfb);
    out.extend_from_slice(&number.to_bits().to_be_bytes());
}

fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..24 => out.push(major | argument as u8),
        24..0x100 => out.extend([major | 24, argument as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits
            .chunks(2)
            .map(|pair| (pair[0] * 16 + pair[1]) as u8)
            .collect()
    }

    fn members(value: Value) -> Vec<(String, Value)> {
        match value {
            Value::Structure(members) => members,
            other => panic!("{other:?}"),
        }
    }

    // The examples of RFC 8949, appendix A.
    #[test]
    fn values_of_the_rfc_are_read() {
        for (hex, expected) in [
            ("00", Value::Integer(0)),
            ("1818", Value::Integer(24)),
            ("1903e8", Value::Integer(1_000)),
            ("1b000000e8d4a51000", Value::Integer(1_000_000_000_000)),
            ("20", Value::Integer(-1)),
            ("3903e7", Value::Integer(-1_000)),
            ("f90000", Value::Double(0.0)),
            ("f93e00", Value::Double(1.5)),
            ("f9c400", Value::Double(-4.0)),
            ("f90001", Value::Double(5.960_464_477_539_063e-8)),
            ("fa47c35000", Value::Double(100_000.0)),
            ("fb3ff199999999999a", Value::Double(1.1)),
            ("f97c00", Value::Double(f64::INFINITY)),
            ("f4", Value::Boolean(false)),
            ("f6", Value::Null),
            ("c11a514b67b0", Value::Time(1_363_896_240.0)),
            ("c1fb41d452d9ec200000", Value::Time(1_363_896_240.5)),
            ("6449455446", "IETF".into()),
            ("7f657374726561646d696e67ff", "streaming".into()),
            ("80", Value::List(Vec::new())),
            (
                "9f01820203ff",
                Value::List(vec![
                    Value::Integer(1),
                    Value::List(vec![Value::Integer(2), Value::Integer(3)]),
                ]),
            ),
        ] {
            assert_eq!(read(&bytes(hex)), Ok(expected), "{hex}");
        }
        let map = members(read(&bytes("bf6346756ef563416d7421ff")).unwrap());
        let expected = [
            ("Fun".to_owned(), Value::Boolean(true)),
            ("Amt".to_owned(), Value::Integer(-2)),
        ];
        assert_eq!(map, expected);
    }

    #[test]
    fn bodies_that_are_none_are_refused() {
        let deep = [vec![0x81; 100], vec![0x01]].concat();
        for (body, expected) in [
            (bytes(""), CborError::End),
            (bytes("19 03"), CborError::End),
            (bytes("9b ffffffffffffffff"), CborError::End),
            (bytes("7b ffffffffffffffff 61"), CborError::End),
            (bytes("9f 01"), CborError::End),
            (bytes("1c"), CborError::Initial(0x1c)),
            (bytes("1f"), CborError::Initial(0x1f)),
            (bytes("ff"), CborError::Initial(0xff)),
            (bytes("a1 ff"), CborError::Initial(0xff)),
            (bytes("a1 01 02"), CborError::Type),
            (bytes("41 00"), CborError::Type),
            (bytes("7f 41 00 ff"), CborError::Type),
            (bytes("61 ff"), CborError::Utf8),
            (bytes("01 02"), CborError::Trailing(1)),
            (deep, CborError::Depth),
        ] {
            assert_eq!(read(&body), Err(expected), "{body:02x?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let value = Value::Structure(vec![
            ("Text".to_owned(), "ë".into()),
            ("Long".to_owned(), Value::Text("x".repeat(70_000))),
            (
                "Numbers".to_owned(),
                Value::List(
                    [0, 23, 24, 255, 256, 65_535, 65_536, i64::MAX, -1, -25, i64::MIN]
                        .map(Value::Integer)
                        .into(),
                ),
            ),
            (
                "Doubles".to_owned(),
                Value::List([3.0, -0.5, 1e300].map(Value::Double).into()),
            ),
            ("Time".to_owned(), Value::Time(1_767_225_600.5)),
            (
                "Flags".to_owned(),
                Value::List(vec![Value::Boolean(true), Value::Boolean(false), Value::Null]),
            ),
        ]);
        assert_eq!(read(&write(&value)), Ok(value));
    }

    #[test]
    fn a_double_is_a_float_of_eight_bytes_also_if_it_is_whole() {
        assert_eq!(write(&Value::Double(3.0)), bytes("fb4008000000000000"));
    }
}
