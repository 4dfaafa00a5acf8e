//! The definition of a config: name, type, default, check, and the parsing of values. Knows neither topics nor brokers. Source: Kafka's
//! `ConfigDef`, whose messages it gives.

use super::value::java_double;
pub(crate) use super::value::{InvalidValue, Value};
use std::collections::HashSet;
use std::fmt;

/// One config of a topic, a broker, a group or a client metrics subscription. Source: Kafka's `ConfigDef.ConfigKey`.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) kind: ConfigType,
    /// `None`: there is no value unless one is set.
    pub(crate) default: Option<&'static str>,
    pub(crate) check: Check,
    pub(crate) update: Update,
    /// An internal config is shown only where it is set.
    pub(crate) is_internal: bool,
    /// The place in Kafka's own order, in which invalid values are looked for.
    pub(crate) position: u16,
}

/// Returns the definition with these fields, in the order that the generated tables have them.
pub(crate) const fn define(
    name: &'static str,
    kind: ConfigType,
    default: Option<&'static str>,
    check: Check,
    update: Update,
    is_internal: bool,
    position: u16,
) -> Definition {
    Definition {
        name,
        kind,
        default,
        check,
        update,
        is_internal,
        position,
    }
}

/// The type of a config's value. Source: Kafka's `ConfigDef.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigType {
    Boolean,
    Short,
    Int,
    Long,
    Double,
    String,
    /// Values separated by commas.
    List,
    Class,
    Password,
}

/// The check of a value that has its type. Bounds are inclusive. Source: the validators in Kafka's `ConfigDef`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Check {
    Anything,
    AtLeast(i64),
    Between(i64, i64),
    DoubleBetween(f64, f64),
    NonEmpty,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One of these words, in any case.
    OneOfAnyCase(&'static [&'static str]),
    /// A list, perhaps empty, of these words, or of any if there are none.
    ValidList(&'static [&'static str]),
    /// The same with at least one word.
    NonEmptyList(&'static [&'static str]),
    /// -1, or 1 to 9.
    GzipLevel,
    /// `partition:broker` pairs, or `*`.
    Replicas,
    /// `earliest`, `latest`, or `by_duration:` and an ISO 8601 duration.
    OffsetReset,
}

/// The times at which a config may change. Source: Kafka's `DynamicBrokerConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// Only at the start.
    ReadOnly,
    /// While running, for one listener of one broker at a time, with the listener's prefix.
    PerListener,
    /// While running, for one broker at a time.
    PerBroker,
    /// While running, for one broker or for all.
    ClusterWide,
}

/// A broker config that another config may get its value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Synonym {
    pub(crate) name: &'static str,
    /// The factor from the unit of the broker config to that of the other config (hours to milliseconds).
    pub(crate) factor: i64,
}

