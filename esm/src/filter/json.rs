//! JSON as filters see it: numbers keep their text, and members that no pattern names are checked and left out.

use std::borrow::Cow;
use std::fmt;

/// Deeper values are not taken for JSON.
const DEEPEST: usize = 128;

/// A member of an object.
pub(super) type Member<'a> = (Cow<'a, str>, Json<'a>);

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    /// The text of the number.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// The members in their order, each name once.
    Object(Vec<Member<'a>>),
}

/// The index of the byte at which a text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotJson(pub(super) usize);

/// Parses `text` and keeps the members of objects whose names are wanted. The last of several members of one name counts.
pub(super) fn parse<'a>(text: &'a str, wants: &dyn Fn(&str) -> bool) -> Result<Json<'a>, NotJson> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        wants,
    };
    let value = parser.value()?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.error());
    }
    Ok(value)
}

struct Parser<'a, 'w> {
    text: &'a str,
    at: usize,
    depth: usize,
    wants: &'w dyn Fn(&str) -> bool,
}

impl<'a> Parser<'a, '_> {
    fn error(&self) -> NotJson {
        NotJson(self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes `byte`, if it is the next one after space.
    fn pass(&mut self, byte: u8) -> bool {
        self.space();
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotJson> {
        if self.pass(byte) {
            Ok(())
        } else {
            Err(self.error())
        }
    }

    fn value(&mut self) -> Result<Json<'a>, NotJson> {
        self.space();
        match self.peek() {
            Some(b'{') => self.object().map(Json::Object),
            Some(b'[') => self.list().map(Json::List),
            Some(b'"') => self.string().map(|string| Json::Text(string.text())),
            Some(b't') => self.word("true").map(|()| Json::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Json::Bool(false)),
            Some(b'n') => self.word("null").map(|()| Json::Null),
            _ => self.number().map(Json::Number),
        }
    }

    /// Passes a value without keeping it.
    fn skip(&mut self) -> Result<(), NotJson> {
        self.space();
        match self.peek() {
            Some(open @ (b'{' | b'[')) => {
                let close = if open == b'{' { b'}' } else { b']' };
                self.open(open)?;
                if !self.pass(close) {
                    loop {
                        if open == b'{' {
                            self.space();
                            self.string()?;
                            self.expect(b':')?;
                        }
                        self.skip()?;
                        if !self.pass(b',') {
                            break;
                        }
                    }
                    self.expect(close)?;
                }
                self.depth -= 1;
                Ok(())
            }
            Some(b'"') => self.string().map(|_| ()),
            _ => self.value().map(|_| ()),
        }
    }

    fn open(&mut self, bracket: u8) -> Result<(), NotJson> {
        if self.depth == DEEPEST {
            return Err(self.error());
        }
        self.depth += 1;
        self.expect(bracket)
    }

    fn object(&mut self) -> Result<Vec<Member<'a>>, NotJson> {
        self.open(b'{')?;
        let mut members: Vec<Member<'a>> = Vec::new();
        if !self.pass(b'}') {
            loop {
                self.space();
                let name = self.string()?.text();
                self.expect(b':')?;
                if (self.wants)(&name) {
                    let value = self.value()?;
                    match members.iter_mut().find(|(other, _)| *other == name) {
                        Some((_, other)) => *other = value,
                        None => members.push((name, value)),
                    }
                } else {
                    self.skip()?;
                }
                if !self.pass(b',') {
                    break;
                }
            }
            self.expect(b'}')?;
        }
        self.depth -= 1;
        Ok(members)
    }

    fn list(&mut self) -> Result<Vec<Json<'a>>, NotJson> {
        self.open(b'[')?;
        let mut items = Vec::new();
        if !self.pass(b']') {
            loop {
                items.push(self.value()?);
                if !self.pass(b',') {
                    break;
                }
            }
            self.expect(b']')?;
        }
        self.depth -= 1;
        Ok(items)
    }

    fn word(&mut self, word: &str) -> Result<(), NotJson> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.error());
        }
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.error())
        } else {
            Ok(())
        }
    }

    fn number(&mut self) -> Result<&'a str, NotJson> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    /// Passes a string, whose first quote is next.
    fn string(&mut self) -> Result<RawString<'a>, NotJson> {
        self.expect(b'"')?;
        let (start, bytes) = (self.at, self.text.as_bytes());
        let mut has_escapes = false;
        loop {
            let run = memchr::memchr2(b'"', b'\\', &bytes[self.at..]).ok_or(NotJson(bytes.len()))?;
            // Not `any`, which would leave early and be slower.
            let has_control = bytes[self.at..self.at + run]
                .iter()
                .fold(false, |found, byte| found | (*byte < 0x20));
            if has_control {
                return Err(self.error());
            }
            self.at += run + 1;
            if bytes[self.at - 1] == b'"' {
                break;
            }
            has_escapes = true;
            self.escape()?;
        }
        Ok(RawString {
            raw: &self.text[start..self.at - 1],
            has_escapes,
        })
    }

    /// Passes what follows a backslash.
    fn escape(&mut self) -> Result<(), NotJson> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.error());
                }
                self.at += 5;
            }
            _ => return Err(self.error()),
        }
        Ok(())
    }
}

