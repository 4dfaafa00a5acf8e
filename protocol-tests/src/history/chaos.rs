//! The disturbances of a run, from a seed: which, when, and whom they hit.

use std::time::Duration;

use fastrand::Rng;

use super::proxy::Cut;

/// Something that befalls a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disturbance {
    /// One connection is cut.
    Cut { choice: u64, cut: Cut },
    /// A process is killed, and another one takes its place after a time.
    Kill { slot: usize, absence: Duration },
    /// A process stands still for a time.
    Pause { slot: usize, length: Duration },
    /// A process stands still for a time, and another one takes its place meanwhile.
    Supersede { slot: usize, length: Duration },
}

/// The disturbances of a run, each with the time that passes before it. It has no end.
pub(super) struct Schedule {
    random: Rng,
    slot_count: usize,
    mean_gap: Duration,
    /// The kinds that are next, so that each comes as often as it should.
    deck: Vec<Kind>,
}

#[derive(Clone, Copy)]
enum Kind {
    Cut,
    Kill,
    Pause,
    Supersede,
}

/// The number of each kind among twenty disturbances.
const DECK: [(Kind, usize); 4] = [
    (Kind::Cut, 15),
    (Kind::Kill, 2),
    (Kind::Pause, 2),
    (Kind::Supersede, 1),
];

/// The longest time for which a process is absent.
const LONGEST_ABSENCE: Duration = Duration::from_millis(1000);

/// The shortest and the longest time for which a process stands still. The longest outlasts sessions and transactions.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(5000));

impl Schedule {
    pub(super) fn new(seed: u64, slot_count: usize, mean_gap: Duration) -> Schedule {
        Schedule {
            random: Rng::with_seed(seed),
            slot_count,
            mean_gap,
            deck: Vec::new(),
        }
    }

    fn kind(&mut self) -> Kind {
        if self.deck.is_empty() {
            self.deck = DECK
                .iter()
                .flat_map(|&(kind, count)| std::iter::repeat_n(kind, count))
                .collect();
            self.random.shuffle(&mut self.deck);
        }
        self.deck.pop().expect("the deck has cards")
    }

    /// Returns a time between the two.
    fn between(&mut self, shortest: Duration, longest: Duration) -> Duration {
        shortest + (longest - shortest).mul_f64(self.random.f64())
    }

    fn place(&mut self) -> Cut {
        match self.random.u8(0..4) {
            0 => Cut::Now,
            1 => Cut::InRequest {
                permille: self.random.u64(0..1000),
            },
            2 => Cut::InResponse { permille: 0 },
            _ => Cut::InResponse {
                permille: self.random.u64(1..1000),
            },
        }
    }
}

impl Iterator for Schedule {
    type Item = (Duration, Disturbance);

    fn next(&mut self) -> Option<(Duration, Disturbance)> {
        let gap = self.between(Duration::ZERO, self.mean_gap * 2);
        let kind = self.kind();
        let slot = self.random.usize(0..self.slot_count);
        let disturbance = match kind {
            Kind::Cut => Disturbance::Cut {
                choice: self.random.u64(..),
                cut: self.place(),
            },
            Kind::Kill => Disturbance::Kill {
                slot,
                absence: self.between(Duration::ZERO, LONGEST_ABSENCE),
            },
            Kind::Pause => Disturbance::Pause {
                slot,
                length: self.between(PAUSES.0, PAUSES.1),
            },
            Kind::Supersede => Disturbance::Supersede {
                slot,
                length: self.between(PAUSES.0, PAUSES.1),
            },
        };
        Some((gap, disturbance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_disturbances_again() {
        let of = |seed| {
            Schedule::new(seed, 10, Duration::from_millis(50))
                .take(100)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }

    #[test]
    fn twenty_disturbances_have_each_kind_as_often_as_it_should_come() {
        let seed = 7;
        let mut counts = [0; 4];
        for (_, disturbance) in Schedule::new(seed, 10, Duration::from_millis(50)).take(40) {
            let index = match disturbance {
                Disturbance::Cut { .. } => 0,
                Disturbance::Kill { .. } => 1,
                Disturbance::Pause { .. } => 2,
                Disturbance::Supersede { .. } => 3,
            };
            counts[index] += 1;
        }
        assert_eq!(counts, [30, 4, 4, 2], "seed {seed}");
    }
}
