//! Commits of offsets whose transaction ends while they are on their way to the group.

use super::*;
use crate::group::TransactionOver;
use crate::ids::{LeaderEpoch, Offset, TransactionOutcome};
use crate::operations::add_partitions_to_txn::add_offsets_to_txn;
use crate::operations::create_topics::{CreateTopic, create_topics};
use crate::operations::end_txn::{EndRequest, TransactionVersion, end_txn};
use crate::operations::fetch_offsets::{OffsetReader, fetch_offsets};
use crate::operations::find_coordinator::{CoordinatorKind, find_coordinator};
use crate::operations::init_producer_id::{InitProducer, init_producer_id};

type Producer = (ProducerId, ProducerEpoch);

struct World {
    cluster: Arc<Cluster>,
    context: RequestContext,
}

impl World {
    /// Returns a broker with topic `t` and both topics of coordinators.
    fn new(properties: &[(&str, &str)]) -> Self {
        let cluster = Arc::new(Cluster::for_tests(1, properties));
        let context = RequestContext::for_tests(1);
        create_topics(&cluster, &context, vec![CreateTopic::named("t")], false);
        for kind in [CoordinatorKind::Group, CoordinatorKind::Transaction] {
            find_coordinator(&cluster, &context, kind, "x").expect("the broker coordinates all");
        }
        Self { cluster, context }
    }

    /// Initialises the producer of transactional id `x`, after aborting its open transaction.
    async fn init(&self) -> Producer {
        loop {
            let init = InitProducer {
                transactional_id: Some("x".to_owned()),
                timeout_ms: 1_000,
                producer_id: ProducerId::NONE,
                producer_epoch: ProducerEpoch::NONE,
            };
            match init_producer_id(&self.cluster, &self.context, init).await {
                Ok(producer) => return producer,
                Err(error) => assert!(error.to_string().contains("in progress"), "{error}"),
            }
        }
    }

    async fn end(&self, producer: Producer, client_version: TransactionVersion) -> Producer {
        let request = EndRequest {
            producer_id: producer.0,
            producer_epoch: producer.1,
            outcome: TransactionOutcome::Commit,
            client_version,
        };
        let ended = end_txn(&self.cluster, &self.context, "x", request).await;
        ended.expect("the transaction is open")
    }

    /// Asks the coordinator about the transaction, as the first half of a commit does.
    fn ask(&self, producer: Producer, support: WriteSupport) -> Box<dyn OffsetsTransaction> {
        let transaction = InTransaction {
            transactional_id: "x".to_owned(),
            producer_id: producer.0,
            producer_epoch: producer.1,
            support,
        };
        verified(&self.cluster, &self.context, "g", &transaction).expect("the transaction is open")
    }

    /// Commits offset 5 in the transaction, as the second half of a commit does.
    async fn stage(&self, transaction: Box<dyn OffsetsTransaction>) -> Result<(), GroupError<CommitError>> {
        let committer = Committer {
            membership: Membership::none(),
            is_transactional: true,
            api_version: 5,
        };
        let offset = OffsetToCommit {
            offset: Offset(5),
            leader_epoch: LeaderEpoch::NONE,
            metadata: "".into(),
            retention_ms: None,
        };
        let offsets = vec![("t".into(), vec![(0, offset)])];
        self.cluster
            .groups
            .commit_in_transaction("g", committer, transaction, offsets)
            .await
    }

    /// Returns the committed offset; an error if it is unstable.
    async fn committed(&self) -> Result<Option<i64>, String> {
        let reader = OffsetReader {
            requires_stable: true,
            ..OffsetReader::anonymous()
        };
        let wanted = Some(vec![("t".into(), vec![0])]);
        let fetched = fetch_offsets(&self.cluster, &self.context, "g", reader, wanted).await;
        let mut fetched = fetched.expect("any client may read").offsets;
        let (_, offset) = fetched.remove(0).1.remove(0);
        let offset = offset.map_err(|error| error.to_string())?;
        Ok(offset.map(|committed| committed.offset.0))
    }
}

fn over(over: TransactionOver) -> Result<(), GroupError<CommitError>> {
    Err(GroupError::Refused(over.into()))
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_comes_after_the_end_of_its_transaction_leaves_no_offset_behind() {
    for (support, version) in [
        (WriteSupport::Default, TransactionVersion::V1),
        (WriteSupport::Abortable, TransactionVersion::V1),
        (WriteSupport::AddsPartition, TransactionVersion::V2),
    ] {
        let world = World::new(&[]);
        let producer = world.init().await;
        let add = |producer| add_offsets_to_txn(&world.cluster, &world.context, "x", producer, "g");
        if version == TransactionVersion::V1 {
            add(producer).expect("the producer is the current one");
        }
        let late = world.ask(producer, support);
        let producer = world.end(producer, version).await;
        assert_eq!(
            world.stage(late).await,
            over(TransactionOver::Ended),
            "{support:?}"
        );
        assert_eq!(world.committed().await, Ok(None), "{support:?}");
        // The next transaction of the producer commits its own offsets only.
        if version == TransactionVersion::V1 {
            add(producer).expect("the producer is the current one");
        }
        let next = world.ask(producer, support);
        let other = world.end(producer, version).await;
        drop((next, other));
        assert_eq!(world.committed().await, Ok(None), "{support:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_within_its_transaction_is_pending_and_then_real() {
    let world = World::new(&[]);
    let producer = world.init().await;
    for _ in 0..2 {
        let transaction = world.ask(producer, WriteSupport::AddsPartition);
        assert_eq!(world.stage(transaction).await, Ok(()));
    }
    assert!(world.committed().await.is_err());
    world.end(producer, TransactionVersion::V2).await;
    assert_eq!(world.committed().await, Ok(Some(5)));
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_a_producer_that_was_fenced_meanwhile_is_refused_also_without_verification() {
    let world = World::new(&[("transaction.partition.verification.enable", "false")]);
    let old = world.init().await;
    add_offsets_to_txn(&world.cluster, &world.context, "x", old, "g").expect("it is the current one");
    let late = world.ask(old, WriteSupport::Abortable);
    let new = world.init().await;
    assert_eq!(new.0, old.0);
    assert_eq!(world.stage(late).await, over(TransactionOver::Fenced));
    assert_eq!(world.committed().await, Ok(None));
}
