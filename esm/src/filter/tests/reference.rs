//! The filters against a slow, obvious evaluator: it lists every leaf of a value with the items of lists that it lies in, and tries all
//! combinations of leaves.

use super::*;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// A leaf, and the item that it lies in of each list, which is known by its place in the value.
#[derive(Clone, Debug)]
struct Leaf {
    path: String,
    value: Value,
    items: BTreeMap<String, usize>,
}

fn list_leaves(value: &Value, path: &str, place: &str, items: &BTreeMap<String, usize>, all: &mut Vec<Leaf>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                list_leaves(value, &path, &format!("{place}/{name}"), items, all);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                let mut items = items.clone();
                items.insert(place.to_owned(), index);
                list_leaves(value, path, &format!("{place}/{index}"), &items, all);
            }
        }
        leaf => all.push(Leaf {
            path: path.to_owned(),
            value: leaf.clone(),
            items: items.clone(),
        }),
    }
}

/// The fields of each alternative of a pattern, by path.
fn alternatives(pattern: &Value, path: &str) -> Vec<BTreeMap<String, Vec<Value>>> {
    let mut all = vec![BTreeMap::new()];
    for (name, value) in pattern.as_object().unwrap() {
        let below = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let branches = match value {
            Value::Array(branches) if name == "$or" => branches
                .iter()
                .flat_map(|branch| alternatives(branch, path))
                .collect(),
            Value::Array(matchers) => vec![BTreeMap::from([(below, matchers.clone())])],
            object => alternatives(object, &below),
        };
        let combine = |one: &BTreeMap<String, Vec<Value>>| {
            let one = one.clone();
            branches
                .iter()
                .map(move |branch| {
                    let mut both = one.clone();
                    both.extend(branch.clone());
                    both
                })
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(combine).collect();
    }
    all
}

fn accepts(matcher: &Value, leaf: &Value) -> bool {
    let Value::Object(operator) = matcher else {
        return matcher == leaf;
    };
    let (operator, operand) = operator.iter().next().unwrap();
    match (operator.as_str(), leaf) {
        ("exists", _) => operand == true,
        ("anything-but", _) => operand != leaf,
        ("prefix", Value::String(text)) => text.starts_with(operand.as_str().unwrap()),
        ("numeric", Value::Number(number)) => number.as_f64() > operand[1].as_f64(),
        _ => false,
    }
}

fn matches_by_trying(fields: &[(&String, &Vec<Value>)], leaves: &[Leaf], chosen: &mut Vec<Leaf>) -> bool {
    let Some(((path, matchers), others)) = fields.split_first() else {
        return true;
    };
    let of_path = || leaves.iter().filter(|leaf| leaf.path == **path);
    if of_path().next().is_none() && matchers.contains(&json!({ "exists": false })) {
        return matches_by_trying(others, leaves, chosen);
    }
    of_path().any(|leaf| {
        let is_consistent = chosen.iter().all(|other| {
            let mut shared = leaf.items.iter();
            shared.all(|(list, item)| other.items.get(list).is_none_or(|other| other == item))
        });
        let accepts = matchers.iter().any(|matcher| accepts(matcher, &leaf.value));
        is_consistent && accepts && {
            chosen.push(leaf.clone());
            let matches = matches_by_trying(others, leaves, chosen);
            chosen.pop();
            matches
        }
    })
}

fn passes_by_trying(pattern: &Value, value: &Value) -> bool {
    let mut leaves = Vec::new();
    list_leaves(value, "", "", &BTreeMap::new(), &mut leaves);
    alternatives(pattern, "")
        .iter()
        .any(|fields| matches_by_trying(&fields.iter().collect::<Vec<_>>(), &leaves, &mut Vec::new()))
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3).prop_map(Value::from),
        "[pq]{0,2}".prop_map(Value::from),
    ]
}

/// Few names, so that patterns and values meet; one of them means a name below another.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "a.b"]).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let node = scalar().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop_oneof![
        prop::collection::btree_map(name(), node.clone(), 0..4)
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        prop::collection::vec(node, 0..3).prop_map(Value::from),
    ]
}

fn matchers() -> impl Strategy<Value = Value> {
    let matcher = prop_oneof![
        4 => scalar(),
        1 => any::<bool>().prop_map(|exists| json!({ "exists": exists })),
        1 => (0..3).prop_map(|number| json!({ "anything-but": number })),
        1 => "[pq]{1,2}".prop_map(|text| json!({ "anything-but": text })),
        1 => "[pq]{0,1}".prop_map(|text| json!({ "prefix": text })),
        1 => (0..3).prop_map(|number| json!({ "numeric": [">", number] })),
    ];
    prop::collection::vec(matcher, 1..3).prop_map(Value::from)
}

fn pattern() -> impl Strategy<Value = Value> {
    let object = |inner: BoxedStrategy<Value>| {
        prop::collection::btree_map(name(), inner, 1..4)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    };
    let node = matchers().boxed().prop_recursive(3, 16, 3, move |inner| {
        let with_or = (
            object(inner.clone()),
            object(inner.clone()),
            object(inner.clone()),
        )
            .prop_map(|(mut all, one, two)| {
                all["$or"] = json!([one, two]);
                all
            });
        prop_oneof![3 => object(inner), 1 => with_or]
    });
    prop::collection::btree_map(name(), node, 1..4)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn filters_decide_as_the_slow_evaluator(pattern in pattern(), value in value()) {
        let text = json!({ "value": pattern }).to_string();
        let filters = Filters::compile(&[&text]).unwrap();
        let record = value.to_string();
        let passes = filters.passes(Some(record.as_bytes()));
        prop_assert_eq!(passes, passes_by_trying(&pattern, &value), "{} {}", text, record);
        prop_assert_eq!(passes, filters.explain(Some(record.as_bytes())).passes);
    }

    #[test]
    fn no_pattern_and_no_value_panics(pattern in r#"[\[\]{}:,"\\a1*$ /.<>=-]{0,40}"#, value in prop::collection::vec(any::<u8>(), 0..40)) {
        let below = format!(r#"{{"value":{pattern}}}"#);
        for text in [&pattern, &below] {
            if let Ok(filters) = Filters::compile(&[text]) {
                filters.explain(Some(&value));
            }
        }
    }
}
