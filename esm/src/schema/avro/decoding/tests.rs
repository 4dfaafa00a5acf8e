use super::*;

fn parse(text: &str) -> AvroSchema {
    AvroSchema::parse(text, &[]).expect("a schema")
}

/// Returns the JSON of data.
fn json(schema: &AvroSchema, data: &[u8]) -> String {
    let mut json = Vec::new();
    schema.write_json(data, &mut json).expect("data of the schema");
    String::from_utf8(json).expect("JSON is UTF-8")
}

#[test]
fn data_becomes_json() {
    let cases: &[(&str, &[u8], &str)] = &[
        (r#""null""#, &[], "null"),
        (r#""boolean""#, &[1], "true"),
        (r#""int""#, &[1], "-1"),
        (
            r#""long""#,
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            "-9223372036854775808",
        ),
        (r#""float""#, &0.1f32.to_le_bytes(), "0.1"),
        (r#""double""#, &2.5f64.to_le_bytes(), "2.5"),
        (r#""double""#, &f64::NEG_INFINITY.to_le_bytes(), r#""-Infinity""#),
        (r#""string""#, b"\x06a\"b", r#""a\"b""#),
        (r#""bytes""#, b"\x04\x00\xff", "\"\\u0000\u{ff}\""),
        (r#"{"type":"fixed","name":"F","size":2}"#, b"ab", r#""ab""#),
        (
            r#"{"type":"enum","name":"E","symbols":["A","B"]}"#,
            &[2],
            r#""B""#,
        ),
        (r#"["null","string"]"#, &[0], "null"),
        (r#"["null","string"]"#, b"\x02\x02x", r#""x""#),
        // A block of two, a block of one with its length, and the end.
        (
            r#"{"type":"array","items":"int"}"#,
            &[4, 2, 4, 1, 2, 6, 0],
            "[1,2,3]",
        ),
        (
            r#"{"type":"map","values":"int"}"#,
            b"\x02\x02k\x02\x00",
            r#"{"k":1}"#,
        ),
        (r#"{"type":"int","logicalType":"date"}"#, &[2], "1"),
    ];
    for (schema, data, expected) in cases {
        assert_eq!(json(&parse(schema), data), *expected, "{schema}");
    }
    let nested = r#"{"type":"record","name":"R","fields":[{"name":"b","type":"int"},{"name":"a","type":["null","R"]}]}"#;
    assert_eq!(
        json(&parse(nested), &[2, 2, 4, 0]),
        r#"{"b":1,"a":{"b":2,"a":null}}"#
    );
}

#[test]
fn data_that_is_not_of_the_schema_is_an_error() {
    let decode = |schema: &str, data: &[u8]| parse(schema).write_json(data, &mut Vec::new()).unwrap_err();
    assert_eq!(decode(r#""long""#, &[0x80]), DecodeError::EndOfData);
    assert_eq!(decode(r#""long""#, &[0xff; 11]), DecodeError::Invalid("varint"));
    assert_eq!(decode(r#""null""#, &[1, 2]), DecodeError::TrailingBytes(2));
    assert_eq!(decode(r#""boolean""#, &[2]), DecodeError::Invalid("boolean"));
    assert_eq!(decode(r#""string""#, &[1]), DecodeError::Invalid("length"));
    assert_eq!(
        decode(r#""string""#, &[2, 0xff]),
        DecodeError::Invalid("UTF-8 of a string")
    );
    assert_eq!(
        decode(r#""string""#, &[0xfe, 0xff, 0xff, 0xff, 0x0f]),
        DecodeError::EndOfData
    );
    assert_eq!(
        decode(r#"["null"]"#, &[2]),
        DecodeError::OutOfRange {
            what: "branch of a union",
            found: 1,
            count: 1
        }
    );
    // Nine bytes that stand for 2^62 nulls.
    let many = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert_eq!(
        decode(r#"{"type":"array","items":"null"}"#, &many),
        DecodeError::TooLong(16 * 1024 * 1024)
    );
    let endless = r#"{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}"#;
    assert_eq!(decode(endless, &[]), DecodeError::TooDeep(256));
}
