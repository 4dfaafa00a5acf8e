//! Transient errors: they are told when they last, since a leader or a coordinator that moves is no problem of the mapping. Pure.

use crate::clock::Instant;
use std::time::Duration;

/// The time after which transient errors are told.
const TOLD_AFTER: Duration = Duration::from_secs(5);

/// The errors of one kind of broker since a call to it last succeeded.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    since: Option<Instant>,
    is_told: bool,
}

impl Trouble {
    /// Notes a transient error. Returns whether it is to be told.
    pub(super) fn note(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let is_due = now - since >= TOLD_AFTER;
        is_due && !std::mem::replace(&mut self.is_told, is_due)
    }

    /// Notes an error that is told in any case.
    pub(super) fn note_told(&mut self) {
        self.is_told = true;
    }

    /// Notes a call that succeeded. Returns whether an error was told before it.
    pub(super) fn end(&mut self) -> bool {
        std::mem::take(self).is_told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transient_error_is_told_once_it_has_lasted_five_seconds() {
        let start = Instant::now();
        let mut trouble = Trouble::default();
        let told: Vec<_> = [0, 4_999, 5_000, 5_100]
            .into_iter()
            .map(|after_ms| trouble.note(start + Duration::from_millis(after_ms)))
            .collect();
        assert_eq!(told, [false, false, true, false]);
        assert!(trouble.end(), "it was told");
        assert!(!trouble.end());
    }

    #[test]
    fn a_success_ends_the_trouble() {
        let start = Instant::now();
        let mut trouble = Trouble::default();
        assert!(!trouble.note(start));
        assert!(!trouble.end());
        assert!(!trouble.note(start + TOLD_AFTER));
    }
}
