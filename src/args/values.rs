//! The values of options: addresses, properties, sizes, times and account ids.

use esmeralda::broker::AdvertisedHost;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A `host:port` to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenAddress {
    /// A name or an address; an IPv6 address stands in brackets.
    pub(crate) host: String,
    /// 0 takes a free port.
    pub(crate) port: u16,
}

impl std::str::FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be HOST:PORT, such as 127.0.0.1:9092".to_owned();
        // The last colon comes before the port. An IPv6 address has colons of its own, so without brackets its end would pass for a port.
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let is_bare_ipv6 = host.contains(':') && text.parse::<SocketAddr>().is_err();
        if host.is_empty() || is_bare_ipv6 {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.parse().map_err(|_| wrong())?,
        })
    }
}

impl std::fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A `key=value` pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Property {
    /// The key; not empty.
    pub(crate) key: String,
    /// The value; may be empty.
    pub(crate) value: String,
}

impl std::str::FromStr for Property {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok(Self {
                key: key.trim().to_owned(),
                value: value.trim().to_owned(),
            }),
            _ => Err("must be KEY=VALUE, such as num.partitions=4".to_owned()),
        }
    }
}

/// A number of bytes, 16 MiB or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteSize(pub(crate) usize);

impl std::str::FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be a size of at least 16M, such as 512M or 2G".to_owned();
        let (digits, shift) = match text.char_indices().last() {
            Some((at, 'K' | 'k')) => (&text[..at], 10),
            Some((at, 'M' | 'm')) => (&text[..at], 20),
            Some((at, 'G' | 'g')) => (&text[..at], 30),
            _ => (text, 0),
        };
        let bytes = digits
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_mul(1 << shift));
        bytes
            .filter(|bytes| *bytes >= 16 << 20)
            .map(Self)
            .ok_or_else(wrong)
    }
}

/// Returns the pairs of a repeatable option by their keys.
///
/// # Errors
/// A sentence if a key is given twice: one of the two values would do nothing.
pub(super) fn given_once(option: &str, pairs: &[Property]) -> Result<BTreeMap<String, String>, String> {
    let mut given = BTreeMap::new();
    for Property { key, value } in pairs {
        if let Some(first) = given.insert(key.clone(), value.clone()) {
            return Err(format!("{option} gives {key} twice: {first} and {value}"));
        }
    }
    Ok(given)
}

/// Reads a host for `--advertised-host`. The error has only the rule: the command line names the value.
pub(super) fn advertised_host(text: &str) -> Result<AdvertisedHost, String> {
    text.parse::<AdvertisedHost>()
        .map_err(|error| error.reason.to_owned())
}

/// Returns a reader of whole numbers within `range`, whose error names the range.
pub(super) fn whole_number(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<u32, String> + Clone {
    move |text: &str| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    }
}

/// Returns a reader of whole numbers of 16 bits within `range`, whose error names the range.
pub(super) fn small_number(range: RangeInclusive<u16>) -> impl Fn(&str) -> Result<u16, String> + Clone {
    let number = whole_number(u32::from(*range.start())..=u32::from(*range.end()));
    move |text: &str| number(text).map(|number| number as u16)
}

/// Reads a number of seconds above 0, which may be a fraction.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok().filter(|seconds| *seconds > 0.0);
    let time = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero())
        .ok_or_else(|| "must be a number above 0, such as 600 or 1.5".to_owned())
}

/// Reads the id of a cluster.
pub(super) fn cluster_id(text: &str) -> Result<String, String> {
    if (1..=255).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err("must have 1 to 255 characters".to_owned())
    }
}

/// Reads an AWS account id, 12 digits.
pub(super) fn account_id(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("must have 12 digits".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_a_range() {
        let number = whole_number(1..=64);
        assert_eq!([number("1"), number("64")], [Ok(1), Ok(64)]);
        for wrong in ["0", "65", "-1", "1.5", "many", "", "99999999999"] {
            let expected = "must be a whole number from 1 to 64".to_owned();
            assert_eq!(number(wrong), Err(expected), "{wrong}");
        }
    }

    #[test]
    fn an_advertised_host_is_refused_with_its_rule_alone() {
        let expected = "the port must be a number from 1 to 65535".to_owned();
        assert_eq!(advertised_host("example:0"), Err(expected));
    }

    #[test]
    fn seconds_are_more_than_none() {
        assert_eq!(seconds("600"), Ok(Duration::from_secs(600)));
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1_500)));
        for wrong in ["0", "-1", "NaN", "inf", "1e30", "1e-12", "10m", ""] {
            let expected = "must be a number above 0, such as 600 or 1.5".to_owned();
            assert_eq!(seconds(wrong), Err(expected), "{wrong}");
        }
    }

    #[test]
    fn sizes_have_units_and_a_least_value() {
        assert_eq!("512M".parse(), Ok(ByteSize(512 << 20)));
        assert_eq!("2g".parse(), Ok(ByteSize(2 << 30)));
        assert_eq!("33554432".parse(), Ok(ByteSize(33_554_432)));
        for wrong in ["", "M", "1K", "many", "-1", "99999999999999G"] {
            assert!(wrong.parse::<ByteSize>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_need_a_host_and_a_port() {
        assert_eq!(
            "[::1]:9092".parse(),
            Ok(ListenAddress {
                host: "[::1]".to_owned(),
                port: 9092
            })
        );
        for wrong in ["9092", ":9092", "host", "host:", "host:99999", "::1:9092"] {
            assert!(wrong.parse::<ListenAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn properties_need_a_key() {
        let expected = Property {
            key: "a.b".to_owned(),
            value: "c=d".to_owned(),
        };
        assert_eq!("a.b=c=d".parse(), Ok(expected));
        assert!("=x".parse::<Property>().is_err());
    }
}
