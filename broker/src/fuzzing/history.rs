//! Histories of groups and transactions: the bytes of a script become requests of several members and producers to one broker, some of which
//! wait for each other, and time that passes. Nothing panics, each request is answered, and no offset stays unstable for ever.

mod requests;
mod script;

use crate::api::Served;
use crate::cluster::{Cluster, Ingress, Node, NodeListener};
use crate::config::{Config, ConfigError};
use crate::ids::NodeId;
use crate::operations::RequestContext;
use crate::operations::write_txn_markers::write_decided_markers;
use crate::security::Principal;
use crate::{Clock, Entropy};
use bytes::BytesMut;
use kafka_protocol::messages::find_coordinator_request::FindCoordinatorRequest;
use kafka_protocol::messages::{
    ConsumerGroupHeartbeatResponse, EndTxnResponse, InitProducerIdResponse, JoinGroupResponse,
};
use kafka_protocol::protocol::{Decodable, Request, StrBytes};
use script::Script;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// The most steps of a history.
const MOST_STEPS: usize = 200;

/// The time within which every request is answered: longer than the longest timeout that a step asks for.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// The groups of a history. The last one has no members at first.
const GROUPS: [&str; 2] = ["g", "h"];

/// The transactional ids of a history.
const TRANSACTIONAL_IDS: [&str; 2] = ["x", "y"];

/// OffsetFetch's code of an offset that an open transaction may replace.
const UNSTABLE_OFFSET_COMMIT: i16 = 88;

/// A member as its client knows it.
#[derive(Clone, Debug)]
struct Member {
    group: &'static str,
    id: StrBytes,
    generation_or_epoch: i32,
    owned: Vec<(Uuid, Vec<i32>)>,
}

/// A producer as its client knows it.
#[derive(Clone, Debug)]
struct Producer {
    transactional_id: &'static str,
    id: i64,
    epoch: i16,
}

/// The change of a client's knowledge by an answer.
#[derive(Debug)]
enum News {
    None,
    Member(Member),
    Producer(Producer),
}

/// One history: the script, the broker, and what the clients know.
struct History<'a> {
    script: Script<'a>,
    broker: Broker,
    members: Vec<Member>,
    producers: Vec<Producer>,
    waiting: Vec<JoinHandle<News>>,
}

#[derive(Clone)]
struct Broker {
    cluster: Arc<Cluster>,
    context: Arc<RequestContext>,
}

/// Plays the history of a script, and returns the number of its steps. The caller's tokio runtime has one thread and is paused, so that no
/// wait takes long and each run of a script is the same.
///
/// # Errors
/// The cluster cannot be created.
pub async fn run_history(script: &[u8]) -> Result<usize, ConfigError> {
    let broker = Broker::new()?;
    broker.prepare().await;
    let mut history = History {
        script: Script::new(script),
        broker,
        members: Vec::new(),
        producers: Vec::new(),
        waiting: Vec::new(),
    };
    let mut steps = 0;
    while !history.script.is_over() && steps < MOST_STEPS {
        history.step().await;
        history.hear().await;
        steps += 1;
    }
    history.end().await;
    Ok(steps)
}

impl Broker {
    fn new() -> Result<Self, ConfigError> {
        // One partition for each coordinator, so that a run costs little, and no delay that only costs time.
        let properties = [
            ("group.initial.rebalance.delay.ms", "0"),
            ("offsets.topic.num.partitions", "1"),
            ("transaction.state.log.num.partitions", "1"),
        ];
        let config = Config {
            memory_limit_bytes: 1 << 26,
            properties: properties
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Config::default()
        };
        let node = Node::new(NodeId(1), NodeListener::without_socket("localhost", 9092));
        let clock = Clock::tokio(1_700_000_000_000);
        let cluster = Cluster::new(config, vec![node], clock, Entropy::from_seed(1))?;
        let context = RequestContext {
            node_id: NodeId(1),
            ingress: Ingress::plaintext(),
            principal: Principal::ANONYMOUS,
            api_key: -1,
            api_version: -1,
            peer_address: None,
            client_id: "fuzz".to_owned(),
            software: None,
        };
        Ok(Self {
            cluster: Arc::new(cluster),
            context: Arc::new(context),
        })
    }

    /// Creates topic `t` of two partitions, topic `u` of one, and the topics of the coordinators.
    async fn prepare(&self) {
        self.call(7, requests::create_topics()).await;
        for key_type in [0, 1] {
            let find = FindCoordinatorRequest::default()
                .with_key(StrBytes::from_static_str("x"))
                .with_key_type(key_type);
            self.call(3, find).await;
        }
    }

