//! The paths that a Rust source names, in `use` lines and in code, read by a small scanner: enough Rust to skip comments,
//! literals and `#[cfg(test)]` items, and to unfold `use a::{b, c::d}`.

use std::collections::BTreeSet;

/// One file of the product.
pub(crate) struct SourceFile {
    /// From the project's root, with slashes.
    pub(crate) name: String,
    /// Every path it names: from `crate::` for its own package, else from the name of the crate (or module) outside.
    pub(crate) paths: Vec<String>,
    /// Every name it mentions, methods' and attributes' included.
    pub(crate) names: BTreeSet<String>,
}

/// What `crate::NAME` means at a package's front, as the path of where it is defined.
pub(crate) type Exports = Vec<(String, String)>;

/// All names of `text`.
pub(crate) fn names(text: &str) -> BTreeSet<String> {
    let tokens = without_tests(&tokens(text)).into_iter();
    tokens.filter(|token| is_name(token)).collect()
}

/// All paths of `text`. A module that a `use` has brought in is spelled out where the code goes on from it.
pub(crate) fn named_paths(file: &str, text: &str, exports: &[(String, String)]) -> Vec<String> {
    let tokens = without_tests(&tokens(text));
    let module = module_of(file);
    let (mut used, mut named) = (Vec::new(), Vec::new());
    let mut rest = tokens.as_slice();
    while let Some((first, after)) = rest.split_first() {
        // `use<'a>` in a bound names no path.
        if first == "use" && after.first().is_some_and(|next| next != "<") {
            rest = use_tree(after, &[], &mut used);
        } else if is_name(first) {
            rest = path(rest, &mut named);
        } else {
            rest = after;
        }
    }
    let modules: Vec<_> = used.iter().filter(|used| used.is_module()).collect();
    let spell_out = |path: &Vec<String>| match modules.iter().find(|module| module.name == path[0]) {
        Some(module) => module.path.iter().chain(&path[1..]).cloned().collect(),
        None => path.clone(),
    };
    let named: Vec<_> = named.iter().map(spell_out).collect();
    let paths: BTreeSet<_> = used
        .iter()
        .map(|used| &used.path)
        .chain(&named)
        .map(|path| resolve(path, &module, exports))
        .collect();
    paths.into_iter().collect()
}

/// What one branch of a `use` brings in.
struct Used {
    path: Vec<String>,
    /// What it is called here.
    name: String,
}

impl Used {
    /// By its name: types begin with a capital letter.
    fn is_module(&self) -> bool {
        self.path.len() > 1
            && self
                .path
                .last()
                .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()))
    }
}

/// The module that a file is, as the segments after `crate`.
fn module_of(file: &str) -> Vec<String> {
    let within = file.split_once("src/").map_or(file, |(_, within)| within);
    let mut segments: Vec<_> = within
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    if segments
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        segments.pop();
    }
    segments
}

fn resolve(path: &[String], module: &[String], exports: &[(String, String)]) -> String {
    let mut path = path.to_vec();
    if path[0] == "self" || path[0] == "super" {
        let mut base = module.to_vec();
        while path.first().is_some_and(|segment| segment == "super") {
            path.remove(0);
            base.pop();
        }
        let tail = path.into_iter().filter(|segment| segment != "self");
        path = ["crate".to_owned()].into_iter().chain(base).chain(tail).collect();
    }
    if let [first, name, ..] = path.as_slice()
        && first == "crate"
        && let Some((_, target)) = exports.iter().find(|(exported, _)| exported == name)
    {
        path.splice(..2, [target.clone()]);
    }
    path.join("::")
}

/// One path in code: `a::b::c`, if it has more than one segment.
fn path<'a>(mut rest: &'a [String], found: &mut Vec<Vec<String>>) -> &'a [String] {
    let mut segments = vec![rest[0].clone()];
    rest = &rest[1..];
    while let [colons, name, after @ ..] = rest {
        if colons != "::" || !is_name(name) {
            break;
        }
        segments.push(name.clone());
        rest = after;
    }
    if segments.len() > 1 {
        found.push(segments);
    }
    rest
}

