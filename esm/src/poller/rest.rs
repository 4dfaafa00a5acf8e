//! News from pollers to a mapping that rests: while nothing happens, its evaluations and its trace wait for the first record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// The end of a mapping's rest. Clones tell the same mapping.
#[derive(Clone, Debug, Default)]
pub(crate) struct RestSignal(Arc<Rest>);

#[derive(Debug, Default)]
struct Rest {
    is_resting: AtomicBool,
    news: Notify,
}

impl RestSignal {
    /// Ends the rest, if the mapping rests: records were read.
    pub(crate) fn note(&self) {
        // Pollers call this all the time, and a load costs less than an exchange. Sequentially consistent, because the caller has counted
        // the records before, and `begin_rest` reads that count after it has set the flag: one of the two sees the other's.
        if self.0.is_resting.load(Ordering::SeqCst) && self.0.is_resting.swap(false, Ordering::SeqCst) {
            self.0.news.notify_one();
        }
    }

    /// Begins a rest. The caller then looks whether anything has happened meanwhile, and ends it if so.
    pub(crate) fn begin_rest(&self) {
        self.0.is_resting.store(true, Ordering::SeqCst);
    }

    /// Ends the rest for another reason.
    pub(crate) fn end_rest(&self) {
        self.0.is_resting.store(false, Ordering::SeqCst);
    }

    /// Waits until [`RestSignal::note`] has ended a rest. Cancel safe.
    pub(crate) async fn noted(&self) {
        self.0.news.notified().await;
    }
}
