mod patterns;
mod reference;

use super::*;
use serde_json::json;

/// Returns whether a record with this value passes one filter.
fn passes(pattern: &str, value: &str) -> bool {
    let filters = Filters::compile(&[pattern]).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let passes = filters.passes(Some(value.as_bytes()));
    assert_eq!(
        filters.explain(Some(value.as_bytes())).passes,
        passes,
        "{pattern} {value}"
    );
    passes
}

/// The values of field `x`, each as JSON, that pass these match values.
fn passing<'a>(matchers: &str, values: &[&'a str]) -> Vec<&'a str> {
    let pattern = format!(r#"{{"value":{{"x":{matchers}}}}}"#);
    let record = |value: &str| format!(r#"{{"x":{value}}}"#);
    let values = values.iter().copied();
    values.filter(|value| passes(&pattern, &record(value))).collect()
}

#[test]
fn each_operator_accepts_what_it_should() {
    let all = [
        r#""open""#,
        r#""OPEN""#,
        r#""opener""#,
        r#""""#,
        r#""5""#,
        "5",
        "5.0",
        "7",
        "-1",
        "true",
        "false",
        "null",
        "[]",
        "{}",
    ];
    let cases: &[(&str, &[&str])] = &[
        (r#"["open"]"#, &[r#""open""#]),
        (r#"["open",7]"#, &[r#""open""#, "7"]),
        (r#"[{"exactly":"open"}]"#, &[r#""open""#]),
        (r#"[""]"#, &[r#""""#]),
        ("[null]", &["null"]),
        ("[true]", &["true"]),
        ("[5]", &["5"]),
        ("[5.0]", &["5.0"]),
        (r#"[{"numeric":["=",5]}]"#, &["5", "5.0"]),
        (r#"[{"numeric":["<",5]}]"#, &["-1"]),
        (r#"[{"numeric":[">=",5.0]}]"#, &["5", "5.0", "7"]),
        (r#"[{"numeric":[">",-1,"<=",5]}]"#, &["5", "5.0"]),
        (r#"[{"prefix":"ope"}]"#, &[r#""open""#, r#""opener""#]),
        (
            r#"[{"prefix":""}]"#,
            &[r#""open""#, r#""OPEN""#, r#""opener""#, r#""""#, r#""5""#],
        ),
        (
            r#"[{"prefix":{"equals-ignore-case":"oPe"}}]"#,
            &[r#""open""#, r#""OPEN""#, r#""opener""#],
        ),
        (r#"[{"suffix":"er"}]"#, &[r#""opener""#]),
        (
            r#"[{"suffix":{"equals-ignore-case":"EN"}}]"#,
            &[r#""open""#, r#""OPEN""#],
        ),
        (r#"[{"equals-ignore-case":"Open"}]"#, &[r#""open""#, r#""OPEN""#]),
        (r#"[{"wildcard":"o*en*r"}]"#, &[r#""opener""#]),
        (
            r#"[{"wildcard":"*"}]"#,
            &[r#""open""#, r#""OPEN""#, r#""opener""#, r#""""#, r#""5""#],
        ),
        (r#"[{"wildcard":""}]"#, &[r#""""#]),
        (
            r#"[{"exists":true}]"#,
            &[
                r#""open""#,
                r#""OPEN""#,
                r#""opener""#,
                r#""""#,
                r#""5""#,
                "5",
                "5.0",
                "7",
                "-1",
                "true",
                "false",
                "null",
            ],
        ),
        (r#"[{"exists":false}]"#, &["[]", "{}"]),
        (r#"[{"exists":false},"open"]"#, &[r#""open""#, "[]", "{}"]),
        (
            r#"[{"anything-but":["open","5",""]}]"#,
            &[
                r#""OPEN""#,
                r#""opener""#,
                "5",
                "5.0",
                "7",
                "-1",
                "true",
                "false",
                "null",
            ],
        ),
        (
            r#"[{"anything-but":5}]"#,
            &[
                r#""open""#,
                r#""OPEN""#,
                r#""opener""#,
                r#""""#,
                r#""5""#,
                "5.0",
                "7",
                "-1",
                "true",
                "false",
                "null",
            ],
        ),
        (
            r#"[{"anything-but":{"prefix":["o","O"]}}]"#,
            &[r#""""#, r#""5""#, "5", "5.0", "7", "-1", "true", "false", "null"],
        ),
        (
            r#"[{"anything-but":{"suffix":"en"}}]"#,
            &[
                r#""OPEN""#,
                r#""opener""#,
                r#""""#,
                r#""5""#,
                "5",
                "5.0",
                "7",
                "-1",
                "true",
                "false",
                "null",
            ],
        ),
        (
            r#"[{"anything-but":{"equals-ignore-case":["OPEN",""]}}]"#,
            &[
                r#""opener""#,
                r#""5""#,
                "5",
                "5.0",
                "7",
                "-1",
                "true",
                "false",
                "null",
            ],
        ),
        (
            r#"[{"anything-but":{"wildcard":"*"}}]"#,
            &["5", "5.0", "7", "-1", "true", "false", "null"],
        ),
    ];
    for (matchers, expected) in cases {
        assert_eq!(passing(matchers, &all), *expected, "{matchers}");
    }
}

#[test]
fn characters_and_wildcards_are_matched_one_by_one() {
    assert_eq!(
        passing(
            r#"[{"wildcard":"a*b*c"}]"#,
            &[r#""abc""#, r#""a1b2c""#, r#""acb""#, r#""abcd""#]
        ),
        [r#""abc""#, r#""a1b2c""#]
    );
    assert_eq!(
        passing(r#"[{"wildcard":"a\\*\\\\*"}]"#, &[r#""a*\\x""#, r#""ab\\x""#]),
        [r#""a*\\x""#]
    );
    assert_eq!(
        passing(r#"[{"wildcard":"*aba*aba"}]"#, &[r#""ababa""#, r#""abaaba""#]),
        [r#""abaaba""#]
    );
    assert_eq!(
        passing(
            r#"[{"equals-ignore-case":"ÉTÉ"}]"#,
            &[r#""été""#, r#""\u00e9T\u00c9""#, r#""ete""#]
        ),
        [r#""été""#, r#""\u00e9T\u00c9""#]
    );
    assert_eq!(
        passing(
            r#"[{"equals-ignore-case":"STRASSE"}]"#,
            &[r#""straße""#, r#""strasse""#]
        ),
        [r#""strasse""#]
    );
    assert_eq!(
        passing(r#"[{"prefix":"é"}]"#, &[r#""\u00e9t""#]),
        [r#""\u00e9t""#]
    );
}

#[test]
fn addresses_are_compared_as_addresses() {
    let addresses = [
        r#""10.0.0.0""#,
        r#""10.0.0.255""#,
        r#""10.0.1.0""#,
        r#""::a00:0""#,
        r#""2001:db8::1""#,
        r#""2001:0DB8:0:0::0001""#,
        r#""10""#,
        "10",
    ];
    assert_eq!(
        passing(r#"[{"cidr":"10.0.0.7/24"}]"#, &addresses),
        [r#""10.0.0.0""#, r#""10.0.0.255""#]
    );
    let v6 = [r#""2001:db8::1""#, r#""2001:0DB8:0:0::0001""#];
    assert_eq!(passing(r#"[{"cidr":"2001:db8::/32"}]"#, &addresses), v6);
    assert_eq!(passing(r#"["2001:db8:0::1"]"#, &addresses), v6);
    assert_eq!(passing(r#"[{"cidr":"0.0.0.0/0"}]"#, &addresses).len(), 3);
    assert_eq!(passing(r#"[{"cidr":"::/0"}]"#, &addresses).len(), 3);
}

#[test]
fn a_leaf_in_a_list_matches_if_any_item_does() {
    assert!(passes(r#"{"value":{"x":["b"]}}"#, r#"{"x":["a","b"]}"#));
    assert!(passes(
        r#"{"value":{"x":[{"anything-but":"a"}]}}"#,
        r#"{"x":["a","b"]}"#
    ));
    assert!(!passes(
        r#"{"value":{"x":[{"anything-but":["a","b"]}]}}"#,
        r#"{"x":["a",["b"]]}"#
    ));
    assert!(passes(r#"{"value":{"x":[1]}}"#, r#"{"x":[{"y":2},[[0],[1]]]}"#));
    assert!(!passes(r#"{"value":{"x":[null]}}"#, r#"{"x":[]}"#));
    assert!(!passes(r#"{"value":{"x":[null]}}"#, r#"{"y":1}"#));
    assert!(passes(r#"{"value":{"x":[1]}}"#, r#"[{"x":0},{"x":1}]"#));
}

#[test]
fn fields_of_one_list_match_in_the_same_item() {
    let pattern = r#"{"value":{"people":{"first":["Anna"],"last":["Jones"]}}}"#;
    let people = |people: &str| format!(r#"{{"people":{people}}}"#);
    let apart = r#"[{"first":"Anna","last":"Smith"},{"first":"Bob","last":"Jones"}]"#;
    let together = r#"[{"first":"Bob","last":"Jones"},{"first":"Anna","last":"Jones"}]"#;
    assert!(!passes(pattern, &people(apart)));
    assert!(passes(pattern, &people(together)));
    // Lists in lists, and two lists side by side, of which each has its own item.
    assert!(!passes(pattern, &people(&format!("[{apart}]"))));
    assert!(passes(
        r#"{"value":{"a":{"x":[1]},"b":{"x":[2]}}}"#,
        r#"{"a":[{"x":0},{"x":1}],"b":[{"x":2},{"x":0}]}"#
    ));
    let nested = r#"{"value":{"a":{"k":[1],"b":{"x":[2],"y":[3]}}}}"#;
    assert!(!passes(
        nested,
        r#"{"a":[{"k":1,"b":[{"x":2},{"y":3}]},{"k":0,"b":[{"x":2,"y":3}]}]}"#
    ));
    assert!(passes(
        nested,
        r#"{"a":[{"k":0},{"k":1,"b":[{"x":0},{"x":2,"y":3}]}]}"#
    ));
    // An absent field is absent in the whole record.
    let absent = r#"{"value":{"a":{"x":[1],"y":[{"exists":false}]}}}"#;
    assert!(!passes(absent, r#"{"a":[{"x":1},{"y":2}]}"#));
    assert!(passes(absent, r#"{"a":[{"x":1},{"z":2}]}"#));
}

#[test]
fn a_dot_in_a_name_equals_nesting() {
    for pattern in [
        r#"{"value":{"a.b":[1]}}"#,
        r#"{"value":{"a":{"b":[1]}}}"#,
        r#"{"value.a":{"b":[1]}}"#,
        r#"{"value.a.b":[1]}"#,
    ] {
        assert!(passes(pattern, r#"{"a":{"b":1}}"#), "{pattern}");
        assert!(passes(pattern, r#"{"a.b":1}"#), "{pattern}");
        assert!(passes(pattern, r#"{"a":[{"b":2}],"a.b":1}"#), "{pattern}");
        assert!(!passes(pattern, r#"{"a.b":{"c":1}}"#), "{pattern}");
    }
    // Of two fields with the same path the last counts.
    assert!(!passes(
        r#"{"value":{"a.b":[1],"a":{"b":[2]}}}"#,
        r#"{"a":{"b":1}}"#
    ));
    assert!(passes(r#"{"value":{"a":[1],"a":[2]}}"#, r#"{"a":2}"#));
    // Names with dots and lists: the fields may be found on different ways.
    let both = r#"{"value":{"a":{"b":[1],"c":[2]}}}"#;
    assert!(passes(both, r#"{"a":[{"b":0,"c":2}],"a.b":1}"#));
    assert!(!passes(both, r#"{"a":[{"b":1},{"c":2}],"a.b":0}"#));
}

#[test]
fn or_gives_alternatives_at_any_level() {
    let pattern = r#"{"value":{"kind":["order"],"$or":[{"total":[{"numeric":[">",100]}]},{"customer":{"$or":[{"vip":[true]},{"age":[{"numeric":["<",1]}]}]}}]}}"#;
    assert!(passes(pattern, r#"{"kind":"order","total":101}"#));
    assert!(passes(
        pattern,
        r#"{"kind":"order","total":1,"customer":{"vip":true}}"#
    ));
    assert!(passes(pattern, r#"{"kind":"order","customer":{"age":0}}"#));
    assert!(!passes(
        pattern,
        r#"{"kind":"order","total":1,"customer":{"age":2}}"#
    ));
    assert!(!passes(pattern, r#"{"kind":"offer","total":101}"#));
    assert!(passes(
        r#"{"$or":[{"value":{"a":[1]}},{"value":{"b":[1]}}]}"#,
        r#"{"b":1}"#
    ));
    // Everything else of this name is a field.
    assert!(passes(r#"{"value":{"$or":["a"]}}"#, r#"{"$or":"a"}"#));
    assert!(passes(
        r#"{"value":{"$or":[{"prefix":"a"},{"suffix":"b"}]}}"#,
        r#"{"$or":"ab"}"#
    ));
    assert!(passes(r#"{"value":{"$or":{"a":[1]}}}"#, r#"{"$or":{"a":1}}"#));
}

#[test]
fn where_value_and_pattern_do_not_fit_records_pass() {
    let (json, plain) = (r#"{"value":{"a":[1]}}"#, r#"{"value":["x",{"prefix":"{a"}]}"#);
    for (pattern, value, expected) in [
        (plain, "x", true),
        (plain, "y", false),
        (plain, "{a:1}", true),
        (plain, "", false),
        (plain, r#"{"a":2}"#, true),
        (plain, " [1]", true),
        (json, r#"{"a":1}"#, true),
        (json, r#"{"a":2}"#, false),
        (json, "\n{\"a\":1}\n", true),
        (json, "x", true),
        (json, "", true),
        (json, r#""a""#, true),
        (json, "2", true),
        (json, r#"{"a":2"#, true),
        (r#"{"value":["2"]}"#, "2", true),
        (r#"{"value":[2]}"#, "2", false),
        (r#"{"value":[{"exists":true}]}"#, "2", true),
    ] {
        assert_eq!(passes(pattern, value), expected, "{pattern} {value:?}");
    }
    let filters = Filters::compile(&[json, plain]).unwrap();
    assert!(filters.passes(None));
    assert!(filters.passes(Some(&[0xff])));
    assert!(Filters::compile::<&str>(&[]).unwrap().passes(Some(b"x")));
}

#[test]
fn filters_are_alternatives() {
    let filters = Filters::compile(&[r#"{"value":{"a":[1]}}"#, r#"{"value":{"a":[2],"b":[3]}}"#]).unwrap();
    let explain = |value: &str| filters.explain(Some(value.as_bytes()));
    let passing = explain(r#"{"a":2,"b":3}"#);
    assert_eq!((passing.passes, passing.filter), (true, Some(2)));
    let dropped = explain(r#"{"a":2}"#);
    assert_eq!((dropped.passes, dropped.filter), (false, None));
    assert_eq!(
        dropped.because,
        "filter 1: `value.a` is 2 and must match [1]; filter 2: `value.b` is absent and must match [3]"
    );
}

#[test]
fn the_deciding_part_is_named() {
    let because = |pattern: &str, value: &str| {
        Filters::compile(&[pattern])
            .unwrap()
            .explain(Some(value.as_bytes()))
            .because
    };
    let json = r#"{"value":{"a":{"x":[1,{"prefix":"p"}],"y":[2]}}}"#;
    for (pattern, value, expected) in [
        (
            json,
            r#"{"a":{"x":"pq","y":2}}"#,
            r#"`value.a.x` is "pq", `value.a.y` is 2"#,
        ),
        (
            json,
            r#"{"a":{"x":3,"y":2}}"#,
            r#"filter 1: `value.a.x` is 3 and must match [1,{"prefix":"p"}]"#,
        ),
        (
            json,
            r#"{"a":[{"x":3},{"x":4}]}"#,
            r#"filter 1: none of the 2 values of `value.a.x`, from 3 on, matches [1,{"prefix":"p"}]"#,
        ),
        (
            json,
            r#"{"a":[{"x":1},{"y":2}]}"#,
            "filter 1: no single item of a list matches `value.a.x`, `value.a.y` together",
        ),
        (
            json,
            "text",
            "the value is not JSON, so that `value.a.x` does not apply, the value is not JSON, so that `value.a.y` does not apply",
        ),
        (
            r#"{"value":["x"]}"#,
            "{}",
            "the value is JSON, so that plain text for `value` does not apply",
        ),
        (r#"{"value":["x"]}"#, "x", r#"`value` is "x""#),
        (
            r#"{"value":["x"]}"#,
            "y",
            r#"filter 1: `value` is "y" and must match ["x"]"#,
        ),
        (
            r#"{"value":{"a":[{"exists":false}]}}"#,
            "{}",
            "`value.a` is absent",
        ),
        (
            r#"{"value":{"$or":[{"a":[1]},{"b":[2]}]}}"#,
            r#"{"a":2}"#,
            "filter 1: `value.a` is 2 and must match [1]; or `value.b` is absent and must match [2]",
        ),
    ] {
        assert_eq!(because(pattern, value), expected);
    }
    let long = format!(r#"{{"a":"{}"}}"#, "é".repeat(100));
    assert_eq!(
        because(r#"{"value":{"a":[1]}}"#, &long),
        format!(
            "filter 1: `value.a` is \"{}... and must match [1]",
            "é".repeat(79)
        )
    );
    let filters = Filters::compile(&[json]).unwrap();
    assert_eq!(
        filters.explain(Some(&[0xff])).because,
        "the value is not UTF-8, so that `value.a.x` does not apply, the value is not UTF-8, so that `value.a.y` does not apply"
    );
    assert_eq!(
        serde_json::to_value(filters.explain(None)).unwrap(),
        json!({
            "Passes": true,
            "Filter": 1,
            "Because": "there is no value, so that `value.a.x` does not apply, there is no value, so that `value.a.y` does not apply",
        })
    );
}

#[test]
fn a_record_cannot_make_a_filter_search_for_long() {
    // Fifteen fields, to each of which two ways lead, and none of the 32,768 combinations matches the last field.
    let fields = |value: fn(usize) -> usize| {
        let fields: Vec<String> = (0..15).map(|nth| format!(r#""k{nth}":{}"#, value(nth))).collect();
        fields.join(",")
    };
    let wanted: Vec<String> = (0..15).map(|nth| format!(r#""k{nth}":[1]"#)).collect();
    let pattern = format!(r#"{{"value":{{"a":{{{}}}}}}}"#, wanted.join(","));
    let dotted = |value: fn(usize) -> usize| fields(value).replace("\"k", "\"a.k");
    let last_fails = |nth: usize| usize::from(nth != 14);
    let failing = format!(r#"{{"a":{{{}}},{}}}"#, fields(last_fails), dotted(last_fails));
    assert!(!passes(&pattern, &failing));
    let one_way = |nth: usize| nth % 2;
    let other_way = |nth: usize| 1 - nth % 2;
    assert!(passes(
        &pattern,
        &format!(r#"{{"a":{{{}}},{}}}"#, fields(one_way), dotted(other_way))
    ));
}

#[test]
fn hundreds_of_fields_in_the_depth_need_little_stack() {
    let fields: Vec<String> = (0..300).map(|nth| format!(r#""k{nth}":[1]"#)).collect();
    let (open, close) = (r#"{"a":"#.repeat(100), "}".repeat(100));
    let pattern = format!(r#"{{"value":{open}{{{}}}{close}}}"#, fields.join(","));
    let record = format!("{open}{{{}}}{close}", fields.join(",").replace("[1]", "1"));
    assert!(passes(&pattern, &record));
    assert!(!passes(&pattern, &record.replace("\"k299\":1", "\"k299\":0")));
}
