use super::*;
use serde_json::json;

/// Returns the reason why a value is invalid.
fn check(schema: Value, value: &Value) -> Result<(), String> {
    Validator::new(schema).check(value)
}

#[test]
fn each_keyword_admits_what_it_should() {
    // A schema, a valid value and an invalid one.
    let cases = [
        (json!({"type": "integer"}), json!(1.0), json!(1.5)),
        (json!({"type": ["string", "null"]}), json!(null), json!(1)),
        (json!({"const": {"a": 1}}), json!({"a": 1.0}), json!({"a": 2})),
        (json!({"enum": [1, "x"]}), json!("x"), json!("y")),
        (json!({"minimum": 1, "maximum": 3}), json!(3), json!(4)),
        (
            json!({"minimum": 1, "exclusiveMinimum": true}),
            json!(2),
            json!(1),
        ),
        (json!({"exclusiveMaximum": 1}), json!(0.9), json!(1)),
        (json!({"multipleOf": 0.01}), json!(4.35), json!(4.355)),
        (
            json!({"minLength": 2, "maxLength": 2}),
            json!("\u{fc}\u{fc}"),
            json!("x"),
        ),
        (json!({"pattern": "^a+$"}), json!("aa"), json!("ab")),
        (
            json!({"items": {"type": "string"}, "maxItems": 2}),
            json!(["x"]),
            json!([1]),
        ),
        (
            json!({"items": [{"type": "string"}], "additionalItems": false}),
            json!(["x"]),
            json!(["x", 1]),
        ),
        (
            json!({"prefixItems": [true], "items": {"type": "null"}}),
            json!([1, null]),
            json!([1, 1]),
        ),
        (json!({"uniqueItems": true}), json!([1, "1"]), json!([1, 1.0])),
        (
            json!({"contains": {"type": "null"}}),
            json!([1, null]),
            json!([1]),
        ),
        (json!({"required": ["a"]}), json!({"a": null}), json!({"b": 1})),
        (
            json!({"properties": {"a": {"type": "string"}}}),
            json!({"b": 1}),
            json!({"a": 1}),
        ),
        (
            json!({"properties": {"a": true}, "patternProperties": {"^x": true}, "additionalProperties": false}),
            json!({"a": 1, "xy": 2}),
            json!({"y": 1}),
        ),
        (
            json!({"propertyNames": {"maxLength": 1}}),
            json!({"a": 1}),
            json!({"ab": 1}),
        ),
        (
            json!({"dependencies": {"a": ["b"]}}),
            json!({"a": 1, "b": 1}),
            json!({"a": 1}),
        ),
        (
            json!({"allOf": [{"type": "integer"}, {"minimum": 2}]}),
            json!(2),
            json!(1),
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"minimum": 2}]}),
            json!(2),
            json!(1),
        ),
        (
            json!({"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]}),
            json!(4),
            json!(6),
        ),
        (json!({"not": {"type": "string"}}), json!(1), json!("x")),
        (
            json!({"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"minimum": 1}}),
            json!("x"),
            json!(0),
        ),
        (
            json!({"$ref": "#/definitions/n", "definitions": {"n": {"type": "integer"}}}),
            json!(1),
            json!("x"),
        ),
        (
            json!({"properties": {"next": {"$ref": "#"}}, "additionalProperties": false}),
            json!({"next": {"next": {}}}),
            json!({"next": {"last": {}}}),
        ),
    ];
    for (schema, valid, invalid) in cases {
        assert_eq!(check(schema.clone(), &valid), Ok(()), "{schema} {valid}");
        assert!(check(schema.clone(), &invalid).is_err(), "{schema} {invalid}");
    }
}

#[test]
fn an_invalid_value_has_its_place_and_keyword() {
    let schema = json!({"properties": {"a": {"items": {"maximum": 3}}}, "required": ["a"]});
    assert_eq!(
        check(schema.clone(), &json!({"a": [1, 4]})),
        Err("/a/1: maximum is 3".to_owned())
    );
    assert_eq!(check(schema, &json!({})), Err("/: a is required".to_owned()));
}

#[test]
fn what_is_not_evaluated_is_never_valid() {
    let cases = [
        (
            json!({"unevaluatedProperties": false}),
            "/: Esmeralda does not evaluate the keyword unevaluatedProperties",
        ),
        (
            json!({"anyOf": [true, {"$ref": "other.json"}]}),
            "/: Esmeralda does not resolve the $ref other.json",
        ),
    ];
    for (schema, reason) in cases {
        assert_eq!(check(schema, &json!({})), Err(reason.to_owned()));
    }
    let look_ahead = check(json!({"not": {"pattern": "(?=a)"}}), &json!("x")).unwrap_err();
    assert!(
        look_ahead.starts_with("/: Esmeralda does not take the pattern (?=a): "),
        "{look_ahead}"
    );
    let endless = check(json!({"$ref": "#"}), &json!(1)).unwrap_err();
    assert_eq!(endless, "/: schemas are nested deeper than 128");
}

/// `$ref` stands alone until draft 7, and beside other keywords since.
#[test]
fn the_draft_decides_on_the_siblings_of_a_reference() {
    let schema = |draft: &str| json!({"$schema": draft, "$ref": "#/definitions/any", "maximum": 1, "definitions": {"any": true}});
    assert_eq!(
        check(schema("http://json-schema.org/draft-07/schema#"), &json!(2)),
        Ok(())
    );
    assert_eq!(
        check(schema("https://json-schema.org/draft/2020-12/schema"), &json!(2)),
        Err("/: maximum is 1".to_owned())
    );
}
