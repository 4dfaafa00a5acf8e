//! Asks for the committed offsets of all groups, again and again: they must not go back in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::event::Event;

/// The time between two questions.
const PAUSE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(5);

/// A thread that asks for the committed offsets.
pub(super) struct Observer {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Vec<Event>>>,
}

/// One group as an observer sees it.
pub(super) struct ObservedGroup {
    reader: BaseConsumer,
    topic: String,
    partition_count: u32,
}

impl ObservedGroup {
    pub(super) fn new(
        bootstrap_servers: &str,
        group: &str,
        topic: &str,
        partition_count: u32,
    ) -> ObservedGroup {
        let reader = ClientConfig::new()
            .set("bootstrap.servers", bootstrap_servers)
            .set("group.id", group)
            .create()
            .expect("a valid configuration");
        ObservedGroup {
            reader,
            topic: topic.to_owned(),
            partition_count,
        }
    }

    /// Returns the committed offset of each partition, 0 for none; `None` if there is no answer because connections are cut.
    pub(super) fn committed(&self) -> Option<Vec<i64>> {
        let mut wanted = TopicPartitionList::new();
        wanted.add_partition_range(&self.topic, 0, self.partition_count as i32 - 1);
        let found = self.reader.committed_offsets(wanted, PATIENCE).ok()?;
        (0..self.partition_count as i32)
            .map(|partition| {
                let element = found.find_partition(&self.topic, partition)?;
                element.error().ok()?;
                match element.offset() {
                    Offset::Offset(offset) => Some(offset),
                    _ => Some(0),
                }
            })
            .collect()
    }

    /// Asks once, and adds what is seen to `events`.
    fn observe(&self, events: &mut Vec<Event>) {
        let asked_us = now_us();
        let Some(offsets) = self.committed() else {
            return;
        };
        let answered_us = now_us();
        for (partition, offset) in (0..).zip(offsets) {
            events.push(Event::Fetched {
                partition,
                offset,
                asked_us,
            });
            // Whoever asks from now on must not be told less.
            events.push(Event::OffsetCommitted {
                partition,
                offset,
                answered_us,
            });
        }
    }
}

impl Observer {
    pub(super) fn start(groups: Vec<ObservedGroup>) -> Observer {
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let thread = std::thread::spawn(move || {
            let mut events = vec![Vec::new(); groups.len()];
            while !stop.load(Ordering::Relaxed) {
                for (group, events) in groups.iter().zip(&mut events) {
                    group.observe(events);
                }
                std::thread::sleep(PAUSE);
            }
            events
        });
        Observer { stopping, thread }
    }

    /// Stops it, and returns the events of each group.
    pub(super) fn stop(self) -> Vec<Vec<Event>> {
        self.stopping.store(true, Ordering::Relaxed);
        self.thread.join().expect("the observer does not panic")
    }
}

fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("the time is after 1970").as_micros() as u64
}
