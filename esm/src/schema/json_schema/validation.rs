//! A value against a schema, keyword by keyword.

use percent_encoding::percent_decode_str;
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The depth of schemas in schemas, which a `$ref` to itself does not bound.
const MAX_DEPTH: usize = 128;

/// Keywords that change what is valid and are not evaluated.
const NOT_EVALUATED: [&str; 4] = [
    "$dynamicRef",
    "$recursiveRef",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// The reason why a value was not found valid.
#[derive(Debug, thiserror::Error)]
enum Fault {
    /// It violates a keyword.
    #[error("{0}")]
    Invalid(String),
    /// Whether it is valid is not known, because of something that is not evaluated. No other schema makes up for that.
    #[error("{0}")]
    NotEvaluated(String),
}

/// A schema, ready to judge values.
#[derive(Clone, Debug)]
pub(crate) struct Validator {
    document: Value,
    /// Whether a `$ref` replaces what is beside it, as before draft 2019-09.
    ref_stands_alone: bool,
    /// Every pattern of the document.
    patterns: BTreeMap<String, Result<Regex, String>>,
}

impl Validator {
    /// Returns the validator of a schema.
    pub(crate) fn new(document: Value) -> Self {
        let draft = document
            .get("$schema")
            .and_then(Value::as_str)
            .unwrap_or("draft-07");
        let mut patterns = BTreeMap::new();
        collect_patterns(&document, &mut patterns);
        Self {
            ref_stands_alone: ["draft-03", "draft-04", "draft-06", "draft-07"]
                .iter()
                .any(|old| draft.contains(old)),
            document,
            patterns,
        }
    }

    /// Checks a value.
    ///
    /// # Errors
    /// The place in the value and the keyword of the schema that it violates, or that is not evaluated.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        let judged = self.judge(&self.document, value, "", 0);
        judged.map_err(|fault| fault.to_string())
    }

    fn judge(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::NotEvaluated(format!(
                "{}: schemas are nested deeper than {MAX_DEPTH}",
                place(at)
            )));
        }
        let members = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Bool(false) => return Err(Fault::Invalid(format!("{}: no value is allowed", place(at)))),
            Value::Object(members) => members,
            other => {
                return Err(Fault::NotEvaluated(format!(
                    "{}: {other} is no schema",
                    place(at)
                )));
            }
        };
        if let Some(keyword) = NOT_EVALUATED
            .iter()
            .find(|keyword| members.contains_key(**keyword))
        {
            return Err(Fault::NotEvaluated(format!(
                "{}: Esmeralda does not evaluate the keyword {keyword}",
                place(at)
            )));
        }
        let judge = Judge {
            validator: self,
            members,
            at,
            depth,
        };
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let target = self.target(reference).ok_or_else(|| {
                Fault::NotEvaluated(format!(
                    "{}: Esmeralda does not resolve the $ref {reference}",
                    place(at)
                ))
            })?;
            self.judge(target, value, at, depth + 1)?;
            if self.ref_stands_alone {
                return Ok(());
            }
        }
        judge.any(value)?;
        match value {
            Value::Number(_) => judge.number(value),
            Value::String(text) => judge.string(text),
            Value::Array(items) => judge.array(items),
            Value::Object(object) => judge.object(object),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    /// Returns the schema at a JSON pointer in a fragment.
    fn target(&self, reference: &str) -> Option<&Value> {
        let pointer = reference.strip_prefix('#')?;
        self.document
            .pointer(&percent_decode_str(pointer).decode_utf8_lossy())
    }

    fn matches(&self, pattern: &str, text: &str, at: &str) -> Result<bool, Fault> {
        let reason = match self.patterns.get(pattern) {
            Some(Ok(regex)) => return Ok(regex.is_match(text)),
            Some(Err(reason)) => reason,
            None => "it is not known",
        };
        Err(Fault::NotEvaluated(format!(
            "{}: Esmeralda does not take the pattern {pattern}: {reason}",
            place(at)
        )))
    }
}

fn collect_patterns(schema: &Value, patterns: &mut BTreeMap<String, Result<Regex, String>>) {
    let mut add = |pattern: &str| {
        let regex = Regex::new(pattern).map_err(|error| error.to_string());
        patterns.insert(pattern.to_owned(), regex);
    };
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(pattern)) = members.get("pattern") {
                add(pattern);
            }
            if let Some(Value::Object(properties)) = members.get("patternProperties") {
                properties.keys().for_each(|pattern| add(pattern));
            }
            members
                .values()
                .for_each(|inner| collect_patterns(inner, patterns));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect_patterns(inner, patterns)),
        _ => {}
    }
}

