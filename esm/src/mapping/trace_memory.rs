//! The memory of a trace, within the memory limit of records and events.

use crate::source::{MemoryCharge, MemoryPool};
use crate::trace::Recorder;

/// The budget's share of one trace. It goes back to the budget with the trace.
#[derive(Debug)]
pub(super) struct TraceMemory {
    pool: MemoryPool,
    charges: Vec<MemoryCharge>,
    charged_bytes: usize,
}

impl TraceMemory {
    /// Returns the memory of an empty trace.
    pub(super) fn new(pool: MemoryPool) -> Self {
        Self {
            pool,
            charges: Vec::new(),
            charged_bytes: 0,
        }
    }

    /// Charges what the trace has grown by. Without room in the budget, the trace drops its older half.
    pub(super) fn hold(&mut self, recorder: &mut Recorder) {
        let bytes = recorder.bytes();
        if bytes <= self.charged_bytes {
            return;
        }
        match self.pool.charge(bytes - self.charged_bytes) {
            Ok(charge) => {
                self.charges.push(charge);
                self.charged_bytes = bytes;
            }
            Err(_) => recorder.drop_older_half(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ProfileName;
    use crate::trace::{TraceReading, TraceSettings};
    use std::time::Duration;

    #[test]
    fn a_trace_is_within_the_limit_and_gives_its_memory_back() {
        let pool = MemoryPool::new(1 << 20);
        let unit = ProfileName::Current.profile().event_poller_unit;
        let settings = TraceSettings {
            capacity: 1_000_000,
            ..TraceSettings::default()
        };
        let mut recorder = Recorder::new(settings, unit, TraceReading::default());
        let mut memory = TraceMemory::new(pool.clone());
        let used_before = pool.used_bytes();
        let mut reading = TraceReading::default();
        for second in 1..=20_000 {
            reading.committed += 1;
            recorder.record(Duration::from_secs(second), reading);
            memory.hold(&mut recorder);
            assert!(pool.used_bytes() <= 1 << 20);
        }
        let trace = recorder.trace();
        assert!(pool.used_bytes() > 1 << 18, "it is charged");
        assert!(!trace.is_complete && trace.buckets.len() > 1_000);
        assert_eq!(trace.end(), Duration::from_secs(20_000), "the newest are kept");
        drop(memory);
        assert_eq!(pool.used_bytes(), used_before);
    }
}
