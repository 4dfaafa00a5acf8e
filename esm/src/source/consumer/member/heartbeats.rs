//! Heartbeats: when the next one is due, and what follows from its answer. Source: Kafka's `Heartbeat` and `HeartbeatThread`.

use super::{KafkaMember, News, Pending, Phase, RETRY_PAUSE};
use crate::clock::Instant;
use crate::source::consumer::client::{ClientError, ErrorKind, GroupMember, KafkaClient};
use std::sync::Arc;
use std::time::Duration;

/// The interval of heartbeats while a rebalance is expected.
// A rebalance waits for every member. At the regular interval of seconds the fleet would wait for the member that hears of it last.
const EXPECTING_INTERVAL: Duration = Duration::from_millis(50);

/// The schedule of a member's heartbeats.
pub(super) struct Heartbeats {
    pub(super) under_way: Option<Pending<Heartbeat>>,
    interval: Duration,
    due: Instant,
    /// A rebalance is expected until then.
    expecting_until: Instant,
}

/// The answer to a heartbeat, and what the group's leader looks at with each.
pub(super) struct Heartbeat {
    answer: Result<(), ClientError>,
    /// The number of partitions of the topic, if the member leads and it could be read.
    partition_count: Option<i32>,
}

impl Heartbeats {
    pub(super) fn new(now: Instant, interval: Duration) -> Self {
        Self {
            under_way: None,
            interval,
            due: now,
            // Pollers rarely start alone: the first that joins soon has a rebalance because of the others.
            expecting_until: now + interval,
        }
    }

    /// Expects a rebalance for the time of one regular heartbeat.
    pub(super) fn expect_rebalance(&mut self, now: Instant) {
        self.expecting_until = now + self.interval;
        // The earlier time stands, so that orders in quick succession do not put the heartbeat off.
        self.due = self.due.min(now + EXPECTING_INTERVAL);
    }

    /// Sets the time of the next one after one was answered, or a join.
    pub(super) fn schedule(&mut self, now: Instant) {
        let interval = match now < self.expecting_until {
            true => EXPECTING_INTERVAL.min(self.interval),
            false => self.interval,
        };
        self.due = now + interval;
    }

    /// Sets the time of the next one after one did not reach the coordinator.
    fn schedule_retry(&mut self, now: Instant) {
        // Sooner than the regular one, because the session runs out while the coordinator moves.
        self.due = now + RETRY_PAUSE.min(self.interval);
    }

    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.under_way.is_none().then_some(self.due)
    }
}

impl<C: KafkaClient> KafkaMember<C> {
    /// Returns whether heartbeats are sent. A join that waits for the group keeps the member alive by itself.
    pub(super) fn sends_heartbeats(&self) -> bool {
        self.phase != Phase::Joining && self.join.is_none()
    }

    pub(super) fn begin_heartbeat(&mut self) {
        let now = self.settings.clock.now();
        if !self.sends_heartbeats() || self.heartbeats.wake_at().is_none_or(|due| now < due) {
            return;
        }
        let (client, settings) = (self.client.clone(), Arc::clone(&self.settings));
        let (member_id, generation_id) = (Arc::clone(&self.member_id), self.generation_id);
        // Only the leader assigns partitions, so it alone has to notice new ones.
        let watches_topic = self.is_leader && self.phase == Phase::Owning;
        self.heartbeats.under_way = Some(Box::pin(async move {
            let member = GroupMember {
                group_id: &settings.group_id,
                member_id: &member_id,
                generation_id,
            };
            let answer = client.heartbeat(member).await;
            let partition_count = match watches_topic {
                // The membership does not depend on this call, so its error is not the heartbeat's.
                true => client.partition_count(&settings.topic).await.ok(),
                false => None,
            };
            Heartbeat {
                answer,
                partition_count,
            }
        }));
    }

    pub(super) fn on_heartbeat(&mut self, heartbeat: Heartbeat) -> News {
        let now = self.settings.clock.now();
        self.heartbeats.schedule(now);
        let is_owning = self.phase == Phase::Owning;
        let Err(error) = heartbeat.answer else {
            let was_told = self.coordinator.end();
            self.tell_recovered(was_told);
            let count = heartbeat.partition_count;
            let has_grown = count.is_some_and(|count| count != self.partition_count);
            return (is_owning && has_grown).then(|| self.rebalance()).flatten();
        };
        match error.kind {
            ErrorKind::RebalanceInProgress if is_owning => self.rebalance(),
            // A member that is revoking joins as soon as it has settled, and needs no second reminder.
            ErrorKind::RebalanceInProgress => None,
            kind if kind.ends_membership() => {
                self.lose(kind, &error.reason);
                None
            }
            ErrorKind::Transient => {
                self.heartbeats.schedule_retry(now);
                self.on_coordinator_error(error)
            }
            // The next heartbeat shows whether it lasts.
            _ => {
                tracing::warn!(group_id = self.settings.group_id, %error, "a heartbeat failed");
                None
            }
        }
    }

    /// Tells an error of the coordinator, a transient one only when it lasts.
    pub(super) fn on_coordinator_error(&mut self, error: ClientError) -> News {
        let is_told = match error.kind {
            ErrorKind::Transient => self.coordinator.note(self.settings.clock.now()),
            _ => {
                self.coordinator.note_told();
                true
            }
        };
        tracing::debug!(group_id = self.settings.group_id, %error, "the group's coordinator did not answer");
        is_told.then(|| Err(self.settings.source_error(error)))
    }
}
