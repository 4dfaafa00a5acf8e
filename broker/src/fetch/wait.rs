//! The wait of a fetch until one of its partitions has changed.
//!
//! It registers with every partition before the caller reads them. Otherwise it would miss an append between the read and the wait.

use crate::topic::Partition;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use tokio::sync::futures::Notified;

/// The partitions of a waiting fetch.
pub(crate) struct Waiter<'a> {
    watched: Vec<Watched<'a>>,
}

struct Watched<'a> {
    partition: &'a Partition,
    moved: Pin<Box<Notified<'a>>>,
}

impl<'a> Watched<'a> {
    fn new(partition: &'a Partition) -> Self {
        // A `Notified` must not move in memory once it is registered, and the elements of a list may.
        let mut moved = Box::pin(partition.moved());
        moved.as_mut().enable();
        Self { partition, moved }
    }
}

impl<'a> Waiter<'a> {
    /// Starts to watch `partitions`.
    pub(crate) fn new(partitions: impl Iterator<Item = &'a Partition>) -> Self {
        Self {
            watched: partitions.map(Watched::new).collect(),
        }
    }

    /// Completes when a partition has changed since it was registered, and registers those that have again, so that the caller can read
    /// and wait once more. Cancel safe.
    pub(crate) async fn moved(&mut self) {
        poll_fn(|context| {
            let mut has_moved = false;
            for watched in &mut self.watched {
                // The loop does not end at the first: the caller reads all partitions, so each that has moved
                // is registered again before that.
                if watched.moved.as_mut().poll(context).is_ready() {
                    *watched = Watched::new(watched.partition);
                    has_moved = true;
                }
            }
            if has_moved { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
