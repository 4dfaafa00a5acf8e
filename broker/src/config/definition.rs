//! The definition of a config: name, type, bounds, default, and the parsing of values. Knows neither topics nor brokers.

use std::fmt;

/// One config of a topic or a broker. Source: Kafka's `ConfigDef.ConfigKey`.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) kind: ConfigType,
    /// `None`: there is no value unless one is set.
    pub(crate) default: Option<&'static str>,
    pub(crate) update: Update,
    pub(crate) documentation: &'static str,
}

/// A config and its effect. `S` is the type that holds honoured values.
#[derive(Debug)]
pub(crate) struct Setting<S: 'static> {
    pub(crate) definition: Definition,
    pub(crate) effect: Effect<S>,
}

/// The effect of setting a config in this cluster.
#[derive(Debug)]
pub(crate) enum Effect<S: 'static> {
    /// The value is stored in `S`.
    Honoured(fn(&mut S, &Value)),
    /// The value is the default of a topic config, which is honoured.
    TopicDefault,
    /// The cluster decides the value itself, so it cannot be set; with the reason.
    Decided(&'static str),
    /// The value is checked and described, but has no effect; with the reason.
    None(&'static str),
}

/// The type of a config's value, with its bounds. All bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ConfigType {
    Boolean,
    Short {
        min: i64,
        max: i64,
    },
    Int {
        min: i64,
        max: i64,
    },
    Long {
        min: i64,
        max: i64,
    },
    Double {
        min: f64,
        max: f64,
    },
    String,
    /// One of these words, case-sensitive.
    Word(&'static [&'static str]),
    /// Values separated by commas.
    List,
    /// Values separated by commas, each one of these words.
    Words(&'static [&'static str]),
    /// `partition:broker` pairs separated by commas, or `*`.
    Replicas,
    Class,
    Password,
}

/// The times at which a config may change. Source: Kafka's `DynamicBrokerConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// Only at the start.
    ReadOnly,
    /// While running, for one broker at a time.
    PerBroker,
    /// While running, for one broker or for all.
    ClusterWide,
}

/// A parsed value within its bounds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Text(String),
    List(Vec<String>),
}

impl Value {
    /// Returns the value of a boolean config.
    pub(crate) fn boolean(&self) -> bool {
        match self {
            Self::Boolean(value) => *value,
            other => panic!("the config is not a boolean: {other:?}"),
        }
    }

    /// Returns the value of an integer config of any width.
    pub(crate) fn long(&self) -> i64 {
        match self {
            Self::Integer(value) => *value,
            other => panic!("the config is not an integer: {other:?}"),
        }
    }

    /// Returns the value of an integer config whose bounds are those of 32 bits or less.
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
        match self {
            Self::List(values) => values.iter().any(|value| value == word),
            other => panic!("the config is not a list: {other:?}"),
        }
    }
}

impl Definition {
    /// Parses `text` as this config's value.
    ///
    /// # Errors
    /// A description of the allowed values if the text has another type or is out of bounds.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, String> {
        // Kafka's `ConfigDef.parseType` trims too, and ignores the case of booleans.
        self.kind.parse(text.trim())
    }

    /// Returns whether the config cannot change while running.
    pub(crate) fn is_read_only(&self) -> bool {
        self.update == Update::ReadOnly
    }

    /// Returns whether the value is a list, which can be appended to and subtracted from.
    pub(crate) fn is_list(&self) -> bool {
        matches!(
            self.kind,
            ConfigType::List | ConfigType::Words(_) | ConfigType::Replicas
        )
    }

    /// Returns whether the value is a secret, which is never shown.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.kind == ConfigType::Password
    }
}

impl ConfigType {
    fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Boolean if text.eq_ignore_ascii_case("true") => Ok(Value::Boolean(true)),
            Self::Boolean if text.eq_ignore_ascii_case("false") => Ok(Value::Boolean(false)),
            Self::Boolean => Err("it must be true or false".to_owned()),
            Self::Short { min, max } | Self::Int { min, max } | Self::Long { min, max } => text
                .parse()
                .ok()
                .filter(|number| (min..=max).contains(number))
                .map(Value::Integer)
                .ok_or_else(|| self.range(min, max)),
            Self::Double { min, max } => text
                .parse()
                .ok()
                // No range contains NaN, so it is refused too.
                .filter(|number| (min..=max).contains(number))
                .map(Value::Double)
                .ok_or_else(|| format!("it must be a number from {min} to {max}")),
            Self::Word(words) if words.contains(&text) => Ok(Value::Text(text.to_owned())),
            Self::Word(words) => Err(format!("it must be one of {}", words.join(", "))),
            Self::List => Ok(Value::List(split(text))),
            Self::Words(words) => all(split(text), |part| words.contains(&part))
                .ok_or_else(|| format!("it must be a list of {}", words.join(", "))),
            Self::Replicas => all(split(text), |part| part == "*" || is_replica(part))
                .ok_or_else(|| "it must be * or a list of PARTITION:BROKER pairs".to_owned()),
            Self::String | Self::Class | Self::Password => Ok(Value::Text(text.to_owned())),
        }
    }

    fn range(self, min: i64, max: i64) -> String {
        let has_type_limit = match self {
            Self::Short { .. } => max == i64::from(i16::MAX),
            Self::Int { .. } => max == i64::from(i32::MAX),
            _ => max == i64::MAX,
        };
        if !has_type_limit {
            format!("it must be a whole number from {min} to {max}")
        } else if min > i64::from(i32::MIN) {
            format!("it must be a whole number of at least {min}, and at most {max}")
        } else {
            format!("it must be a whole number of at most {max}")
        }
    }
}

fn split(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn all(parts: Vec<String>, is_right: impl Fn(&str) -> bool) -> Option<Value> {
    parts
        .iter()
        .all(|part| is_right(part))
        .then_some(Value::List(parts))
}

fn is_replica(pair: &str) -> bool {
    pair.split_once(':').is_some_and(|(partition, broker)| {
        [partition, broker]
            .into_iter()
            .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

impl fmt::Display for Value {
    /// Writes the value as Kafka's `ConfigDef.convertToString` does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            // Java writes 1.0 where Rust writes 1.
            Self::Double(value) => write!(f, "{value:?}"),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => f.write_str(&values.join(",")),
        }
    }
}

/// Returns the config of that name in a table that is sorted by name.
pub(crate) fn setting<S>(table: &'static [Setting<S>], name: &str) -> Option<&'static Setting<S>> {
    // A test holds each table to its order.
    let index = table
        .binary_search_by(|setting| setting.definition.name.cmp(name))
        .ok()?;
    table.get(index)
}

/// Returns the definition of that name in a table that is sorted by name.
pub(crate) fn find<S>(table: &'static [Setting<S>], name: &str) -> Option<&'static Definition> {
    setting(table, name).map(|setting| &setting.definition)
}

/// Returns the name in `table` that is closest to `name`, if it is close enough to be a typing error.
pub(crate) fn similar<S>(table: &'static [Setting<S>], name: &str) -> Option<&'static str> {
    // Environment variables and other tools spell the names with underscores or hyphens.
    let name = name.to_ascii_lowercase().replace(['_', '-'], ".");
    table
        .iter()
        .map(|setting| setting.definition.name)
        .map(|known| (distance(&name, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 2.max(known.len() / 5))
        .map(|(_, known)| known)
}

/// Returns the number of letters to add, drop or replace to turn one word into the other (Levenshtein distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other_letter) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other_letter);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
