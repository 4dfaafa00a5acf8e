//! Whatever members do, and whenever, what must be true of a group stays true.

use super::driver::*;
use crate::group::classic::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What somebody does. Members are numbers: the `n`th id that exists, or the `n`th instance.
#[derive(Clone, Debug)]
enum Act {
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

fn act() -> impl Strategy<Value = Act> {
    let instance = prop::option::weighted(0.4, 0..3u8);
    prop_oneof![
        3 => (any::<bool>(), 0..4u8, instance).prop_map(|(requires_known_id, protocols, instance)| Act::Join {
            requires_known_id,
            protocols,
            instance,
        }),
        6 => (any::<u8>(), 0..4u8).prop_map(|(member, protocols)| Act::Rejoin { member, protocols }),
        6 => (any::<u8>(), prop::bool::weighted(0.1)).prop_map(|(member, is_old)| Act::Sync { member, is_old }),
        4 => (any::<u8>(), prop::bool::weighted(0.1)).prop_map(|(member, is_old)| Act::Heartbeat { member, is_old }),
        2 => (any::<u8>(), prop::bool::weighted(0.1)).prop_map(|(member, is_old)| Act::Commit { member, is_old }),
        1 => any::<u8>().prop_map(|member| Act::Leave { member }),
        1 => (0..3u8).prop_map(|instance| Act::LeaveInstance { instance }),
        5 => prop_oneof![0..10i64, 0..SESSION_MS, 0..2 * REBALANCE_MS].prop_map(|ms| Act::Pass { ms }),
    ]
}

/// A driver that knows every id that was ever given out, and what each generation was told.
struct World {
    driver: Driver,
    ids: Vec<MemberId>,
    generations: BTreeMap<GenerationId, (MemberId, Option<Arc<str>>)>,
    last_generation: GenerationId,
}

impl World {
    fn act(&mut self, act: &Act) {
        let generation =
            |is_old: &bool, world: &Self| world.driver.group.generation_id.0 - i32::from(*is_old);
        match act {
            Act::Join {
                requires_known_id,
                protocols,
                instance,
            } => {
                let id: MemberId = format!("m{}", self.ids.len()).into();
                self.ids.push(Arc::clone(&id));
                self.driver.join(&JoinRequest {
                    requires_known_member_id: *requires_known_id,
                    group_instance_id: instance.map(|instance| format!("i{instance}").into()),
                    ..speaking(newcomer(&id), *protocols)
                });
            }
            Act::Rejoin { member, protocols } => {
                if let Some(id) = self.id(*member) {
                    let joining = self.driver.group.members.get(&id);
                    let instance = joining.and_then(|member| member.group_instance_id.clone());
                    self.driver.join(&JoinRequest {
                        group_instance_id: instance,
                        ..speaking(again(&id), *protocols)
                    });
                }
            }
            Act::Sync { member, is_old } => {
                if let Some(id) = self.id(*member) {
                    let everybody: Vec<_> = self.ids.iter().map(|id| (&**id, &**id)).collect();
                    let generation = generation(is_old, self);
                    self.driver.sync(&id, generation, &everybody);
                }
            }
            Act::Heartbeat { member, is_old } => {
                if let Some(id) = self.id(*member) {
                    let _ = self.driver.heartbeat(&id, generation(is_old, self));
                }
            }
            Act::Commit { member, is_old } => {
                if let Some(id) = self.id(*member) {
                    let _ = self.driver.commit(&id, generation(is_old, self));
                }
            }
            Act::Leave { member } => {
                if let Some(id) = self.id(*member) {
                    self.driver.leave(&[leaver(&id, None)]);
                }
            }
            Act::LeaveInstance { instance } => {
                let instance = format!("i{instance}");
                self.driver.leave(&[leaver("", Some(&instance))]);
            }
            Act::Pass { ms } => self.driver.pass(*ms),
        }
    }

    /// Of the last few ids, so that most of them are members.
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
            "one member leads, if there is one"
        );
        if group.state == GroupState::Empty {
            assert!(group.members.is_empty());
        }
        for member in group.members.iter() {
            let timer = group.timers.deadline_ms(&Timer::Session(Arc::clone(&member.id)));
            assert!(
                timer.is_some() || member.has_satisfied_heartbeat(),
                "{} would live for ever",
                member.id
            );
            if group.state != GroupState::CompletingRebalance {
                assert_eq!(
                    member.awaiting_sync, None,
                    "only a leader's absence keeps a SyncGroup waiting"
                );
            }
            if group.state != GroupState::PreparingRebalance {
                assert!(
                    !member.is_awaiting_join(),
                    "only a rebalance keeps a JoinGroup waiting"
                );
            }
            if group.state == GroupState::Stable {
                let owes_sync = group.members.pending_sync.contains(&member.id);
                let can_expire = group.timers.deadline_ms(&Timer::Sync).is_some();
                assert!(!owes_sync || can_expire, "all have synced, or run out of time to");
            }
        }
        for id in group.members.promised() {
            assert!(
                group
                    .timers
                    .deadline_ms(&Timer::Session(Arc::clone(id)))
                    .is_some()
            );
        }
        if group.state == GroupState::PreparingRebalance {
            assert!(
                group.timers.deadline_ms(&Timer::Join).is_some(),
                "every rebalance ends"
            );
        }
        self.check_answers();
    }

    /// Everybody in a generation is told the same leader and protocol, and only the leader who is in it.
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

fn speaking(request: JoinRequest, choice: u8) -> JoinRequest {
    let names: &[&str] = match choice {
        0 | 1 => &["range", "sticky"],
        2 => &["sticky", "range"],
        _ => &["range"],
    };
    JoinRequest {
        protocols: protocols(names),
        ..request
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_breaks_a_group(
        acts in prop::collection::vec(act(), 1..150),
        delay_ms in prop_oneof![Just(0), Just(3_000i64)],
        max_size in prop_oneof![Just(100usize), Just(3usize)],
    ) {
        let limits = Limits { initial_rebalance_delay_ms: delay_ms, max_size, ..LIMITS };
        let mut world = World {
            driver: Driver::new(limits),
            ids: Vec::new(),
            generations: BTreeMap::new(),
            last_generation: GenerationId(0),
        };
        for act in &acts {
            world.act(act);
            world.check();
        }
        // When everybody has fallen silent for long enough, nobody is left and every request has been answered.
        world.driver.pass(LIMITS.new_member_join_timeout_ms + 10 * (SESSION_MS + REBALANCE_MS));
        world.check();
        prop_assert_eq!(world.driver.parked.len(), 0);
        prop_assert_eq!(world.driver.members(), Vec::<String>::new());
        prop_assert_eq!(world.driver.group.next_deadline_ms(), None);
        prop_assert!(!world.driver.group.has_pending_members());
    }
}
