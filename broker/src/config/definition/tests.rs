//! Tests of the parsing of values.

use super::*;
use crate::config::keys::BROKER_CONFIGS;

fn parsed(name: &str, text: &str) -> Result<String, String> {
    let definition = BROKER_CONFIGS.definition(name).expect(name);
    let value = definition.parse_strictly(text);
    value
        .map(|value| value.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn values_are_read_and_refused_in_kafkas_words() {
    // Recorded from Kafka 4.4.0's `ConfigDef`.
    for (name, text, expected) in [
        ("num.partitions", " 12 ", Ok("12")),
        (
            "num.partitions",
            "x",
            Err("Invalid value x for configuration num.partitions: Not a number of type INT"),
        ),
        (
            "num.partitions",
            "0",
            Err("Invalid value 0 for configuration num.partitions: Value must be at least 1"),
        ),
        (
            "compression.lz4.level",
            "18",
            Err("Invalid value 18 for configuration compression.lz4.level: Value must be no more than 17"),
        ),
        (
            "compression.gzip.level",
            "0",
            Err(
                "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1",
            ),
        ),
        ("delete.topic.enable", "FALSE", Ok("false")),
        (
            "delete.topic.enable",
            "no",
            Err(
                "Invalid value no for configuration delete.topic.enable: Expected value to be either true or false",
            ),
        ),
        ("log.cleaner.min.cleanable.ratio", "1", Ok("1.0")),
        (
            "log.cleaner.min.cleanable.ratio",
            "1.5",
            Err(
                "Invalid value 1.5 for configuration log.cleaner.min.cleanable.ratio: Value must be no more than 1",
            ),
        ),
        (
            "log.cleaner.io.max.bytes.per.second",
            "1.7976931348623157E308",
            Ok("1.7976931348623157E308"),
        ),
        (
            "log.message.timestamp.type",
            "createtime",
            Err(
                "Invalid value createtime for configuration log.message.timestamp.type: String must be one of: CreateTime, LogAppendTime",
            ),
        ),
        ("log.cleanup.policy", "compact, delete", Ok("compact,delete")),
        (
            "log.cleanup.policy",
            "shred",
            Err(
                "Invalid value shred for configuration log.cleanup.policy: String must be one of: compact, delete",
            ),
        ),
        (
            "log.cleanup.policy",
            "delete,delete",
            Err("Configuration 'log.cleanup.policy' values must not be duplicated."),
        ),
        (
            "log.cleanup.policy",
            "delete,",
            Err("Configuration 'log.cleanup.policy' values must not be empty."),
        ),
        (
            "log.dirs",
            "",
            Err("Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value"),
        ),
    ] {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(parsed(name, text), expected, "{name}={text}");
    }
}

#[test]
fn a_list_loses_repeated_values_unless_it_is_set_while_running() {
    let definition = BROKER_CONFIGS
        .definition("log.cleanup.policy")
        .expect("it exists");
    let value = definition
        .parse("delete,compact,delete")
        .expect("repeated values are dropped");
    assert_eq!(value.to_string(), "delete,compact");
}

#[test]
fn numbers_are_shown_as_java_shows_them() {
    for (number, shown) in [
        (0.5, "0.5"),
        (1.0, "1.0"),
        (1e7, "1.0E7"),
        (9_999_999.0, "9999999.0"),
        (0.0001, "1.0E-4"),
        (f64::MAX, "1.7976931348623157E308"),
        (f64::NAN, "NaN"),
        (0.0, "0.0"),
    ] {
        assert_eq!(Value::Double(number).to_string(), shown);
    }
}
