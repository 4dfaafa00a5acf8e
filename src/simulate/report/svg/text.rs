//! The escaping of user input in HTML and SVG.

use std::fmt::{self, Write as _};

/// Text that is escaped for use between tags and in double-quoted attributes. Control characters, which HTML does not allow, become
/// U+FFFD.
pub(in crate::simulate::report) struct Escaped<'a>(pub(in crate::simulate::report) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(character)?,
                control if control.is_control() => f.write_char('\u{FFFD}')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_with_a_meaning_in_html_are_escaped() {
        let cases = [
            ("minimum-1", "minimum-1"),
            (
                "<script>alert('a' & \"b\")</script>",
                "&lt;script&gt;alert(&#39;a&#39; &amp; &quot;b&quot;)&lt;/script&gt;",
            ),
            ("&amp;", "&amp;amp;"),
            ("a\u{0}b\u{1b}c\u{9f}d\ne", "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\ne"),
            ("größer 大", "größer 大"),
        ];
        for (text, escaped) in cases {
            assert_eq!(Escaped(text).to_string(), escaped);
        }
    }
}
