//! The search for fields in a JSON value. Names with dots equal nesting, lists are transparent, and fields that lie in one list have to
//! match in the same item of it.

use super::json::{Json, Member};
use super::pattern::Field;
use std::cell::Cell;

/// The most combinations of ways to fields that are tried in one value. There is more than one only where a name with dots stands beside
/// nested ones, and nobody writes as many; but a record may come from anybody.
const MOST_COMBINATIONS: u32 = 10_000;

/// A field to be found, and the rest of its path from where the search is; `None` if it is there.
type Wanted<'p> = (&'p Field, Option<&'p str>);

/// Returns whether all fields match in `value`.
pub(super) fn all_match<'p>(value: &Json<'_>, fields: impl IntoIterator<Item = &'p Field>) -> bool {
    let mut wanted: Vec<Wanted<'p>> = fields
        .into_iter()
        .map(|field| (field, field.path.as_deref()))
        .collect();
    // An absent field is absent in the whole value, whichever items of lists the others are in.
    wanted.retain(|(field, path)| !(field.accepts_absence() && leaves(value, *path).is_empty()));
    let left = Cell::new(MOST_COMBINATIONS);
    let is_found = has(value, &wanted, &left);
    if left.get() > 0 {
        return is_found;
    }
    // With too many combinations each field is matched alone, for which there is one for each leaf.
    let unlimited = Cell::new(u32::MAX);
    let mut each = wanted.chunks(1);
    each.all(|field| has(value, field, &unlimited))
}

/// Returns the leaves at a path.
pub(super) fn leaves<'v, 'a>(value: &'v Json<'a>, path: Option<&str>) -> Vec<&'v Json<'a>> {
    match (value, path) {
        (Json::List(items), path) => items.iter().flat_map(|item| leaves(item, path)).collect(),
        (Json::Object(members), Some(path)) => {
            let next = members.iter();
            let next = next.filter_map(|(name, value)| Some((value, step(name, path)?)));
            next.flat_map(|(value, rest)| leaves(value, rest)).collect()
        }
        (Json::Object(_), None) | (_, Some(_)) => Vec::new(),
        (leaf, None) => vec![leaf],
    }
}

/// Returns the rest of a path behind a member's name; `None` if the path does not lead there.
pub(super) fn step<'p>(name: &str, path: &'p str) -> Option<Option<&'p str>> {
    match path.strip_prefix(name)? {
        "" => Some(None),
        rest => rest.strip_prefix('.').map(Some),
    }
}

/// Returns whether all that is wanted is in `value`. `left` is the number of combinations that may still be tried; with none the
/// answer is false.
fn has(value: &Json<'_>, wanted: &[Wanted<'_>], left: &Cell<u32>) -> bool {
    match value {
        _ if wanted.is_empty() => true,
        // All that is wanted below a list is in one item of it.
        Json::List(items) => items.iter().any(|item| has(item, wanted, left)),
        Json::Object(members) => has_below(members, wanted, left),
        leaf => wanted.iter().all(|(field, rest)| {
            rest.is_none() && field.matchers.iter().any(|matcher| matcher.accepts(leaf))
        }),
    }
}

fn has_below(members: &[Member<'_>], wanted: &[Wanted<'_>], left: &Cell<u32>) -> bool {
    // The ways to each field: through which member, and what is wanted below it.
    let mut ways = Vec::with_capacity(wanted.len());
    for (field, path) in wanted {
        let way = |(index, (name, _)): (usize, &Member<'_>)| Some((index, (*field, step(name, (*path)?)?)));
        let ways_to_field: Vec<(usize, Wanted<'_>)> = members.iter().enumerate().filter_map(way).collect();
        if ways_to_field.is_empty() {
            return false;
        }
        ways.push(ways_to_field);
    }
    let mut choice = vec![0; ways.len()];
    // A loop, and no recursion over the fields, of which there may be hundreds at each of a hundred depths.
    while left.get() > 0 {
        let mut below = vec![Vec::new(); members.len()];
        for (ways, chosen) in ways.iter().zip(&choice) {
            let (member, wanted) = ways[*chosen];
            below[member].push(wanted);
        }
        let mut pairs = members.iter().zip(&below);
        if pairs.all(|((_, value), wanted)| has(value, wanted, left)) {
            return true;
        }
        let is_not_last = |field: &usize| choice[*field] + 1 < ways[*field].len();
        let Some(next) = (0..ways.len()).find(is_not_last) else {
            return false;
        };
        choice[next] += 1;
        choice[..next].fill(0);
        left.set(left.get().saturating_sub(1));
    }
    false
}
