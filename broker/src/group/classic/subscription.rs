//! The topics in a consumer's metadata: the first fields of every version of ConsumerProtocolSubscription.
//!
//! Source: Kafka's `ConsumerProtocolSubscription.json`. Kafka's coordinator reads any version as version 0 too.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Returns the topics of a member's subscription; `None` if the bytes are not a subscription.
pub(super) fn subscribed_topics(metadata: &[u8]) -> Option<BTreeSet<Arc<str>>> {
    let (_version, mut rest) = metadata.split_first_chunk::<2>()?;
    let count = i32::from_be_bytes(take(&mut rest)?);
    // The count is a claim of the client, so nothing is allocated for it in advance.
    let mut topics = BTreeSet::new();
    for _ in 0..usize::try_from(count).ok()? {
        let length = usize::try_from(i16::from_be_bytes(take(&mut rest)?)).ok()?;
        let (name, after) = rest.split_at_checked(length)?;
        topics.insert(Arc::from(std::str::from_utf8(name).ok()?));
        rest = after;
    }
    Some(topics)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topics_are_read_and_what_follows_them_is_left_alone() {
        let subscription = b"\0\x01\0\0\0\x02\0\x01a\0\x02bc\xff\xff\xff\xff\0\0\0\0";
        let topics = subscribed_topics(subscription).expect("a subscription");
        assert_eq!(topics, BTreeSet::from(["a".into(), "bc".into()]));
    }

    #[test]
    fn bytes_that_are_no_subscription_are_refused_without_allocating_what_they_claim() {
        let cases: [&[u8]; 5] = [
            b"",
            b"\0",
            b"\0\0\x7f\xff\xff\xff",
            b"\0\0\0\0\0\x01\0\x05ab",
            b"\0\0\0\0\0\x01\0\x01\xff",
        ];
        for bytes in cases {
            assert_eq!(subscribed_topics(bytes), None, "{bytes:?}");
        }
    }
}
