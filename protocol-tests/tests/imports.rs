//! Who may import whom: the layers of ARCHITECTURE.md, held by reading the paths that the product's sources name.
//!
//! Tests may name what they like, so `#[cfg(test)]` items and files called `tests` or `..._tests` are not read.

#[path = "imports/circles.rs"]
mod circles;
#[path = "imports/rules.rs"]
mod rules;
#[path = "imports/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rules::{IMPURE, KNOWN, NAMES, ONLY, PACKAGES, PURE, Package};
use source::{Crate, Module};

/// Folders of which only the circles are looked at.
const WITHOUT_ROOMS: &[&str] = &["protocol-tests/src/"];

#[test]
fn no_file_names_what_its_room_may_not_know() {
    let found: BTreeSet<_> = PACKAGES
        .iter()
        .flat_map(|package| violations(&CRATES[package.folder]))
        .collect();
    let known: BTreeSet<_> = KNOWN
        .iter()
        .map(|(file, path)| (file.to_string(), path.to_string()))
        .collect();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(
        new.is_empty(),
        "against the layers (see ARCHITECTURE.md): {new:#?}"
    );
    assert!(
        gone.is_empty(),
        "no violations any more, so take them off the list: {gone:#?}"
    );
}

#[test]
fn modules_that_lie_side_by_side_form_no_circle() {
    let circles: Vec<_> = CRATES.values().flat_map(circles::of).collect();
    assert_eq!(
        circles, [""; 0],
        "each of these names the next, and the last one the first"
    );
}

#[test]
fn a_circle_is_found_between_siblings_and_not_between_parent_and_child() {
    let mut lib = Crate::default();
    lib.add("a/src/lib.rs", "mod one; mod two; mod three; pub use one::One;");
    lib.add("a/src/one.rs", "use crate::two::Two; mod inner;");
    lib.add(
        "a/src/one/inner.rs",
        "use super::One; fn f() { vec![crate::two::Two] }",
    );
    lib.add("a/src/two.rs", "use crate::three::Three;");
    lib.add("a/src/three.rs", "use crate::One;");
    assert_eq!(
        circles::of(&lib).collect::<Vec<_>>(),
        [
            "a/src/one.rs -> a/src/three.rs -> a/src/two.rs: crate::one::One, crate::three::Three, crate::two::Two"
        ]
    );
    lib.add("a/src/three.rs", "#[cfg(test)] mod tests { use crate::One; }");
    assert_eq!(circles::of(&lib).count(), 0);
}

#[test]
fn the_rules_name_files_and_rooms_that_exist() {
    for package in PACKAGES {
        let named = package
            .rooms
            .iter()
            .flat_map(|(room, others)| words(others).chain([*room]));
        for room in named.chain(words(package.ground)) {
            let folder = root().join(package.folder).join(room);
            assert!(
                folder.is_dir() || folder.with_extension("rs").is_file(),
                "no room {room} in {}",
                package.folder
            );
        }
    }
    let only = ONLY
        .iter()
        .flat_map(|(_, folder, files)| words(files).chain([*folder]));
    let names = NAMES.iter().flat_map(|(_, files)| words(files));
    for file in only.chain(names).chain(PURE.iter().copied()) {
        assert!(root().join(file).exists(), "no file {file}");
    }
}

#[test]
fn every_room_has_its_rule() {
    for package in PACKAGES {
        for (_, module) in CRATES[package.folder].modules() {
            let room = room(package, module);
            assert!(
                ["lib", "main"].contains(&room) || package.rooms.iter().any(|(name, _)| *name == room),
                "{}: a new room needs a line in imports/rules.rs",
                module.file
            );
        }
    }
}

#[test]
fn the_rooms_rules_allow_no_circle() {
    for package in PACKAGES {
        let mut below = BTreeSet::new();
        let mut above: Vec<_> = package.rooms.to_vec();
        while !above.is_empty() {
            let is_settled = |(_, others): &(&str, &str)| words(others).all(|other| below.contains(other));
            let (settled, rest): (Vec<_>, Vec<_>) = above.into_iter().partition(is_settled);
            assert!(
                !settled.is_empty(),
                "a circle among the rules of {}: {rest:?}",
                package.folder
            );
            below.extend(settled.iter().map(|(room, _)| *room));
            above = rest;
        }
    }
}

#[test]
fn a_violation_of_each_kind_is_found() {
    for (file, text, path) in rules::FORBIDDEN {
        assert_eq!(
            violations_in(&package_with(file, text), file),
            [(file.to_string(), path.to_string())],
            "{text}"
        );
    }
}

#[test]
fn an_allowed_path_is_no_violation() {
    for (file, text) in rules::ALLOWED {
        assert_eq!(violations_in(&package_with(file, text), file), [], "{text}");
    }
}