impl Definition {
    /// Parses `text` as this config's value. A list loses the values that it repeats, as in Kafka's `ConfigDef.parseValue`.
    ///
    /// # Errors
    /// [`InvalidValue`] if the text has another type or fails the check.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, InvalidValue> {
        let mut value = self.typed(text)?;
        if let (Value::List(values), Check::ValidList(_) | Check::NonEmptyList(_)) = (&mut value, self.check)
        {
            let mut seen = HashSet::new();
            values.retain(|value| seen.insert(value.clone()));
        }
        self.ensure_valid(value)
    }

    /// Parses `text` as [`parse`](Self::parse) does, but refuses a list that repeats a value, as Kafka's `DynamicConfig` does.
    ///
    /// # Errors
    /// [`InvalidValue`] if the text has another type or fails the check.
    pub(crate) fn parse_strictly(&self, text: &str) -> Result<Value, InvalidValue> {
        self.ensure_valid(self.typed(text)?)
    }

    /// Returns whether the config cannot change while running.
    pub(crate) fn is_read_only(&self) -> bool {
        self.update == Update::ReadOnly
    }

    /// Returns whether the value is a list, which can be appended to and subtracted from.
    pub(crate) fn is_list(&self) -> bool {
        self.kind == ConfigType::List
    }

    /// Returns whether the value is a secret, which is never shown.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.kind == ConfigType::Password
    }

    /// Source: Kafka's `ConfigDef.parseType`.
    fn typed(&self, text: &str) -> Result<Value, InvalidValue> {
        let trimmed = text.trim();
        let not_a_number = || self.invalid(text.to_owned(), format!("Not a number of type {}", self.kind));
        let integer = |number: Option<i64>| number.map(Value::Integer).ok_or_else(not_a_number);
        match self.kind {
            ConfigType::Boolean if trimmed.eq_ignore_ascii_case("true") => Ok(Value::Boolean(true)),
            ConfigType::Boolean if trimmed.eq_ignore_ascii_case("false") => Ok(Value::Boolean(false)),
            ConfigType::Boolean => {
                let reason = "Expected value to be either true or false".to_owned();
                Err(self.invalid(text.to_owned(), reason))
            }
            ConfigType::Short => integer(trimmed.parse::<i16>().ok().map(i64::from)),
            ConfigType::Int => integer(trimmed.parse::<i32>().ok().map(i64::from)),
            ConfigType::Long => integer(trimmed.parse().ok()),
            ConfigType::Double => java_double(trimmed).map(Value::Double).ok_or_else(not_a_number),
            ConfigType::String | ConfigType::Class | ConfigType::Password => {
                Ok(Value::Text(trimmed.to_owned()))
            }
            ConfigType::List if trimmed.is_empty() => Ok(Value::List(Vec::new())),
            ConfigType::List => Ok(Value::List(
                trimmed.split(',').map(|part| part.trim().to_owned()).collect(),
            )),
        }
    }

    fn ensure_valid(&self, value: Value) -> Result<Value, InvalidValue> {
        let reason = match (self.check, &value) {
            (Check::AtLeast(min), Value::Integer(number)) => below(*number, min),
            (Check::Between(min, max), Value::Integer(number)) => {
                below(*number, min).or_else(|| above(*number, max))
            }
            (Check::DoubleBetween(min, max), Value::Double(number)) => {
                below(*number, min).or_else(|| above(*number, max))
            }
            (Check::NonEmpty, Value::Text(text)) => {
                text.is_empty().then(|| "String must be non-empty".to_owned())
            }
            (Check::OneOf(words), Value::Text(text)) => none_of(words, text),
            (Check::OneOfAnyCase(words), Value::Text(text)) => words
                .iter()
                .all(|word| !word.eq_ignore_ascii_case(text))
                .then(|| format!("String must be one of (case insensitive): {}", words.join(", "))),
            (Check::GzipLevel, Value::Integer(-1 | 1..=9)) => None,
            (Check::GzipLevel, _) => Some("Value must be between 1 and 9 or equal to -1".to_owned()),
            (Check::Replicas, Value::List(parts)) => self.check_replicas(parts),
            (Check::OffsetReset, Value::Text(text)) => self.check_offset_reset(text),
            (Check::ValidList(words), Value::List(parts)) => {
                self.check_list(words, parts)?;
                None
            }
            (Check::NonEmptyList(words), Value::List(parts)) => {
                self.check_some(words, parts)?;
                None
            }
            _ => None,
        };
        match reason {
            None => Ok(value),
            // Kafka shows a list in its message as Java's `List.toString` writes it.
            Some(reason) => Err(self.invalid(
                match &value {
                    Value::List(parts) => format!("[{}]", parts.join(", ")),
                    other => other.to_string(),
                },
                reason,
            )),
        }
    }

    fn check_some(&self, words: &[&str], parts: &[String]) -> Result<(), InvalidValue> {
        if !parts.is_empty() {
            return self.check_list(words, parts);
        }
        let valid = if words.is_empty() {
            "any non-empty value".to_owned()
        } else {
            format!("[{}]", words.join(", "))
        };
        Err(self.invalid_list(&format!("must not be empty. Valid values include: {valid}")))
    }

    fn check_list(&self, words: &[&str], parts: &[String]) -> Result<(), InvalidValue> {
        let distinct: HashSet<_> = parts.iter().collect();
        if distinct.len() != parts.len() {
            return Err(self.invalid_list("values must not be duplicated."));
        }
        for part in parts {
            if part.is_empty() {
                return Err(self.invalid_list("values must not be empty."));
            }
            if let Some(reason) = none_of(words, part).filter(|_| !words.is_empty()) {
                return Err(self.invalid(part.clone(), reason));
            }
        }
        Ok(())
    }

    /// Source: Kafka's `ThrottledReplicaListValidator`.
    fn check_replicas(&self, parts: &[String]) -> Option<String> {
        let is_valid = parts.iter().all(|part| part.is_empty() || is_replica(part)) || parts.concat() == "*";
        let pairs = "[partitionId]:[brokerId],[partitionId]:[brokerId],...";
        (!is_valid).then(|| {
            format!(
                "{} must be the literal '*' or a list of replicas in the following format: {pairs}",
                self.name
            )
        })
    }

    /// Source: Kafka's `ShareGroupAutoOffsetResetStrategy.Validator`.
    fn check_offset_reset(&self, text: &str) -> Option<String> {
        let is_valid = text == "earliest"
            || text == "latest"
            || text.strip_prefix("by_duration:").is_some_and(is_duration);
        (!is_valid).then(|| {
            format!(
                "Invalid value `{text}` for configuration {}. The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.",
                self.name
            )
        })
    }

    fn invalid(&self, value: String, reason: String) -> InvalidValue {
        InvalidValue::Value {
            name: self.name,
            value,
            reason,
        }
    }

    fn invalid_list(&self, reason: &str) -> InvalidValue {
        InvalidValue::List {
            name: self.name,
            reason: reason.to_owned(),
        }
    }
}

