//! The rules of topic names. Source: Kafka's `Topic`.

/// The longest topic name: with the partition and the suffix of a directory it fits 255 bytes.
const MAX_NAME_LENGTH: usize = 249;

/// The topic in which the coordinators of groups keep their state.
pub(crate) const CONSUMER_OFFSETS: &str = "__consumer_offsets";

/// The topic in which the coordinators of transactions keep their state.
pub(crate) const TRANSACTION_STATE: &str = "__transaction_state";

/// The topics that Kafka keeps its own state in. The one of share groups does not exist here; its name is still marked internal.
const INTERNAL: &[&str] = &[CONSUMER_OFFSETS, TRANSACTION_STATE, "__share_group_state"];

/// The reason why a topic cannot have a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidName {
    #[error("Topic name is invalid: the empty string is not allowed")]
    Empty,
    #[error("Topic name is invalid: '{name}' is not allowed")]
    Dots { name: String },
    #[error(
        "Topic name is invalid: the length of '{name}' is longer than the max allowed length {MAX_NAME_LENGTH}"
    )]
    TooLong { name: String },
    #[error(
        "Topic name is invalid: '{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
    )]
    Characters { name: String },
    #[error("Topic '{name}' collides with existing topic: {existing}")]
    Collides { name: String, existing: String },
}

/// Checks a name by itself.
///
/// # Errors
/// All of [`InvalidName`] but the collision.
pub(crate) fn validate(name: &str) -> Result<(), InvalidName> {
    let owned = || name.to_owned();
    if name.is_empty() {
        Err(InvalidName::Empty)
    } else if name == "." || name == ".." {
        Err(InvalidName::Dots { name: owned() })
    } else if name.encode_utf16().count() > MAX_NAME_LENGTH {
        // Java counts UTF-16 units, and Kafka's `Topic.detectInvalidTopic` compares the length before the
        // characters: a name with both faults gets the same error here.
        Err(InvalidName::TooLong { name: owned() })
    } else if !name.bytes().all(is_legal) {
        Err(InvalidName::Characters { name: owned() })
    } else {
        Ok(())
    }
}

fn is_legal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// Returns the key that names share if they collide in the names of metrics, where `.` and `_` are the same; `None` for a name that
/// cannot collide.
pub(crate) fn collision_key(name: &str) -> Option<String> {
    name.contains(['.', '_']).then(|| name.replace('.', "_"))
}

/// Returns whether Kafka keeps its own state in the topic of that name.
pub(crate) fn is_internal(name: &str) -> bool {
    // Requests ask for each of their topics, and nearly none has such a name.
    name.starts_with("__") && INTERNAL.contains(&name)
}
