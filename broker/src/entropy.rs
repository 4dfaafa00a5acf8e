//! All randomness: ids and jitter, from a seed, so that a run can be repeated.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// A source of random numbers and ids. Clones share one sequence.
#[derive(Clone, Debug)]
pub struct Entropy {
    generator: Arc<Mutex<fastrand::Rng>>,
}

impl Entropy {
    /// The sequence that `seed` stands for: the same one each time.
    pub fn from_seed(seed: u64) -> Self {
        Self {
            generator: Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))),
        }
    }

    /// A sequence of its own for this process, seeded by the operating system.
    pub fn from_system() -> Self {
        Self::from_seed(RandomState::new().build_hasher().finish())
    }

    /// 64 random bits.
    pub fn next_u64(&self) -> u64 {
        self.with(|generator| generator.u64(..))
    }

    /// A random number from 0 up to and excluding `end`; 0 when `end` is 0.
    pub fn below(&self, end: u64) -> u64 {
        if end == 0 {
            0
        } else {
            self.with(|generator| generator.u64(..end))
        }
    }

    /// Fills `bytes` at random.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.with(|generator| generator.fill(bytes));
    }

    /// A random version 4 UUID.
    pub fn uuid(&self) -> Uuid {
        let bits = self.with(|generator| generator.u128(..));
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        // A panic between two draws leaves the generator whole, so a poisoned lock is no reason to stop.
        draw(&mut self.generator.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (one, other) = (Entropy::from_seed(7), Entropy::from_seed(7));
        assert_eq!((one.uuid(), one.next_u64()), (other.uuid(), other.next_u64()));
        assert_eq!(one.uuid().get_version_num(), 4);
    }
}
