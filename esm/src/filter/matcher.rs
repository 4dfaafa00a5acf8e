//! One match value of a pattern, such as `"open"` or `{"prefix": "a"}`: how it is read, and what it accepts.

use super::json::Json;
use super::number::{End, Interval, comparable};
use core::net::{IpAddr, Ipv6Addr};

/// The operators. A `$or` is an ordinary name if one of its objects has a key of these.
pub(super) const RESERVED: [&str; 20] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// A match value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Matcher {
    Null,
    Bool(bool),
    /// A number with this text.
    Number(String),
    /// A string; an IPv6 address is accepted in any of its spellings.
    Text(String, Option<Ipv6Addr>),
    TextInAnyCase(String),
    Prefix(String),
    PrefixInAnyCase(String),
    Suffix(String),
    SuffixInAnyCase(String),
    /// The parts between the asterisks, at least one.
    Wildcard(Vec<String>),
    Numeric(Interval),
    /// The first address of a network, and the length of its prefix.
    Cidr(IpAddr, u32),
    /// Any value, or none.
    Exists(bool),
    /// Any value that none of these accept.
    AnythingBut(Vec<Matcher>),
}

/// The reason why a match value is invalid, in EventBridge's words where they are known.
type Reason = String;

impl Matcher {
    /// Reads an item of the list of a field's match values.
    pub(super) fn read(value: &Json<'_>) -> Result<Self, Reason> {
        match value {
            Json::Null => Ok(Self::Null),
            Json::Bool(value) => Ok(Self::Bool(*value)),
            Json::Number(text) => Ok(Self::Number((*text).to_owned())),
            Json::Text(text) => Ok(Self::text(text)),
            Json::List(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
            Json::Object(members) => match &members[..] {
                [(operator, operand)] => Self::read_operator(operator, operand),
                _ => Err("Only one key allowed in match expression".to_owned()),
            },
        }
    }

    fn text(text: &str) -> Self {
        Self::Text(text.to_owned(), text.parse().ok())
    }

    fn read_operator(operator: &str, operand: &Json<'_>) -> Result<Self, Reason> {
        match operator {
            "exactly" => string(operator, operand).map(|text| Self::text(&text)),
            "equals-ignore-case" => string(operator, operand).map(Self::TextInAnyCase),
            "prefix" => read_affix(operator, operand, Self::Prefix, Self::PrefixInAnyCase),
            "suffix" => read_affix(operator, operand, Self::Suffix, Self::SuffixInAnyCase),
            "wildcard" => string(operator, operand).and_then(|text| wildcard(&text)),
            "numeric" => read_numeric(operand),
            "anything-but" => read_anything_but(operand),
            "exists" => match operand {
                Json::Bool(exists) => Ok(Self::Exists(*exists)),
                _ => Err("exists match pattern must be either true or false.".to_owned()),
            },
            // EventBridge words it as for a prefix.
            "cidr" => string("prefix", operand).and_then(|text| cidr(&text)),
            _ => Err(format!("Unrecognized match type {operator}")),
        }
    }

    /// Returns whether it accepts a leaf, which is neither an object nor a list.
    pub(super) fn accepts(&self, leaf: &Json<'_>) -> bool {
        match (self, leaf) {
            (Self::AnythingBut(others), leaf) => !others.iter().any(|other| other.accepts(leaf)),
            (Self::Exists(exists), _) => *exists,
            (Self::Null, Json::Null) => true,
            (Self::Bool(value), Json::Bool(found)) => value == found,
            (Self::Number(text), Json::Number(found)) => text == found,
            (Self::Numeric(interval), Json::Number(found)) => interval.contains(found),
            (_, Json::Text(found)) => self.accepts_text(found),
            _ => false,
        }
    }

    fn accepts_text(&self, found: &str) -> bool {
        match self {
            Self::Text(text, address) => {
                text == found || address.is_some_and(|address| found.parse() == Ok(address))
            }
            Self::TextInAnyCase(text) => {
                text.chars().count() == found.chars().count()
                    && starts_in_any_case(found.chars(), text.chars())
            }
            Self::Prefix(text) => found.starts_with(text.as_str()),
            Self::PrefixInAnyCase(text) => starts_in_any_case(found.chars(), text.chars()),
            Self::Suffix(text) => found.ends_with(text.as_str()),
            Self::SuffixInAnyCase(text) => starts_in_any_case(found.chars().rev(), text.chars().rev()),
            Self::Wildcard(parts) => is_made_of(found, parts),
            Self::Cidr(network, bits) => found
                .parse()
                .is_ok_and(|address| prefix(address, *bits) == prefix(*network, *bits)),
            _ => false,
        }
    }
}

fn string(operator: &str, operand: &Json<'_>) -> Result<String, Reason> {
    match operand {
        Json::Text(text) => Ok(text.clone().into_owned()),
        _ => Err(format!("{operator} match pattern must be a string")),
    }
}

fn read_affix(
    operator: &str,
    operand: &Json<'_>,
    exact: fn(String) -> Matcher,
    in_any_case: fn(String) -> Matcher,
) -> Result<Matcher, Reason> {
    match operand {
        Json::Object(members) => match &members[..] {
            [(name, operand)] if name == "equals-ignore-case" => string(name, operand).map(in_any_case),
            [(name, _), ..] => Err(format!("Unsupported {operator} pattern: {name}")),
            [] => Err(format!("{operator} match pattern must be a string")),
        },
        operand => string(operator, operand).map(exact),
    }
}

fn read_numeric(operand: &Json<'_>) -> Result<Matcher, Reason> {
    let Json::List(terms) = operand else {
        return Err("Value of numeric must be an array.".to_owned());
    };
    let mut terms = terms.iter();
    let number = |operator: &str, term: Option<&Json<'_>>| match term {
        Some(Json::Number(text)) => comparable(text).ok_or_else(|| format!("Cannot compare number : {text}")),
        _ => Err(format!("Value of {operator} must be numeric")),
    };
    let (operator, is_closed) = match terms.next() {
        Some(Json::Text(operator)) => (operator.as_ref(), operator.ends_with('=')),
        other => {
            let other = other.map_or("]".to_owned(), Json::to_string);
            return Err(format!("Invalid member in numeric match: {other}"));
        }
    };
    let first = match operator {
        "=" => number("equals", terms.next())?,
        "<" | "<=" | ">" | ">=" => number(operator, terms.next())?,
        _ => return Err(format!("Unrecognized numeric range operator: {operator}")),
    };
    let end = Some(End {
        number: first,
        is_closed,
    });
    let mut interval = Interval {
        bottom: end.filter(|_| !operator.starts_with('<')),
        top: end.filter(|_| !operator.starts_with('>')),
    };
    match (operator, terms.next()) {
        (_, None) => return Ok(Matcher::Numeric(interval)),
        ("=", Some(_)) => return Err("Too many elements in numeric expression".to_owned()),
        ("<" | "<=", Some(_)) => return Err("Too many terms in numeric range expression".to_owned()),
        (_, Some(Json::Text(upper))) if upper == "<" || upper == "<=" => {
            let top = number(upper, terms.next())?;
            interval.top = Some(End {
                number: top,
                is_closed: upper == "<=",
            });
            // EventBridge refuses equal ends also if both are closed.
            if first >= top {
                return Err("Bottom must be less than top".to_owned());
            }
        }
        (_, Some(Json::Text(upper))) => return Err(format!("Bad numeric range operator: {upper}")),
        (_, Some(other)) => return Err(format!("Bad value in numeric range: {other}")),
    }
    if terms.next().is_some() {
        return Err("Too many terms in numeric range expression".to_owned());
    }
    Ok(Matcher::Numeric(interval))
}

