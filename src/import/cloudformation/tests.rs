use super::*;
use crate::import::parser;
use crate::import::values::Values;
use serde_json::json;
use std::collections::BTreeMap;

const TEMPLATE: &str = "
Parameters:
  Stage: {Type: String, Default: dev}
  Size: {Type: Number, Default: 7}
  Names: {Type: CommaDelimitedList, Default: 'a, b,c'}
  Path: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /kafka/arn}
  Missing: {Type: String}
Mappings:
  ByStage: {dev: {batch: 10, hosts: [x, y]}}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsNot: !Not [!Condition IsDev]
  Both: !And [!Condition IsDev, !Condition IsNot]
  Either: !Or [!Condition IsNot, !Condition IsDev]
  Unknown: !Equals [!Ref Missing, x]
  Circle: !Not [!Condition Circle]
Resources:
  F: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: !Sub 'f-${Stage}'}}
  G: {Type: 'AWS::Serverless::Function'}
  Live: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !Ref F, Name: live}}
  Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: letters}}
  Bucket: {Type: 'AWS::S3::Bucket'}
  Around: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: !Ref Around}}
";

/// Resolves an expression within the template. An undecided value is `?NAME`, or `!FUNCTION`.
fn resolve(expression: &str) -> serde_json::Value {
    let root = parser::parse(TEMPLATE).expect("the template");
    let values = Values::new(BTreeMap::from([("Queue.Url".to_owned(), "given".to_owned())]));
    let template = Template {
        root: &root,
        values: &values,
        functions: BTreeMap::new(),
    };
    let expression = parser::parse(expression).expect(expression);
    let resolved = template.resolve(&expression);
    match resolved.undecided() {
        Some((_, Undecided::Named(name))) => format!("?{name}").into(),
        Some((_, Undecided::Function(name))) => format!("!{name}").into(),
        None => resolved.to_json(),
    }
}

#[test]
fn references_are_resolved_where_the_template_decides_them() {
    let cases = [
        ("!Ref Stage", json!("dev")),
        ("!Ref Size", json!("7")),
        ("!Ref Names", json!(["a", "b", "c"])),
        ("!Ref Path", json!("?Path")),
        ("!Ref Missing", json!("?Missing")),
        ("!Ref AWS::Region", json!("us-east-1")),
        ("!Ref AWS::StackName", json!("?AWS::StackName")),
        (
            "{a: 1, b: !Ref AWS::NoValue, c: [!Ref AWS::NoValue, 2]}",
            json!({ "a": 1, "c": [2] }),
        ),
        ("!Ref F", json!("f-dev")),
        ("!GetAtt F.Arn", json!("f-dev")),
        ("!GetAtt [G, Arn]", json!("G")),
        ("!Ref Live", json!("f-dev:live")),
        (
            "!GetAtt Queue.Arn",
            json!("arn:aws:sqs:us-east-1:000000000000:letters"),
        ),
        ("!GetAtt Queue.Url", json!("given")),
        ("!GetAtt Bucket.Arn", json!("arn:aws:s3:::Bucket")),
        ("!GetAtt Cluster.Arn", json!("?Cluster.Arn")),
        ("!Ref Around", json!("!a circle of references")),
        (
            "'{{resolve:ssm:/kafka/arn:1}}'",
            json!("?resolve:ssm:/kafka/arn:1"),
        ),
        ("!ImportValue shared-arn", json!("?shared-arn")),
    ];
    for (expression, expected) in cases {
        assert_eq!(resolve(expression), expected, "{expression}");
    }
}

#[test]
fn functions_are_evaluated() {
    let cases = [
        (
            "!Sub '${Stage}-${AWS::AccountId}-${!Literal}-${F.Arn}'",
            json!("dev-000000000000-${Literal}-f-dev"),
        ),
        ("!Sub ['${a}/${Stage}', {a: !Ref Size}]", json!("7/dev")),
        ("!Sub 'x${Missing}'", json!("?Missing")),
        (
            "!Sub '{{resolve:ssm:/kafka/${Stage}}}'",
            json!("?resolve:ssm:/kafka/dev"),
        ),
        ("!Join ['-', [a, !Ref Stage, 3]]", json!("a-dev-3")),
        ("!Join [',', !Ref Names]", json!("a,b,c")),
        ("!Join ['', [a, !Ref Missing]]", json!("?Missing")),
        ("!Split ['|', 'a|b']", json!(["a", "b"])),
        ("!Select [1, !Ref Names]", json!("b")),
        ("!Select [0, [a, !Ref Missing]]", json!("a")),
        ("!Select [9, [a]]", json!("!Fn::Select")),
        ("!FindInMap [ByStage, !Ref Stage, batch]", json!(10)),
        ("!FindInMap [ByStage, prod, batch]", json!("?ByStage.prod.batch")),
        ("!If [IsDev, 1, 2]", json!(1)),
        ("!If [IsNot, 1, !Ref Size]", json!("7")),
        ("!If [Both, 1, 2]", json!(2)),
        ("!If [Either, 1, 2]", json!(1)),
        ("!If [Unknown, 1, 2]", json!("?Missing")),
        ("!If [Circle, 1, 2]", json!("!a circle of conditions")),
        ("{a: !If [IsNot, 1, !Ref AWS::NoValue]}", json!({})),
        (
            "Fn::ToJsonString: {value: [!Ref Stage]}",
            json!("{\"value\":[\"dev\"]}"),
        ),
        ("!Base64 x", json!("!Fn::Base64")),
        ("!Cidr [a, !Ref Missing]", json!("?Missing")),
    ];
    for (expression, expected) in cases {
        assert_eq!(resolve(expression), expected, "{expression}");
    }
}
