//! Fetch sessions (KIP-227): the partitions that a client asked for and the state it was sent, so that later requests and answers
//! contain changes only.
//!
//! Knows the rules of epochs, eviction and omission; does not read any log. Source: Kafka's `FetchSession`,
//! `FetchSessionCacheShard` and `FetchManager`.

use crate::Entropy;
use crate::fetch::{FetchedPartition, PartitionKey, WantedPartition};
use crate::ids::Offset;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// "No session" on the wire.
pub(crate) const NO_SESSION: i32 = 0;
/// The epoch of a request that begins a session.
const INITIAL_EPOCH: i32 = 0;
/// The epoch of a request that ends its session, or needs none.
const FINAL_EPOCH: i32 = -1;
/// The time that a session must be unused, or have existed, before any other session may evict it
/// (`MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`).
const EVICTION_MS: i64 = 120_000;

/// The session fields of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionRequest {
    pub(crate) id: i32,
    pub(crate) epoch: i32,
    /// Whether the request names topics by id (Fetch 13 and later). A session cannot change this.
    pub(crate) uses_topic_ids: bool,
}

/// The reason why a request does not fit its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("no fetch session has that id")]
    IdNotFound,
    #[error("the request's epoch is not the fetch session's next one")]
    InvalidEpoch,
    #[error("a fetch session cannot change between topic names and topic ids")]
    TopicIdMixed,
}

/// The partitions to read for a request, and the form of its answer.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Everything to read, in the order to read it.
    pub(crate) wanted: Vec<WantedPartition>,
    kind: AnswerKind,
}

#[derive(Clone, Copy, Debug)]
enum AnswerKind {
    Sessionless,
    /// A full answer, which becomes a session if there is room.
    Full {
        uses_topic_ids: bool,
    },
    Incremental {
        id: i32,
        /// The epoch that the session has while the request is in work.
        epoch: i32,
    },
}

/// The sessions of one broker.
#[derive(Debug)]
pub(crate) struct FetchSessions {
    slots: usize,
    sessions: Mutex<HashMap<i32, Session>>,
}

#[derive(Debug)]
struct Session {
    epoch: i32,
    uses_topic_ids: bool,
    created_ms: i64,
    last_used_ms: i64,
    /// The partitions in reading order. A partition that returned data moves to the end, so that each gets its turn.
    turns: BTreeMap<u64, Cached>,
    by_key: HashMap<PartitionKey, u64>,
    next_turn: u64,
}

/// A partition as the client asked for it, and the state that the client was last sent.
#[derive(Clone, Debug)]
struct Cached {
    wanted: WantedPartition,
    /// `None` if the client was sent nothing yet, or an error: the partition is then part of the next answer in any case.
    high_watermark: Option<Offset>,
    log_start_offset: Offset,
}

