//! The runtime of virtual time: one thread, a paused clock, no sockets.
//!
//! tokio's clock is paused here and nowhere else in the product, which is what its feature `test-util` is on for. The runtime is built
//! paused, because a clock that is paused while it runs lies between two of the timer's milliseconds, and every wait would take one more.

use esmeralda_broker::Clock;
use std::future::Future;
use tokio::runtime::Handle;

/// Wall time at the start of every simulation: the first of January 2026, 00:00 UTC.
// The same in each run, because the timestamps of records are part of the events, which have to repeat.
pub(crate) const EPOCH_MS: i64 = 1_767_225_600_000;

/// Runs `future` to its end; whenever nothing can run, time jumps to the next timer.
///
/// # Panics
/// Within another runtime.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    assert!(
        Handle::try_current().is_err(),
        "virtual time has a runtime of its own, which cannot start within another: call this from a plain #[test] function instead of \
         a #[tokio::test], or from a thread of its own"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    // Without an I/O driver there is nothing that the system could refuse.
    runtime.expect("a runtime without I/O").block_on(future)
}

/// The wall clock, which moves with the paused one.
pub(crate) fn wall() -> Clock {
    Clock::tokio(EPOCH_MS)
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    #[should_panic(expected = "call this from a plain #[test] function instead of a #[tokio::test]")]
    async fn another_runtime_is_refused_with_what_to_do() {
        super::run(async {});
    }
}
