//! The runtime of virtual time: one thread, a paused clock, no sockets.
//!
//! tokio's clock is paused here and nowhere else in the product, which is what its feature `test-util` is on for. The runtime is built
//! paused, because a clock that is paused while it runs lies between two of the timer's milliseconds, and every wait would take one more.

use esmeralda_broker::Clock;
use std::future::Future;

/// Wall time at the start of every simulation: the first of January 2026, 00:00 UTC.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// Runs `future` to its end; whenever nothing can run, time jumps to the next timer.
///
/// # Panics
/// Within another runtime.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
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
