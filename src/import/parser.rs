//! Text to tree: YAML 1.2, of which JSON is a part. A local tag such as `!Sub` becomes the map that it is short for.

use super::tree::{Entry, Node, NodeValue};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// The reason why a text is not a document of YAML or JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) message: String,
}

impl SyntaxError {
    fn new(line: usize, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { line, message }
    }
}

/// The largest number of values in a document. Aliases within aliases make few lines into more than any memory holds.
const MOST_VALUES: usize = 2_000_000;

/// The largest depth of a document; far from the end of the stack.
const GREATEST_DEPTH: usize = 128;

/// Parses the one document of a text.
///
/// # Errors
/// [`SyntaxError`] with its line.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(&with_paired_surrogates(text)) {
        let (event, span) = event.map_err(|error| SyntaxError::new(error.marker().line(), error.info()))?;
        builder.take(event, span)?;
    }
    match builder.root {
        Some(root) => Ok(root),
        None => Err(SyntaxError::new(1, "the file is empty")),
    }
}

/// Returns JSON in which each escaped pair of surrogates is the character that it stands for: the escapes of YAML have no pairs.
fn with_paired_surrogates(text: &str) -> Cow<'_, str> {
    let has_surrogates = text.contains("\\ud") || text.contains("\\uD");
    if !has_surrogates || !text.trim_start().starts_with(['{', '[']) {
        return Cow::Borrowed(text);
    }
    let (mut whole, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, escape)) = rest.find('\\').map(|at| rest.split_at(at)) {
        whole += before;
        let length = match surrogate_pair(escape) {
            Some(character) => {
                whole.push(character);
                "\\ud83d\\ude00".len()
            }
            // An escaped backslash does not begin another escape.
            None => {
                let length = escape.chars().take(2).map(char::len_utf8).sum();
                whole += &escape[..length];
                length
            }
        };
        rest = &escape[length..];
    }
    Cow::Owned(whole + rest)
}

