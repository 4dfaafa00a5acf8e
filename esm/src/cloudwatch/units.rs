//! The event poller units of mappings, by minute: EventPollerUnit of those of a poller group, which share units, and of those alone.
//!
//! A minute of a group is written when the next one begins for any of its mappings, so that all of them are of the same minute. A mapping
//! alone is a group of its own.

use super::names::EVENT_POLLER_UNIT;
use super::{MetricStore, Minute, SampleSet};
use crate::Clock;
use crate::billing::{UnitLoad, added_units};
use crate::config::PollerGroup;
use crate::metrics::Counters;
use crate::profile::EventPollerUnit;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Records the event poller units of all mappings of an engine.
#[derive(Debug)]
pub(crate) struct UnitRecorder {
    clock: Clock,
    store: Arc<MetricStore>,
    unit: EventPollerUnit,
    // Locked for one change, and never while a mapping is asked.
    groups: Mutex<Groups>,
}

#[derive(Debug, Default)]
struct Groups {
    groups: BTreeMap<GroupKey, Group>,
    /// Number of times that a mapping joined a group.
    joined: u64,
}

/// A group, or a mapping alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum GroupKey {
    Named(PollerGroup),
    Alone(String),
}

#[derive(Debug)]
struct Group {
    /// The minute that is not over.
    minute: Minute,
    /// The mappings, in the order in which they joined.
    members: BTreeMap<u64, Member>,
}

#[derive(Debug)]
struct Member {
    uuid: String,
    counters: Arc<Counters>,
    minimum: usize,
    pollers: usize,
    /// The most pollers in the present minute.
    most_pollers: usize,
    polls: bool,
    /// Whether it polled at some time in the present minute.
    has_polled: bool,
    /// The bytes that it had read at the start of the present minute.
    bytes_before: u64,
}

/// The place of one mapping among the groups. It is left when this is dropped.
#[derive(Debug)]
pub(super) struct UnitSeat {
    recorder: Arc<UnitRecorder>,
    uuid: String,
    counters: Arc<Counters>,
    state: Mutex<SeatState>,
}

#[derive(Debug, Default)]
struct SeatState {
    /// The group and the number in it; `None` in on-demand mode.
    place: Option<(GroupKey, u64)>,
    pollers: usize,
    polls: bool,
    /// The bytes that each older mapping of the group had processed when it was last asked.
    older_seen: BTreeMap<u64, u64>,
    /// The bytes that they processed since this mapping joined.
    older_bytes: u64,
}

impl UnitRecorder {
    /// Returns a recorder without mappings.
    pub(crate) fn new(unit: EventPollerUnit, store: &Arc<MetricStore>, clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            store: Arc::clone(store),
            unit,
            groups: Mutex::default(),
        }
    }

    fn minute(&self, now: Duration) -> Minute {
        Minute::of_ms(self.clock.unix_ms(now))
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        // Each change leaves numbers that the next one can go on from.
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the minutes of a group that are over, and begins the present one.
    fn settle(&self, group: &mut Group, now: Duration) {
        let minute = self.minute(now);
        if minute <= group.minute {
            return;
        }
        self.write(group, group.minute..group.minute.next());
        let gap = group.minute.next()..minute;
        for member in group.members.values_mut() {
            member.has_polled = member.polls;
            member.most_pollers = member.pollers;
            member.bytes_before = member.counters.polled_bytes.get();
        }
        // In the minutes between nothing happened to any of them.
        self.write(group, gap);
        group.minute = minute;
    }

    fn write(&self, group: &Group, minutes: Range<Minute>) {
        if minutes.start >= minutes.end {
            return;
        }
        let mut older = UnitLoad::default();
        for member in group.members.values().filter(|member| member.has_polled) {
            let load = member.load();
            let units = added_units(&self.unit, older, load, MINUTE);
            let id = EVENT_POLLER_UNIT.of_mapping(&member.uuid);
            let sample = SampleSet::one(units as f64);
            self.store
                .put(&id, EVENT_POLLER_UNIT.unit, minutes.clone(), sample);
            older = older + load;
        }
    }
}

impl Member {
    /// Returns the load in the present minute.
    fn load(&self) -> UnitLoad {
        UnitLoad {
            // AWS bills the minimum also where the topic has fewer partitions than that.
            pollers: self.most_pollers.max(self.minimum),
            bytes: self.counters.polled_bytes.get() - self.bytes_before,
        }
    }
}

impl UnitSeat {
    /// Returns the seat of a mapping that is in no group yet.
    pub(super) fn new(recorder: &Arc<UnitRecorder>, uuid: &str, counters: &Arc<Counters>) -> Self {
        Self {
            recorder: Arc::clone(recorder),
            uuid: uuid.to_owned(),
            counters: Arc::clone(counters),
            state: Mutex::default(),
        }
    }

