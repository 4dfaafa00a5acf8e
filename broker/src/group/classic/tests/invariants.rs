//! Random sequences of requests and time: the invariants of a group hold after each step.

use super::driver::*;
use crate::group::classic::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A random step. A member is the index of one of the last ids, an instance the number in its id.
#[derive(Clone, Debug)]
enum Step {
    Join {
        requires_known_id: bool,
        protocols: u8,
        instance: Option<u8>,
    },
    Rejoin {
        member: u8,
        protocols: u8,
    },
    Sync {
        member: u8,
        is_old: bool,
    },
    Heartbeat {
        member: u8,
        is_old: bool,
    },
    Commit {
        member: u8,
        is_old: bool,
    },
    Leave {
        member: u8,
    },
    LeaveInstance {
        instance: u8,
    },
    Pass {
        ms: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let instance = prop::option::weighted(0.4, 0..3u8);
    prop_oneof![
        3 => (any::<bool>(), 0..4u8, instance).prop_map(|(requires_known_id, protocols, instance)| Step::Join {
            requires_known_id,
            protocols,
            instance,
        }),
        6 => (any::<u8>(), 0..4u8).prop_map(|(member, protocols)| Step::Rejoin { member, protocols }),
        6 => (any::<u8>(), prop::bool::weighted(0.1)).prop_map(|(member, is_old)| Step::Sync { member, is_old }),
        4 => (any::<u8>(), prop::bool::weighted(0.1)).prop_map(|(member, is_old)| Step::Heartbeat { member, is_old }),
        2 => (any::<u8>(), prop::bool::weighted(0.1)).prop_map(|(member, is_old)| Step::Commit { member, is_old }),
        1 => any::<u8>().prop_map(|member| Step::Leave { member }),
        1 => (0..3u8).prop_map(|instance| Step::LeaveInstance { instance }),
        5 => prop_oneof![0..10i64, 0..SESSION_MS, 0..2 * REBALANCE_MS].prop_map(|ms| Step::Pass { ms }),
    ]
}

/// A driver with every id that was ever given out, and the leader and protocol that each generation was told.
struct Model {
    driver: Driver,
    ids: Vec<MemberId>,
    generations: BTreeMap<GenerationId, (MemberId, Option<Arc<str>>)>,
    last_generation: GenerationId,
}

impl Model {
    fn take(&mut self, step: &Step) {
        let generation =
            |is_old: &bool, model: &Self| model.driver.group.generation_id.0 - i32::from(*is_old);
        match step {
            Step::Join {
                requires_known_id,
                protocols,
                instance,
            } => {
                let id: MemberId = format!("m{}", self.ids.len()).into();
                self.ids.push(Arc::clone(&id));
                let joiner = newcomer(&id).with(|request| {
                    request.requires_known_member_id = *requires_known_id;
                    request.group_instance_id = instance.map(|instance| format!("i{instance}").into());
                });
                self.driver.join(&choosing(joiner, *protocols));
            }
            Step::Rejoin { member, protocols } => {
                if let Some(id) = self.id(*member) {
                    let joining = self.driver.group.members.get(&id);
                    let instance = joining.and_then(|member| member.group_instance_id.clone());
                    let joiner = again(&id).with(|request| request.group_instance_id = instance);
                    self.driver.join(&choosing(joiner, *protocols));
                }
            }
            Step::Sync { member, is_old } => {
                if let Some(id) = self.id(*member) {
                    let all: Vec<_> = self.ids.iter().map(|id| (&**id, &**id)).collect();
                    let generation = generation(is_old, self);
                    self.driver.sync(&id, generation, &all);
                }
            }
            Step::Heartbeat { member, is_old } => {
                if let Some(id) = self.id(*member) {
                    let _ = self.driver.heartbeat(&id, generation(is_old, self));
                }
            }
            Step::Commit { member, is_old } => {
                if let Some(id) = self.id(*member) {
                    let _ = self.driver.commit(&id, generation(is_old, self));
                }
            }
            Step::Leave { member } => {
                if let Some(id) = self.id(*member) {
                    self.driver.leave(&[leaver(&id, None)]);
                }
            }
            Step::LeaveInstance { instance } => {
                let instance = format!("i{instance}");
                self.driver.leave(&[leaver("", Some(&instance))]);
            }
            Step::Pass { ms } => self.driver.pass(*ms),
        }
    }