/// A string between its quotes, as it is written.
struct RawString<'a> {
    raw: &'a str,
    has_escapes: bool,
}

impl<'a> RawString<'a> {
    fn text(&self) -> Cow<'a, str> {
        if !self.has_escapes {
            return Cow::Borrowed(self.raw);
        }
        let mut units: Vec<u16> = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some((plain, escape)) = rest.split_once('\\') {
            units.extend(plain.encode_utf16());
            let (unit, length) = match escape.as_bytes()[0] {
                b'u' => (u16::from_str_radix(&escape[1..5], 16).unwrap_or(0xfffd), 5),
                b'b' => (8, 1),
                b'f' => (12, 1),
                b'n' => (10, 1),
                b'r' => (13, 1),
                b't' => (9, 1),
                byte => (u16::from(byte), 1),
            };
            units.push(unit);
            rest = &escape[length..];
        }
        units.extend(rest.encode_utf16());
        // An escaped half of a pair that lacks the other becomes U+FFFD.
        Cow::Owned(String::from_utf16_lossy(&units))
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Number(text) => formatter.write_str(text),
            Self::Text(text) => formatter.write_str(&quoted(text)),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_string).collect();
                write!(formatter, "[{}]", items.join(","))
            }
            Self::Object(members) => {
                let members = members.iter();
                let members: Vec<String> = members
                    .map(|(name, value)| format!("{}:{value}", quoted(name)))
                    .collect();
                write!(formatter, "{{{}}}", members.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &str) -> Result<String, NotJson> {
        parse(text, &|_| true).map(|json| json.to_string())
    }

    #[test]
    fn json_is_what_the_standard_says() {
        for text in [
            "{}",
            "[]",
            " [ 1 , 2 ] ",
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1.50",
            "1e5",
            "-1.0E+2",
            r#""""#,
            r#""\u00e9\"\\\/\b\f\n\r\t""#,
            r#"{"a":{"b":[{},[]]},"":1}"#,
            "\t\r\n1\n",
        ] {
            assert!(whole(text).is_ok(), "{text}");
        }
        for text in [
            "",
            " ",
            "{",
            "[1",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "nul",
            "truex",
            "\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "[1] 2",
            "{\"a\" 1}",
            "NaN",
        ] {
            assert!(whole(text).is_err(), "{text}");
        }
        assert_eq!(whole("[1, x]"), Err(NotJson(4)));
    }

    #[test]
    fn numbers_keep_their_text_and_strings_lose_their_escapes() {
        assert_eq!(whole("[300, 300.0, 3.0e2]").unwrap(), "[300,300.0,3.0e2]");
        let text = |json: &str| match parse(json, &|_| true).unwrap() {
            Json::Text(text) => text.into_owned(),
            other => panic!("{other}"),
        };
        assert_eq!(text(r#""a\u00e9\n\/\ud83d\ude00é""#), "aé\n/😀é");
        assert_eq!(text(r#""\ud83d!""#), "\u{fffd}!");
    }

    #[test]
    fn only_wanted_members_are_kept_and_all_are_checked() {
        let wants = |name: &str| name == "a";
        let kept = |text: &str| parse(text, &wants).map(|json| json.to_string());
        assert_eq!(
            kept(r#"{"b":{"a":[1,{"c":"x\""}]},"a":{"b":2,"a":3},"a":{"c":[],"a":4}}"#),
            Ok(r#"{"a":{"a":4}}"#.to_owned())
        );
        assert_eq!(kept(r#"{"b":[1,}"#), Err(NotJson(8)));
    }

    #[test]
    fn a_value_that_is_too_deep_is_no_json() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(whole(&nested(DEEPEST)).is_ok());
        assert!(whole(&nested(DEEPEST + 1)).is_err());
        let unwanted = format!("{{\"b\":{}}}", nested(100_000));
        assert!(parse(&unwanted, &|_| false).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_judged_as_by_serde_json(text in r#"[\[\]{}:,"\\a1. \-]{0,12}"#) {
            prop_assert_eq!(whole(&text).is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }

        #[test]
        fn a_value_is_what_serde_json_reads(text in r#"\{"[a-c]":(\[("[a-z\\n]{0,3}"|-?[1-9][0-9]{0,5}|null|true)\]|\{\}|[0-9])\}"#) {
            if let Ok(read) = serde_json::from_str::<serde_json::Value>(&text) {
                let ours = whole(&text).unwrap();
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).unwrap(), read);
            }
        }
    }
}
