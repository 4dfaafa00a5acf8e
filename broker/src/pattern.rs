//! A regular expression that clients send, for names of topics, transactional ids and attributes of clients.
//!
//! Kafka uses RE2/J, whose syntax the crate `regex` shares but for rare escapes, and for attributes of clients Java's own. An expression
//! matches a whole text, as `Matcher.matches` does in both.

use regex::Regex;
use regex_syntax::hir::{Hir, Look};
use std::borrow::Cow;

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// The reason why it is not valid, without a full stop.
    pub(crate) fn parse(expression: &str) -> Result<Self, String> {
        let expression = without_quotes(expression);
        let expression = regex_syntax::parse(&expression).map_err(|error| describe(&error))?;
        // Anchors are added to the parsed form: in the text they could fall into a comment or an alternative.
        let anchored = Hir::concat(vec![Hir::look(Look::Start), expression, Hir::look(Look::End)]);
        let compiled = Regex::new(&anchored.to_string());
        compiled
            .map(Self)
            .map_err(|_| "the expression is too large".to_owned())
    }

    /// Returns true if the expression matches the whole text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Returns the expression with what stands between `\Q` and `\E`, or the end, as plain letters. RE2 reads these marks, the crate does not.
fn without_quotes(expression: &str) -> Cow<'_, str> {
    if !expression.contains("\\Q") {
        return Cow::Borrowed(expression);
    }
    let mut plain = String::new();
    let mut rest = expression;
    while let Some(next) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix("\\Q") {
            let (letters, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            plain.push_str(&regex::escape(letters));
            rest = after;
            continue;
        }
        // A backslash takes the letter after it along, so that `\\Q` is none of the marks.
        let taken = if next == '\\' {
            rest.chars().take(2).map(char::len_utf8).sum()
        } else {
            next.len_utf8()
        };
        plain.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    Cow::Owned(plain)
}

/// Returns the reason in the words of RE2, where it has words for it.
fn describe(error: &regex_syntax::Error) -> String {
    use regex_syntax::ast::ErrorKind;
    let regex_syntax::Error::Parse(error) = error else {
        return error.to_string().lines().last().unwrap_or_default().to_owned();
    };
    let text = match error.kind() {
        ErrorKind::ClassUnclosed => "missing closing ]",
        ErrorKind::GroupUnclosed => "missing closing )",
        ErrorKind::GroupUnopened => "regexp/syntax: internal error",
        ErrorKind::RepetitionMissing => "missing argument to repetition operator",
        ErrorKind::ClassRangeInvalid | ErrorKind::ClassRangeLiteral => "invalid character class range",
        ErrorKind::RepetitionCountInvalid | ErrorKind::DecimalInvalid => "invalid repeat count",
        ErrorKind::EscapeUnexpectedEof => "trailing backslash at end of expression",
        ErrorKind::EscapeUnrecognized
        | ErrorKind::UnsupportedBackreference
        | ErrorKind::EscapeHexEmpty
        | ErrorKind::EscapeHexInvalid
        | ErrorKind::EscapeHexInvalidDigit => "invalid escape sequence",
        ErrorKind::UnsupportedLookAround
        | ErrorKind::FlagUnrecognized
        | ErrorKind::FlagUnexpectedEof
        | ErrorKind::FlagDuplicate { .. }
        | ErrorKind::FlagDanglingNegation => "invalid or unsupported Perl syntax",
        ErrorKind::GroupNameInvalid
        | ErrorKind::GroupNameEmpty
        | ErrorKind::GroupNameUnexpectedEof
        | ErrorKind::GroupNameDuplicate { .. } => "invalid named capture",
        kind => return kind.to_string(),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_matches_whole_names_only() {
        for (expression, name, expected) in [
            ("foo", "foo", true),
            ("foo", "foobar", false),
            ("foo.*", "foobar", true),
            ("a|ab", "ab", true),
            ("(?i)FOO", "foo", true),
            ("(?x) a b # comment", "ab", true),
            ("", "", true),
            ("", "a", false),
            ("^foo$", "foo", true),
            ("\\Qa.b\\E+", "a.bb", true),
            ("\\Qa.b", "axb", false),
            ("\\\\Q", "\\Q", true),
            ("(?m)^a$", "a\nb", false),
            ("(?x) a # comment", "a and more", false),
        ] {
            let pattern = Pattern::parse(expression).expect("valid");
            assert_eq!(pattern.matches(name), expected, "{expression} {name}");
        }
    }

    #[test]
    fn an_invalid_expression_is_described_in_the_words_of_re2() {
        for (expression, expected) in [
            ("foo[", "missing closing ]"),
            ("foo(", "missing closing )"),
            ("foo)", "regexp/syntax: internal error"),
            ("*foo", "missing argument to repetition operator"),
            ("[z-a]", "invalid character class range"),
            ("foo\\", "trailing backslash at end of expression"),
            ("(?=a)", "invalid or unsupported Perl syntax"),
            ("\\1", "invalid escape sequence"),
        ] {
            let reason = Pattern::parse(expression).expect_err("invalid");
            assert_eq!(reason, expected, "{expression}");
        }
    }
}