impl FetchSessions {
    /// Returns an empty cache of at most `slots` sessions.
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            slots,
            sessions: Mutex::new(HashMap::new()),
        }
    }

    /// Forgets all sessions, as a broker that stops does.
    pub(crate) fn clear(&self) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.clear();
    }

    /// Updates the request's session with `wanted` and `forgotten`, and returns the partitions to read.
    pub(crate) fn open(
        &self,
        request: SessionRequest,
        wanted: Vec<WantedPartition>,
        forgotten: &[PartitionKey],
        now_ms: i64,
    ) -> Result<Opened, SessionError> {
        let mut sessions = self.lock();
        if matches!(request.epoch, INITIAL_EPOCH | FINAL_EPOCH) {
            // As in Kafka, a full request closes the session that it names.
            sessions.remove(&request.id);
            let uses_topic_ids = request.uses_topic_ids;
            let kind = if request.epoch == FINAL_EPOCH {
                AnswerKind::Sessionless
            } else {
                AnswerKind::Full { uses_topic_ids }
            };
            return Ok(Opened { wanted, kind });
        }
        let session = sessions.get_mut(&request.id).ok_or(SessionError::IdNotFound)?;
        if session.epoch != request.epoch {
            return Err(SessionError::InvalidEpoch);
        }
        if session.uses_topic_ids != request.uses_topic_ids {
            return Err(SessionError::TopicIdMixed);
        }
        session.update(&wanted, forgotten);
        // Kafka ends a session that has lost its last partition, and answers without one.
        if session.turns.is_empty() {
            sessions.remove(&request.id);
            let kind = AnswerKind::Sessionless;
            return Ok(Opened { wanted, kind });
        }
        session.last_used_ms = now_ms;
        // The epoch moves before the read, so that a later request of the session makes this one's answer
        // invalid.
        session.epoch = next_epoch(session.epoch);
        Ok(Opened {
            wanted: session
                .turns
                .values()
                // The read may wait for records, and the lock must not be held meanwhile.
                .map(|cached| cached.wanted.clone())
                .collect(),
            kind: AnswerKind::Incremental {
                id: request.id,
                epoch: session.epoch,
            },
        })
    }

    /// Returns the id of the answer's session, and removes unchanged partitions from an incremental answer.
    pub(crate) fn close(
        &self,
        opened: &Opened,
        fetched: &mut Vec<FetchedPartition>,
        now_ms: i64,
        entropy: &Entropy,
    ) -> Result<i32, SessionError> {
        match opened.kind {
            AnswerKind::Sessionless => Ok(NO_SESSION),
            AnswerKind::Full { uses_topic_ids } => {
                let session = Session::new(uses_topic_ids, &opened.wanted, fetched, now_ms);
                Ok(self.insert(session, now_ms, entropy))
            }
            AnswerKind::Incremental { id, epoch } => {
                let mut sessions = self.lock();
                // The session was evicted or closed in the meantime. As in Kafka, the answer is still sent, and the client's next
                // request fails.
                if let Some(session) = sessions.get_mut(&id) {
                    if session.epoch != epoch {
                        return Err(SessionError::InvalidEpoch);
                    }
                    fetched.retain(|partition| session.tell(partition));
                }
                Ok(id)
            }
        }
    }

    /// Keeps a new session if there is room or if a session of less value can be evicted.
    fn insert(&self, session: Session, now_ms: i64, entropy: &Entropy) -> i32 {
        let mut sessions = self.lock();
        if sessions.len() >= self.slots && !evict(&mut sessions, session.turns.len(), now_ms) {
            return NO_SESSION;
        }
        let id = loop {
            // Kafka's ids are random and positive; 0 stands for no session.
            let id = entropy.below(i32::MAX as u64 - 1) as i32 + 1;
            if !sessions.contains_key(&id) {
                break id;
            }
        };
        sessions.insert(id, session);
        id
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i32, Session>> {
        // A poisoned lock is safe to use: every change leaves the sessions consistent, and a client recovers from a lost one.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the least recently used session if it is stale, or else the smallest old one, unless it is larger than the new one.
fn evict(sessions: &mut HashMap<i32, Session>, new_size: usize, now_ms: i64) -> bool {
    let stalest = sessions
        .iter()
        // The id decides a tie, because the order of a hash map differs from run to run.
        .min_by_key(|(id, session)| (session.last_used_ms, **id));
    let Some((id, stalest)) = stalest else {
        return false;
    };
    let victim = if now_ms - stalest.last_used_ms > EVICTION_MS {
        Some(*id)
    } else {
        sessions
            .iter()
            .filter(|(_, session)| session.last_used_ms - session.created_ms > EVICTION_MS)
            .map(|(id, session)| (session.turns.len(), *id))
            .min()
            // As in Kafka, a session with more partitions is worth more: without it each of its requests
            // would name them all.
            .filter(|(size, _)| *size < new_size)
            .map(|(_, id)| id)
    };
    victim.is_some_and(|id| sessions.remove(&id).is_some())
}

/// Kafka's `FetchMetadata.nextEpoch`: from 1 up, and 1 again after the last one.
fn next_epoch(epoch: i32) -> i32 {
    epoch.checked_add(1).unwrap_or(1)
}

impl Session {
    fn new(
        uses_topic_ids: bool,
        wanted: &[WantedPartition],
        fetched: &[FetchedPartition],
        now_ms: i64,
    ) -> Self {
        let mut session = Self {
            epoch: next_epoch(INITIAL_EPOCH),
            uses_topic_ids,
            created_ms: now_ms,
            last_used_ms: now_ms,
            turns: BTreeMap::new(),
            by_key: HashMap::with_capacity(wanted.len()),
            next_turn: 0,
        };
        session.update(wanted, &[]);
        for partition in fetched {
            if let Some(cached) = session.cached(&partition.key) {
                cached.note(partition);
            }
        }
        session
    }

    fn update(&mut self, wanted: &[WantedPartition], forgotten: &[PartitionKey]) {
        for wanted in wanted {
            if let Some(cached) = self.cached(&wanted.key) {
                let name = cached.wanted.resolved_name.take();
                // A request by id does not repeat the name that was found for the topic, so the name stays.
                cached.wanted = wanted.clone();
                if cached.wanted.resolved_name.is_none() {
                    cached.wanted.resolved_name = name;
                }
            } else {
                let cached = Cached {
                    wanted: wanted.clone(),
                    high_watermark: None,
                    log_start_offset: Offset(-1),
                };
                self.push(cached);
            }
        }
        for key in forgotten {
            if let Some(turn) = self.by_key.remove(key) {
                self.turns.remove(&turn);
            }
        }
    }

    fn cached(&mut self, key: &PartitionKey) -> Option<&mut Cached> {
        self.turns.get_mut(self.by_key.get(key)?)
    }

    fn push(&mut self, cached: Cached) {
        self.by_key.insert(cached.wanted.key.clone(), self.next_turn);
        self.turns.insert(self.next_turn, cached);
        self.next_turn += 1;
    }

    /// Returns whether the partition belongs in the answer. Records the state that the client is sent, and moves a partition with data to
    /// the end.
    fn tell(&mut self, partition: &FetchedPartition) -> bool {
        let Some(turn) = self.by_key.get(&partition.key) else {
            return true;
        };
        let Some(cached) = self.turns.get_mut(turn) else {
            return true;
        };
        let must_tell = cached.must_tell(partition);
        cached.note(partition);
        if partition.bytes() > 0
            && let Some(cached) = self.turns.remove(&turn.clone())
        {
            self.push(cached);
        }
        must_tell
    }
}

impl Cached {
    fn must_tell(&self, partition: &FetchedPartition) -> bool {
        match &partition.result {
            Err(_) => true,
            Ok(fetched) => {
                // The client has to truncate its log if the epochs diverge, so it must hear of it.
                fetched.records.bytes > 0
                    || fetched.diverging_epoch.is_some()
                    || fetched.preferred_replica.is_some()
                    || self.high_watermark != Some(fetched.high_watermark)
                    || self.log_start_offset != fetched.log_start_offset
            }
        }
    }

    fn note(&mut self, partition: &FetchedPartition) {
        if self.wanted.resolved_name.is_none() {
            self.wanted.resolved_name = partition.topic_name.clone();
        }
        match &partition.result {
            Ok(fetched) => {
                self.high_watermark = Some(fetched.high_watermark);
                self.log_start_offset = fetched.log_start_offset;
            }
            // The next answer has the partition again, which tells the client that the error is over.
            Err(_) => self.high_watermark = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Fetched;
    use crate::log::{OffsetOutOfRange, Slice};
    use crate::topic::TopicKey;

    fn wanted(indexes: impl IntoIterator<Item = i32>) -> Vec<WantedPartition> {
        let wanted = |partition| WantedPartition {
            key: PartitionKey {
                topic: TopicKey::Name("t".into()),
                partition,
            },
            resolved_name: None,
            fetch_offset: Offset(0),
            max_bytes: 1,
            current_leader_epoch: None,
            last_fetched_epoch: None,
        };
        indexes.into_iter().map(wanted).collect()
    }

    fn told(wanted: &WantedPartition, bytes: usize, high_watermark: i64) -> FetchedPartition {
        FetchedPartition {
            key: wanted.key.clone(),
            topic_name: None,
            result: Ok(Fetched {
                high_watermark: Offset(high_watermark),
                last_stable_offset: Offset(high_watermark),
                log_start_offset: Offset(0),
                diverging_epoch: None,
                preferred_replica: None,
                records: Slice {
                    bytes,
                    ..Slice::default()
                },
                aborted_transactions: Vec::new(),
            }),
        }
    }

    fn request(id: i32, epoch: i32) -> SessionRequest {
        SessionRequest {
            id,
            epoch,
            uses_topic_ids: false,
        }
    }

    fn begin(sessions: &FetchSessions, partitions: i32, now_ms: i64, entropy: &Entropy) -> i32 {
        let opened = sessions
            .open(request(0, INITIAL_EPOCH), wanted(0..partitions), &[], now_ms)
            .unwrap();
        let mut fetched: Vec<_> = opened.wanted.iter().map(|wanted| told(wanted, 0, 0)).collect();
        sessions.close(&opened, &mut fetched, now_ms, entropy).unwrap()
    }

    #[test]
    fn epochs_go_up_and_wrap_to_1() {
        assert_eq!([0, 1, i32::MAX].map(next_epoch), [1, 2, 1]);
    }

    #[test]
    fn full_cache_gives_no_session_until_one_is_stale_or_smaller_and_old() {
        let entropy = Entropy::from_seed(3);
        let sessions = FetchSessions::new(2);
        let small = begin(&sessions, 1, 0, &entropy);
        let large = begin(&sessions, 5, 0, &entropy);
        assert_eq!(begin(&sessions, 9, EVICTION_MS, &entropy), NO_SESSION);
        // Both are in use, and old by now: the smaller one makes way, for more partitions than it has.
        let now_ms = EVICTION_MS + 1;
        for id in [small, large] {
            sessions.open(request(id, 1), vec![], &[], now_ms).unwrap();
        }
        assert_eq!(begin(&sessions, 1, now_ms, &entropy), NO_SESSION);
        let larger = begin(&sessions, 2, now_ms, &entropy);
        assert_ne!(larger, NO_SESSION);
        assert_eq!(
            sessions.open(request(small, 2), vec![], &[], now_ms).err(),
            Some(SessionError::IdNotFound)
        );
        // Unused for longer than the limit: the stalest goes, whatever its size.
        let now_ms = 2 * EVICTION_MS + 2;
        sessions.open(request(larger, 1), vec![], &[], now_ms).unwrap();
        assert_ne!(begin(&sessions, 1, now_ms, &entropy), NO_SESSION);
        assert_eq!(
            sessions.open(request(large, 2), vec![], &[], now_ms).err(),
            Some(SessionError::IdNotFound)
        );
    }

    #[test]
    fn request_that_overtakes_another_of_its_session_fails_that_one() {
        let entropy = Entropy::from_seed(3);
        let sessions = FetchSessions::new(1);
        let id = begin(&sessions, 1, 0, &entropy);
        let first = sessions.open(request(id, 1), vec![], &[], 0).unwrap();
        let second = sessions.open(request(id, 2), vec![], &[], 0).unwrap();
        let close = |opened| sessions.close(opened, &mut vec![], 0, &entropy);
        assert_eq!(close(&first), Err(SessionError::InvalidEpoch));
        assert_eq!(close(&second), Ok(id));
    }

    #[test]
    fn partition_that_gave_data_goes_last_and_what_is_known_is_not_told() {
        let entropy = Entropy::from_seed(3);
        let sessions = FetchSessions::new(1);
        let id = begin(&sessions, 3, 0, &entropy);
        let open = |epoch| sessions.open(request(id, epoch), vec![], &[], 0).unwrap();
        let order = |opened: &Opened| -> Vec<i32> {
            opened.wanted.iter().map(|wanted| wanted.key.partition).collect()
        };
        let opened = open(1);
        assert_eq!(order(&opened), [0, 1, 2]);
        let mut fetched: Vec<_> = opened.wanted.iter().map(|wanted| told(wanted, 0, 0)).collect();
        fetched[0] = told(&opened.wanted[0], 9, 0);
        fetched[2].result = Err(OffsetOutOfRange {
            offset: Offset(0),
            log_start_offset: Offset(1),
            end_offset: Offset(1),
        }
        .into());
        sessions.close(&opened, &mut fetched, 0, &entropy).unwrap();
        let indexes: Vec<_> = fetched.iter().map(|fetched| fetched.key.partition).collect();
        assert_eq!(indexes, [0, 2]);
        assert_eq!(order(&open(2)), [1, 2, 0]);
    }

    #[test]
    fn session_whose_last_partition_is_forgotten_is_closed() {
        let entropy = Entropy::from_seed(3);
        let sessions = FetchSessions::new(1);
        let id = begin(&sessions, 1, 0, &entropy);
        let forgotten = [wanted([0]).remove(0).key];
        let opened = sessions.open(request(id, 1), vec![], &forgotten, 0).unwrap();
        assert!(opened.wanted.is_empty());
        assert_eq!(sessions.close(&opened, &mut vec![], 0, &entropy), Ok(NO_SESSION));
        let again = sessions.open(request(id, 2), vec![], &[], 0);
        assert_eq!(again.err(), Some(SessionError::IdNotFound));
    }
}
