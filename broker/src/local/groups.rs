//! Membership in classic groups and their offsets, for a client in the same process.

use super::{Client, Committed, Error, Join, Joined};
use crate::ids::{GenerationId, LeaderEpoch, Offset};
use crate::operations::access::Denied;
use crate::operations::commit_offsets::{Committer, GroupError, Membership, OffsetToCommit, commit_offsets};
use crate::operations::fetch_offsets::{CommittedOffset, OffsetReader, fetch_offsets};
use crate::operations::heartbeat::heartbeat;
use crate::operations::join_group::{JoinError, JoinRequest, Protocol, join_group};
use crate::operations::leave_group::{Leaver, leave_group};
use crate::operations::sync_group::{SyncRequest, sync_group};
use crate::topic::TopicKey;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

impl Client {
    /// Joins a classic group; completes when the rebalance does. After MEMBER_ID_REQUIRED it joins again with the member id of the answer.
    ///
    /// # Errors
    /// Those of JoinGroup: UNKNOWN_MEMBER_ID, INVALID_SESSION_TIMEOUT, INCONSISTENT_GROUP_PROTOCOL, GROUP_MAX_SIZE_REACHED.
    pub async fn join_group(&self, join: Join) -> Result<Joined, Error> {
        let mut request = JoinRequest {
            member_id: join.member_id.into(),
            group_instance_id: None,
            session_timeout_ms: milliseconds(join.session_timeout),
            rebalance_timeout_ms: milliseconds(join.rebalance_timeout),
            protocol_type: join.protocol_type.into(),
            protocols: protocols(join.protocols),
            requires_known_member_id: true,
            supports_skipping_assignment: true,
            reason: None,
        };
        let group_id = &join.group_id;
        let context = self.at_coordinator(group_id)?;
        let joining = async {
            let mut answer = join_group(&self.cluster, &context, group_id, request.clone()).await;
            if let Err(GroupError::Refused(JoinError::MemberIdRequired { member_id })) = answer {
                // Kafka's consumer joins again at once too: the group promises the id for one session timeout only.
                request.member_id = member_id;
                answer = join_group(&self.cluster, &context, group_id, request).await;
            }
            answer.map_err(|error| Error::from(&error))
        };
        let joined = self.unless_stopped(context.node_id, joining).await;
        let joined = self.heard(group_id, joined)?;
        let members = joined.members.into_iter();
        Ok(Joined {
            generation_id: joined.generation_id,
            member_id: joined.member_id.to_string(),
            leader: joined.leader.to_string(),
            protocol_name: joined
                .protocol_name
                .map(|name| name.to_string())
                .unwrap_or_default(),
            members: members
                .map(|member| (member.member_id.to_string(), member.metadata))
                .collect(),
        })
    }

    /// Returns the member's assignment (a ConsumerProtocolAssignment). The leader passes the assignments of all members.
    ///
    /// # Errors
    /// Those of SyncGroup: REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID.
    pub async fn sync_group(
        &self,
        group_id: &str,
        member_id: &str,
        generation_id: GenerationId,
        assignments: Vec<(String, Bytes)>,
    ) -> Result<Bytes, Error> {
        let assignments = assignments.into_iter();
        let request = SyncRequest {
            membership: membership(member_id, generation_id),
            // As in SyncGroup up to version 4, the group does not compare the protocol.
            protocol_type: None,
            protocol_name: None,
            assignments: assignments
                .map(|(member, bytes)| (member.into(), bytes))
                .collect(),
        };
        let context = self.at_coordinator(group_id)?;
        let syncing = async {
            let synced = sync_group(&self.cluster, &context, group_id, request, false).await;
            synced.map_err(|error| Error::from(&error))
        };
        let synced = self.unless_stopped(context.node_id, syncing).await;
        Ok(self.heard(group_id, synced)?.assignment)
    }

    /// Renews the member's session.
    ///
    /// # Errors
    /// Those of Heartbeat: REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID.
    pub async fn heartbeat(
        &self,
        group_id: &str,
        member_id: &str,
        generation_id: GenerationId,
    ) -> Result<(), Error> {
        let membership = membership(member_id, generation_id);
        let context = self.at_coordinator(group_id)?;
        // This need not watch for a stop of the broker, because a heartbeat waits for no other member.
        let result = heartbeat(&self.cluster, &context, group_id, membership).await;
        self.heard(group_id, result.map_err(|error| Error::from(&error)))
    }

    /// Leaves the group.
    ///
    /// # Errors
    /// UNKNOWN_MEMBER_ID.
    pub async fn leave_group(&self, group_id: &str, member_id: &str) -> Result<(), Error> {
        let leaver = Leaver {
            member_id: member_id.into(),
            group_instance_id: None,
            reason: None,
        };
        let context = self.at_coordinator(group_id)?;
        let results = leave_group(&self.cluster, &context, group_id, vec![leaver]).await;
        let results = self.heard(group_id, results.map_err(|error| Error::from(&error)))?;
        let mut results = results.into_iter();
        results.try_for_each(|result| result.map_err(|error| Error::from(&error)))
    }

