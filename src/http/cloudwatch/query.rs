//! The query protocol of older clients: a form as the body, and an answer in XML.

use super::error::CloudWatchError;
use super::value::Value;
use crate::date;
use percent_encoding::percent_decode;
use std::collections::BTreeMap;

/// The namespace of the answers.
const XML_NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";

/// The most parts of a name, such as `MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name`.
const MAX_PARTS: usize = 24;

/// An operation and its input.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) operation: String,
    pub(super) input: Value,
}

/// A tree of the parameters' names, whose parts are joined by dots.
#[derive(Debug, Default)]
struct Tree {
    text: Option<String>,
    members: BTreeMap<String, Tree>,
}

/// Reads a form.
pub(super) fn read(body: &[u8]) -> Result<Request, CloudWatchError> {
    let mut tree = Tree::default();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let name = decode(&pair[..at])?;
        let value = decode(pair.get(at + 1..).unwrap_or_default())?;
        let mut parts = name.split('.');
        let mut place = &mut tree;
        for part in parts.by_ref().take(MAX_PARTS) {
            place = place.members.entry(part.to_owned()).or_default();
        }
        if parts.next().is_some() {
            let message = format!("The parameter {name} has more than {MAX_PARTS} parts.");
            return Err(CloudWatchError::serialization(message));
        }
        place.text = Some(value);
    }
    let operation = tree.members.remove("Action").and_then(|action| action.text);
    let operation = operation.ok_or_else(|| CloudWatchError::missing("Action"))?;
    tree.members.remove("Version");
    Ok(Request {
        operation,
        input: Value::Structure(tree.structure()?),
    })
}

/// Decodes a name or a value of a form.
fn decode(text: &[u8]) -> Result<String, CloudWatchError> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let decoded: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(decoded).map_err(|_| CloudWatchError::serialization("A parameter is not UTF-8."))
}

impl Tree {
    fn value(self) -> Result<Value, CloudWatchError> {
        if self.members.is_empty() {
            return Ok(self.text.map_or(Value::Null, Value::Text));
        }
        let structure = self.structure()?;
        // A list has one member, `member`, whose members are numbers.
        match <[_; 1]>::try_from(structure) {
            Ok([(name, Value::List(items))]) if name == "member" => Ok(Value::List(items)),
            Ok(structure) => Ok(Value::Structure(structure.into())),
            Err(structure) => Ok(Value::Structure(structure)),
        }
    }

    fn structure(self) -> Result<Vec<(String, Value)>, CloudWatchError> {
        let mut structure = Vec::with_capacity(self.members.len());
        for (name, tree) in self.members {
            let value = match name == "member" {
                true => Value::List(tree.items()?),
                false => tree.value()?,
            };
            structure.push((name, value));
        }
        Ok(structure)
    }

    /// Returns the items of a list in the order of their numbers.
    fn items(self) -> Result<Vec<Value>, CloudWatchError> {
        let mut items = Vec::with_capacity(self.members.len());
        for (number, tree) in self.members {
            let number: u32 = number.parse().map_err(|_| {
                CloudWatchError::serialization(format!("The member {number} of a list must be a number."))
            })?;
            items.push((number, tree.value()?));
        }
        items.sort_by_key(|(number, _)| *number);
        Ok(items.into_iter().map(|(_, value)| value).collect())
    }
}

/// Writes an answer. `result` is null for an operation without one.
pub(super) fn write(operation: &str, result: &Value, request_id: &str) -> String {
    let mut xml = format!("<{operation}Response xmlns=\"{XML_NAMESPACE}\">");
    if *result != Value::Null {
        element(&mut xml, &format!("{operation}Result"), result);
    }
    xml += &format!(
        "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    xml
}

/// Writes an error.
pub(super) fn write_error(error: &CloudWatchError, request_id: &str) -> String {
    let kind = if error.status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse xmlns=\"{XML_NAMESPACE}\"><Error><Type>{kind}</Type><Code>{}</Code><Message>{}</Message></Error>\
         <RequestId>{request_id}</RequestId></ErrorResponse>",
        error.code,
        escape(&error.message)
    )
}

fn element(xml: &mut String, name: &str, value: &Value) {
    *xml += &format!("<{name}>");
    match value {
        Value::Null => {}
        Value::Boolean(boolean) => *xml += &boolean.to_string(),
        Value::Integer(integer) => *xml += &integer.to_string(),
        Value::Double(number) => *xml += &number.to_string(),
        Value::Text(text) => *xml += &escape(text),
        Value::Time(seconds) => *xml += &date::format(*seconds),
        Value::List(items) => items.iter().for_each(|item| element(xml, "member", item)),
        Value::Structure(members) => members.iter().for_each(|(name, value)| element(xml, name, value)),
    }
    *xml += &format!("</{name}>");
}

/// Escapes text for XML. Characters that XML does not have become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\t' | '\n' | '\r' => escaped += &format!("&#{};", character as u32),
            character if (character as u32) < 0x20 => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<const N: usize>(members: [(&str, Value); N]) -> Value {
        Value::Structure(members.map(|(name, value)| (name.to_owned(), value)).into())
    }

    #[test]
    fn a_form_is_a_tree_of_its_names() {
        let body = "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS%2FLambda&Statistics.member.1=Maximum\
                    &Statistics.member.10=Sum&Statistics.member.2=Average&Dimensions.member.1.Name=A&Dimensions.member.1.Value=a+b%26";
        let request = read(body.as_bytes()).unwrap();
        assert_eq!(request.operation, "GetMetricStatistics");
        let dimension = fields([("Name", "A".into()), ("Value", "a b&".into())]);
        assert_eq!(
            request.input,
            fields([
                ("Dimensions", Value::List(vec![dimension])),
                ("Namespace", "AWS/Lambda".into()),
                (
                    "Statistics",
                    Value::List(["Maximum", "Average", "Sum"].map(Value::from).into())
                ),
            ])
        );
    }

    #[test]
    fn wrong_forms_are_refused() {
        for (body, code) in [
            ("Version=2010-08-01", "MissingParameter"),
            ("Action=%ff", "MalformedQueryString"),
            ("Action=A&List.member.one=1", "MalformedQueryString"),
            (&format!("Action=A&{}=1", "a.".repeat(30)), "MalformedQueryString"),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap_err().code, code, "{body}");
        }
    }

    #[test]
    fn an_answer_is_xml() {
        let result = fields([
            ("Label", "<a> & \"b\"".into()),
            (
                "Datapoints",
                Value::List(vec![fields([
                    ("Timestamp", Value::Time(1_767_225_600.0)),
                    ("Sum", Value::Double(3.0)),
                ])]),
            ),
            ("Messages", Value::List(Vec::new())),
        ]);
        assert_eq!(
            write("GetMetricStatistics", &result, "r"),
            "<GetMetricStatisticsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><GetMetricStatisticsResult>\
             <Label>&lt;a&gt; &amp; &quot;b&quot;</Label><Datapoints><member><Timestamp>2026-01-01T00:00:00Z</Timestamp>\
             <Sum>3</Sum></member></Datapoints><Messages></Messages></GetMetricStatisticsResult><ResponseMetadata>\
             <RequestId>r</RequestId></ResponseMetadata></GetMetricStatisticsResponse>"
        );
    }
}