/// Returns the character of the pair that a text begins with.
fn surrogate_pair(escape: &str) -> Option<char> {
    let unit = |from: usize| {
        let digits = escape.get(from..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let character = char::decode_utf16([unit(0)?, unit(6)?]).next()?.ok()?;
    (character.len_utf16() == 2).then_some(character)
}

/// The tree as far as it is built.
#[derive(Default)]
struct Builder {
    open: Vec<Collection>,
    anchors: HashMap<usize, Node>,
    values: usize,
    root: Option<Node>,
}

/// A list or map whose end has not been read.
struct Collection {
    line: usize,
    /// The id of its anchor; 0 without one.
    anchor: usize,
    tag: Option<String>,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// The key, with its line, whose value comes next.
        key: Option<(String, usize)>,
    },
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = local_tag(tag.as_deref(), line)?;
                if let Some(key) = self.awaited_key() {
                    *key = Some((text.into_owned(), line));
                    return Ok(());
                }
                let is_text = style != ScalarStyle::Plain || tag.is_some();
                let value = if is_text {
                    NodeValue::Text(text.into_owned())
                } else {
                    plain(&text)
                };
                self.add(tagged(Node { line, value }, tag), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(line, anchor, tag.as_deref(), Items::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                let (entries, key) = (Vec::new(), None);
                self.open(line, anchor, tag.as_deref(), Items::Map { entries, key })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                // An anchor within itself is not complete yet.
                let aliased = self.anchors.get(&anchor).cloned();
                let aliased = aliased
                    .ok_or_else(|| SyntaxError::new(line, "the alias refers to a value that contains it"))?;
                self.values += size(&aliased);
                self.add(aliased, 0)
            }
            Event::DocumentStart(_) if self.root.is_some() => Err(SyntaxError::new(
                line,
                "a second document begins here, and a file has one",
            )),
            _ => Ok(()),
        }
    }

    /// Returns the place of the key that comes next; `None` if a value does.
    fn awaited_key(&mut self) -> Option<&mut Option<(String, usize)>> {
        match &mut self.open.last_mut()?.items {
            Items::Map { key, .. } if key.is_none() => Some(key),
            _ => None,
        }
    }

    fn open(
        &mut self,
        line: usize,
        anchor: usize,
        tag: Option<&Tag>,
        items: Items,
    ) -> Result<(), SyntaxError> {
        if self.awaited_key().is_some() {
            return Err(SyntaxError::new(line, "a key must be text"));
        }
        if self.open.len() == GREATEST_DEPTH {
            let message = format!("values are nested more than {GREATEST_DEPTH} deep");
            return Err(SyntaxError::new(line, message));
        }
        let tag = local_tag(tag, line)?;
        self.open.push(Collection {
            line,
            anchor,
            tag,
            items,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        let Some(Collection {
            line,
            anchor,
            tag,
            items,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        let value = match items {
            Items::List(items) => NodeValue::List(items),
            Items::Map { entries, .. } => NodeValue::Map(merged(entries)?),
        };
        self.add(tagged(Node { line, value }, tag), anchor)
    }

    /// Adds a complete value to the collection that is open.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), SyntaxError> {
        self.values += 1;
        if self.values > MOST_VALUES {
            let message = format!("the file has more than {MOST_VALUES} values");
            return Err(SyntaxError::new(node.line, message));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|collection| &mut collection.items) {
            None => self.root = Some(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map { entries, key }) => {
                let (key, line) = key
                    .take()
                    .ok_or_else(|| SyntaxError::new(node.line, "a key must be text"))?;
                if key != MERGE && entries.iter().any(|entry| entry.key == key) {
                    return Err(SyntaxError::new(line, format!("the key `{key}` stands twice")));
                }
                entries.push(Entry {
                    key,
                    line,
                    value: node,
                });
            }
        }
        Ok(())
    }
}

/// The key whose maps are merged into the map that it stands in. Source: YAML's merge key, which Serverless reads.
const MERGE: &str = "<<";

/// Returns entries with those of merged maps behind them. A key that is there already stays.
fn merged(entries: Vec<Entry>) -> Result<Vec<Entry>, SyntaxError> {
    let (merges, mut entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.key == MERGE);
    for merge in merges {
        let maps = match &merge.value.value {
            NodeValue::List(maps) => maps.as_slice(),
            _ => std::slice::from_ref(&merge.value),
        };
        for map in maps {
            let NodeValue::Map(added) = &map.value else {
                return Err(SyntaxError::new(
                    merge.line,
                    "`<<` takes a map, or a list of maps",
                ));
            };
            for entry in added {
                if entries.iter().all(|own| own.key != entry.key) {
                    entries.push(entry.clone());
                }
            }
        }
    }
    Ok(entries)
}

/// Returns the number of values in a tree.
fn size(node: &Node) -> usize {
    match &node.value {
        NodeValue::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        NodeValue::Map(entries) => 1 + entries.iter().map(|entry| size(&entry.value)).sum::<usize>(),
        _ => 1,
    }
}

/// Returns the tag without its mark. The tag of a type, such as `!!str`, leaves its value as text.
fn local_tag(tag: Option<&Tag>, line: usize) -> Result<Option<String>, SyntaxError> {
    match tag {
        None => Ok(None),
        Some(tag) if tag.is_yaml_core_schema() => Ok(match tag.suffix.as_str() {
            "str" => Some(String::new()),
            _ => None,
        }),
        Some(tag) if tag.handle == "!" => Ok(Some(tag.suffix.clone())),
        Some(tag) => Err(SyntaxError::new(line, format!("unknown tag {tag}"))),
    }
}

/// Returns what a tag is short for: `!Ref X` is `{Ref: X}` and `!Sub X` is `{Fn::Sub: X}`. Source: CloudFormation user guide, "Intrinsic
/// function reference".
fn tagged(node: Node, tag: Option<String>) -> Node {
    let key = match tag.as_deref() {
        None | Some("") => return node,
        Some(short @ ("Ref" | "Condition")) => short.to_owned(),
        Some(short) => format!("Fn::{short}"),
    };
    let line = node.line;
    Node::map(
        line,
        vec![Entry {
            key,
            line,
            value: node,
        }],
    )
}

/// Returns the value of a scalar without quotes, by YAML's core schema.
fn plain(text: &str) -> NodeValue {
    let digits = text.trim_start_matches(['-', '+']);
    let radix = |prefix, radix| {
        let digits = text.strip_prefix(prefix)?;
        i64::from_str_radix(digits, radix).ok()
    };
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeValue::Null,
        "true" | "True" | "TRUE" => NodeValue::Boolean(true),
        "false" | "False" | "FALSE" => NodeValue::Boolean(false),
        _ => match text
            .parse()
            .ok()
            .or_else(|| radix("0x", 16))
            .or_else(|| radix("0o", 8))
        {
            Some(integer) => NodeValue::Integer(integer),
            // Rust's parser takes words such as `inf` and `nan`, too.
            None if digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {
                match text.parse() {
                    Ok(float) => NodeValue::Float(float),
                    Err(_) => NodeValue::Text(text.to_owned()),
                }
            }
            None => NodeValue::Text(text.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(text: &str) -> (usize, String) {
        let error = parse(text).expect_err(text);
        (error.line, error.message)
    }

    #[test]
    fn values_have_their_lines() {
        let tree = parse("a: 1\nb:\n  - x\n  - y: true\n").expect("YAML");
        assert_eq!(tree.to_json(), json!({ "a": 1, "b": ["x", { "y": true }] }));
        let lines: Vec<_> = tree.entries().iter().map(|entry| entry.line).collect();
        assert_eq!(lines, [1, 2]);
        let items = tree.get("b").expect("b").items();
        assert_eq!(items[1].entry("y").map(|entry| entry.line), Some(4));
    }

    #[test]
    fn json_is_read_too() {
        let text = "{\n\t\"a\": \"\\u003e\\\"\\n\",\n\t\"b\": [1.5, -2, null],\"c\":{\"d\":false}}\n";
        let tree = parse(text).expect("JSON");
        assert_eq!(
            tree.to_json(),
            json!({ "a": ">\"\n", "b": [1.5, -2, null], "c": { "d": false } })
        );
        assert_eq!(tree.entry("b").map(|entry| entry.line), Some(3));
    }

    #[test]
    fn escaped_surrogates_of_json_are_one_character() {
        let text = r#"{"a": "\ud83d\ude00!", "b": "\\ud83d\\ude00", "c": "\u00e9\uD83D\uDE00"}"#;
        let expected = json!({ "a": "😀!", "b": "\\ud83d\\ude00", "c": "é😀" });
        assert_eq!(parse(text).map(|tree| tree.to_json()), Ok(expected));
        assert!(
            parse(r#"{"a": "\ud83d"}"#).is_err(),
            "half a pair is no character"
        );
    }

    #[test]
    fn a_short_form_is_the_map_that_it_stands_for() {
        let tree =
            parse("- !Ref A\n- !GetAtt [A, Arn]\n- !Sub '${A}'\n- !Condition Is\n- !Select [0, !Ref L]\n");
        let expected = json!([
            { "Ref": "A" },
            { "Fn::GetAtt": ["A", "Arn"] },
            { "Fn::Sub": "${A}" },
            { "Condition": "Is" },
            { "Fn::Select": [0, { "Ref": "L" }] },
        ]);
        assert_eq!(tree.map(|tree| tree.to_json()), Ok(expected));
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        let tree =
            parse("[~, 0x1F, 0o17, 1e3, .5, 1.2.3, '7', !!str 7, yes, 2024-01-01, inf, '']").expect("YAML");
        let expected = json!([
            null,
            31,
            15,
            1000.0,
            0.5,
            "1.2.3",
            "7",
            "7",
            "yes",
            "2024-01-01",
            "inf",
            ""
        ]);
        assert_eq!(tree.to_json(), expected);
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let tree = parse("base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\nsame: *b\n").expect("YAML");
        let expected =
            json!({ "base": { "x": 1, "y": 2 }, "own": { "y": 3, "x": 1 }, "same": { "x": 1, "y": 2 } });
        assert_eq!(tree.to_json(), expected);
    }

    #[test]
    fn errors_have_their_lines() {
        assert_eq!(
            error("a: 1\nb: 2\na: 3\n"),
            (3, "the key `a` stands twice".to_owned())
        );
        assert_eq!(error("? [a]\n: 1\n"), (1, "a key must be text".to_owned()));
        assert_eq!(error(""), (1, "the file is empty".to_owned()));
        let (line, message) = error("a: 1\n---\nb: 2\n");
        assert_eq!(
            (line, message.as_str()),
            (2, "a second document begins here, and a file has one")
        );
        assert_eq!(error("a: 1\nb: [1,\n").0, 3);
        assert_eq!(
            error(&"[".repeat(200)),
            (1, "values are nested more than 128 deep".to_owned())
        );
        assert_eq!(
            error("a: &a [*a]\n"),
            (1, "the alias refers to a value that contains it".to_owned())
        );
    }

    #[test]
    fn aliases_within_aliases_are_bounded() {
        let mut text = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for level in 1..10 {
            let alias = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "));
        }
        assert_eq!(error(&text).1, "the file has more than 2000000 values");
    }
}