fn below<N: PartialOrd + Bound>(number: N, min: N) -> Option<String> {
    (number < min).then(|| format!("Value must be at least {}", min.shown()))
}

fn above<N: PartialOrd + Bound>(number: N, max: N) -> Option<String> {
    (number > max).then(|| format!("Value must be no more than {}", max.shown()))
}

fn none_of(words: &[&str], text: &str) -> Option<String> {
    (!words.contains(&text)).then(|| format!("String must be one of: {}", words.join(", ")))
}

/// A bound as Kafka's messages show it.
trait Bound {
    fn shown(self) -> String;
}

impl Bound for i64 {
    fn shown(self) -> String {
        self.to_string()
    }
}

impl Bound for f64 {
    fn shown(self) -> String {
        // `Range.between(0, 1)` holds integers even for a DOUBLE.
        self.to_string()
    }
}

fn is_replica(pair: &str) -> bool {
    pair.split_once(':').is_some_and(|(partition, broker)| {
        [partition, broker]
            .into_iter()
            .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Returns whether `text` is a duration of `PnDTnHnMn.nS` that is not negative, as Java's `Duration.parse` reads it.
fn is_duration(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    let are_days = days.is_empty() || fields(days, &['D']).is_some();
    let is_time = time.is_none_or(|time| fields(time, &['H', 'M', 'S']).is_some());
    are_days && is_time && !(days.is_empty() && time.is_none())
}

/// Reads numbers that these units follow, each at most once and in this order; `None` unless there is one.
fn fields(text: &str, units: &[char]) -> Option<()> {
    let mut rest = text;
    let mut count = 0;
    for unit in units {
        let Some((number, after)) = rest.split_once(*unit) else {
            continue;
        };
        let number = number.strip_prefix('+').unwrap_or(number);
        let is_fraction = *unit == 'S' && number.contains('.');
        let digits = number.split(if is_fraction { '.' } else { '\0' });
        for part in digits {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
        }
        rest = after;
        count += 1;
    }
    (count > 0 && rest.is_empty()).then_some(())
}

impl fmt::Display for ConfigType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "BOOLEAN",
            Self::Short => "SHORT",
            Self::Int => "INT",
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::String => "STRING",
            Self::List => "LIST",
            Self::Class => "CLASS",
            Self::Password => "PASSWORD",
        })
    }
}

#[cfg(test)]
mod tests;
