//! Rebalances: when the member takes part in one, and what it owns after it.
//! Source: Kafka's `ConsumerCoordinator.onJoinPrepare` and `onJoinComplete`.

use super::{ERROR_PAUSE, KafkaMember, News, Phase, RETRY_PAUSE};
use crate::profile::RebalanceProtocol;
use crate::source::SourceEvent;
use crate::source::consumer::client::{ErrorKind, KafkaClient};
use crate::source::consumer::joining::{Candidate, JoinFailed, Membership};
use crate::source::consumer::reading::Reading;
use std::sync::Arc;

impl<C: KafkaClient> KafkaMember<C> {
    pub(super) fn begin_join(&mut self) {
        if self.join.is_some() {
            return;
        }
        self.is_join_due = false;
        let candidate = Candidate {
            client: self.client.clone(),
            settings: Arc::clone(&self.settings),
            member_id: self.member_id.to_string(),
            owned: self.reading.partitions(),
            generation_id: self.generation_id,
        };
        self.join = Some(Box::pin(candidate.join()));
    }

    /// A rebalance has begun. The member takes part in it once what it gives up is settled: everything in an eager one, and in a cooperative
    /// one what the rebalance before took away.
    pub(super) fn rebalance(&mut self) -> News {
        match self.settings.protocol {
            RebalanceProtocol::Eager => {
                self.phase = Phase::Revoking;
                // Records that the fetch would still bring could only be released again.
                self.work = None;
                Some(Ok(SourceEvent::Revoking))
            }
            RebalanceProtocol::Cooperative => {
                self.is_join_due = self.giving_up.is_empty();
                None
            }
        }
    }

    /// Takes part in the rebalance that is under way if everything that the member gives up is settled. The others wait for it, so
    /// that no record is in two members' hands.
    pub(super) fn settle(&mut self) {
        if self.phase == Phase::Revoking && self.commits.is_settled() {
            self.start_over();
        }
        let lost = &self.giving_up;
        if !lost.is_empty()
            && lost
                .iter()
                .all(|partition| self.commits.is_partition_settled(*partition))
        {
            for partition in std::mem::take(&mut self.giving_up) {
                self.commits.forget(partition);
            }
            self.is_join_due = true;
        }
    }

    /// Gives up the membership, because the group does not have this member, or not in this generation.
    pub(super) fn lose(&mut self, kind: ErrorKind, reason: &str) {
        if self.commits.are_pending() {
            self.news.push_back(SourceEvent::CommitRefused {
                reason: reason.to_owned(),
            });
        }
        self.news.push_back(SourceEvent::Lost);
        // After ILLEGAL_GENERATION the group still knows the id, and Kafka's consumer joins under it again.
        if kind == ErrorKind::UnknownMember {
            self.member_id = Arc::from("");
        }
        self.start_over();
        // The partitions may have another owner, so the member must not claim them in its next join, as it does in a rebalance.
        self.reading = Reading::default();
    }

    fn start_over(&mut self) {
        // `reading` stays: the next join tells a sticky assignor which partitions the member owned.
        self.phase = Phase::Joining;
        self.work = None;
        self.join = None;
        self.is_join_due = false;
        self.heartbeats.under_way = None;
        self.giving_up.clear();
        self.commits.clear();
    }

    pub(super) fn on_join(&mut self, joined: Result<Membership, JoinFailed>) -> News {
        match joined {
            Ok(membership) => Some(Ok(self.on_joined(membership))),
            Err(failed) => self.on_join_failed(failed),
        }
    }

    fn on_joined(&mut self, membership: Membership) -> SourceEvent {
        let has_kept = self.phase == Phase::Owning;
        self.member_id = membership.member_id.into();
        self.generation_id = membership.generation_id;
        self.is_leader = membership.is_leader;
        self.partition_count = membership.partition_count;
        self.phase = Phase::Owning;
        self.last_assignment.0 += 1;
        self.heartbeats.schedule(self.settings.clock.now());
        // The event that this returns says that everything works again.
        self.coordinator.end();
        self.leaders.end();
        // A commit may have waited to learn its generation.
        self.commits.retry_now();
        let generation = self.generation_id.0;
        if !has_kept {
            self.reading = Reading::new(membership.positions);
            let partitions = self.reading.partitions();
            self.assign(&partitions);
            return SourceEvent::Assigned {
                generation,
                partitions,
            };
        }
        let owned = self.reading.partitions();
        self.reading.adjust(membership.positions);
        // A fetch that is under way does not know of the change.
        self.work = None;
        let partitions = self.reading.partitions();
        let (gained, lost) = (without(&partitions, &owned), without(&owned, &partitions));
        self.assign(&gained);
        self.giving_up.extend(&lost);
        SourceEvent::Adjusted {
            generation,
            gained,
            lost,
        }
    }

    fn assign(&mut self, partitions: &[i32]) {
        for partition in partitions {
            self.commits.assign(*partition, self.last_assignment);
        }
    }

    fn on_join_failed(&mut self, failed: JoinFailed) -> News {
        let is_owning = self.phase == Phase::Owning;
        if is_owning && failed.member_id.is_empty() {
            self.lose(
                ErrorKind::UnknownMember,
                "the group does not have the member any longer",
            );
        } else {
            self.is_join_due = is_owning;
        }
        self.member_id = failed.member_id.into();
        // Without an error the group has only moved on in the meantime.
        let error = failed.error?;
        self.hold(match error.kind {
            ErrorKind::Transient => RETRY_PAUSE,
            _ => ERROR_PAUSE,
        });
        self.on_coordinator_error(error)
    }
}

/// Returns those of `these` that are not among `those`.
fn without(these: &[i32], those: &[i32]) -> Vec<i32> {
    let kept = these.iter().filter(|partition| !those.contains(partition));
    kept.copied().collect()
}
