//! The only source of randomness, for ids and jitter. It starts from a seed, so that a run can be repeated.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// A source of random numbers and ids. Clones share one sequence.
#[derive(Clone, Debug)]
pub struct Entropy {
    generator: Arc<Mutex<fastrand::Rng>>,
}

impl Entropy {
    /// Returns the sequence of `seed`, which is the same each time.
    pub fn from_seed(seed: u64) -> Self {
        Self {
            generator: Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))),
        }
    }

    /// Returns a sequence seeded by the operating system.
    pub fn from_system() -> Self {
        // The standard library has no other source of random numbers, and one seed is all that is needed.
        Self::from_seed(RandomState::new().build_hasher().finish())
    }

    /// Returns 64 random bits.
    pub fn next_u64(&self) -> u64 {
        self.with(|generator| generator.u64(..))
    }

    /// Returns a random number from 0 to `end` (exclusive); 0 if `end` is 0.
    pub fn below(&self, end: u64) -> u64 {
        if end == 0 {
            0
        } else {
            self.with(|generator| generator.u64(..end))
        }
    }

    /// Fills `bytes` with random bytes.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.with(|generator| generator.fill(bytes));
    }

    /// Returns a random UUID of version 4.
    pub fn uuid(&self) -> Uuid {
        let bits = self.with(|generator| generator.u128(..));
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    /// Returns a random UUID as Kafka writes it: in base 64 for URLs, without padding. Source: Kafka's `Uuid.toString`.
    pub fn uuid_text(&self) -> String {
        base64_simd::URL_SAFE_NO_PAD.encode_to_string(self.uuid().as_bytes())
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        // A poisoned lock is safe to use: a panic between two draws leaves the generator consistent.
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