    /// Commits the next offsets to read of partitions of one topic, as a member of a generation.
    ///
    /// # Errors
    /// Those of OffsetCommit: ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, UNKNOWN_TOPIC_OR_PARTITION (the first
    /// partition's error stands for all).
    pub async fn commit_offsets(
        &self,
        group_id: &str,
        member_id: &str,
        generation_id: GenerationId,
        topic: &str,
        offsets: &[(i32, Offset)],
    ) -> Result<(), Error> {
        let committer = Committer {
            membership: membership(member_id, generation_id),
            is_transactional: false,
            // A client in process speaks the newest version.
            api_version: i16::MAX,
        };
        let offsets = offsets.iter().map(|(partition, offset)| {
            let commit = OffsetToCommit {
                offset: *offset,
                leader_epoch: LeaderEpoch::NONE,
                metadata: Arc::default(),
                retention_ms: None,
            };
            (*partition, commit)
        });
        let offsets = vec![(TopicKey::Name(Arc::from(topic)), offsets.collect())];
        let context = self.at_coordinator(group_id)?;
        let results = commit_offsets(&self.cluster, &context, group_id, committer, offsets).await;
        let mut partitions = results.into_iter().flat_map(|(_, partitions)| partitions);
        let result = partitions.try_for_each(|(_, result)| result.map_err(|error| Error::from(&error)));
        self.heard(group_id, result)
    }

    /// Returns the committed offsets of `partitions` of a topic, in that order; `None` for a partition without one.
    ///
    /// # Errors
    /// Those of OffsetFetch.
    pub async fn committed(
        &self,
        group_id: &str,
        topic: &str,
        partitions: &[i32],
    ) -> Result<Vec<Option<Committed>>, Error> {
        let wanted = vec![(Arc::from(topic), partitions.to_vec())];
        let context = self.at_coordinator(group_id)?;
        let fetched = fetch_offsets(
            &self.cluster,
            &context,
            group_id,
            OffsetReader::anonymous(),
            Some(wanted),
        )
        .await;
        let fetched = self.heard(group_id, fetched.map_err(|error| Error::from(&error)))?;
        if !fetched.denied.is_empty() {
            return Err(Error::from(&Denied::Topic));
        }
        let offsets = fetched.offsets.into_iter().flat_map(|(_, offsets)| offsets);
        // Every offset is stable for a reader that does not ask.
        let offsets = offsets.map(|(_, offset)| offset.unwrap_or_default().map(committed));
        Ok(offsets.collect())
    }
}

fn protocols(protocols: Vec<(String, Bytes)>) -> Vec<Protocol> {
    let protocols = protocols.into_iter().map(|(name, metadata)| Protocol {
        name: name.into(),
        metadata,
    });
    protocols.collect()
}

fn membership(member_id: &str, generation_id: GenerationId) -> Membership {
    Membership {
        member_id: member_id.into(),
        group_instance_id: None,
        generation_or_epoch: generation_id.into(),
    }
}

fn committed(offset: CommittedOffset) -> Committed {
    Committed {
        offset: offset.offset,
        leader_epoch: offset.leader_epoch,
        metadata: offset.metadata.to_string(),
    }
}

