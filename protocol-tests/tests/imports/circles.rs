//! Finds circles among the modules that lie side by side in one folder.
//!
//! A module stands for itself and everything below it. A parent and its child may name each other: that is how Rust re-exports.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Crate;

/// Each module of one folder, with the siblings that it names and the paths by which it does.
type Siblings<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

/// Returns a line for each circle: its files, and the paths that close it.
pub(crate) fn of(package: &Crate) -> impl Iterator<Item = String> {
    let named: Vec<_> = package
        .modules()
        .map(|(path, _)| (path, package.named_paths(path)))
        .collect();
    let mut folders: BTreeMap<&[String], Siblings<'_>> = BTreeMap::new();
    for (from, paths) in &named {
        for path in paths {
            let Some(to) = path.strip_prefix("crate::") else {
                continue;
            };
            let to: Vec<&str> = to.split("::").collect();
            let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
            let (Some(sibling), Some(other)) = (from.get(shared), to.get(shared)) else {
                continue;
            };
            let folder = &from[..shared];
            let is_module = package.modules().any(|(path, _)| {
                path.len() == shared + 1 && path.starts_with(folder) && path[shared] == *other
            });
            if is_module {
                let siblings = folders.entry(folder).or_default();
                let others = siblings.entry(sibling).or_default();
                others.entry(other).or_default().insert(path);
            }
        }
    }
    let lines: Vec<String> = folders
        .iter()
        .flat_map(|(folder, siblings)| {
            circles(siblings)
                .into_iter()
                .map(|circle| line(package, folder, siblings, &circle))
        })
        .collect();
    lines.into_iter()
}

/// Returns the sets of modules that reach one another, of two members or more.
fn circles<'a>(siblings: &Siblings<'a>) -> Vec<BTreeSet<&'a str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = siblings
        .keys()
        .map(|module| (*module, reachable(siblings, module)))
        .collect();
    let mut circles = Vec::new();
    for (module, others) in &reach {
        let circle: BTreeSet<&str> = others
            .iter()
            .copied()
            .filter(|other| reach.get(other).is_some_and(|back| back.contains(module)))
            .collect();
        if circle.len() > 1 && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

fn reachable<'a>(siblings: &Siblings<'a>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(module) = ahead.pop() {
        for other in siblings.get(module).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*other) {
                ahead.push(other);
            }
        }
    }
    reached
}

fn line(package: &Crate, folder: &[String], siblings: &Siblings<'_>, circle: &BTreeSet<&str>) -> String {
    let file = |name: &str| {
        let mut modules = package.modules();
        let found = modules.find(|(path, _)| {
            path.len() == folder.len() + 1 && path.starts_with(folder) && path[folder.len()] == name
        });
        found.map_or_else(String::new, |(_, module)| module.file.clone())
    };
    let files: Vec<String> = circle.iter().map(|name| file(name)).collect();
    let paths: BTreeSet<&str> = circle
        .iter()
        .flat_map(|module| &siblings[module])
        .filter(|(other, _)| circle.contains(*other))
        .flat_map(|(_, paths)| paths.iter().copied())
        .collect();
    let paths: Vec<&str> = paths.into_iter().collect();
    format!("{}: {}", files.join(" -> "), paths.join(", "))
}
