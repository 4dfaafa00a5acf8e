//! Commits in the background: one at a time, of all that is finished by then, again until the cluster takes it.

use super::{KafkaMember, News, Pending, Phase, RETRY_PAUSE};
use crate::clock::Instant;
use crate::source::consumer::client::{ClientError, ErrorKind, GroupMember, KafkaClient};
use crate::source::consumer::tracker::CommitTracker;
use crate::source::{AssignmentNumber, RecordRange, Records, SourceEvent};
use esmeralda_broker::{GenerationId, Offset};
use std::sync::Arc;

/// The finished records of a member, and the commit of them.
#[derive(Default)]
pub(super) struct Commits {
    tracker: CommitTracker,
    /// Whether something was finished since the last commit began.
    is_due: bool,
    pub(super) under_way: Option<Pending<CommitAnswer>>,
    /// No commit before then, because the last one failed.
    again_at: Option<Instant>,
}

/// A commit that was answered.
pub(super) struct CommitAnswer {
    offsets: Vec<(i32, Offset)>,
    generation_id: GenerationId,
    result: Result<(), ClientError>,
}

impl Commits {
    /// Forgets everything, because the member owns no partition any longer.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn assign(&mut self, partition: i32, assignment: AssignmentNumber) {
        self.tracker.assign(partition, assignment);
    }

    pub(super) fn assignment(&self, partition: i32) -> Option<AssignmentNumber> {
        self.tracker.assignment(partition)
    }

    pub(super) fn forget(&mut self, partition: i32) {
        self.tracker.forget(partition);
    }

    /// Notes records that are handed out, under the assignment that it enters in them. Offsets without any record are finished at once.
    pub(super) fn hand_out(&mut self, records: &mut Records) {
        records.assignment = self.assignment(records.partition).unwrap_or_default();
        self.tracker.hand_out(records.partition, &records.offsets);
        if records.spans.is_empty() {
            self.finish([RecordRange {
                partition: records.partition,
                assignment: records.assignment,
                offsets: records.offsets.clone(),
            }]);
        }
    }

    /// Marks ranges as finished. Returns false if one of them is stale.
    pub(super) fn finish(&mut self, ranges: impl IntoIterator<Item = RecordRange>) -> bool {
        self.is_due = true;
        let mut are_current = true;
        for range in ranges {
            are_current &= self.tracker.finish(range);
        }
        are_current
    }

    pub(super) fn release(&mut self, ranges: impl IntoIterator<Item = RecordRange>) {
        for range in ranges {
            self.tracker.release(range);
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.tracker.is_settled()
    }

    pub(super) fn is_partition_settled(&self, partition: i32) -> bool {
        self.tracker.is_partition_settled(partition)
    }

    /// Returns whether something is finished and not known to be committed.
    pub(super) fn are_pending(&self) -> bool {
        self.under_way.is_some() || !self.tracker.due().is_empty()
    }

    /// Lets a commit that failed be made again at once.
    pub(super) fn retry_now(&mut self) {
        self.again_at = None;
    }

    fn retry_at(&mut self, at: Instant) {
        self.is_due = true;
        self.again_at = Some(at);
    }

    pub(super) fn again_at(&self) -> Option<Instant> {
        self.again_at
    }
}

impl<C: KafkaClient> KafkaMember<C> {
    pub(super) fn begin_commit(&mut self) {
        let commits = &mut self.commits;
        // One commit at a time: of two, the earlier could arrive last and take the group's offset back.
        if !commits.is_due || commits.under_way.is_some() || self.phase == Phase::Joining {
            return;
        }
        if commits.again_at.is_some_and(|at| at > self.settings.clock.now()) {
            return;
        }
        (commits.is_due, commits.again_at) = (false, None);
        let offsets = commits.tracker.due();
        if offsets.is_empty() {
            return;
        }
        let (client, settings) = (self.client.clone(), Arc::clone(&self.settings));
        let (member_id, generation_id) = (Arc::clone(&self.member_id), self.generation_id);
        commits.under_way = Some(Box::pin(async move {
            let member = GroupMember {
                group_id: &settings.group_id,
                member_id: &member_id,
                generation_id,
            };
            let result = client.commit_offsets(member, &settings.topic, &offsets).await;
            CommitAnswer {
                offsets,
                generation_id,
                result,
            }
        }));
    }

    pub(super) fn on_committed(&mut self, answer: CommitAnswer) -> News {
        let error = match answer.result {
            Ok(()) => {
                let was_told = self.coordinator.end();
                self.tell_recovered(was_told);
                let offsets = self.commits.tracker.committed(&answer.offsets);
                return Some(Ok(SourceEvent::Committed { offsets }));
            }
            Err(error) => error,
        };
        let retry_at = self.settings.clock.now() + RETRY_PAUSE;
        // The tracker still has these offsets as due, so the next commit takes them along with those that finish until then.
        self.commits.retry_at(retry_at);
        match error.kind {
            // The member was, or is, taking part in a cooperative rebalance: the answer to its join tells the generation to commit under.
            ErrorKind::IllegalGeneration | ErrorKind::RebalanceInProgress
                if self.join.is_some() || answer.generation_id != self.generation_id =>
            {
                None
            }
            kind if kind.ends_membership() || kind == ErrorKind::RebalanceInProgress => {
                self.lose(kind, &error.reason);
                None
            }
            _ => self.on_coordinator_error(error),
        }
    }
}
