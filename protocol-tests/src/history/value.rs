//! The value of a record: who wrote it, and what of. It is text: numbers with a space between, and then dots up to some length.

use std::num::ParseIntError;

/// The identity of a record, as its value says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The number of the process that wrote it.
    pub(super) producer: u32,
    /// The number of the record among those that the process sent, from 0 on.
    pub(super) sequence: u32,
    /// The transaction that it belongs to; `None` for a record outside of transactions.
    pub(super) transaction: Option<WrittenTransaction>,
    /// The record that it was made of; `None` if it was made of none.
    pub(super) source: Option<WrittenSource>,
}

/// The transaction of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrittenTransaction {
    /// The number of the transaction among those of its process.
    pub(super) number: u32,
    /// The number of records that the transaction has if it is whole.
    pub(super) size: u32,
}

/// The record that another one was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrittenSource {
    /// The partition that it was read from.
    pub(super) partition: u32,
    /// The offset that it was read at.
    pub(super) offset: i64,
    /// The process that wrote it.
    pub(super) producer: u32,
    /// Its number among those that the process sent.
    pub(super) sequence: u32,
}

impl Written {
    /// Reads a value: `PRODUCER SEQUENCE TRANSACTION SIZE`, with -1 and 0 outside of transactions. For a transformed record,
    /// `PARTITION OFFSET PRODUCER SEQUENCE` of its source follow.
    ///
    /// # Errors
    /// A sentence with the value that is not of this form.
    pub(super) fn parse(value: &str) -> Result<Written, String> {
        let numbers: Result<Vec<i64>, ParseIntError> = value
            .split(' ')
            .filter(|word| !word.starts_with('.'))
            .map(str::parse)
            .collect();
        Self::of(&numbers.unwrap_or_default()).ok_or_else(|| format!("invalid value {value:?} of a record"))
    }

    fn of(numbers: &[i64]) -> Option<Written> {
        let (own, source) = match *numbers {
            [_, _, _, _] => (numbers, None),
            [_, _, _, _, partition, offset, producer, sequence] => {
                let source = WrittenSource {
                    partition: u32::try_from(partition).ok()?,
                    offset,
                    producer: u32::try_from(producer).ok()?,
                    sequence: u32::try_from(sequence).ok()?,
                };
                (&numbers[..4], Some(source))
            }
            _ => return None,
        };
        let transaction = match own[2] {
            -1 => None,
            number => Some(WrittenTransaction {
                number: u32::try_from(number).ok()?,
                size: u32::try_from(own[3]).ok()?,
            }),
        };
        Some(Written {
            producer: u32::try_from(own[0]).ok()?,
            sequence: u32::try_from(own[1]).ok()?,
            transaction,
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_names_its_producer_transaction_and_source() {
        let plain = Written {
            producer: 7,
            sequence: 12,
            transaction: None,
            source: None,
        };
        assert_eq!(Written::parse("7 12 -1 0"), Ok(plain));
        assert_eq!(Written::parse("7 12 -1 0 ......"), Ok(plain));
        let transformed = Written {
            transaction: Some(WrittenTransaction { number: 3, size: 20 }),
            source: Some(WrittenSource {
                partition: 2,
                offset: 400,
                producer: 1,
                sequence: 99,
            }),
            ..plain
        };
        assert_eq!(Written::parse("7 12 3 20 2 400 1 99 ."), Ok(transformed));
    }

    #[test]
    fn a_value_of_another_form_is_refused() {
        for value in [
            "",
            "7",
            "7 12 -1",
            "7 12 -1 x",
            "7 12 -2 0",
            "-7 12 -1 0",
            "7 12 3 20 2",
        ] {
            let expected = Err(format!("invalid value {value:?} of a record"));
            assert_eq!(Written::parse(value), expected);
        }
    }
}
