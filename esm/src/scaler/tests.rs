use super::*;
use crate::profile::ProfileName;
use proptest::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A mapping whose partitions are all alike.
struct World {
    scaler: Scaler,
    sample: Sample,
    profile: ScalingProfile,
    is_provisioned: bool,
    bounds: Bounds,
    now: Duration,
    fleet: usize,
}

impl World {
    fn new(profile: ProfileName, partitions: usize, bounds: (usize, usize)) -> Self {
        let sample = Sample {
            progress: Progress {
                ends: vec![0; partitions],
                positions: vec![0; partitions],
            },
            ..Sample::default()
        };
        Self {
            scaler: Scaler::new(Duration::ZERO, sample.clone()),
            sample,
            profile: profile.profile(),
            is_provisioned: true,
            bounds: Bounds {
                minimum: bounds.0,
                maximum: bounds.1,
                partitions,
            },
            now: Duration::ZERO,
            fleet: bounds.0.min(partitions),
        }
    }

    fn arrive(&mut self, records_each: i64) {
        self.sample
            .progress
            .ends
            .iter_mut()
            .for_each(|end| *end += records_each);
    }

    /// Processes records of each partition at 100 in 180 ms, in full batches, 1,000 bytes each.
    fn process(&mut self, records_each: i64) {
        self.process_slowly(records_each, 1_800);
    }

    fn process_slowly(&mut self, records_each: i64, record_us: u64) {
        let done = self.slot_work(records_each, record_us);
        self.sample.work.full = sum(self.sample.work.full, done);
        self.sample.work.invocations += done.records / 100;
    }

    /// Processes records in part-filled batches of ten.
    fn process_in_tens(&mut self, records_each: i64) {
        let done = self.slot_work(records_each, 18_000);
        self.sample.work.invocations += done.records / 10;
    }

    fn slot_work(&mut self, records_each: i64, record_us: u64) -> SlotWork {
        let positions = self.sample.progress.positions.iter_mut();
        let records =
            positions.map(|position| *position += records_each).count() as u64 * records_each as u64;
        let done = SlotWork {
            records,
            record_bytes: records * 1_000,
            busy: Duration::from_micros(record_us * records),
        };
        self.sample.work.all = sum(self.sample.work.all, done);
        done
    }

    fn evaluate(&mut self, after: Duration) -> Decision {
        self.now += after;
        let terms = Terms {
            profile: &self.profile,
            is_provisioned: self.is_provisioned,
            bounds: self.bounds,
        };
        let decision = self
            .scaler
            .evaluate(self.now, self.sample.clone(), self.fleet, &terms);
        assert_eq!(decision.from, self.fleet);
        self.fleet = decision.to;
        decision
    }
}

fn sum(one: SlotWork, other: SlotWork) -> SlotWork {
    SlotWork {
        records: one.records + other.records,
        record_bytes: one.record_bytes + other.record_bytes,
        busy: one.busy + other.busy,
    }
}

fn told(decision: &Decision) -> (usize, Reason, Option<usize>, Option<Cap>) {
    (
        decision.to,
        decision.reason,
        decision.raw_target,
        decision.capped_by,
    )
}

#[test]
fn a_long_lag_adds_a_step_at_a_time_up_to_the_partitions() {
    let mut world = World::new(ProfileName::Announcement2024, 40, (1, 200));
    world.arrive(200_000);
    world.process(1_000);
    let first = world.evaluate(Duration::from_secs(90));
    assert_eq!(told(&first), (19, Reason::LagTooLong, Some(40), Some(Cap::Step)));
    assert_eq!(first.slot_per_s.map(|rate| (rate * 9.0).round()), Some(5_000.0));
    assert_eq!(first.slots_per_poller, Some(1.0));
    world.process(1_000);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (37, Reason::LagTooLong, Some(40), Some(Cap::Step))
    );
    world.process(1_000);
    // Less than a tenth more, but it is all there may be.
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (40, Reason::LagTooLong, Some(40), None)
    );
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (40, Reason::Enough, Some(40), None)
    );
}

#[test]
fn the_maximum_bounds_it_and_the_minimum_holds_it() {
    let mut world = World::new(ProfileName::Announcement2024, 40, (2, 5));
    world.arrive(200_000);
    world.process(1_000);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (5, Reason::LagTooLong, Some(40), Some(Cap::Maximum))
    );
    world.process(199_000);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (5, Reason::NotQuietYet, Some(0), Some(Cap::Minimum))
    );
    for _ in 0..3 {
        assert_eq!(world.evaluate(MINUTE).to, 5);
    }
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (2, Reason::Quiet, Some(0), Some(Cap::Minimum))
    );
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (2, Reason::Enough, Some(0), Some(Cap::Minimum))
    );
}

#[test]
fn a_lag_whose_rate_is_unknown_adds_one_step() {
    let mut world = World::new(ProfileName::Announcement2024, 40, (1, 200));
    world.is_provisioned = false;
    world.arrive(10);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (18, Reason::RateUnknown, None, None)
    );
    let mut idle = World::new(ProfileName::Announcement2024, 40, (3, 200));
    assert_eq!(
        told(&idle.evaluate(MINUTE)),
        (3, Reason::Enough, None, Some(Cap::Minimum))
    );
}

