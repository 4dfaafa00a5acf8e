//! Subscribers of tests that read the log.

use std::sync::LazyLock;
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Subscriber};

/// A subscriber that takes nothing and is never dropped.
static BESIDE: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// Sets the subscriber of this thread until the guard is dropped.
///
/// As long as there is a single subscriber, tracing asks only that of whichever thread reaches a log statement first, and keeps the
/// answer. A test in another thread, which has no subscriber, would thus switch the statement off for this one. With two subscribers
/// tracing asks both.
pub(crate) fn set_subscriber(subscriber: impl Subscriber + Send + Sync + 'static) -> DefaultGuard {
    LazyLock::force(&BESIDE);
    let guard = tracing::subscriber::set_default(subscriber);
    // A statement that was reached while the first of them registered has kept the answer of one thread.
    tracing::callsite::rebuild_interest_cache();
    guard
}
