//! A client's cached leaders of partitions and coordinators of groups. An entry can be out of date: the broker then refuses the call or is
//! down, and the client looks the broker up again at its next call. Source: Kafka's `Metadata`, `NetworkClient` and
//! `AbstractCoordinator`.

use super::{Client, Error};
use crate::ids::NodeId;
use crate::operations::RequestContext;
use crate::operations::find_coordinator::{CoordinatorKind, find_coordinator};
use crate::operations::metadata::{MetadataError, WantedTopics, describe_topics};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Kafka's codes after which a client looks up the leader again: UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE,
/// NOT_LEADER_OR_FOLLOWER, NETWORK_EXCEPTION, FENCED_LEADER_EPOCH.
const LEADER_CODES: [i16; 5] = [3, 5, 6, NETWORK_EXCEPTION, 74];

/// Kafka's codes after which a client looks up the coordinator again: NETWORK_EXCEPTION, COORDINATOR_NOT_AVAILABLE,
/// NOT_COORDINATOR.
const COORDINATOR_CODES: [i16; 3] = [NETWORK_EXCEPTION, 15, 16];

// Kafka's clients give this code to requests whose connection broke before an answer came.
const NETWORK_EXCEPTION: i16 = 13;

/// The cached leaders and coordinators. Clones of a client share them.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// The leaders by topic and partition index.
    leaders: RwLock<HashMap<Arc<str>, Arc<[NodeId]>>>,
    coordinators: RwLock<HashMap<Arc<str>, NodeId>>,
}

impl Error {
    /// Returns the error of a call to a broker that is down, which a client has after a broken connection.
    fn disconnected(node: NodeId) -> Self {
        Self {
            code: NETWORK_EXCEPTION,
            name: "NETWORK_EXCEPTION",
            message: format!("broker {node} is down"),
        }
    }
}

impl Client {
    /// Returns the leaders of a topic's partitions, by index.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION if the topic does not exist.
    pub(super) fn leaders(&self, topic: &str) -> Result<Arc<[NodeId]>, Error> {
        // A poisoned lock is safe to use: entries are replaced whole.
        let known = self.routes.leaders.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaders) = known.get(topic) {
            return Ok(Arc::clone(leaders));
        }
        // The lock is released before the look-up. Two callers that look up at the same time store the same answer.
        drop(known);
        let leaders = self.ask_for_leaders(topic)?;
        let mut known = self
            .routes
            .leaders
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(topic.into(), Arc::clone(&leaders));
        Ok(leaders)
    }

    fn ask_for_leaders(&self, topic: &str) -> Result<Arc<[NodeId]>, Error> {
        let wanted = WantedTopics::Named(vec![topic.to_owned()]);
        let described = describe_topics(&self.cluster, &self.bootstrap(), wanted, false);
        let view = match described.into_iter().next().map(|topic| topic.result) {
            Some(Ok(view)) => view,
            Some(Err(error)) => return Err(Error::from(&error)),
            None => return Err(Error::from(&MetadataError::UnknownTopic)),
        };
        let leaders = view.leaders.iter();
        Ok(leaders
            .map(|leader| leader.map_or(NodeId::NONE, |leader| leader.node))
            .collect())
    }

    /// Returns the leader of a partition. Looks the topic up again if the partition is not cached. For a partition that does not exist it
    /// returns any broker, which then reports the error.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION if the topic does not exist.
    pub(super) fn leader(&self, topic: &str, partition: i32) -> Result<NodeId, Error> {
        let index = usize::try_from(partition).unwrap_or(usize::MAX);
        if let Some(leader) = self.leaders(topic)?.get(index) {
            return Ok(*leader);
        }
        self.forget_leaders(topic);
        let leaders = self.leaders(topic)?;
        Ok(leaders
            .get(index)
            .copied()
            .unwrap_or_else(|| self.cluster.controller()))
    }

    /// Forgets the leaders of a topic if `error` says that they are out of date.
    pub(super) fn check_leaders(&self, topic: &str, error: &Error) -> bool {
        let is_stale = LEADER_CODES.contains(&error.code);
        if is_stale {
            self.forget_leaders(topic);
        }
        is_stale
    }

    fn forget_leaders(&self, topic: &str) {
        let mut known = self
            .routes
            .leaders
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        known.remove(topic);
    }

    /// Returns the context of a call to that leader.
    ///
    /// # Errors
    /// NETWORK_EXCEPTION if it is down, LEADER_NOT_AVAILABLE for [`NodeId::NONE`].
    pub(super) fn at_leader(&self, node: NodeId) -> Result<RequestContext, Error> {
        if node == NodeId::NONE {
            return Err(Error {
                code: 5,
                name: "LEADER_NOT_AVAILABLE",
                message: "no replica of the partition is alive".to_owned(),
            });
        }
        if !self.cluster.is_alive(node) {
            return Err(Error::disconnected(node));
        }
        Ok(self.context(node))
    }

    /// Returns the context of a call to the coordinator of a group.
    ///
    /// # Errors
    /// NETWORK_EXCEPTION if it is down, COORDINATOR_NOT_AVAILABLE if there is none.
    pub(super) fn at_coordinator(&self, group_id: &str) -> Result<RequestContext, Error> {
        let known = self
            .routes
            .coordinators
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(group_id)
            .copied();
        let node = match known {
            Some(node) => node,
            None => {
                let kind = CoordinatorKind::Group;
                let found = find_coordinator(&self.cluster, &self.bootstrap(), kind, group_id);
                let node = found.map_err(|error| Error::from(&error))?.id;
                let mut known = self
                    .routes
                    .coordinators
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                known.insert(group_id.into(), node);
                node
            }
        };
        if !self.cluster.is_alive(node) {
            // The route is forgotten, so that the next call finds the broker that has taken over.
            return self.heard(group_id, Err(Error::disconnected(node)));
        }
        Ok(self.context(node))
    }

    /// Returns `answer` as it is. Forgets the cached coordinator of the group if the answer shows that it is out of date.
    pub(super) fn heard<T>(&self, group_id: &str, answer: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &answer
            && COORDINATOR_CODES.contains(&error.code)
        {
            let mut known = self
                .routes
                .coordinators
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            known.remove(group_id);
        }
        answer
    }

    /// Waits for an answer that can take long. If the broker stops meanwhile, fails as a client whose connection breaks.
    pub(super) async fn unless_stopped<T>(
        &self,
        node: NodeId,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::select! {
            biased;
            // An answer that was ready before the stop is not lost.
            answer = answer => answer,
            () = self.cluster.until_stopped(node) => Err(Error::disconnected(node)),
        }
    }
}
