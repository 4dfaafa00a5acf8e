//! Converts the strings of messages to shared strings and back.

use kafka_protocol::protocol::StrBytes;
use std::sync::Arc;

/// Copies a string, so that it does not keep the request's frame alive.
pub(crate) fn shared(text: &StrBytes) -> Arc<str> {
    Arc::from(text.as_str())
}

/// Copies a nullable string as [`shared`] does.
pub(crate) fn shared_option(text: Option<&StrBytes>) -> Option<Arc<str>> {
    text.map(shared)
}

/// Returns the text as a string of a message.
pub(crate) fn wire(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Returns the text, or null, as a string of a message.
pub(crate) fn wire_option(text: Option<&Arc<str>>) -> Option<StrBytes> {
    text.map(|text| wire(text))
}