#[test]
fn throttled_invocations_keep_pollers_from_being_added() {
    let mut world = World::new(ProfileName::Announcement2024, 40, (1, 200));
    world.arrive(200_000);
    world.process(1_000);
    world.sample.work.throttles = 45;
    let decision = world.evaluate(MINUTE);
    assert_eq!(decision.throttled_share, 45.0 / 445.0);
    assert_eq!(told(&decision), (1, Reason::Throttled, Some(40), None));
    // A tenth is not more than a tenth.
    world.process(1_000);
    world.sample.work.throttles += 44;
    assert_eq!(world.evaluate(MINUTE).to, 19);
}

/// 4 of 18 invocations at once run in the function, for 100 of the 245 ms that each takes its poller.
fn throttled_minute(world: &mut World) {
    let work = &mut world.sample.work;
    let done = SlotWork {
        records: 240_000,
        record_bytes: 240_000_000,
        busy: Duration::from_millis(2_400 * 245),
    };
    let in_vain = Duration::from_millis(3_000 * 145);
    work.full = sum(work.full, done);
    work.all = sum(
        work.all,
        SlotWork {
            busy: done.busy + in_vain,
            ..done
        },
    );
    work.invocations += 2_400;
    work.throttles += 3_000;
    work.throttled_busy += in_vain;
    work.running += Duration::from_millis(2_400 * 100);
    world.sample.running_max = 4;
}

#[test]
fn on_demand_mode_takes_pollers_away_that_the_function_has_no_concurrency_for() {
    let mut world = World::new(ProfileName::Current, 100, (1, 50));
    (world.is_provisioned, world.fleet) = (false, 40);
    world.arrive(1_000_000);
    throttled_minute(&mut world);
    // Ten pollers keep four invocations running; a step of 17 is the most at once.
    let first = world.evaluate(MINUTE);
    assert_eq!(told(&first), (23, Reason::Throttled, Some(100), Some(Cap::Step)));
    throttled_minute(&mut world);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (10, Reason::Throttled, Some(100), None)
    );
    throttled_minute(&mut world);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (10, Reason::Throttled, Some(100), None)
    );
    for _ in 0..4 {
        world.process(1_000);
        assert_eq!(
            told(&world.evaluate(MINUTE)),
            (10, Reason::ThrottledLately, Some(100), None)
        );
    }
    world.process(1_000);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (27, Reason::LagTooLong, Some(100), Some(Cap::Step))
    );
}

/// A fleet of 22 that keeps up with 6,300 records/s was shrunk to 21, and the standstill took the lag from 79,000 to 266,000.
#[test]
fn a_poller_that_a_standstill_costs_more_than_is_kept() {
    let mut world = World::new(ProfileName::Current, 200, (1, 200));
    world.fleet = 22;
    world.arrive(395 + 1_890);
    world.process_slowly(1_890, 12_270);
    world.evaluate(MINUTE);
    for _ in 0..10 {
        world.arrive(1_890);
        world.process_slowly(1_890, 12_270);
        let decision = world.evaluate(MINUTE);
        assert_eq!((decision.lag, decision.arrival_per_s), (79_000, 6_300.0));
        assert_eq!(decision.to, 22, "{decision}");
    }
    assert_eq!(world.evaluate(MINUTE).reason, Reason::WorthKeeping);
}

#[test]
fn rates_of_part_filled_batches_add_pollers_for_a_lag_only() {
    let mut world = World::new(ProfileName::Announcement2024, 100, (10, 200));
    // At 55.6 records/s a slot, 15 would be busy with what arrives: it is less in full batches, and it leaves no lag.
    world.arrive(500);
    world.process_in_tens(500);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (10, Reason::Enough, Some(0), Some(Cap::Minimum))
    );
    world.arrive(500);
    let decision = world.evaluate(MINUTE);
    assert_eq!(told(&decision), (23, Reason::LagTooLong, Some(23), None));
    // Full batches are known from then on, and those that are not full say nothing.
    world.process(500);
    assert_eq!(world.evaluate(MINUTE).slot_per_s.map(f64::round), Some(556.0));
    world.arrive(500);
    world.process_in_tens(500);
    assert_eq!(world.evaluate(MINUTE).slot_per_s.map(f64::round), Some(556.0));
}

#[test]
fn no_poller_is_taken_away_while_more_records_arrive_than_before() {
    let mut world = World::new(ProfileName::Announcement2024, 100, (1, 200));
    world.fleet = 40;
    for _ in 0..4 {
        world.arrive(1_000);
        world.process(1_000);
        assert_eq!(world.evaluate(MINUTE).reason, Reason::NotQuietYet);
    }
    // A spike has begun in the last minute.
    world.arrive(1_200);
    world.process(1_200);
    assert_eq!(world.evaluate(MINUTE).reason, Reason::NotQuietYet);
    world.arrive(1_200);
    world.process(1_200);
    assert_eq!(told(&world.evaluate(MINUTE)), (7, Reason::Quiet, Some(4), None));
}

