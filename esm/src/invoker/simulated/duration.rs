//! The durations of simulated invocations.

use crate::Entropy;
use std::f64::consts::TAU;
use std::time::Duration;

/// The distribution of an invocation's duration. Random durations are rounded up to whole milliseconds, as Lambda bills them; a fixed one
/// is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DurationModel {
    /// The same duration always.
    Fixed(Duration),
    /// A uniform distribution.
    Uniform {
        /// The shortest duration.
        from: Duration,
        /// The longest duration, not less than `from`.
        to: Duration,
    },
    /// A normal distribution, cut off at zero.
    Normal {
        /// The mean before it is cut off.
        mean: Duration,
        /// The standard deviation.
        deviation: Duration,
    },
    /// An exponential distribution: mostly short with a long tail, as of a function that waits for other services.
    Exponential {
        /// The mean.
        mean: Duration,
    },
}

impl DurationModel {
    /// Returns the mean duration; of a normal distribution before it is cut off.
    pub fn mean(&self) -> Duration {
        match *self {
            Self::Fixed(mean) | Self::Normal { mean, .. } | Self::Exponential { mean } => mean,
            Self::Uniform { from, to } => (from + to) / 2,
        }
    }

    /// Returns the duration of one invocation. The same sequence of `entropy` gives the same durations; a fixed one draws nothing.
    pub fn draw(&self, entropy: &Entropy) -> Duration {
        let milliseconds = match *self {
            Self::Fixed(duration) => return duration,
            Self::Uniform { from, to } => ms(from) + ms(to.saturating_sub(from)) * fraction(entropy),
            Self::Normal { mean, deviation } => ms(mean) + ms(deviation) * standard_normal(entropy),
            // 1 - fraction is never 0, whose logarithm is infinite.
            Self::Exponential { mean } => -ms(mean) * (1.0 - fraction(entropy)).ln(),
        };
        // The cast cuts off at zero.
        Duration::from_millis(milliseconds.ceil() as u64)
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Returns a random number from 0.0 up to and excluding 1.0, of 53 bits, because an `f64` between 0 and 1 holds no more.
pub(super) fn fraction(entropy: &Entropy) -> f64 {
    (entropy.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Returns a normally distributed number of mean 0 and deviation 1, by the method of Box and Muller.
fn standard_normal(entropy: &Entropy) -> f64 {
    let radius = (-2.0 * (1.0 - fraction(entropy)).ln()).sqrt();
    radius * (TAU * fraction(entropy)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    /// Mean, least and most of many draws, in milliseconds.
    fn drawn(model: DurationModel) -> (f64, u128, u128) {
        let entropy = Entropy::from_seed(7);
        let drawn: Vec<Duration> = (0..100_000).map(|_| model.draw(&entropy)).collect();
        assert!(drawn.iter().all(|drawn| drawn.subsec_nanos() % 1_000_000 == 0));
        let mean = drawn.iter().sum::<Duration>().as_secs_f64() * 1e3 / drawn.len() as f64;
        let (least, most) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
        (mean, least.as_millis(), most.as_millis())
    }

    #[test]
    fn a_fixed_duration_is_taken_as_it_is_and_draws_nothing() {
        let entropy = Entropy::from_seed(7);
        let fixed = DurationModel::Fixed(Duration::from_micros(1_500));
        assert_eq!(fixed.draw(&entropy), Duration::from_micros(1_500));
        assert_eq!(entropy.next_u64(), Entropy::from_seed(7).next_u64());
    }

    #[test]
    fn a_uniform_one_lies_between_its_ends() {
        let (mean, least, most) = drawn(DurationModel::Uniform {
            from: MS(80),
            to: MS(120),
        });
        assert_eq!((least, most), (81, 120), "rounded up");
        assert!((mean - 100.5).abs() < 0.1, "{mean}");
        let one = DurationModel::Uniform {
            from: MS(80),
            to: MS(80),
        };
        assert_eq!(drawn(one), (80.0, 80, 80));
    }

    #[test]
    fn a_normal_one_has_its_mean_and_is_never_negative() {
        let (mean, least, most) = drawn(DurationModel::Normal {
            mean: MS(100),
            deviation: MS(15),
        });
        assert!((mean - 100.5).abs() < 0.2, "{mean}");
        assert!(
            (25..=60).contains(&least) && (140..=180).contains(&most),
            "{least} to {most}"
        );
        let (_, least, _) = drawn(DurationModel::Normal {
            mean: MS(10),
            deviation: MS(15),
        });
        assert_eq!(least, 0);
    }

    #[test]
    fn an_exponential_one_has_its_mean_and_a_long_tail() {
        let (mean, least, most) = drawn(DurationModel::Exponential { mean: MS(100) });
        assert!((mean - 100.5).abs() < 1.0, "{mean}");
        assert!(least <= 1 && most > 900, "{least} to {most}");
    }

    #[test]
    fn the_seed_gives_the_durations() {
        let model = DurationModel::Normal {
            mean: MS(100),
            deviation: MS(15),
        };
        let first = |seed| {
            let entropy = Entropy::from_seed(seed);
            (0..20).map(|_| model.draw(&entropy)).collect::<Vec<_>>()
        };
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }
}
