//! Patterns that are refused, with their reasons, and the bounds of a pattern.

use super::*;

#[test]
fn an_invalid_pattern_is_named_with_its_reason() {
    let of_field = |matchers: &str| format!(r#"{{"value":{{"x":{matchers}}}}}"#);
    let mixed =
        "Inside anything but list, either all values are number or string, mixed type is not supported";
    let cases = [
        ("", "the pattern is not JSON at byte 0"),
        ("{\"value\":[1}", "the pattern is not JSON at byte 11"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        (r#"{"value":{}}"#, "Empty objects are not allowed"),
        (r#"{"value":5}"#, "\"value\" must be an object or an array"),
        (r#"{"value":{"x":"a"}}"#, "\"x\" must be an object or an array"),
        (
            r#"{"key":["a"]}"#,
            "`key` is not below `value`, and Kafka records are filtered by their value only",
        ),
        (
            r#"{"value":["a"],"headers":{"a":[1]}}"#,
            "`headers.a` is not below `value`, and Kafka records are filtered by their value only",
        ),
        (
            r#"{"values":["a"]}"#,
            "`values` is not below `value`, and Kafka records are filtered by their value only",
        ),
    ];
    let matchers = [
        ("[]", "Empty arrays are not allowed"),
        (
            "[[1]]",
            "Match value must be String, number, true, false, or null",
        ),
        ("[{}]", "Only one key allowed in match expression"),
        (
            r#"[{"prefix":"a","suffix":"b"}]"#,
            "Only one key allowed in match expression",
        ),
        (r#"[{"NUMERIC":["=",1]}]"#, "Unrecognized match type NUMERIC"),
        (r#"[{"prefix":1}]"#, "prefix match pattern must be a string"),
        (r#"[{"suffix":null}]"#, "suffix match pattern must be a string"),
        (
            r#"[{"prefix":{"anything-but":"a"}}]"#,
            "Unsupported prefix pattern: anything-but",
        ),
        (
            r#"[{"suffix":{"equals-ignore-case":1}}]"#,
            "equals-ignore-case match pattern must be a string",
        ),
        (
            r#"[{"equals-ignore-case":["a"]}]"#,
            "equals-ignore-case match pattern must be a string",
        ),
        (r#"[{"wildcard":1}]"#, "wildcard match pattern must be a string"),
        (
            r#"[{"wildcard":"abc**def"}]"#,
            "Consecutive wildcard characters at pos 4",
        ),
        (
            r#"[{"wildcard":"a*c\\def"}]"#,
            "Invalid escape character at pos 4",
        ),
        (r#"[{"wildcard":"é\\"}]"#, "Invalid escape character at pos 3"),
        (r#"[{"exactly":1}]"#, "exactly match pattern must be a string"),
        (
            r#"[{"exists":"true"}]"#,
            "exists match pattern must be either true or false.",
        ),
        (r#"[{"cidr":1}]"#, "prefix match pattern must be a string"),
        (r#"[{"cidr":"10.0.0.0"}]"#, "Malformed CIDR, one '/' required"),
        (r#"[{"cidr":"10.0.0.0/1/2"}]"#, "Malformed CIDR, one '/' required"),
        (
            r#"[{"cidr":"10.0.0.0/x"}]"#,
            "Malformed CIDR, mask bits must be an integer",
        ),
        (
            r#"[{"cidr":"10.0.0.0/-1"}]"#,
            "Malformed CIDR, mask bits must not be negative",
        ),
        (r#"[{"cidr":"10.0.0.0/32"}]"#, "IPv4 mask bits must be < 32"),
        (r#"[{"cidr":"::/128"}]"#, "IPv6 mask bits must be < 128"),
        (r#"[{"cidr":"10.0.0/8"}]"#, "Nonstandard IP address: 10.0.0"),
        (r#"[{"numeric":5}]"#, "Value of numeric must be an array."),
        (r#"[{"numeric":[]}]"#, "Invalid member in numeric match: ]"),
        (r#"[{"numeric":[5]}]"#, "Invalid member in numeric match: 5"),
        (
            r#"[{"numeric":["!=",5]}]"#,
            "Unrecognized numeric range operator: !=",
        ),
        (r#"[{"numeric":["="]}]"#, "Value of equals must be numeric"),
        (r#"[{"numeric":["<","5"]}]"#, "Value of < must be numeric"),
        (
            r#"[{"numeric":["=",5,6]}]"#,
            "Too many elements in numeric expression",
        ),
        (
            r#"[{"numeric":["<",5,">",1]}]"#,
            "Too many terms in numeric range expression",
        ),
        (r#"[{"numeric":[">",5,">",6]}]"#, "Bad numeric range operator: >"),
        (
            r#"[{"numeric":[">",5,"<",6,7]}]"#,
            "Too many terms in numeric range expression",
        ),
        (r#"[{"numeric":[">=",5,"<=",5]}]"#, "Bottom must be less than top"),
        (
            r#"[{"numeric":["=",9007199254740993]}]"#,
            "Cannot compare number : 9007199254740993",
        ),
        (
            r#"[{"anything-but":true}]"#,
            "Value of anything-but must be an array or single string/number value.",
        ),
        (
            r#"[{"anything-but":[true]}]"#,
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        (
            r#"[{"anything-but":[[1]]}]"#,
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        (r#"[{"anything-but":["a",1]}]"#, mixed),
        (r#"[{"anything-but":[]}]"#, mixed),
        (
            r#"[{"anything-but":{"exists":true}}]"#,
            "Unsupported anything-but pattern: exists",
        ),
        (
            r#"[{"anything-but":{"prefix":""}}]"#,
            "Null prefix/suffix not allowed",
        ),
        (
            r#"[{"anything-but":{"prefix":1}}]"#,
            "prefix/suffix match pattern must be a string",
        ),
        (
            r#"[{"anything-but":{"wildcard":1}}]"#,
            "wildcard match pattern must be a string",
        ),
        (
            r#"[{"anything-but":{"equals-ignore-case":["a",null]}}]"#,
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        ),
    ];
    let matchers = matchers.map(|(matchers, reason)| (of_field(matchers), reason));
    let cases = cases.map(|(pattern, reason)| (pattern.to_owned(), reason));
    for (pattern, reason) in cases.into_iter().chain(matchers) {
        let error = Filters::compile(&[&pattern]).expect_err(&pattern);
        assert_eq!(error.to_string(), reason, "{pattern}");
    }
}

#[test]
fn the_combinations_of_a_pattern_are_bounded() {
    let pattern = |count: usize| {
        let two = |nth: usize| format!(r#""f{nth}":{{"$or":[{{"a":[1]}},{{"b":[1]}}]}}"#);
        let fields: Vec<String> = (0..count).map(two).collect();
        format!(r#"{{"value":{{{}}}}}"#, fields.join(","))
    };
    assert!(Filters::compile(&[pattern(9)]).is_ok());
    let error = Filters::compile(&[pattern(10)]).unwrap_err();
    assert_eq!(error.to_string(), "$or makes more than 1000 combinations");
    assert!(Filters::compile(&[pattern(60)]).is_err());
}

#[test]
fn a_pattern_has_at_most_4096_characters() {
    let pattern = |length: usize| {
        format!(
            r#"{{"value":["{}"]}}"#,
            "é".repeat(length - r#"{"value":[""]}"#.len())
        )
    };
    assert!(Filters::compile(&[pattern(4_096)]).is_ok());
    let error = Filters::compile(&[pattern(4_097)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the pattern has 4097 characters, and at most 4096 are allowed"
    );
}
