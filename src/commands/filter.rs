//! `esmeralda filter`: a dry run of filters over records on standard input, one value a line.

use crate::args::FilterArgs;
use esmeralda::esm::{FilterDecision, Filters};
use serde::Serialize;
use std::io::{self, BufRead, Write};

/// One line of the output.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Judged {
    /// The number of the input's line, counted from 1.
    line: u64,
    #[serde(flatten)]
    decision: FilterDecision,
}

/// Prints the decision about each line of standard input.
///
/// # Errors
/// A sentence with the pattern that is invalid and why, or with what could not be read or written.
pub(crate) fn run(args: &FilterArgs) -> Result<(), String> {
    let filters = compile(&args.patterns)?;
    match judge(&filters, io::stdin().lock(), io::stdout().lock()) {
        // Whoever reads the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        judged => judged.map_err(|error| format!("cannot read or write records: {error}")),
    }
}

fn compile(patterns: &[String]) -> Result<Filters, String> {
    for pattern in patterns {
        Filters::compile(&[pattern]).map_err(|error| format!("invalid pattern {pattern}: {error}"))?;
    }
    Filters::compile(patterns).map_err(|error| error.to_string())
}

fn judge(filters: &Filters, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    for (value, line) in input.split(b'\n').zip(1..) {
        let decision = filters.explain(Some(&value?));
        serde_json::to_writer(&mut output, &Judged { line, decision })?;
        output.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_gets_its_decision() {
        let pattern = r#"{"value":{"total":[{"numeric":[">",100]}]}}"#;
        let filters = compile(&[pattern.to_owned()]).expect("a valid pattern");
        let input = b"{\"total\":120}\n{\"total\":80}\n\nplain\xff";
        let mut output = Vec::new();
        judge(&filters, &input[..], &mut output).expect("memory can be written");
        let expected = r#"{"Line":1,"Passes":true,"Filter":1,"Because":"`value.total` is 120"}
{"Line":2,"Passes":false,"Because":"filter 1: `value.total` is 80 and must match [{\"numeric\":[\">\",100]}]"}
{"Line":3,"Passes":true,"Filter":1,"Because":"the value is not JSON, so that `value.total` does not apply"}
{"Line":4,"Passes":true,"Filter":1,"Because":"the value is not UTF-8, so that `value.total` does not apply"}
"#;
        assert_eq!(String::from_utf8(output).expect("text"), expected);
        // The page shows the first two lines.
        let page = include_str!("../../docs/mappings.md");
        let shown: String = expected.lines().take(2).map(|line| format!("{line}\n")).collect();
        assert!(page.contains(&shown) && page.contains(pattern));
    }

    #[test]
    fn an_invalid_pattern_is_named_with_its_reason() {
        let patterns = [r#"{"value":["a"]}"#.to_owned(), r#"{"value":[]}"#.to_owned()];
        let error = compile(&patterns).expect_err("an empty list");
        assert_eq!(
            error,
            r#"invalid pattern {"value":[]}: Empty arrays are not allowed"#
        );
    }
}
