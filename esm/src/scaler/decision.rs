//! The decision of an evaluation, with its reasons.

use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// The bound that kept a decision from the formula's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// `MaximumPollers`, or the maximum of on-demand mode.
    Maximum,
    /// The number of partitions.
    Partitions,
    /// `MinimumPollers`.
    Minimum,
    /// The most pollers that one evaluation adds.
    Step,
}

/// The reason for the size of the fleet after an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The lag will not clear soon enough.
    LagTooLong,
    /// There is lag, and the rate of a poller is not known yet.
    RateUnknown,
    /// The fleet has been larger than needed for long enough.
    Quiet,
    /// The fleet has the size that is needed.
    Enough,
    /// A few more pollers are needed, but not enough to be worth a rebalance.
    WithinTolerance,
    /// Invocations are being throttled: no poller is added, and in on-demand mode pollers are removed that the function has no concurrency
    /// for.
    Throttled,
    /// More pollers are needed, but invocations were throttled a short time ago.
    ThrottledLately,
    /// Fewer pollers are needed, but not for long enough, or more records arrive than before.
    NotQuietYet,
    /// Fewer pollers are needed, but the rebalance would cost more than they do.
    WorthKeeping,
}

impl Reason {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::LagTooLong => "the lag is too long",
            Self::RateUnknown => "the rate of a poller is unknown",
            Self::Quiet => "quiet for long enough",
            Self::Enough => "enough",
            Self::WithinTolerance => "not worth a rebalance",
            Self::Throttled => "throttled",
            Self::ThrottledLately => "throttled a short time ago",
            Self::NotQuietYet => "not quiet for long enough",
            Self::WorthKeeping => "worth keeping",
        }
    }
}

impl Cap {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Maximum => "capped by the maximum",
            Self::Partitions => "capped by the partitions",
            Self::Minimum => "raised to the minimum",
            Self::Step => "capped by the step",
        }
    }
}

/// The decision of one evaluation, with the numbers that it was made from. Times count from when the mapping became Enabled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// Time of the evaluation.
    #[serde(rename = "at_s", serialize_with = "crate::seconds::seconds")]
    pub at: Duration,
    /// Number of pollers before.
    pub from: usize,
    /// Number of pollers after.
    pub to: usize,
    /// The reason.
    pub reason: Reason,
    /// OffsetLag of all partitions together.
    pub lag: u64,
    /// Records per second that arrived since the evaluation before.
    pub arrival_per_s: f64,
    /// Records per second that one slot processes; `None` before anything was processed.
    pub slot_per_s: Option<f64>,
    /// Number of slots that one poller can keep busy.
    pub slots_per_poller: Option<f64>,
    /// The share of the last interval's invocations that was throttled, 0.0 to 1.0.
    pub throttled_share: f64,
    /// Number of pollers that the formula asks for, before any bound; `None` while the rate is unknown.
    pub raw_target: Option<usize>,
    /// The bound that was reached.
    pub capped_by: Option<Cap>,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_secs_f64();
        if self.to == self.from {
            write!(f, "{at:8.1} s  {} pollers stay", self.from)?;
        } else {
            write!(f, "{at:8.1} s  {} -> {} pollers", self.from, self.to)?;
        }
        write!(
            f,
            ": lag {}, {:.0} records/s arrive",
            self.lag, self.arrival_per_s
        )?;
        if let (Some(slot), Some(slots)) = (self.slot_per_s, self.slots_per_poller) {
            write!(f, ", a slot does {slot:.1}/s, {slots:.2} slots a poller")?;
        }
        if self.throttled_share > 0.0 {
            write!(f, ", {:.0} % throttled", self.throttled_share * 100.0)?;
        }
        if let Some(target) = self.raw_target {
            write!(f, ", wants {target}")?;
        }
        let reason = self.reason.words();
        write!(f, " ({reason}")?;
        match self.capped_by {
            None => write!(f, ")"),
            Some(cap) => write!(f, "; {})", cap.words()),
        }
    }
}