#[test]
fn evaluations_that_are_left_out_change_nothing() {
    let minutes = |skipped: bool| {
        let mut world = World::new(ProfileName::Announcement2024, 100, (2, 200));
        let minutes = |world: &mut World, count: u32| {
            if skipped {
                world.now += MINUTE * count;
                world.scaler.skip_to(world.now);
            } else {
                for _ in 0..count {
                    world.evaluate(MINUTE);
                }
            }
        };
        assert!(!world.scaler.saw_nothing());
        world.evaluate(MINUTE);
        assert!(world.scaler.saw_nothing());
        minutes(&mut world, 30);
        world.arrive(1_000);
        world.process(500);
        let decision = world.evaluate(MINUTE);
        assert!(!world.scaler.saw_nothing());
        decision
    };
    assert_eq!(minutes(true), minutes(false));
}

#[test]
fn a_little_more_is_not_worth_a_rebalance() {
    let mut world = World::new(ProfileName::Announcement2024, 100, (40, 200));
    // 43 slots are busy with what arrives: 100 x 238.9 records a second at 555.6 a slot.
    world.arrive(14_333);
    world.process(14_333);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (40, Reason::WithinTolerance, Some(43), None)
    );
    // 44 are a tenth more.
    world.arrive(14_666);
    world.process(14_666);
    assert_eq!(
        told(&world.evaluate(MINUTE)),
        (44, Reason::LagTooLong, Some(44), None)
    );
}

#[test]
fn what_a_poller_can_carry_decides_how_many_are_needed() {
    let mut world = World::new(ProfileName::Current, 100, (1, 200));
    world.arrive(200_000);
    world.process(1_000);
    let decision = world.evaluate(MINUTE);
    // Five slots of 555.6 KB/s are less than 5 MB/s.
    assert_eq!(
        (decision.slots_per_poller, decision.raw_target),
        (Some(5.0), Some(20))
    );
    let mut heavy = World::new(ProfileName::Current, 100, (1, 200));
    heavy.arrive(200_000);
    heavy.process(1_000);
    heavy.sample.work.all.record_bytes *= 18;
    let decision = heavy.evaluate(MINUTE);
    // 18 KB each: half a slot fills the 5 MB/s.
    assert_eq!(
        (decision.slots_per_poller, decision.raw_target),
        (Some(0.5), Some(200))
    );
    assert_eq!(decision.capped_by, Some(Cap::Step));
    heavy.profile.poller_bytes_per_second = 0;
    heavy.process(1_000);
    assert_eq!(heavy.evaluate(MINUTE).slots_per_poller, Some(5.0));
}

#[test]
fn an_evaluation_tells_its_reasons_in_one_line() {
    let mut world = World::new(ProfileName::Announcement2024, 40, (1, 200));
    world.arrive(200_000);
    world.process(1_000);
    assert_eq!(
        world.evaluate(Duration::from_secs(90)).to_string(),
        "    90.0 s  1 -> 19 pollers: lag 7960000, 88889 records/s arrive, a slot does 555.6/s, 1.00 slots a poller, \
         wants 40 (the lag is too long; capped by the step)"
    );
}

/// A mapping under a load that changes at random: each minute a fleet of `pollers` works off what it can.
fn changes(arrivals: &[u32], minimum: usize, maximum: usize) -> Vec<Decision> {
    const PARTITIONS: usize = 30;
    let mut world = World::new(ProfileName::Announcement2024, PARTITIONS, (minimum, maximum));
    let mut decisions = Vec::new();
    for arrival in arrivals {
        world.arrive(i64::from(*arrival));
        let lag = world.sample.progress.lag() as usize / PARTITIONS;
        let able = world.fleet * 33_000 / PARTITIONS;
        world.process(lag.min(able) as i64);
        decisions.push(world.evaluate(MINUTE));
    }
    decisions
}

proptest! {
    /// Down only after quiet, within the bounds always, and so at most one reversal in each half of the quiet.
    #[test]
    fn no_decision_is_down_within_the_quiet_after_a_change(
        arrivals in prop::collection::vec(prop_oneof![Just(0), 0u32..3_000, 0u32..60_000], 1..200),
        minimum in 1usize..40,
        above in 0usize..40,
    ) {
        let decisions = changes(&arrivals, minimum, minimum + above);
        let bounds = Bounds { minimum, maximum: minimum + above, partitions: 30 };
        let mut last_change = Duration::ZERO;
        let (mut reversals, mut direction) = (0, None);
        for decision in &decisions {
            prop_assert_eq!(decision.to, bounds.clamp(decision.to));
            if decision.to == decision.from {
                continue;
            }
            let is_up = decision.to > decision.from;
            prop_assert!(is_up || decision.at - last_change >= Duration::from_secs(300), "{}", decision);
            reversals += usize::from(direction.is_some_and(|before| before != is_up));
            direction = Some(is_up);
            last_change = decision.at;
        }
        prop_assert!(reversals <= 2 * (decisions.len() * 60).div_ceil(300));
    }
}