/// The tree after `use`, up to its semicolon, or to the comma or brace that ends a branch.
fn use_tree<'a>(mut rest: &'a [String], prefix: &[String], found: &mut Vec<Used>) -> &'a [String] {
    let mut segments = prefix.to_vec();
    let mut new_name = None;
    let mut is_branched = false;
    while let Some((token, after)) = rest.split_first() {
        match token.as_str() {
            ";" | "," | "}" => break,
            "{" => {
                is_branched = true;
                rest = after;
                while rest.first().is_some_and(|token| token != "}") {
                    assert_ne!(rest[0], ";", "a use tree that does not close its braces");
                    rest = use_tree(rest, &segments, found);
                    rest = rest.strip_prefix(&[",".to_owned()]).unwrap_or(rest);
                }
                rest = &rest[rest.len().min(1)..];
                continue;
            }
            // The new name after it is no part of the path.
            "as" => {
                new_name = after.first().cloned();
                rest = &after[after.len().min(1)..];
                continue;
            }
            "self" if !segments.is_empty() => {}
            name if is_name(name) || name == "*" => segments.push(name.to_owned()),
            _ => {}
        }
        rest = after;
    }
    if !is_branched && let Some(last) = segments.last() {
        found.push(Used {
            name: new_name.unwrap_or_else(|| last.clone()),
            path: segments,
        });
    }
    rest
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Drops each item behind `#[cfg(test)]`: up to its semicolon, or to the end of its first braces.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut place = 0;
    while place < tokens.len() {
        if !tokens[place..]
            .iter()
            .map(String::as_str)
            .take(MARK.len())
            .eq(MARK)
        {
            kept.push(tokens[place].clone());
            place += 1;
            continue;
        }
        place += MARK.len();
        let mut depth = 0;
        while place < tokens.len() {
            match tokens[place].as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            let is_end = depth == 0 && (tokens[place] == "}" || tokens[place] == ";");
            place += 1;
            if is_end {
                break;
            }
        }
    }
    kept
}

/// Names, `::` and single marks; comments and literals are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            string_length(rest)
        } else if first == '\'' {
            character_length(rest)
        } else if let Some(length) = raw_string_length(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            let name = rest
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default();
            tokens.push(name.to_owned());
            name.len()
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// Of a literal in quotes, with its escapes.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// Of a character literal, or of the mark that begins a lifetime.
fn character_length(text: &str) -> usize {
    let body = &text[1..];
    match body.chars().next() {
        Some('\\') => body[2..].find('\'').map_or(text.len(), |end| end + 4),
        Some(c) if body[c.len_utf8()..].starts_with('\'') => c.len_utf8() + 2,
        _ => 1,
    }
}

/// Of `r"..."`, `br#"..."#` and their like.
fn raw_string_length(text: &str) -> Option<usize> {
    let body = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let content = body[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = text.len() - content.len();
    Some(
        content
            .find(&end)
            .map_or(text.len(), |place| start + place + end.len()),
    )
}

#[test]
fn use_trees_unfold_and_relative_paths_are_resolved() {
    let source = "
        use crate::{Clock, topic::{self, Partition as P}};
        pub(crate) use super::log::*;
        use self::inner::Thing;
        use super::super::ids::Offset;
        use tokio::sync::{mpsc, watch};
    ";
    let exports = [("Clock".to_owned(), "crate::clock::Clock".to_owned())];
    assert_eq!(
        named_paths("broker/src/fetch/wait.rs", source, &exports),
        [
            "crate::clock::Clock",
            "crate::fetch::log::*",
            "crate::fetch::wait::inner::Thing",
            "crate::ids::Offset",
            "crate::topic",
            "crate::topic::Partition",
            "tokio::sync::mpsc",
            "tokio::sync::watch",
        ]
    );
}

#[test]
fn modules_that_are_used_are_spelled_out_and_types_are_not() {
    let source = "
        use tokio::time as t;
        use super::{log::{self, Segment}, ids};
        fn f() { t::pause(); log::batch::check(); Segment::new(); ids::last(); other::call() }
    ";
    assert_eq!(
        named_paths("broker/src/fetch/wait.rs", source, &[]),
        [
            "Segment::new",
            "crate::fetch::ids",
            "crate::fetch::ids::last",
            "crate::fetch::log",
            "crate::fetch::log::Segment",
            "crate::fetch::log::batch::check",
            "other::call",
            "tokio::time",
            "tokio::time::pause",
        ]
    );
}

#[test]
fn names_are_those_of_code_alone() {
    let source = r##"
        //! hidden_comment
        #[attribute(argument = true)]
        fn f() { value.method("hidden_text").field; 'hidden: loop {} }
        #[cfg(test)]
        mod tests { fn hidden_test() {} }
    "##;
    let expected = [
        "attribute",
        "argument",
        "true",
        "fn",
        "f",
        "value",
        "method",
        "field",
        "hidden",
        "loop",
    ];
    assert_eq!(names(source), expected.map(str::to_owned).into());
}

#[test]
fn paths_in_code_and_macros_are_named_and_literals_are_not() {
    let source = r##"
        //! crate::comment::Line
        fn f<'a>(c: &'a str) -> char {
            /* crate::comment::Block */
            let text = "crate::string::Literal \" crate::string::Escaped";
            let raw = r#"crate::raw::Literal " "#;
            tokio::select! { biased; _ = crate::group::run() => {} }
            fn captures() -> impl Sized + use<> { Some(1) }
            let colon = ':'; let quote = '\''; let letter = 'x';
            std::time::SystemTime::now()
        }
        #[cfg(test)]
        mod tests { use crate::hidden::Test; fn f() {} }
        #[cfg(test)]
        use crate::hidden::Line;
        fn after() { crate::seen::here() }
    "##;
    assert_eq!(
        named_paths("broker/src/upkeep.rs", source, &[]),
        [
            "crate::group::run",
            "crate::seen::here",
            "std::time::SystemTime::now",
            "tokio::select"
        ]
    );
}