    /// Sends a request and returns its answer; `None` if the request cannot be written at the version, or the broker refuses to read it.
    async fn call<R: Request>(&self, version: i16, request: R) -> Option<R::Response> {
        let mut body = BytesMut::new();
        request.encode(&mut body, version).ok()?;
        let served = Served::by_key(R::KEY).expect("only served requests are sent");
        let answering = served.answer(&self.cluster, &self.context, version, body.freeze());
        let answer = timeout(PATIENCE, answering.ok()?.done()).await;
        let mut body = answer.expect("a request is answered").into_bytes(version);
        let response = R::Response::decode(&mut body, version).expect("an answer can be read");
        assert!(body.is_empty(), "an answer ends where it should");
        Some(response)
    }
}

impl History<'_> {
    /// Sends a request that may wait for others, and goes on.
    fn spawn<R>(&mut self, version: i16, request: R, hear: impl FnOnce(R::Response) -> News + Send + 'static)
    where
        R: Request + Send + 'static,
        R::Response: Send,
    {
        let broker = self.broker.clone();
        self.waiting.push(tokio::spawn(async move {
            broker.call(version, request).await.map_or(News::None, hear)
        }));
    }

    /// Lets the requests go on that can, and takes over what was answered.
    async fn hear(&mut self) {
        tokio::task::yield_now().await;
        let (answered, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(JoinHandle::is_finished);
        self.waiting = waiting;
        let answered: Vec<JoinHandle<News>> = answered;
        for handle in answered {
            let news = handle.await.expect("no request panics");
            self.learn(news);
        }
    }

    fn learn(&mut self, news: News) {
        match news {
            News::None => {}
            News::Member(member) => {
                self.members.retain(|known| known.id != member.id);
                self.members.push(member);
            }
            News::Producer(producer) => self.producers.push(producer),
        }
    }

    /// Ends all transactions and all waits, and asserts that nothing is left of them.
    async fn end(mut self) {
        for handle in std::mem::take(&mut self.waiting) {
            handle.await.expect("no request panics");
        }
        sleep(PATIENCE).await;
        self.end_transactions().await;
        for group in GROUPS {
            let fetched = self.broker.call(7, requests::fetch_all_stable(group)).await;
            let fetched = fetched.expect("it is a valid request");
            let topics = fetched.topics.iter().flat_map(|topic| &topic.partitions);
            let codes = topics.map(|partition| partition.error_code);
            let is_unstable = codes
                .chain([fetched.error_code])
                .any(|code| code == UNSTABLE_OFFSET_COMMIT);
            assert!(!is_unstable, "an offset stays unstable without a transaction");
        }
        let pool = &self.broker.cluster.pool;
        assert!(pool.used_bytes() < pool.limit_bytes(), "the memory limit is kept");
    }

    /// Aborts the transactions that have lasted too long, as the upkeep does.
    async fn end_transactions(&self) {
        let cluster = &self.broker.cluster;
        let new_producer_id = |_: &str| cluster.producer_ids.next(NodeId(1));
        cluster
            .transactions
            .abort_timed_out(cluster.clock.now_ms(), new_producer_id);
        write_decided_markers(cluster).await;
    }
}

fn joined(group: &'static str, response: &JoinGroupResponse) -> News {
    News::Member(Member {
        group,
        id: response.member_id.clone(),
        generation_or_epoch: response.generation_id,
        owned: Vec::new(),
    })
}

fn heard(member: Member, response: ConsumerGroupHeartbeatResponse) -> News {
    if response.error_code != 0 {
        return News::None;
    }
    let owned = response.assignment.map(|assignment| {
        let topics = assignment.topic_partitions.into_iter();
        topics.map(|topic| (topic.topic_id, topic.partitions)).collect()
    });
    News::Member(Member {
        id: response.member_id.unwrap_or(member.id),
        generation_or_epoch: response.member_epoch,
        owned: owned.unwrap_or(member.owned),
        group: member.group,
    })
}

fn initialised(transactional_id: &'static str, response: &InitProducerIdResponse) -> News {
    if response.error_code != 0 {
        return News::None;
    }
    News::Producer(Producer {
        transactional_id,
        id: response.producer_id.0,
        epoch: response.producer_epoch,
    })
}

fn ended(before: Producer, response: &EndTxnResponse) -> News {
    if response.error_code != 0 || response.producer_id.0 < 0 {
        return News::None;
    }
    News::Producer(Producer {
        id: response.producer_id.0,
        epoch: response.producer_epoch,
        ..before
    })
}