fn place(at: &str) -> &str {
    if at.is_empty() { "/" } else { at }
}

/// One schema and the place in the value that it judges.
struct Judge<'a> {
    validator: &'a Validator,
    members: &'a Map<String, Value>,
    at: &'a str,
    depth: usize,
}

impl Judge<'_> {
    fn inner(&self, schema: &Value, value: &Value, at: &str) -> Result<(), Fault> {
        self.validator.judge(schema, value, at, self.depth + 1)
    }

    fn violates<T>(&self, keyword: &str) -> Result<T, Fault> {
        let limit = self
            .members
            .get(keyword)
            .map(Value::to_string)
            .unwrap_or_default();
        Err(Fault::Invalid(format!(
            "{}: {keyword} is {limit}",
            place(self.at)
        )))
    }

    /// Fails with the keyword unless `is_valid`.
    fn demand(&self, keyword: &str, is_valid: bool) -> Result<(), Fault> {
        if is_valid { Ok(()) } else { self.violates(keyword) }
    }

    fn list(&self, keyword: &str) -> Option<&Vec<Value>> {
        self.members.get(keyword).and_then(Value::as_array)
    }

    /// Evaluates the keywords for values of any type.
    fn any(&self, value: &Value) -> Result<(), Fault> {
        if let Some(types) = self.members.get("type") {
            let is_one = |name: &Value| name.as_str().is_some_and(|name| is_of_type(value, name));
            let is_valid = match types {
                Value::Array(names) => names.iter().any(is_one),
                name => is_one(name),
            };
            self.demand("type", is_valid)?;
        }
        if let Some(constant) = self.members.get("const") {
            self.demand("const", is_equal(constant, value))?;
        }
        if let Some(values) = self.list("enum") {
            self.demand("enum", values.iter().any(|allowed| is_equal(allowed, value)))?;
        }
        for schema in self.list("allOf").into_iter().flatten() {
            self.inner(schema, value, self.at)?;
        }
        if let Some(schemas) = self.list("anyOf") {
            self.demand("anyOf", self.count_valid(schemas, value)? > 0)?;
        }
        if let Some(schemas) = self.list("oneOf") {
            self.demand("oneOf", self.count_valid(schemas, value)? == 1)?;
        }
        if let Some(schema) = self.members.get("not") {
            self.demand("not", !self.is_valid(schema, value)?)?;
        }
        if let Some(condition) = self.members.get("if") {
            let branch = if self.is_valid(condition, value)? {
                "then"
            } else {
                "else"
            };
            if let Some(schema) = self.members.get(branch) {
                self.inner(schema, value, self.at)?;
            }
        }
        Ok(())
    }

    /// Returns whether a value is valid.
    fn is_valid(&self, schema: &Value, value: &Value) -> Result<bool, Fault> {
        match self.inner(schema, value, self.at) {
            Ok(()) => Ok(true),
            Err(Fault::Invalid(_)) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    fn count_valid(&self, schemas: &[Value], value: &Value) -> Result<usize, Fault> {
        let mut count = 0;
        for schema in schemas {
            count += usize::from(self.is_valid(schema, value)?);
        }
        Ok(count)
    }

    fn number(&self, value: &Value) -> Result<(), Fault> {
        let Some(number) = value.as_f64() else {
            return Ok(());
        };
        let limit = |keyword: &str| self.members.get(keyword).and_then(Value::as_f64);
        let is_exclusive = |keyword: &str| self.members.get(keyword) == Some(&Value::Bool(true));
        if let Some(minimum) = limit("minimum") {
            // Before draft 6 `exclusiveMinimum` is a boolean beside `minimum`.
            let is_valid = number > minimum || (number == minimum && !is_exclusive("exclusiveMinimum"));
            self.demand("minimum", is_valid)?;
        }
        if let Some(maximum) = limit("maximum") {
            let is_valid = number < maximum || (number == maximum && !is_exclusive("exclusiveMaximum"));
            self.demand("maximum", is_valid)?;
        }
        if let Some(minimum) = limit("exclusiveMinimum") {
            self.demand("exclusiveMinimum", number > minimum)?;
        }
        if let Some(maximum) = limit("exclusiveMaximum") {
            self.demand("exclusiveMaximum", number < maximum)?;
        }
        if let Some(factor) = self.members.get("multipleOf") {
            let is_multiple = match (value.as_i64(), factor.as_i64()) {
                (Some(number), Some(factor)) => factor != 0 && number % factor == 0,
                // Decimal fractions have no exact double, so the quotient only has to be next to a whole number.
                _ => factor.as_f64().is_some_and(|factor| {
                    let quotient = number / factor;
                    (quotient - quotient.round()).abs() <= quotient.abs() * f64::EPSILON
                }),
            };
            self.demand("multipleOf", is_multiple)?;
        }
        Ok(())
    }

    /// Checks a length against the keywords for the least and the most.
    fn length(&self, length: usize, least: &str, most: &str) -> Result<(), Fault> {
        let limit = |keyword: &str| self.members.get(keyword).and_then(Value::as_f64);
        let length = length as f64;
        self.demand(least, limit(least).is_none_or(|least| length >= least))?;
        self.demand(most, limit(most).is_none_or(|most| length <= most))
    }

    fn string(&self, text: &str) -> Result<(), Fault> {
        self.length(text.chars().count(), "minLength", "maxLength")?;
        if let Some(Value::String(pattern)) = self.members.get("pattern") {
            self.demand("pattern", self.validator.matches(pattern, text, self.at)?)?;
        }
        Ok(())
    }

    fn array(&self, items: &[Value]) -> Result<(), Fault> {
        self.length(items.len(), "minItems", "maxItems")?;
        if self.members.get("uniqueItems") == Some(&Value::Bool(true)) {
            let is_new = |(index, item): (usize, &Value)| {
                items[..index].iter().all(|earlier| !is_equal(earlier, item))
            };
            self.demand("uniqueItems", items.iter().enumerate().all(is_new))?;
        }
        // Until 2019-09 a list of `items` is what `prefixItems` is since, and `additionalItems` is for the rest.
        let items_keyword = self.members.get("items");
        let (prefix, rest) = match items_keyword {
            Some(Value::Array(prefix)) => (Some(prefix), self.members.get("additionalItems")),
            rest => (self.list("prefixItems"), rest),
        };
        let prefix = prefix.map_or(&[][..], Vec::as_slice);
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = prefix.get(index).or(rest) {
                self.inner(schema, item, &format!("{}/{index}", self.at))?;
            }
        }
        if let Some(schema) = self.members.get("contains") {
            let mut count = 0;
            for item in items {
                count += usize::from(self.is_valid(schema, item)?);
            }
            let least = self
                .members
                .get("minContains")
                .and_then(Value::as_u64)
                .unwrap_or(1);
            let most = self.members.get("maxContains").and_then(Value::as_u64);
            self.demand(
                "contains",
                count as u64 >= least && most.is_none_or(|most| count as u64 <= most),
            )?;
        }
        Ok(())
    }

    fn object(&self, object: &Map<String, Value>) -> Result<(), Fault> {
        self.length(object.len(), "minProperties", "maxProperties")?;
        for name in self
            .list("required")
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !object.contains_key(name) {
                return Err(Fault::Invalid(format!("{}: {name} is required", place(self.at))));
            }
        }
        let schemas = |keyword: &str| self.members.get(keyword).and_then(Value::as_object);
        for (name, value) in object {
            let at = format!("{}/{name}", self.at);
            let own = schemas("properties").and_then(|properties| properties.get(name));
            let mut is_evaluated = own.is_some();
            if let Some(schema) = own {
                self.inner(schema, value, &at)?;
            }
            for (pattern, schema) in schemas("patternProperties").into_iter().flatten() {
                if self.validator.matches(pattern, name, self.at)? {
                    is_evaluated = true;
                    self.inner(schema, value, &at)?;
                }
            }
            if let Some(schema) = self.members.get("additionalProperties").filter(|_| !is_evaluated) {
                self.inner(schema, value, &at)?;
            }
            if let Some(schema) = self.members.get("propertyNames") {
                self.inner(schema, &Value::String(name.clone()), &at)?;
            }
        }
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            for (name, dependency) in schemas(keyword).into_iter().flatten() {
                if object.contains_key(name) {
                    self.dependency(keyword, dependency, object)?;
                }
            }
        }
        Ok(())
    }

    fn dependency(
        &self,
        keyword: &str,
        dependency: &Value,
        object: &Map<String, Value>,
    ) -> Result<(), Fault> {
        match dependency {
            Value::Array(names) => {
                let mut names = names.iter().filter_map(Value::as_str);
                self.demand(keyword, names.all(|name| object.contains_key(name)))
            }
            schema => self.inner(schema, &Value::Object(object.clone()), self.at),
        }
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        // 1.0 is an integer since draft 6.
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        _ => false,
    }
}

/// Returns whether two values are equal: numbers by their value, so that 1 is 1.0.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one_number), Value::Number(other_number)) => {
            one_number == other_number
                || (one_number.is_f64() || other_number.is_f64()) && one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| is_equal(value, other)))
        }
        _ => one == other,
    }
}