    /// Joins a group, or stays in it with another minimum of pollers. `None` for a minimum leaves: on-demand mode has no units.
    pub(super) fn join(&self, now: Duration, group: Option<&PollerGroup>, minimum: Option<usize>) {
        let mut state = self.state();
        let key = minimum.map(|_| match group {
            Some(group) => GroupKey::Named(group.clone()),
            None => GroupKey::Alone(self.uuid.clone()),
        });
        if state.place.as_ref().map(|(key, _)| key) != key.as_ref() {
            self.leave(now, &mut state);
            if let Some(key) = key {
                self.enter(now, &mut state, key);
            }
        }
        drop(state);
        self.change(now, |member| member.minimum = minimum.unwrap_or(0));
    }

    fn enter(&self, now: Duration, state: &mut SeatState, key: GroupKey) {
        let mut groups = self.recorder.lock();
        groups.joined += 1;
        let number = groups.joined;
        let minute = self.recorder.minute(now);
        let group = groups.groups.entry(key.clone()).or_insert_with(|| Group {
            minute,
            members: BTreeMap::new(),
        });
        self.recorder.settle(group, now);
        let member = Member {
            uuid: self.uuid.clone(),
            counters: Arc::clone(&self.counters),
            minimum: 0,
            pollers: state.pollers,
            most_pollers: state.pollers,
            polls: state.polls,
            has_polled: state.polls,
            bytes_before: self.counters.polled_bytes.get(),
        };
        group.members.insert(number, member);
        state.place = Some((key, number));
    }

    fn leave(&self, now: Duration, state: &mut SeatState) {
        let Some((key, number)) = state.place.take() else {
            return;
        };
        state.older_seen.clear();
        state.older_bytes = 0;
        let mut groups = self.recorder.lock();
        let Some(group) = groups.groups.get_mut(&key) else {
            return;
        };
        self.recorder.settle(group, now);
        // Its part of the present minute would be missing otherwise.
        self.recorder.write(group, group.minute..group.minute.next());
        group.members.remove(&number);
        if group.members.is_empty() {
            groups.groups.remove(&key);
        }
    }

    /// Notes whether the mapping polls from now on.
    pub(super) fn polling(&self, now: Duration, polls: bool) {
        self.state().polls = polls;
        self.change(now, |member| {
            member.polls = polls;
            member.has_polled |= polls;
        });
    }

    /// Notes the number of pollers from now on.
    pub(super) fn pollers(&self, now: Duration, count: usize) {
        self.state().pollers = count;
        self.change(now, |member| {
            member.pollers = count;
            member.most_pollers = member.most_pollers.max(count);
        });
    }

    /// Writes the minutes that are over.
    pub(super) fn settle(&self, now: Duration) {
        self.change(now, |_| {});
    }

    /// Writes what there is of the present minute.
    pub(super) fn show(&self, now: Duration) {
        self.with_group(|recorder, group, _| {
            recorder.settle(group, now);
            recorder.write(group, group.minute..group.minute.next());
        });
    }

    /// Returns whether mappings joined the group before this one.
    pub(super) fn has_older(&self) -> bool {
        let has_older = self.with_group(|_, group, number| group.members.range(..number).next().is_some());
        has_older.unwrap_or(false)
    }

    /// Returns the pollers of the mappings that joined the group before, and the bytes that they processed since this one did.
    pub(super) fn older_load(&self) -> UnitLoad {
        let read = |_: &UnitRecorder, group: &mut Group, number: u64| {
            let older = group.members.range(..number);
            let older = older.map(|(number, member)| {
                let pollers = if member.polls {
                    member.pollers.max(member.minimum)
                } else {
                    0
                };
                (*number, pollers, member.counters.record_bytes.get())
            });
            older.collect::<Vec<_>>()
        };
        let older = self.with_group(read).unwrap_or_default();
        let mut state = self.state();
        let mut load = UnitLoad::default();
        for (number, pollers, bytes) in older {
            load.pollers += pollers;
            let before = state.older_seen.insert(number, bytes).unwrap_or(bytes);
            state.older_bytes += bytes - before;
        }
        load.bytes = state.older_bytes;
        load
    }

    fn change(&self, now: Duration, change: impl FnOnce(&mut Member)) {
        self.with_group(|recorder, group, number| {
            recorder.settle(group, now);
            if let Some(member) = group.members.get_mut(&number) {
                change(member);
            }
        });
    }

    /// Gives the group of this mapping, and its number in it, to `act`.
    fn with_group<T>(&self, act: impl FnOnce(&UnitRecorder, &mut Group, u64) -> T) -> Option<T> {
        let (key, number) = self.state().place.clone()?;
        let mut groups = self.recorder.lock();
        let group = groups.groups.get_mut(&key)?;
        Some(act(&self.recorder, group, number))
    }

    fn state(&self) -> MutexGuard<'_, SeatState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnitSeat {
    fn drop(&mut self) {
        let now = self.recorder.clock.elapsed();
        self.leave(now, &mut self.state());
    }
}