fn read_anything_but(operand: &Json<'_>) -> Result<Matcher, Reason> {
    let others = match operand {
        Json::Text(_) | Json::Number(_) => vec![Matcher::read(operand)?],
        Json::List(items) => {
            let is_text = |item: &&Json<'_>| matches!(item, Json::Text(_));
            let is_number = |item: &&Json<'_>| matches!(item, Json::Number(_));
            let (texts, numbers) = (
                items.iter().filter(is_text).count(),
                items.iter().filter(is_number).count(),
            );
            if texts + numbers < items.len() {
                return Err("Inside anything but list, start|null|boolean is not supported.".to_owned());
            }
            if items.is_empty() || (texts > 0 && numbers > 0) {
                return Err("Inside anything but list, either all values are number or string, mixed type is not supported".to_owned());
            }
            items.iter().map(Matcher::read).collect::<Result<_, _>>()?
        }
        Json::Object(members) => match &members[..] {
            [(operator, operand)] => read_other_matches(operator, operand)?,
            _ => return Err("Only one key allowed in match expression".to_owned()),
        },
        _ => return Err("Value of anything-but must be an array or single string/number value.".to_owned()),
    };
    Ok(Matcher::AnythingBut(others))
}

/// Reads an operator within `anything-but`, which takes a string or a list of them.
fn read_other_matches(operator: &str, operand: &Json<'_>) -> Result<Vec<Matcher>, Reason> {
    let is_affix = operator == "prefix" || operator == "suffix";
    if !is_affix && operator != "equals-ignore-case" && operator != "wildcard" {
        return Err(format!("Unsupported anything-but pattern: {operator}"));
    }
    let operands = match operand {
        Json::List(items) => &items[..],
        other => std::slice::from_ref(other),
    };
    let read = |operand: &Json<'_>| match operand {
        Json::Text(text) if text.is_empty() && is_affix => Err("Null prefix/suffix not allowed".to_owned()),
        Json::Text(_) => Matcher::read_operator(operator, operand),
        _ if matches!(operand, Json::Object(_)) || operands.len() == 1 && !is_affix => {
            Err(format!("{operator} match pattern must be a string"))
        }
        _ if is_affix => Err("prefix/suffix match pattern must be a string".to_owned()),
        _ => Err(format!(
            "Inside anything-but/{operator} list, number|start|null|boolean is not supported."
        )),
    };
    if operands.is_empty() {
        return Err("Empty arrays are not allowed".to_owned());
    }
    operands.iter().map(read).collect()
}

