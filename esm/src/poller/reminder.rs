//! A warning that repeats, shown now and then.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The moments at which a repeated warning is shown: the first time, and then at most once in an interval.
#[derive(Debug)]
pub(crate) struct Reminder {
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    shown_at: Option<Duration>,
    /// The number of times that it was not shown since then.
    hidden: u64,
}

impl Reminder {
    /// Returns a reminder that has not been shown; `interval` is in the engine's time.
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            interval,
            state: Mutex::default(),
        }
    }

    /// Counts a warning at `now`. Returns the number of those before it that were not shown, if this one is to be shown.
    pub(crate) fn show(&self, now: Duration) -> Option<u64> {
        // Each change is complete when the lock is released, so a panic of another holder leaves nothing half done.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = state
            .shown_at
            .is_none_or(|shown_at| now >= shown_at + self.interval);
        if !is_due {
            state.hidden += 1;
            return None;
        }
        state.shown_at = Some(now);
        Some(std::mem::take(&mut state.hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_shown_at_once_and_then_once_in_an_interval() {
        let reminder = Reminder::new(Duration::from_secs(60));
        let show = |second| reminder.show(Duration::from_secs(second));
        assert_eq!(show(5), Some(0));
        assert_eq!(show(5), None);
        assert_eq!(show(64), None);
        assert_eq!(show(65), Some(2));
        assert_eq!(show(66), None);
        assert_eq!(show(1_000), Some(1));
    }
}