/// The sources of each folder, read once.
static CRATES: LazyLock<BTreeMap<&'static str, Crate>> = LazyLock::new(|| {
    let rooms = PACKAGES.iter().map(|package| package.folder);
    rooms
        .chain(WITHOUT_ROOMS.iter().copied())
        .map(|folder| (folder, read(folder)))
        .collect()
});

/// Returns the crate that `file` belongs to, as if `text` stood in that file.
fn package_with(file: &str, text: &str) -> Crate {
    let package = PACKAGES.iter().find(|package| file.starts_with(package.folder));
    let mut read = CRATES[package.expect("the file lies in a package").folder].clone();
    read.add(file, text);
    read
}

/// Returns everything in a crate that its place does not allow, as `(file, path)`.
fn violations(package: &Crate) -> Vec<(String, String)> {
    violations_in(package, "")
}

/// Returns everything that its place does not allow in the files of a crate whose names begin with `files`, as `(file, path)`.
fn violations_in(package: &Crate, files: &str) -> Vec<(String, String)> {
    let mut found = BTreeSet::new();
    let modules = package.modules();
    for (path, module) in modules.filter(|(_, module)| module.file.starts_with(files)) {
        let paths = package.named_paths(path);
        let forbidden = paths
            .into_iter()
            .filter(|path| is_forbidden(package, &module.file, path));
        let names = NAMES
            .iter()
            .filter(|(name, files)| module.names.contains(*name) && !is_one_of(&module.file, words(files)))
            .map(|(name, _)| (*name).to_owned());
        found.extend(forbidden.chain(names).map(|path| (module.file.clone(), path)));
    }
    found.into_iter().collect()
}

fn is_forbidden(package: &Crate, file: &str, path: &str) -> bool {
    breaks_layers(file, path)
        || ONLY.iter().any(|(only, folder, files)| {
            file.starts_with(folder)
                && is_within(path, &package.canonical(only))
                && !is_one_of(file, words(files))
        })
        || (is_one_of(file, PURE.iter().copied()) && IMPURE.iter().any(|impure| is_within(path, impure)))
        || calls_another_api_file(file, path)
}

/// Returns whether a room names one that its line in the rules does not list.
fn breaks_layers(file: &str, path: &str) -> bool {
    let Some(package) = PACKAGES.iter().find(|package| file.starts_with(package.folder)) else {
        return false;
    };
    let Some(other) = path
        .strip_prefix("crate::")
        .and_then(|rest| rest.split("::").next())
    else {
        return false;
    };
    let room = room_of(package, file);
    let is_room = package.rooms.iter().any(|(name, _)| *name == other);
    let is_ground = words(package.ground).any(|name| name == other);
    let is_allowed = package
        .rooms
        .iter()
        .any(|(name, others)| *name == room && words(others).any(|name| name == other));
    !["lib", "main"].contains(&room) && room != other && is_room && !is_ground && !is_allowed
}

/// Returns whether an api file names another one. `crate::api` itself, the mapping of errors and the fields that messages share are shared.
fn calls_another_api_file(file: &str, path: &str) -> bool {
    let (Some(own), Some(rest)) = (
        file.strip_prefix("broker/src/api/"),
        path.strip_prefix("crate::api::"),
    ) else {
        return false;
    };
    let other = rest.split("::").next().unwrap_or_default();
    // An API may have a folder beside its file.
    let own_api = own.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let is_file = other.starts_with(|c: char| c.is_ascii_lowercase())
        && !words(rules::SHARED_BY_APIS).any(|shared| shared == other);
    !words(rules::ABOVE_APIS).any(|above| above == own_api) && is_file && own_api != other
}

fn room<'a>(package: &Package, module: &'a Module) -> &'a str {
    room_of(package, &module.file)
}

fn room_of<'a>(package: &Package, file: &'a str) -> &'a str {
    let path = file.strip_prefix(package.folder).unwrap_or_default();
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

fn is_within(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn is_one_of<'a>(file: &str, mut files: impl Iterator<Item = &'a str>) -> bool {
    files.any(|listed| file == listed || (listed.ends_with('/') && file.starts_with(listed)))
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split_whitespace()
}

/// Reads the sources below a folder.
fn read(folder: &str) -> Crate {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    assert!(files.len() > 10, "the sources of {folder} were not found");
    let mut read = Crate::default();
    for path in files {
        let file = path
            .strip_prefix(root())
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        read.add(&file, &fs::read_to_string(&path).unwrap());
    }
    read
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_test = name == "tests" || name.ends_with("_tests");
        if path.is_dir() && !is_test {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