/// Reads the pattern of a wildcard: `*` is any number of characters, `\*` and `\\` are the characters themselves.
fn wildcard(pattern: &str) -> Result<Matcher, Reason> {
    let mut parts = vec![String::new()];
    let mut characters = pattern.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        // EventBridge counts the bytes of the pattern with its quotes.
        let position = at + 1;
        let part = parts.last_mut().expect("there is one part from the start");
        match (character, characters.peek()) {
            ('*', Some((_, '*'))) => {
                return Err(format!("Consecutive wildcard characters at pos {position}"));
            }
            ('*', _) => parts.push(String::new()),
            ('\\', Some((_, escaped @ ('*' | '\\')))) => {
                part.push(*escaped);
                characters.next();
            }
            ('\\', _) => return Err(format!("Invalid escape character at pos {position}")),
            (character, _) => part.push(character),
        }
    }
    Ok(Matcher::Wildcard(parts))
}

/// Returns whether a text is made of these parts, in order, with anything between them.
fn is_made_of(text: &str, parts: &[String]) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    // The earliest place of each part leaves most room for the others.
    for part in middle {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

/// Returns whether `text` begins with the characters of `start`, each in any case.
fn starts_in_any_case(mut text: impl Iterator<Item = char>, mut start: impl Iterator<Item = char>) -> bool {
    start.all(|wanted| {
        text.next().is_some_and(|found| {
            found == wanted
                || found.to_lowercase().eq(wanted.to_lowercase())
                || found.to_uppercase().eq(wanted.to_uppercase())
        })
    })
}

fn cidr(text: &str) -> Result<Matcher, Reason> {
    let (address, bits) = match text.split('/').collect::<Vec<_>>()[..] {
        [address, bits] => (address, bits),
        _ => return Err("Malformed CIDR, one '/' required".to_owned()),
    };
    let bits: i64 = bits
        .parse()
        .map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
    let bits = u32::try_from(bits).map_err(|_| match bits {
        ..0 => "Malformed CIDR, mask bits must not be negative".to_owned(),
        _ => "Malformed CIDR, mask bits must be an integer".to_owned(),
    })?;
    let address: IpAddr = address
        .parse()
        .map_err(|_| format!("Nonstandard IP address: {address}"))?;
    match address {
        IpAddr::V4(_) if bits >= 32 => Err("IPv4 mask bits must be < 32".to_owned()),
        IpAddr::V6(_) if bits >= 128 => Err("IPv6 mask bits must be < 128".to_owned()),
        address => Ok(Matcher::Cidr(address, bits)),
    }
}

/// Returns the kind of an address, and its first `bits` bits.
fn prefix(address: IpAddr, bits: u32) -> (bool, u128) {
    let (is_v4, number, length) = match address {
        IpAddr::V4(address) => (true, u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (false, address.to_bits(), 128),
    };
    // A shift by all 128 bits is none that the machine has.
    (is_v4, number.checked_shr(length - bits.min(length)).unwrap_or(0))
}
