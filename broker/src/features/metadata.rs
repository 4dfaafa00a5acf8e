//! The levels of `metadata.version`, and which of them changed the records of the metadata log. Source: Kafka's `MetadataVersion`.

/// The levels from which a cluster cannot go down, because they brought records or fields that earlier levels lack
/// (`MetadataVersion.didMetadataChange`).
const CHANGED_METADATA: [i16; 13] = [1, 7, 8, 11, 13, 14, 15, 17, 23, 30, 32, 33, 34];

/// Returns whether a downgrade could lose metadata (`MetadataVersion.checkIfMetadataChanged`).
pub(super) fn loses_metadata(from: i16, to: i16) -> bool {
    (to + 1..=from).any(|level| CHANGED_METADATA.contains(&level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_downgrade_loses_metadata_if_a_level_in_between_changed_it() {
        for (from, to, loses) in [
            (33, 32, true),
            (31, 30, false),
            (31, 29, true),
            (29, 23, false),
            (29, 22, true),
            (21, 17, false),
            (21, 16, true),
        ] {
            assert_eq!(loses_metadata(from, to), loses, "from {from} to {to}");
        }
    }
}
