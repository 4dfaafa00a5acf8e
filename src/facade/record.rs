//! A record to produce: its key, value, headers and timestamp.

use bytes::Bytes;

/// A record for [`Esmeralda::produce`](super::Esmeralda::produce). A value alone converts to a record without a key.
///
/// ```
/// use esmeralda::Record;
///
/// let record = Record::new(r#"{"total":120}"#)
///     .key("customer-7")
///     .header("trace", "4bf92f35")
///     .timestamp_ms(1_767_225_600_000);
/// let tombstone = Record::tombstone("customer-7");
/// # let _ = (record, tombstone);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    pub(super) key: Option<Bytes>,
    pub(super) value: Option<Bytes>,
    pub(super) headers: Vec<(String, Option<Bytes>)>,
    pub(super) timestamp_ms: Option<i64>,
}

impl Record {
    /// Returns a record of `value`, without a key or headers, that gets the current time as timestamp.
    pub fn new(value: impl AsRef<[u8]>) -> Self {
        Self {
            value: Some(copied(value)),
            ..Self::default()
        }
    }

    /// Returns a record of `key` with a null value.
    pub fn tombstone(key: impl AsRef<[u8]>) -> Self {
        Self {
            key: Some(copied(key)),
            ..Self::default()
        }
    }

    /// Sets the key. It does not choose the partition, which the caller of `produce` names.
    pub fn key(self, key: impl AsRef<[u8]>) -> Self {
        Self {
            key: Some(copied(key)),
            ..self
        }
    }

    /// Adds a header. Headers keep their order, and a name may come more than once.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), Some(copied(value))));
        self
    }

    /// Adds a header with a null value.
    pub fn null_header(mut self, name: &str) -> Self {
        self.headers.push((name.to_owned(), None));
        self
    }

    /// Sets the timestamp, in milliseconds since the Unix epoch.
    pub fn timestamp_ms(self, timestamp_ms: i64) -> Self {
        Self {
            timestamp_ms: Some(timestamp_ms),
            ..self
        }
    }

    /// Returns the headers as the broker encodes them.
    pub(super) fn borrowed_headers(&self) -> Vec<(&str, Option<&[u8]>)> {
        let headers = self.headers.iter();
        headers
            .map(|(name, value)| (name.as_str(), value.as_deref()))
            .collect()
    }
}

impl<V: AsRef<[u8]> + ?Sized> From<&V> for Record {
    fn from(value: &V) -> Self {
        Self::new(value)
    }
}

impl From<&Record> for Record {
    fn from(record: &Record) -> Self {
        record.clone()
    }
}

fn copied(bytes: impl AsRef<[u8]>) -> Bytes {
    Bytes::copy_from_slice(bytes.as_ref())
}
