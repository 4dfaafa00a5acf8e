//! The policy by which a fleet is scaled: Lambda's, as far as it is known, or another one to compare with.

use crate::profile::ScalingProfile;
use crate::scaler::{Decision, KedaScaler, Sample, Scaler, Terms};
use std::time::Duration;

/// The state of a policy.
#[derive(Debug)]
pub(super) enum Policy {
    Lambda(Box<Scaler>),
    Keda(KedaScaler),
}

impl Policy {
    /// Returns the policy of `profile`, which starts `now` from `sample`.
    pub(super) fn new(profile: &ScalingProfile, now: Duration, sample: Sample) -> Self {
        match &profile.keda {
            Some(policy) => Self::Keda(KedaScaler::new(policy.clone(), now, &sample)),
            None => Self::Lambda(Box::new(Scaler::new(now, sample))),
        }
    }

    /// Decides what the fleet of `from` pollers should be.
    pub(super) fn evaluate(
        &mut self,
        now: Duration,
        sample: Sample,
        from: usize,
        terms: &Terms<'_>,
    ) -> Decision {
        match self {
            Self::Lambda(scaler) => scaler.evaluate(now, sample, from, terms),
            Self::Keda(scaler) => scaler.evaluate(now, &sample, from),
        }
    }

    /// Notes that the fleet was changed `now` for another reason.
    pub(super) fn note_change(&mut self, now: Duration) {
        if let Self::Lambda(scaler) = self {
            scaler.note_change(now);
        }
    }

    /// Returns whether evaluations may be left out until something happens.
    pub(super) fn may_rest(&self) -> bool {
        match self {
            Self::Lambda(scaler) => scaler.saw_nothing(),
            // The autoscaler's window counts its recommendations, those of idle times as well.
            Self::Keda(_) => false,
        }
    }

    /// Leaves out the evaluations until `now`, since the last of which nothing has happened.
    pub(super) fn skip_to(&mut self, now: Duration) {
        if let Self::Lambda(scaler) = self {
            scaler.skip_to(now);
        }
    }
}
