//! The orders that the fleet gives to a poller.

use super::Poller;
use crate::batch::MAXIMUM_EVENT_BYTES;
use crate::batcher::{BatchLimits, WindowStart};
use crate::config::MappingConfig;
use crate::source::EventSource;
use std::sync::Arc;

/// While more bytes of events than this wait in a poller, it reads only partitions that nothing waits of.
const READ_AHEAD_BYTES: usize = 4 * MAXIMUM_EVENT_BYTES;

/// The pollers of a fleet that may not start batches while its members change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standstill {
    /// No poller stands still.
    #[default]
    None,
    /// No poller starts a batch.
    Fleet,
    /// No poller starts a batch of a partition that it was given since the change began.
    Moved,
}

/// The orders of a poller.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) config: Arc<MappingConfig>,
    pub(crate) standstill: Standstill,
    /// Whether to finish what is in flight, commit, leave the group and end.
    pub(crate) is_stopping: bool,
    /// A number that rises when members come or go, because a rebalance is near then.
    pub(crate) rebalances: u64,
}

impl<S: EventSource> Poller<S> {
    /// Puts new orders in force. A poller whose fleet `is_gone` stops.
    pub(super) fn apply_orders(&mut self, is_gone: bool) {
        let mut orders = self.new_orders.borrow_and_update().clone();
        orders.is_stopping |= is_gone;
        if orders.rebalances != self.orders.rebalances {
            self.source.expect_rebalance();
        }
        if orders.is_stopping {
            // Released at once, because the member can only leave when everything that it handed out is settled.
            self.source.stop_reading();
            self.release_unsent();
        }
        if orders.standstill == Standstill::None {
            self.batcher.release();
        }
        self.batcher.set_limits(limits(&orders.config));
        self.orders = orders;
    }
}

/// Returns the limits of batches under a mapping's configuration.
pub(super) fn limits(config: &MappingConfig) -> BatchLimits {
    BatchLimits {
        batch_size: config.batch_size,
        window: config.batching_window,
        window_start: match config.provisioned {
            Some(_) => WindowStart::BatchClosed,
            None => WindowStart::InvocationCompleted,
        },
        event_bytes: MAXIMUM_EVENT_BYTES,
        read_ahead_bytes: READ_AHEAD_BYTES,
    }
}
