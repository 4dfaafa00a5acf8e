//! A request that names the same thing twice.

use std::collections::HashSet;
use std::hash::Hash;

/// The most elements that are compared with each other. A set is faster for more.
const FEW: usize = 8;

/// Returns whether two of the elements are equal.
pub(crate) fn has_repeats<T: Eq + Hash>(elements: impl ExactSizeIterator<Item = T> + Clone) -> bool {
    match elements.len() {
        0 | 1 => false,
        // Most requests have few elements, and this allocates nothing for them.
        2..=FEW => {
            let mut left = elements;
            std::iter::from_fn(|| left.next().map(|element| (element, left.clone())))
                .any(|(element, mut others)| others.any(|other| other == element))
        }
        count => {
            let mut seen = HashSet::with_capacity(count);
            elements.into_iter().any(|element| !seen.insert(element))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_found_among_few_elements_and_many() {
        for count in [0, 1, 2, FEW, FEW + 1, 100] {
            let mut elements: Vec<usize> = (0..count).collect();
            assert!(!has_repeats(elements.iter()), "{count}");
            for at in 1..count {
                elements[at] = 0;
                assert!(has_repeats(elements.iter()), "{count} {at}");
                elements[at] = at;
            }
        }
    }
}
