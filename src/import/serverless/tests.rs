use super::*;
use crate::import::parser;
use crate::import::tree::Undecided;
use serde_json::json;

const FILE: &str = "
provider: {stage: \"${opt:stage, 'dev'}\"}
params:
  default: {size: 1, colour: red}
  dev: {size: 2}
custom:
  list: [a, b]
  dev: {batch: 10}
  other: ${self:custom.${self:provider.stage}}
  outside: ${file(other.yml)}
  a: ${self:custom.b}
  b: ${self:custom.a}
";

/// Resolves a value within the file. An undecided value is `?NAME`, or `!FUNCTION`.
fn resolve(value: &str) -> serde_json::Value {
    let root = parser::parse(&format!("{FILE}x: {value}\n")).expect(value);
    let values = Values::new(BTreeMap::from([("env:GIVEN".to_owned(), "g".to_owned())]));
    let resolved = Variables::new(&root, &values).resolve();
    let resolved = resolved.get("x").expect("x");
    match resolved.undecided() {
        Some((_, Undecided::Named(name))) => format!("?{name}").into(),
        Some((_, Undecided::Function(name))) => format!("!{name}").into(),
        None => resolved.to_json(),
    }
}

#[test]
fn variables_are_resolved_where_the_file_decides_them() {
    let cases = [
        ("${self:provider.stage}", json!("dev")),
        ("${sls:stage}-x", json!("dev-x")),
        ("${self:custom.list}", json!(["a", "b"])),
        ("${self:custom.list.1}", json!("b")),
        ("${self:custom.${sls:stage}.batch}", json!(10)),
        ("${self:custom.other.batch}", json!(10)),
        ("${self:custom.none, 5}", json!(5)),
        ("${self:custom.none}", json!(null)),
        ("\"${env:HOME, 'a, b'}\"", json!("a, b")),
        ("${env:HOME, env:GIVEN}", json!("g")),
        ("${env:HOME, self:custom.none, true}", json!(true)),
        ("${env:HOME}", json!("?env:HOME")),
        ("a${env:HOME}", json!("?env:HOME")),
        ("${opt:stage, self:provider.stage}", json!("dev")),
        ("${param:size}", json!(2)),
        ("${param:colour}", json!("red")),
        ("${param:shape}", json!("?param:shape")),
        ("${ssm:/kafka/${sls:stage}}", json!("?ssm:/kafka/dev")),
        ("${self:custom.outside.x}", json!("?file(other.yml)")),
        ("${self:custom.a}", json!("!a circle of variables")),
        ("${aws:region}-${aws:accountId}", json!("us-east-1-000000000000")),
        (
            "!Sub '${AWS::Region}/${Name}/${sls:stage}'",
            json!({ "Fn::Sub": "${AWS::Region}/${Name}/dev" }),
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(resolve(value), expected, "{value}");
    }
}

#[test]
fn a_function_is_called_after_service_stage_and_key() {
    let root =
        parser::parse("service: shop\nfunctions:\n  - {a-b_c: {}}\n  - {d: {name: own}}\n").expect("YAML");
    let functions = functions(&root);
    let names: Vec<_> = functions
        .iter()
        .map(|one| (one.name.clone(), one.logical_id()))
        .collect();
    let expected = [
        ("shop-dev-a-b_c", "ADashbUnderscorecLambdaFunction"),
        ("own", "DLambdaFunction"),
    ];
    assert_eq!(names, expected.map(|(name, id)| (name.to_owned(), id.to_owned())));
}
