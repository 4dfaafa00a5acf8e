//! The wire's strings to shared ones and back.

use kafka_protocol::protocol::StrBytes;
use std::sync::Arc;

/// A copy that does not keep the frame alive it came in.
pub(crate) fn shared(text: &StrBytes) -> Arc<str> {
    Arc::from(text.as_str())
}

/// As [`shared`], for what may be null.
pub(crate) fn shared_option(text: Option<&StrBytes>) -> Option<Arc<str>> {
    text.map(shared)
}

/// The same text for an answer.
pub(crate) fn wire(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// As [`wire`], for what may be null.
pub(crate) fn wire_option(text: Option<&Arc<str>>) -> Option<StrBytes> {
    text.map(|text| wire(text))
}
