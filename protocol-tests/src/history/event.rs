//! One line of a history: what a client program was told by its client.
//!
//! A program writes a line after it was told, except for [`Event::Committing`], which it writes before it asks. What a program had sent when
//! it was killed is in no line.

use super::value::Written;

/// One line of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// `a SEQUENCE PARTITION OFFSET`: a record was acknowledged. The offset is -1 if the client does not know it.
    Acknowledged {
        sequence: u32,
        partition: u32,
        offset: i64,
    },
    /// `t TRANSACTION`: the program is about to ask for the commit of a transaction.
    Committing { transaction: u32 },
    /// `c TRANSACTION`: a transaction was committed.
    Committed { transaction: u32 },
    /// `x TRANSACTION`: a transaction was aborted.
    Aborted { transaction: u32 },
    /// `p PARTITION OFFSET`: reading goes on at this offset.
    Positioned { partition: u32, offset: i64 },
    /// `r PARTITION OFFSET VALUE`: a record was read.
    Read {
        partition: u32,
        offset: i64,
        producer: u32,
        sequence: u32,
    },
    /// `q PARTITION OFFSET TIME`: the group's committed offset, -1 for none, as asked for at that time.
    Fetched {
        partition: u32,
        offset: i64,
        asked_us: u64,
    },
    /// `o PARTITION OFFSET TIME`: the group's committed offset is set, as known at that time.
    OffsetCommitted {
        partition: u32,
        offset: i64,
        answered_us: u64,
    },
}

impl Event {
    /// Reads one line.
    ///
    /// # Errors
    /// A sentence with the line that is not of these forms.
    pub(super) fn parse(line: &str) -> Result<Event, String> {
        Self::of(line).ok_or_else(|| format!("invalid line {line:?} of a history"))
    }

    fn of(line: &str) -> Option<Event> {
        let (kind, rest) = line.split_once(' ')?;
        if kind == "r" {
            let mut words = rest.splitn(3, ' ');
            let (partition, offset) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            let Written {
                producer, sequence, ..
            } = Written::parse(words.next()?).ok()?;
            return Some(Event::Read {
                partition,
                offset,
                producer,
                sequence,
            });
        }
        let numbers: Vec<i64> = rest.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let first = u32::try_from(*numbers.first()?).ok()?;
        Some(match (kind, &numbers[1..]) {
            ("a", &[partition, offset]) => Event::Acknowledged {
                sequence: first,
                partition: u32::try_from(partition).ok()?,
                offset,
            },
            ("t", []) => Event::Committing { transaction: first },
            ("c", []) => Event::Committed { transaction: first },
            ("x", []) => Event::Aborted { transaction: first },
            ("p", &[offset]) => Event::Positioned {
                partition: first,
                offset,
            },
            ("q", &[offset, time]) => Event::Fetched {
                partition: first,
                offset,
                asked_us: u64::try_from(time).ok()?,
            },
            ("o", &[offset, time]) => Event::OffsetCommitted {
                partition: first,
                offset,
                answered_us: u64::try_from(time).ok()?,
            },
            _ => return None,
        })
    }
}

/// Reads a whole history. The last line counts only if it has its end: a program may be killed while it writes.
///
/// # Errors
/// A sentence with the first invalid line.
pub(super) fn parse_history(text: &str) -> Result<Vec<Event>, String> {
    text.split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'))
        .map(Event::parse)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_an_event_and_a_half_line_is_none() {
        let text = "a 5 1 70\nt 3\nc 3\nx 4\np 0 12\nr 0 12 9 8 -1 0 ...\nq 2 -1 1000\no 2 13 2000\na 6 1 7";
        let expected = vec![
            Event::Acknowledged {
                sequence: 5,
                partition: 1,
                offset: 70,
            },
            Event::Committing { transaction: 3 },
            Event::Committed { transaction: 3 },
            Event::Aborted { transaction: 4 },
            Event::Positioned {
                partition: 0,
                offset: 12,
            },
            Event::Read {
                partition: 0,
                offset: 12,
                producer: 9,
                sequence: 8,
            },
            Event::Fetched {
                partition: 2,
                offset: -1,
                asked_us: 1000,
            },
            Event::OffsetCommitted {
                partition: 2,
                offset: 13,
                answered_us: 2000,
            },
        ];
        assert_eq!(parse_history(text), Ok(expected));
    }

    #[test]
    fn a_line_of_another_form_is_refused() {
        for line in ["", "a", "a 5 1", "b 1", "t x", "r 0 12 nonsense", "o 1 2"] {
            let expected = Err(format!("invalid line {line:?} of a history"));
            assert_eq!(parse_history(&format!("{line}\n")), expected);
        }
    }
}
