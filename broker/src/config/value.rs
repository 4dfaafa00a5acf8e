//! The values of configs: parsed, and as Kafka writes them.

use std::fmt;

/// A parsed value that has passed its check.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Text(String),
    List(Vec<String>),
}

/// A value that a config cannot have. The texts are those of Kafka's `ConfigException`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidValue {
    #[error("Invalid value {value} for configuration {name}: {reason}")]
    Value {
        name: &'static str,
        value: String,
        reason: String,
    },
    #[error("Configuration '{name}' {reason}")]
    List { name: &'static str, reason: String },
}

impl InvalidValue {
    /// Returns the rule that the value breaks, without the config's name.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Value { reason, .. } | Self::List { reason, .. } => reason,
        }
    }
}

impl Value {
    /// Returns the value of a boolean config.
    pub(crate) fn boolean(&self) -> bool {
        match self {
            Self::Boolean(value) => *value,
            other => panic!("the config is not a boolean: {other:?}"),
        }
    }

    /// Returns the value of a config that is a fraction.
    pub(crate) fn double(&self) -> f64 {
        match self {
            Self::Double(value) => *value,
            other => panic!("the config is not a fraction: {other:?}"),
        }
    }

    /// Returns the value of an integer config of any width.
    pub(crate) fn long(&self) -> i64 {
        match self {
            Self::Integer(value) => *value,
            other => panic!("the config is not an integer: {other:?}"),
        }
    }

    /// Returns the value of an integer config of 32 bits or less.
    pub(crate) fn int(&self) -> i32 {
        i32::try_from(self.long()).expect("the definition bounds it to 32 bits")
    }

    /// Returns the value of an integer config that is used as a 16-bit number, or the largest such number.
    pub(crate) fn short(&self) -> i16 {
        // `default.replication.factor` is an INT in Kafka's table, but a replication factor has 16 bits on the wire.
        i16::try_from(self.long()).unwrap_or(i16::MAX)
    }

    /// Returns the value of a config that is text or a word.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(value) => value,
            other => panic!("the config is not text: {other:?}"),
        }
    }

    /// Returns the values of a config that is a list.
    pub(crate) fn list(&self) -> &[String] {
        match self {
            Self::List(values) => values,
            other => panic!("the config is not a list: {other:?}"),
        }
    }

    /// Returns whether a config that is a list has `word` in it.
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.list().iter().any(|value| value == word)
    }
}

/// Parses a number as Java's `Double.parseDouble` does, without its hexadecimal form.
pub(super) fn java_double(text: &str) -> Option<f64> {
    match text.trim_start_matches(['+', '-']) {
        "NaN" | "Infinity" => return text.parse().ok(),
        // Rust reads more names of infinity than Java.
        word if word.starts_with(['i', 'I', 'n', 'N']) => return None,
        _ => (),
    }
    text.trim_end_matches(['d', 'D', 'f', 'F']).parse().ok()
}

impl fmt::Display for Value {
    /// Writes the value as Kafka's `ConfigDef.convertToString` does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Double(value) => f.write_str(&shown_double(*value)),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => f.write_str(&values.join(",")),
        }
    }
}

/// Writes a number as Java's `Double.toString` does.
fn shown_double(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let size = value.abs();
    if value.is_nan() || size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    let (digits, exponent) = text.split_once('E').expect("the format has an exponent");
    let point = if digits.contains('.') { "" } else { ".0" };
    format!("{digits}{point}E{exponent}")
}
