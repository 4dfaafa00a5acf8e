//! Values of requests and answers, whatever protocol they came in or go out by.

use super::error::CloudWatchError;
use crate::date;

/// A value of CloudWatch's model. A protocol without types gives text where the model has another one, and the accessors read it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Text(String),
    /// Seconds since the Unix epoch.
    Time(f64),
    List(Vec<Value>),
    Structure(Vec<(String, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl FromIterator<Value> for Value {
    /// Returns a list.
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

/// Returns a structure of an answer. Members that are null are left out.
pub(super) fn structure<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter().filter(|(_, value)| *value != Value::Null);
    Value::Structure(members.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A structure of a request, and its place, for errors.
#[derive(Clone, Debug)]
pub(super) struct Input<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Input<'a> {
    /// Returns the input of an operation.
    pub(super) fn new(value: &'a Value) -> Self {
        let path = String::new();
        Self { value, path }
    }

    /// Returns the path of a member, as errors of AWS's query protocol name it.
    pub(super) fn path(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        let Value::Structure(members) = self.value else {
            return None;
        };
        let (_, value) = members.iter().find(|(member, _)| member == name)?;
        (*value != Value::Null).then_some(value)
    }

    fn wrong(&self, name: &str, wanted: &str) -> CloudWatchError {
        CloudWatchError::invalid(format!("The parameter {} must be {wanted}.", self.path(name)))
    }

    fn required<T>(&self, name: &str, value: Option<T>) -> Result<T, CloudWatchError> {
        value.ok_or_else(|| CloudWatchError::missing(&self.path(name)))
    }

    /// Whether the member is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, CloudWatchError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a string")),
        }
    }

    pub(super) fn required_text(&self, name: &str) -> Result<&'a str, CloudWatchError> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        self.required(name, text)
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, CloudWatchError> {
        let integer = match self.get(name) {
            None => return Ok(None),
            Some(Value::Integer(number)) => Some(*number),
            Some(Value::Double(number)) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Some(*number as i64)
            }
            Some(Value::Text(text)) => text.parse().ok(),
            Some(_) => None,
        };
        integer.map(Some).ok_or_else(|| self.wrong(name, "an integer"))
    }

    pub(super) fn double(&self, name: &str) -> Result<Option<f64>, CloudWatchError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        double(value)
            .map(Some)
            .ok_or_else(|| self.wrong(name, "a number"))
    }

    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, CloudWatchError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Boolean(boolean)) => Ok(Some(*boolean)),
            Some(Value::Text(text)) if text == "true" || text == "false" => Ok(Some(text == "true")),
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    /// Returns a time in milliseconds since the Unix epoch.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, CloudWatchError> {
        let seconds = match self.get(name) {
            None => return Ok(None),
            Some(Value::Time(seconds) | Value::Double(seconds)) => Some(*seconds),
            Some(Value::Integer(seconds)) => Some(*seconds as f64),
            Some(Value::Text(text)) => date::parse(text),
            Some(_) => None,
        };
        // Ten thousand years are enough, and keep the sums of milliseconds within 64 bits.
        let seconds = seconds.filter(|seconds| seconds.abs() < 4e11);
        seconds
            .map(|seconds| Some((seconds * 1_000.0).round() as i64))
            .ok_or_else(|| self.wrong(name, "a timestamp"))
    }

    pub(super) fn required_time(&self, name: &str) -> Result<i64, CloudWatchError> {
        self.required(name, self.time(name)?)
    }

    pub(super) fn structure(&self, name: &str) -> Result<Option<Self>, CloudWatchError> {
        match self.get(name) {
            None => Ok(None),
            Some(value @ Value::Structure(_)) => {
                let path = self.path(name);
                Ok(Some(Self { value, path }))
            }
            Some(_) => Err(self.wrong(name, "a structure")),
        }
    }

    pub(super) fn required_structure(&self, name: &str) -> Result<Self, CloudWatchError> {
        self.required(name, self.structure(name)?)
    }

    fn list(&self, name: &str) -> Result<&'a [Value], CloudWatchError> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::List(items)) => Ok(items),
            // The query protocol writes an empty list as an empty text.
            Some(Value::Text(text)) if text.is_empty() => Ok(&[]),
            Some(_) => Err(self.wrong(name, "a list")),
        }
    }

    /// Returns the structures of a list; none if it is not given.
    pub(super) fn structures(&self, name: &str) -> Result<Vec<Self>, CloudWatchError> {
        let items = self.list(name)?.iter().enumerate();
        let items = items.map(|(index, value)| match value {
            Value::Structure(_) => Ok(Self {
                value,
                path: format!("{}.member.{}", self.path(name), index + 1),
            }),
            _ => Err(self.wrong(name, "a list of structures")),
        });
        items.collect()
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'a str>, CloudWatchError> {
        let items = self.list(name)?.iter();
        let items = items.map(|value| match value {
            Value::Text(text) => Ok(text.as_str()),
            _ => Err(self.wrong(name, "a list of strings")),
        });
        items.collect()
    }

    pub(super) fn doubles(&self, name: &str) -> Result<Vec<f64>, CloudWatchError> {
        let items = self.list(name)?.iter();
        let items = items.map(|value| double(value).ok_or_else(|| self.wrong(name, "a list of numbers")));
        items.collect()
    }
}

fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::Integer(number) => Some(*number as f64),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}
