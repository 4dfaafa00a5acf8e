use super::*;

fn parse(text: &str) -> AvroSchema {
    AvroSchema::parse(text, &[]).expect("a schema")
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"Order","namespace":"shop","fields":[{fields}]}}"#)
}

#[test]
fn schemas_are_equal_whatever_their_spelling() {
    let full = r#"{"fields":[{"type":"int","name":"n"}],"name":"shop.Order","type":"record"}"#;
    let split = record(r#"{"name": "n", "type": {"type": "int"}}"#);
    assert_eq!(parse(full).identity(), parse(&split).identity());
    assert_eq!(parse("\"int\"").identity(), parse(r#"{"type":"int"}"#).identity());
    assert_eq!(parse("int").identity(), r#""int""#);
    let documented = record(r#"{"name":"n","type":"int","doc":"count"}"#);
    assert_ne!(parse(full).identity(), parse(&documented).identity());
    let nested = record(
        r#"{"name":"a","type":{"type":"array","items":{"type":"int"}}},{"name":"o","type":["null","Order"]}"#,
    );
    assert_eq!(
        parse(&nested).identity(),
        r#"{"fields":[{"name":"a","type":{"items":"int","type":"array"}},{"name":"o","type":["null","shop.Order"]}],"name":"shop.Order","type":"record"}"#
    );
}

#[test]
fn what_breaks_a_rule_is_refused_with_it() {
    let cases = [
        (
            "{",
            "it is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (r#""Order""#, "type `Order` is not defined"),
        (
            r#"{"type":"array"}"#,
            r#"`{"type":"array"}` is not a type: an array needs `items`"#,
        ),
        (r#"["int","int"]"#, "`union` has type `int` twice"),
        (
            r#"["int",["null"]]"#,
            r#"`["null"]` is not a type: a union does not directly contain a union"#,
        ),
        (
            r#"{"type":"fixed","name":"1x","size":2}"#,
            "invalid name `1x`: a name has letters, digits and _, and does not begin with a digit",
        ),
        (
            r#"{"type":"enum","name":"E","symbols":["A"],"default":"B"}"#,
            "`E` has the default `B`, which is none of its symbols",
        ),
        (
            r#"{"type":"enum","name":"E","symbols":["A","A"]}"#,
            "`E` has symbol `A` twice",
        ),
        (
            &record(r#"{"name":"n","type":"int","default":"x"}"#),
            r#"field `n` of `shop.Order` has the invalid default "x""#,
        ),
        (
            &record(r#"{"name":"n","type":"int"},{"name":"n","type":"int"}"#),
            "`shop.Order` has field `n` twice",
        ),
    ];
    for (text, message) in cases {
        let error = AvroSchema::parse(text, &[]).expect_err(text);
        assert_eq!(error.to_string(), message);
    }
    let deep = format!(
        "{}\"int\"{}",
        r#"{"type":"array","items":"#.repeat(70),
        "}".repeat(70)
    );
    assert_eq!(AvroSchema::parse(&deep, &[]).err(), Some(AvroError::TooDeep(64)));
}

#[test]
fn a_schema_may_use_the_names_of_those_that_it_refers_to() {
    let money = r#"{"type":"record","name":"shop.Money","fields":[{"name":"cents","type":"long"}]}"#;
    let order = record(r#"{"name":"price","type":"Money"}"#);
    assert!(AvroSchema::parse(&order, &[]).is_err());
    assert!(AvroSchema::parse(&order, &[money.to_owned()]).is_ok());
}

/// Returns whether a reader reads what a writer writes.
fn reads(reader: &str, writer: &str) -> bool {
    parse(reader).incompatibility(&parse(writer)).is_none()
}

#[test]
fn a_reader_reads_by_the_rules_of_resolution() {
    let n = record(r#"{"name":"n","type":"int"}"#);
    let with_default = record(r#"{"name":"n","type":"int"},{"name":"m","type":"string","default":""}"#);
    let without_default = record(r#"{"name":"n","type":"int"},{"name":"m","type":"string"}"#);
    let renamed = record(r#"{"name":"k","aliases":["n"],"type":"int"}"#);
    let list = record(r#"{"name":"next","type":["null","Order"]}"#);
    let long_list = record(r#"{"name":"next","type":["null","Order","int"]}"#);
    let other = r#"{"type":"record","name":"Other","aliases":["shop.Order"],"fields":[]}"#;
    let few = r#"{"type":"enum","name":"E","symbols":["A"]}"#;
    let more = r#"{"type":"enum","name":"E","symbols":["A","B"]}"#;
    let fallback = r#"{"type":"enum","name":"E","symbols":["A"],"default":"A"}"#;
    let cases: &[(&str, &str, bool)] = &[
        (r#""long""#, r#""int""#, true),
        (r#""int""#, r#""long""#, false),
        (r#""double""#, r#""float""#, true),
        (r#""float""#, r#""double""#, false),
        (r#""float""#, r#""long""#, true),
        (r#""bytes""#, r#""string""#, true),
        (r#""string""#, r#""bytes""#, true),
        (r#""boolean""#, r#""int""#, false),
        (r#"["null","long"]"#, r#""int""#, true),
        (r#""int""#, r#"["null","int"]"#, false),
        (r#"["int","null"]"#, r#"["null","int"]"#, true),
        (r#"["null","int"]"#, r#"["null","int","string"]"#, false),
        (
            r#"{"type":"array","items":"long"}"#,
            r#"{"type":"array","items":"int"}"#,
            true,
        ),
        (
            r#"{"type":"map","values":"int"}"#,
            r#"{"type":"map","values":"string"}"#,
            false,
        ),
        (&with_default, &n, true),
        (&n, &with_default, true),
        (&without_default, &n, false),
        (&renamed, &n, true),
        (&n, &renamed, false),
        (&list, &list, true),
        (&long_list, &list, true),
        (&list, &long_list, false),
        (other, &n, true),
        (&n, other, false),
        (more, few, true),
        (few, more, false),
        (fallback, more, true),
        (
            r#"{"type":"fixed","name":"a.F","size":4}"#,
            r#"{"type":"fixed","name":"b.F","size":4}"#,
            true,
        ),
        (
            r#"{"type":"fixed","name":"F","size":4}"#,
            r#"{"type":"fixed","name":"F","size":5}"#,
            false,
        ),
    ];
    for (reader, writer, expected) in cases {
        assert_eq!(reads(reader, writer), *expected, "{reader} reads {writer}");
    }
    assert_eq!(
        parse(&without_default).incompatibility(&parse(&n)).as_deref(),
        Some("at /fields/1: the writer has no field m, for which the reader has no default")
    );
    assert_eq!(
        parse(r#""int""#).incompatibility(&parse(more)).as_deref(),
        Some("at /: the reader's type int does not read the writer's type enum E")
    );
}