    /// Returns one of the last ids, most of which are members.
    fn id(&self, number: u8) -> Option<MemberId> {
        let recent = &self.ids[self.ids.len().saturating_sub(6)..];
        recent.get(usize::from(number) % recent.len().max(1)).cloned()
    }

    fn check(&mut self) {
        let group = &self.driver.group;
        group.members.assert_consistent();
        assert!(group.effects.is_empty());
        assert!(
            group.generation_id >= self.last_generation,
            "generations never go back"
        );
        self.last_generation = group.generation_id;

        let leads = group
            .leader
            .as_deref()
            .is_some_and(|leader| group.members.contains(leader));
        assert_eq!(
            leads,
            !group.members.is_empty(),
            "a group with members has a leader among them"
        );
        if group.state == ClassicGroupState::Empty {
            assert!(group.members.is_empty());
        }
        for member in group.members.iter() {
            let timer = group.timers.deadline_ms(&Timer::Session(Arc::clone(&member.id)));
            assert!(
                timer.is_some() || member.has_satisfied_heartbeat(),
                "the session of {} would never end",
                member.id
            );
            if group.state != ClassicGroupState::CompletingRebalance {
                assert_eq!(
                    member.awaiting_sync, None,
                    "a SyncGroup waits only for the leader's assignment"
                );
            }
            if group.state != ClassicGroupState::PreparingRebalance {
                assert!(
                    !member.is_awaiting_join(),
                    "a JoinGroup waits only for a rebalance"
                );
            }
            if group.state == ClassicGroupState::Stable {
                let has_to_sync = group.members.pending_sync.contains(&member.id);
                let can_expire = group.timers.deadline_ms(&Timer::Sync).is_some();
                assert!(
                    !has_to_sync || can_expire,
                    "members that have to sync have a deadline"
                );
            }
        }
        for id in group.members.pending() {
            assert!(
                group
                    .timers
                    .deadline_ms(&Timer::Session(Arc::clone(id)))
                    .is_some()
            );
        }
        if group.state == ClassicGroupState::PreparingRebalance {
            assert!(
                group.timers.deadline_ms(&Timer::Join).is_some(),
                "every rebalance ends"
            );
        }
        self.check_answers();
    }

    /// Checks that all members of a generation were told the same leader and protocol, and only the leader was told the members.
    fn check_answers(&mut self) {
        let joins = std::mem::take(&mut self.driver.joins);
        for joined in joins.into_values().filter_map(Result::ok) {
            if joined.leader == joined.member_id {
                assert!(
                    joined
                        .members
                        .iter()
                        .any(|member| member.member_id == joined.member_id)
                );
            } else {
                assert_eq!(joined.members, []);
            }
            let told = (Arc::clone(&joined.leader), joined.protocol_name.clone());
            let first = self
                .generations
                .entry(joined.generation_id)
                .or_insert_with(|| told.clone());
            assert_eq!(first.1, told.1);
            let is_successor = joined.skip_assignment || self.driver.group.is_leader(&joined.leader);
            assert!(
                first.0 == told.0 || is_successor,
                "{} and {} lead",
                first.0,
                told.0
            );
        }
    }
}

fn choosing(joiner: Joiner, choice: u8) -> Joiner {
    let names: &[&str] = match choice {
        0 | 1 => &["range", "sticky"],
        2 => &["sticky", "range"],
        _ => &["range"],
    };
    joiner.supporting(names)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_invariants_hold_after_any_sequence_of_events(
        steps in prop::collection::vec(step(), 1..150),
        delay_ms in prop_oneof![Just(0), Just(3_000i64)],
        max_size in prop_oneof![Just(100usize), Just(3usize)],
    ) {
        let limits = Limits { initial_rebalance_delay_ms: delay_ms, max_size, ..LIMITS };
        let mut model = Model {
            driver: Driver::new(limits),
            ids: Vec::new(),
            generations: BTreeMap::new(),
            last_generation: GenerationId(0),
        };
        for step in &steps {
            model.take(step);
            model.check();
        }
        // Without requests all sessions end: no member is left and every request has been answered.
        model.driver.pass(LIMITS.new_member_join_timeout_ms + 10 * (SESSION_MS + REBALANCE_MS));
        model.check();
        prop_assert_eq!(model.driver.parked.len(), 0);
        prop_assert_eq!(model.driver.members(), Vec::<String>::new());
        prop_assert_eq!(model.driver.group.next_deadline_ms(), None);
        prop_assert!(!model.driver.has_pending_members());
    }
}
