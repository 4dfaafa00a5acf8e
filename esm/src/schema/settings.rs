//! Which records of a mapping are decoded, and how.

/// The schema registry of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecodingSettings {
    /// The registry with the schemas.
    pub(crate) location: RegistryLocation,
    /// The form in which the function gets what was decoded.
    pub(crate) format: RecordFormat,
    /// Whether keys have schemas.
    pub(crate) decodes_key: bool,
    /// Whether values have schemas.
    pub(crate) decodes_value: bool,
}

/// The place of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RegistryLocation {
    /// The one in this process.
    Embedded,
    /// One with Confluent's REST API at a URL.
    Url(String),
}

/// `EventRecordFormat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordFormat {
    /// JSON text.
    Json,
    /// The data as it was serialized, without the frame.
    Source,
}
