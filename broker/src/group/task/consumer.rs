//! The requests of the consumer protocol. A group of another type refuses them here, with the errors that [`Group`] lists.

use super::{GroupTask, reply};
use crate::group::command::ConsumerCommand;
use crate::group::consumer::{
    ConsumerGroup, ConsumerGroupNotFound, Heartbeat, HeartbeatAnswer, HeartbeatError,
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
                if answered.is_err() {
                    self.end_if_new();
                }
                reply(answer, answered);
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
        if !heartbeat.request.is_join() || self.group.state() != GroupState::Empty {
            return Err(GroupError::Refused(self.other_type().into()));
        }
        // An empty group becomes the type of the next member. If the member is refused, it stays as it is.
        let limits = self.settings.consumer.clone();
        let mut group = ConsumerGroup::new(Arc::clone(&self.identity.id), limits, self.catalog.clone());
        self.memory.admit(group.heartbeat_growth_bytes(heartbeat))?;
        let answer = group.heartbeat(now_ms, heartbeat).map_err(GroupError::Refused)?;
        let classic = std::mem::replace(&mut self.group, Group::Consumer(Box::new(group)));
        if !self.is_new {
            // The classic group was kept. Source: `maybeDeleteEmptyClassicGroup`.
            let mut records = GroupRecords::default();
            classic.put_removal(&self.identity.id, &mut records);
            self.keep(now_ms, &records);
        }
        Ok(answer)
    }

    fn other_type(&self) -> ConsumerGroupNotFound {
        ConsumerGroupNotFound::OtherType(Arc::clone(&self.identity.id))
    }
}