/// Converts a duration to the wire's 32-bit milliseconds; longer ones become the largest value, 24 days.
fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;
    use crate::local::NewTopic;
    use tokio::time::Instant;

    async fn client() -> Client {
        let client = Client::new(Arc::new(Cluster::for_tests(3, &[])), "poller-1");
        let orders = NewTopic {
            name: "orders".to_owned(),
            partitions: Some(2),
            ..NewTopic::default()
        };
        client.create_topic(orders).await.expect("a topic");
        client
    }

    fn join(member_id: &str) -> Join {
        Join {
            group_id: "g".to_owned(),
            member_id: member_id.to_owned(),
            session_timeout: Duration::from_secs(6),
            rebalance_timeout: Duration::from_secs(30),
            protocol_type: "consumer".to_owned(),
            protocols: vec![("range".to_owned(), Bytes::from_static(b"\0\0\0\0\0\0"))],
        }
    }

    fn name<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
        result.expect_err("the coordinator refuses").name
    }

    #[tokio::test(start_paused = true)]
    async fn two_members_share_a_group_until_one_leaves() {
        let client = client().await;
        let alone = client.join_group(join("")).await.expect("joined");
        assert!(alone.member_id.starts_with("poller-1-"));
        assert_eq!((&alone.leader, alone.members.len()), (&alone.member_id, 1));

        client
            .sync_group("g", &alone.member_id, alone.generation_id, Vec::new())
            .await
            .expect("an assignment");
        let other = client.with_client_id("poller-2");
        let (theirs, ours) = tokio::join!(
            other.join_group(join("")),
            client.join_group(join(&alone.member_id))
        );
        let (ours, theirs) = (ours.expect("joined"), theirs.expect("joined"));
        assert_eq!(
            (ours.generation_id, theirs.generation_id),
            (GenerationId(2), GenerationId(2))
        );
        assert_eq!(
            (&ours.protocol_name[..], ours.members.len(), theirs.members.len()),
            ("range", 2, 0)
        );

        let generation = ours.generation_id;
        let assignments = [(&ours, "left"), (&theirs, "right")]
            .map(|(joined, half)| (joined.member_id.clone(), Bytes::from_static(half.as_bytes())));
        let (left, right) = tokio::join!(
            client.sync_group("g", &ours.member_id, generation, assignments.to_vec()),
            other.sync_group("g", &theirs.member_id, generation, Vec::new()),
        );
        assert_eq!((left, right), (Ok("left".into()), Ok("right".into())));
        assert_eq!(client.heartbeat("g", &ours.member_id, generation).await, Ok(()));

        assert_eq!(other.leave_group("g", &theirs.member_id).await, Ok(()));
        let told = client.heartbeat("g", &ours.member_id, generation).await;
        assert_eq!(name(told), "REBALANCE_IN_PROGRESS");
        let late = other.heartbeat("g", &theirs.member_id, generation).await;
        assert_eq!(name(late), "UNKNOWN_MEMBER_ID");
        assert_eq!(
            name(other.leave_group("g", &theirs.member_id).await),
            "UNKNOWN_MEMBER_ID"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_member_commits_under_its_generation() {
        let client = client().await;
        let ours = client.join_group(join("")).await.expect("joined");
        let (id, generation) = (&ours.member_id, ours.generation_id);
        let offsets = [(1, Offset(7))];
        let early = client
            .commit_offsets("g", id, generation, "orders", &offsets)
            .await;
        assert_eq!(name(early), "REBALANCE_IN_PROGRESS");
        client
            .sync_group("g", id, generation, Vec::new())
            .await
            .expect("an assignment");

        assert_eq!(
            client
                .commit_offsets("g", id, generation, "orders", &offsets)
                .await,
            Ok(())
        );
        let stale = GenerationId(0);
        let refused = client.commit_offsets("g", id, stale, "orders", &offsets).await;
        assert_eq!(name(refused), "ILLEGAL_GENERATION");
        let absent = client.commit_offsets("g", id, generation, "orders", &[(1, Offset(8)), (2, Offset(0))]);
        assert_eq!(name(absent.await), "UNKNOWN_TOPIC_OR_PARTITION");

        let committed = client.committed("g", "orders", &[0, 1]).await.expect("offsets");
        let offsets: Vec<_> = committed
            .iter()
            .map(|row| row.as_ref().map(|row| row.offset))
            .collect();
        assert_eq!(offsets, [None, Some(Offset(8))]);
        let nobody = client.committed("nobody", "orders", &[0]).await;
        assert_eq!(nobody, Ok(vec![None]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_join_delays_the_group_by_one_session_timeout_at_most() {
        let client = client().await;
        let ours = client.join_group(join("")).await.expect("joined");
        client
            .sync_group("g", &ours.member_id, ours.generation_id, Vec::new())
            .await
            .expect("an assignment");
        let began = Instant::now();
        let waiting = tokio::time::timeout(Duration::from_secs(1), client.join_group(join(""))).await;
        assert!(waiting.is_err());
        // The group still waits for us. Once we have joined, it also waits for the member that gave up, which never syncs.
        let ours = client.join_group(join(&ours.member_id)).await.expect("joined");
        assert_eq!(ours.members.len(), 2);
        client
            .sync_group("g", &ours.member_id, ours.generation_id, Vec::new())
            .await
            .expect("an assignment");
        while client
            .heartbeat("g", &ours.member_id, ours.generation_id)
            .await
            .is_ok()
        {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        // That member's session ends 6 s after the generation was announced, and the next heartbeat detects the rebalance.
        assert_eq!(began.elapsed(), Duration::from_millis(1_000 + 6_000 + 500));
        let ours = client.join_group(join(&ours.member_id)).await.expect("joined");
        assert_eq!(ours.members.len(), 1);
    }

    /// Joins until a generation with `count` members has its assignment. Returns the number of joins.
    async fn settle(client: Client, count: usize) -> usize {
        let mut member_id = String::new();
        for joins in 1.. {
            let joined = client.join_group(join(&member_id)).await.expect("joined");
            member_id = joined.member_id;
            let share = |(id, _): (String, Bytes)| (id, Bytes::from(joined.members.len().to_string()));
            let shares = joined.members.iter().cloned().map(share).collect();
            let generation = joined.generation_id;
            let synced = client.sync_group("g", &member_id, generation, shares).await;
            if synced.is_ok_and(|size| size == count.to_string()) {
                return joins;
            }
            while client.heartbeat("g", &member_id, generation).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        unreachable!("the loop has no end")
    }

    #[tokio::test(start_paused = true)]
    async fn two_thousand_members_that_start_together_settle_in_one_generation() {
        let client = client().await;
        let began = Instant::now();
        let members: Vec<_> = (0..2_000)
            .map(|_| tokio::spawn(settle(client.clone(), 2_000)))
            .collect();
        let mut joins = 0;
        for member in members {
            joins = joins.max(member.await.expect("a member settles"));
        }
        // The first turn of the timer sees that members joined after the first one, and the second that none did any more.
        assert_eq!((joins, began.elapsed()), (1, Duration::from_millis(4)));
    }
}
