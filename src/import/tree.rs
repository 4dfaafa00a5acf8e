//! A file as one tree of values, each with its line.

use serde_json::{Map, Value};

/// A value, with the line on which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: NodeValue,
}

/// The value of a [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NodeValue {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A value that is not in the file.
    Undecided(Undecided),
}

/// A key of a map with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Node,
}

/// The reason why a value is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undecided {
    /// It is known at deployment only, or in another file. `--set` takes it under this name.
    Named(String),
    /// It is the result of a function that is not evaluated here.
    Function(String),
}

impl Node {
    /// Returns a text on a line.
    pub(super) fn text(line: usize, text: impl Into<String>) -> Self {
        let value = NodeValue::Text(text.into());
        Self { line, value }
    }

    /// Returns a map on a line.
    pub(super) fn map(line: usize, entries: Vec<Entry>) -> Self {
        let value = NodeValue::Map(entries);
        Self { line, value }
    }

    /// Returns the entries of a map; none for any other value.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            NodeValue::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the items of a list; none for any other value.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            NodeValue::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the entry of a map with this key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// Returns the value of a map at this key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Returns the value below `keys`, from map to map.
    pub(super) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the text of a text.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a text, a number or a boolean as text.
    pub(super) fn scalar_text(&self) -> Option<String> {
        match &self.value {
            NodeValue::Boolean(value) => Some(value.to_string()),
            NodeValue::Integer(value) => Some(value.to_string()),
            NodeValue::Float(value) => Some(value.to_string()),
            NodeValue::Text(text) => Some(text.clone()),
            NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_) | NodeValue::Undecided(_) => None,
        }
    }

    /// Returns the first value in it that is not known, with its line.
    pub(super) fn undecided(&self) -> Option<(usize, &Undecided)> {
        match &self.value {
            NodeValue::Undecided(undecided) => Some((self.line, undecided)),
            NodeValue::List(items) => items.iter().find_map(Self::undecided),
            NodeValue::Map(entries) => entries.iter().find_map(|entry| entry.value.undecided()),
            _ => None,
        }
    }

    /// Puts a value at a path of keys, joined by dots, and makes the maps on the way.
    pub(super) fn put(&mut self, path: &str, line: usize, value: Self) {
        let NodeValue::Map(entries) = &mut self.value else {
            return;
        };
        let (key, rest) = match path.split_once('.') {
            Some((key, rest)) => (key, Some(rest)),
            None => (path, None),
        };
        let place = match entries.iter().position(|entry| entry.key == key) {
            Some(place) => place,
            None => {
                let (key, value) = (key.to_owned(), Self::map(line, Vec::new()));
                entries.push(Entry { key, line, value });
                entries.len() - 1
            }
        };
        match rest {
            Some(rest) => entries[place].value.put(rest, line, value),
            None => entries[place].value = value,
        }
    }

    /// Puts a value at a key, which may contain dots.
    pub(super) fn put_key(&mut self, key: &str, line: usize, value: Self) {
        if let NodeValue::Map(entries) = &mut self.value {
            let key = key.to_owned();
            entries.push(Entry { key, line, value });
        }
    }

    /// Returns it as JSON, in which a value that is not known is null.
    pub(super) fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Null | NodeValue::Undecided(_) => Value::Null,
            NodeValue::Boolean(value) => (*value).into(),
            NodeValue::Integer(value) => (*value).into(),
            NodeValue::Float(value) => (*value).into(),
            NodeValue::Text(text) => text.as_str().into(),
            NodeValue::List(items) => items.iter().map(Self::to_json).collect(),
            NodeValue::Map(_) => Value::Object(self.to_members()),
        }
    }

    /// Returns the entries of a map as JSON.
    pub(super) fn to_members(&self) -> Map<String, Value> {
        let entries = self.entries().iter();
        entries
            .map(|entry| (entry.key.clone(), entry.value.to_json()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_put_below_maps_that_are_made_on_the_way() {
        let mut node = Node::map(1, Vec::new());
        node.put("Config.Group", 3, Node::text(3, "g"));
        node.put("Config.Format", 5, Node::text(5, "JSON"));
        node.put("Size", 4, Node::text(4, "7"));
        assert_eq!(
            node.to_json(),
            json!({ "Config": { "Group": "g", "Format": "JSON" }, "Size": "7" })
        );
        assert_eq!(node.entry("Config").map(|entry| entry.line), Some(3));
        assert_eq!(node.at(&["Config", "Format"]).map(|node| node.line), Some(5));
    }
}
