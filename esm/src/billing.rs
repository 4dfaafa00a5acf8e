//! The cost of a mapping: event poller units over time, which provisioned mode bills and poller groups share, and invocations. Pure.
//!
//! Source: Lambda pricing and the developer guide, "Apache Kafka event poller scaling modes": a unit carries up to 20 MB/s and holds ten
//! pollers by default; the minimum is billed also while it is idle. The mappings of a poller group share units.
//!
//! # Differs from Lambda
//! AWS does not document which mapping of a poller group shows which units. Here each shows those that it adds to the mappings that joined
//! the group before it.

use crate::profile::{EventPollerUnit, FunctionPrice};
use std::ops::Add;
use std::time::Duration;

/// The pollers and the bytes that units carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitLoad {
    /// Number of pollers that are allocated: the fleet, or the configured minimum if that is larger.
    pub(crate) pollers: usize,
    /// Number of bytes that flow in an interval.
    pub(crate) bytes: u64,
}

impl Add for UnitLoad {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            pollers: self.pollers + other.pollers,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Returns the units that are billed for `load` in `interval`: enough for the pollers and for the bytes.
pub(crate) fn event_poller_units(unit: &EventPollerUnit, load: UnitLoad, interval: Duration) -> u64 {
    let UnitLoad { pollers, bytes } = load;
    let by_pollers = pollers.div_ceil(unit.pollers) as u64;
    // At 20 MB/s, bytes times nanoseconds exceed 64 bits after a quarter of an hour.
    let carried = u128::from(unit.bytes_per_second) * interval.as_nanos();
    let by_bytes = match carried {
        0 => 0,
        carried => (u128::from(bytes) * 1_000_000_000).div_ceil(carried) as u64,
    };
    by_pollers.max(by_bytes)
}

/// Returns the units that `load` adds to those of `older`, the mappings that joined a poller group before: so that the sum over the group
/// is what the group is billed.
pub(crate) fn added_units(
    unit: &EventPollerUnit,
    older: UnitLoad,
    load: UnitLoad,
    interval: Duration,
) -> u64 {
    // Never negative, because more load never takes fewer units.
    event_poller_units(unit, older + load, interval) - event_poller_units(unit, older, interval)
}

impl FunctionPrice {
    /// Returns the cost in US dollars of this number of invocations, which were billed for `billed_ms` together.
    ///
    /// Source: Lambda pricing: requests, and the duration, rounded up to a millisecond, in gigabytes of the function's memory.
    pub fn usd(&self, invocations: u64, billed_ms: u64) -> f64 {
        let requests = invocations as f64 / 1e6 * self.usd_per_million_requests;
        let gb_seconds = billed_ms as f64 / 1e3 * self.memory_mb as f64 / 1_024.0;
        requests + gb_seconds * self.usd_per_gb_second
    }
}

/// A meter that adds up units over time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UnitMeter {
    unit_nanoseconds: u128,
}

impl UnitMeter {
    /// Adds `units` that are billed for `interval`.
    pub fn add(&mut self, units: u64, interval: Duration) {
        self.unit_nanoseconds += u128::from(units) * interval.as_nanos();
    }

    /// Returns the event poller unit hours so far.
    pub fn unit_hours(&self) -> f64 {
        self.unit_nanoseconds as f64 / 3.6e12
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ProfileName;

    #[test]
    fn units_are_the_more_of_pollers_and_bytes() {
        let unit = ProfileName::Current.profile().event_poller_unit;
        let second = Duration::from_secs(1);
        let cases = [
            (0, 0, second, 0),
            (1, 0, second, 1),
            (10, 0, second, 1),
            (11, 0, second, 2),
            (1, 20_000_000, second, 1),
            (1, 20_000_001, second, 2),
            (100, 57_000_000, second, 10),
            (4, 50_000_000, second, 3),
            (1, 50_000_000, Duration::from_millis(500), 5),
            (3, 50_000_000, Duration::ZERO, 1),
        ];
        for (pollers, bytes, interval, units) in cases {
            let found = event_poller_units(&unit, UnitLoad { pollers, bytes }, interval);
            assert_eq!(found, units, "{pollers} pollers, {bytes} bytes, {interval:?}");
        }
    }

    #[test]
    fn mappings_of_a_group_add_up_to_the_units_of_the_group() {
        let unit = ProfileName::Current.profile().event_poller_unit;
        let second = Duration::from_secs(1);
        let load = |pollers, bytes| UnitLoad { pollers, bytes };
        let cases = [
            // The example of the developer guide: ten mappings with a poller each take one unit.
            (vec![load(1, 0); 10], vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            (vec![load(1, 0); 11], vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            (vec![load(8, 0), load(8, 0), load(25, 0)], vec![1, 1, 3]),
            (
                vec![load(1, 15_000_000), load(1, 15_000_000), load(1, 5_000_000)],
                vec![1, 1, 0],
            ),
            (vec![load(0, 0), load(1, 0)], vec![0, 1]),
        ];
        for (loads, expected) in cases {
            let mut older = UnitLoad::default();
            let mut found = Vec::new();
            for load in &loads {
                found.push(added_units(&unit, older, *load, second));
                older = older + *load;
            }
            assert_eq!(found, expected, "{loads:?}");
            assert_eq!(
                found.iter().sum::<u64>(),
                event_poller_units(&unit, older, second)
            );
        }
    }

    #[test]
    fn invocations_cost_requests_and_gigabyte_seconds() {
        let price = FunctionPrice {
            memory_mb: 512,
            ..ProfileName::Current.profile().function_price
        };
        // A million of 100 ms are 50,000 gigabyte seconds.
        assert_eq!(
            price.usd(1_000_000, 100_000_000),
            0.2 + 50_000.0 * 0.000_016_666_7
        );
        assert_eq!(price.usd(0, 0), 0.0);
    }

    #[test]
    fn a_unit_for_an_hour_is_a_unit_hour() {
        let mut meter = UnitMeter::default();
        meter.add(2, Duration::from_secs(1800));
        meter.add(1, Duration::from_secs(900));
        assert_eq!(meter.unit_hours(), 1.25);
    }
}
