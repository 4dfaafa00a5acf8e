//! The requests of the consumer protocol. A group of another type refuses them here, with the errors that [`Group`] lists.

use super::{GroupTask, reply};
use crate::group::command::ConsumerCommand;
use crate::group::consumer::{
    ConsumerGroup, ConsumerGroupNotFound, Heartbeat, HeartbeatAnswer, HeartbeatError, UpgradeError,
};
use crate::group::{Group, GroupError, GroupRecords, GroupState};
use std::sync::Arc;

impl GroupTask {
    pub(super) fn handle_consumer(&mut self, now_ms: i64, command: ConsumerCommand) {
        match command {
            ConsumerCommand::Heartbeat(heartbeat, answer) => {
                let answered = self.consumer_heartbeat(now_ms, &heartbeat);
                // The change is kept before the client hears of it.
                self.keep_changes(now_ms);
                self.settle(now_ms);
                if answered.is_err() {
                    self.end_if_new();
                }
                reply(answer, answered);
            }
            ConsumerCommand::Describe(answer) if self.is_unwritten => {
                reply(answer, Err(GroupError::NotFound))
            }
            ConsumerCommand::Describe(answer) => {
                let described = match &self.group {
                    Group::Consumer(group) => Ok(group.describe()),
                    Group::Classic(_) => Err(GroupError::Refused(self.other_type())),
                };
                reply(answer, described);
            }
        }
    }

    fn consumer_heartbeat(
        &mut self,
        now_ms: i64,
        heartbeat: &Heartbeat,
    ) -> Result<HeartbeatAnswer, GroupError<HeartbeatError>> {
        if let Group::Consumer(group) = &mut self.group {
            self.memory.admit(group.heartbeat_growth_bytes(heartbeat))?;
            return group.heartbeat(now_ms, heartbeat).map_err(GroupError::Refused);
        }
        if !heartbeat.request.is_join() {
            return Err(GroupError::Refused(self.other_type().into()));
        }
        let successor = self.consumer_successor(now_ms);
        let mut group = successor.map_err(|error| GroupError::Refused(error.into()))?;
        self.memory.admit(group.heartbeat_growth_bytes(heartbeat))?;
        // If the member is refused, the group stays as it is.
        let answer = group.heartbeat(now_ms, heartbeat).map_err(GroupError::Refused)?;
        if let Group::Classic(classic) = &mut self.group {
            let effects = classic.release_parked();
            self.follow(now_ms, effects);
        }
        let classic = std::mem::replace(&mut self.group, Group::Consumer(Box::new(group)));
        if !self.is_new {
            // The classic group was kept. Source: `maybeDeleteEmptyClassicGroup`.
            let mut records = GroupRecords::default();
            classic.put_removal(&self.identity.id, &mut records);
            self.keep(now_ms, &records);
        }
        Ok(answer)
    }

    /// Returns the consumer group that this classic group may become. An empty group becomes the type of the next member; one with members
    /// takes them along.
    fn consumer_successor(&self, now_ms: i64) -> Result<ConsumerGroup, UpgradeError> {
        let (id, limits) = (Arc::clone(&self.identity.id), self.settings.consumer.clone());
        match &self.group {
            Group::Classic(classic) if self.group.state() != GroupState::Empty => {
                ConsumerGroup::from_classic(now_ms, id, limits, self.catalog.clone(), classic)
            }
            _ => Ok(ConsumerGroup::new(id, limits, self.catalog.clone())),
        }
    }

    /// Lets a consumer group that has lost its last member of the consumer protocol become a classic one.
    pub(super) fn settle(&mut self, now_ms: i64) {
        let Group::Consumer(group) = &mut self.group else {
            return;
        };
        let Some((classic, effects)) = group.take_classic(now_ms, self.settings.limits) else {
            return;
        };
        let mut records = GroupRecords::default();
        group.put_removal(&mut records);
        self.keep(now_ms, &records);
        self.group = Group::Classic(Box::new(classic));
        self.follow(now_ms, effects);
    }

    fn other_type(&self) -> ConsumerGroupNotFound {
        ConsumerGroupNotFound::OtherType(Arc::clone(&self.identity.id))
    }
}
