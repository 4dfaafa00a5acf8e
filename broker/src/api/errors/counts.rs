//! The number of each error code in an answer.

use super::names::name;
use kafka_protocol::ResponseError;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

/// The number of times that an answer has each error code; code 0 means success. Source: Kafka's `AbstractResponse.errorCounts`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorCounts(BTreeMap<i16, usize>);

impl ErrorCounts {
    /// Returns the counts of an answer with a single error code.
    pub(crate) fn of(code: i16) -> Self {
        Self(BTreeMap::from([(code, 1)]))
    }

    /// Returns the number of times that the answer has `code`.
    #[cfg(test)]
    pub(crate) fn count(&self, code: i16) -> usize {
        self.0.get(&code).copied().unwrap_or(0)
    }

    /// Returns the codes other than 0, in order, with the number of times that the answer has each.
    pub(crate) fn errors(&self) -> impl Iterator<Item = (i16, usize)> {
        self.0
            .iter()
            .map(|(code, count)| (*code, *count))
            .filter(|(code, _)| *code != 0)
    }
}

impl FromIterator<i16> for ErrorCounts {
    fn from_iter<I: IntoIterator<Item = i16>>(codes: I) -> Self {
        // The map is ordered, so that the log line of an answer is always the same.
        let mut counts = BTreeMap::new();
        for code in codes {
            *counts.entry(code).or_default() += 1;
        }
        Self(counts)
    }
}

/// Writes Kafka's names of the errors with their counts, such as `NOT_COORDINATOR:1`, or `none`.
impl Display for ErrorCounts {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (code, count) in self.errors() {
            let name = ResponseError::try_from_code(code).map_or("NONE", name);
            write!(formatter, "{separator}{name}:{count}")?;
            separator = " ";
        }
        if separator.is_empty() {
            formatter.write_str("none")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_written_by_name_with_their_counts() {
        let counts: ErrorCounts = [0, 3, 16, 0, 3].into_iter().collect();
        assert_eq!(
            counts.to_string(),
            "UNKNOWN_TOPIC_OR_PARTITION:2 NOT_COORDINATOR:1"
        );
        assert_eq!((counts.count(0), counts.count(3), counts.count(5)), (2, 2, 0));
        assert_eq!(ErrorCounts::of(0).to_string(), "none");
        assert_eq!(ErrorCounts::default().to_string(), "none");
    }
}
