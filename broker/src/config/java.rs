//! The order in which Java's hash maps, and Kafka's own, list their keys. Kafka finds the first of several errors in it, and lists names in
//! it.

/// Returns the names in the order of a `HashMap` that got them one by one.
pub(crate) fn hash_order<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<_> = names.into_iter().collect();
    sort_by_hash(&mut names);
    names
}

// This is no part of `hash_order`, because that is compiled once for each type of iterator.
fn sort_by_hash(names: &mut [&str]) {
    // A map doubles its 16 buckets once more than three quarters of them would be filled.
    let mut buckets = 16;
    while names.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    // The sort is stable: names in one bucket stay in the order in which they came.
    names.sort_by_key(|name| bucket(name, buckets));
}

fn bucket(name: &str, buckets: usize) -> usize {
    let hash = string_hash(name) as u32;
    (hash ^ (hash >> 16)) as usize & (buckets - 1)
}

/// Returns the place of a name in Kafka's `TimelineHashMap`, in which coordinators and controllers keep their state. Its slots are the
/// leading bits of this number, as many as its size needs.
pub(crate) fn timeline_place(name: &str) -> u64 {
    i64::from(string_hash(name)).wrapping_mul(-7_046_029_254_386_353_131) as u64
}

/// Returns Java's `String.hashCode`, which goes over UTF-16 units.
pub(crate) fn string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_the_order_of_a_java_hash_map() {
        // As a `HashMap` of Java 17 lists them.
        assert_eq!(
            hash_order(["retention.ms", "foo", "bar", "segment.bytes", "a", "b"]),
            ["a", "bar", "b", "foo", "retention.ms", "segment.bytes"]
        );
        assert_eq!(string_hash("retention.ms"), -1_339_220_362);
    }

    #[test]
    fn names_come_in_the_order_of_a_timeline_hash_map() {
        // As a broker of Kafka lists these groups.
        let mut names = ["grp-1", "grp-2", "grp-3", "grp-4", "grp-5", "grp-6"];
        names.sort_by_key(|name| timeline_place(name));
        assert_eq!(names, ["grp-2", "grp-4", "grp-1", "grp-6", "grp-3", "grp-5"]);
    }
}
