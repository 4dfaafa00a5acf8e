//! The config `max.connections.per.ip.overrides`: numbers of connections by host. Source: Kafka's `Csv.parseCsvMap` and `KafkaConfig`.

use super::java::hash_order;

/// The name of the config.
pub(crate) const NAME: &str = "max.connections.per.ip.overrides";

/// An error of the config's value. The texts are Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidAddressLimits {
    // Kafka cuts the entry at its last colon, and Java says that there is none.
    #[error("Error parsing configuration property '{NAME}': begin 0, end -1, length {length}")]
    NoColon { length: usize },
    #[error("For input string: \"{count}\"")]
    Count { count: String },
    #[error("{NAME} contains invalid addresses : {}", .hosts.join(","))]
    Hosts { hosts: Vec<String> },
}

/// Reads a list of `HOST:COUNT`. A host is an address or a name. The last colon ends it, so that IPv6 addresses need no brackets.
///
/// # Errors
/// [`InvalidAddressLimits`] for the first entry without a colon, the first count that is no number, or all hosts that cannot be one, in
/// Kafka's order.
pub(crate) fn parse(text: &str) -> Result<Vec<(&str, usize)>, InvalidAddressLimits> {
    let entries: Vec<_> = text.trim().split(',').map(str::trim).collect();
    // Java's `split` drops empty entries at the end only.
    let end = entries.iter().rposition(|entry| !entry.is_empty());
    let entries = &entries[..end.map_or(0, |last| last + 1)];
    let mut pairs = Vec::with_capacity(entries.len());
    for entry in entries {
        let pair = entry.rsplit_once(':').ok_or(InvalidAddressLimits::NoColon {
            length: entry.encode_utf16().count(),
        });
        pairs.push(pair.map(|(host, count)| (host.trim(), count.trim()))?);
    }
    let mut limits = Vec::with_capacity(pairs.len());
    for (host, count) in pairs {
        let number: i32 = count.parse().map_err(|_| InvalidAddressLimits::Count {
            count: count.to_owned(),
        })?;
        // As many connections as a negative number allows: none.
        limits.push((host, usize::try_from(number).unwrap_or(0)));
    }
    let hosts = limits.iter().map(|(host, _)| *host).filter(|host| !is_host(host));
    let hosts: Vec<_> = hash_order(hosts).into_iter().map(str::to_owned).collect();
    if hosts.is_empty() {
        Ok(limits)
    } else {
        Err(InvalidAddressLimits::Hosts { hosts })
    }
}

/// Source: Kafka's `Utils.validHostPattern`.
fn is_host(text: &str) -> bool {
    text.chars()
        .all(|char| char.is_ascii_alphanumeric() || "-%._:".contains(char))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_a_name_and_ends_at_the_last_colon() {
        assert_eq!(parse(""), Ok(vec![]));
        assert_eq!(
            parse(" 10.0.0.1:1, ::1:0 ,client.example.org: 7,h:-1,"),
            Ok(vec![
                ("10.0.0.1", 1),
                ("::1", 0),
                ("client.example.org", 7),
                ("h", 0)
            ])
        );
    }

    #[test]
    fn invalid_entries_are_refused_in_the_words_of_kafka() {
        for (text, expected) in [
            (
                "a:x,localhost",
                "Error parsing configuration property 'max.connections.per.ip.overrides': begin 0, end -1, length 9",
            ),
            (
                "a:1,,b:1",
                "Error parsing configuration property 'max.connections.per.ip.overrides': begin 0, end -1, length 0",
            ),
            ("a b:1,c:x", "For input string: \"x\""),
            ("a:2147483648", "For input string: \"2147483648\""),
            ("a:", "For input string: \"\""),
            (
                "a b:1,c:1,d/:1",
                "max.connections.per.ip.overrides contains invalid addresses : a b,d/",
            ),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.to_string(), expected);
        }
    }
}
