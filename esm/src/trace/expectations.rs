//! Expectations of test suites about a trace. One that is not met says why, and shows the part of the trace that broke it.

use super::Trace;
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::time::Duration;

/// The most buckets in a slice of a trace. Of a longer stretch, every nth is shown.
const SLICE_LINES: usize = 16;

/// An expectation that a trace does not meet. `Debug` gives the same text as `Display`, so that `unwrap` in a test prints the slice.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Violation {}

impl Trace {
    /// Expects that the lag was gone for good no later than `limit` after the mapping became Enabled.
    ///
    /// # Errors
    /// [`Violation`] if it was gone later, or is not gone.
    pub fn drains_within(&self, limit: Duration) -> Result<&Self, Violation> {
        match self.drained_at {
            Some(drained) if drained <= limit => Ok(self),
            Some(drained) => {
                let what = format!("drained after {}, not within {}", text(drained), text(limit));
                Err(self.violation(&what, limit..drained))
            }
            None => {
                let lag = self.buckets.last().map_or(0, |bucket| bucket.lag);
                let what = format!("not drained within {}: a lag of {lag} is left", text(limit));
                Err(self.violation(&what, limit..self.end()))
            }
        }
    }

    /// Expects that every record was committed no later than `limit` after it arrived ([`Trace::longest_wait`]).
    ///
    /// # Errors
    /// [`Violation`] if records waited longer.
    pub fn records_wait_at_most(&self, limit: Duration) -> Result<&Self, Violation> {
        let longest = self.longest_wait();
        if longest <= limit {
            return Ok(self);
        }
        let what = format!("records waited {}, more than {}", text(longest), text(limit));
        let behind = self
            .buckets
            .iter()
            .max_by_key(|bucket| bucket.lag)
            .map_or(Duration::ZERO, |bucket| bucket.start);
        Err(self.violation(&what, behind..behind + longest))
    }

    /// Expects that the fleet never had more than `most` pollers.
    ///
    /// # Errors
    /// [`Violation`] if it had.
    pub fn pollers_never_exceed(&self, most: usize) -> Result<&Self, Violation> {
        let grown = self.rebalances.iter().find(|rebalance| rebalance.to > most);
        let (at, pollers) = match grown {
            _ if self.starting_pollers > most => (Duration::ZERO, self.starting_pollers),
            Some(rebalance) => (rebalance.decided_at, rebalance.to),
            None => return Ok(self),
        };
        let what = format!("{pollers} pollers at {}, more than {most}", text(at));
        Err(self.violation(&what, at..at))
    }

    /// Expects that the fleet reached its largest size, with the standstill over, no later than `limit`.
    ///
    /// # Errors
    /// [`Violation`] if that was later.
    pub fn reaches_full_concurrency_within(&self, limit: Duration) -> Result<&Self, Violation> {
        let largest = self.largest_fleet();
        match self.full_concurrency_after() {
            Some(after) if after <= limit => Ok(self),
            Some(after) => {
                let what = format!(
                    "{largest} pollers after {}, not within {}",
                    text(after),
                    text(limit)
                );
                Err(self.violation(&what, Duration::ZERO..after))
            }
            None => {
                let what = format!("not yet {largest} pollers at {}", text(self.end()));
                Err(self.violation(&what, Duration::ZERO..self.end()))
            }
        }
    }

    /// Expects that the fleet turned from growing to shrinking, or back, at most `reversals` times.
    ///
    /// # Errors
    /// [`Violation`] if it turned more often.
    pub fn no_thrash(&self, reversals: usize) -> Result<&Self, Violation> {
        let found = self.reversals();
        if found <= reversals {
            return Ok(self);
        }
        let what = format!("the fleet turned {found} times, more than {reversals}");
        let times = self.rebalances.iter().map(|rebalance| rebalance.decided_at);
        let first = times.clone().min().unwrap_or_default();
        Err(self.violation(&what, first..times.max().unwrap_or_default()))
    }

    /// Expects that event poller units cost less than `usd`.
    ///
    /// # Errors
    /// [`Violation`] if they cost as much or more.
    pub fn cost_below(&self, usd: f64) -> Result<&Self, Violation> {
        if self.cost_usd < usd {
            return Ok(self);
        }
        let what = format!(
            "event poller units cost {:.4} USD ({:.4} unit hours), not less than {usd:.4} USD",
            self.cost_usd, self.event_poller_unit_hours
        );
        Err(self.violation(&what, Duration::ZERO..self.end()))
    }

    /// Returns the end of the last bucket.
    pub fn end(&self) -> Duration {
        self.buckets
            .last()
            .map_or(Duration::ZERO, |bucket| bucket.start + bucket.length)
    }

    fn violation(&self, what: &str, during: Range<Duration>) -> Violation {
        let mut text = format!("{what}\n");
        // Writing to a String does not fail.
        let _ = self.write_slice(&mut text, during);
        Violation { text }
    }

    /// Writes the buckets around `during`, with the evaluations and rebalances in that time.
    fn write_slice(&self, text: &mut String, during: Range<Duration>) -> fmt::Result {
        // The buckets just before and after show how it came to that.
        let margin = 3 * self.bucket;
        let (from, to) = (during.start.saturating_sub(margin), during.end + margin);
        if !self.is_complete {
            let begin = self.buckets.first().map_or(Duration::ZERO, |bucket| bucket.start);
            writeln!(
                text,
                "the trace is not complete: it begins at {:.1} s",
                begin.as_secs_f64()
            )?;
        }
        writeln!(text, "    time         lag  pollers    running    records/s")?;
        let shown: Vec<_> = self
            .buckets
            .iter()
            .filter(|bucket| bucket.start + bucket.length > from && bucket.start < to)
            .collect();
        let stride = shown.len().div_ceil(SLICE_LINES).max(1);
        for bucket in shown.iter().step_by(stride) {
            writeln!(
                text,
                "{:8.1} {:>11} {:>8} {:>10} {:>12.0}",
                bucket.start.as_secs_f64(),
                bucket.lag,
                bucket.pollers,
                bucket.running_max,
                bucket.records_per_s()
            )?;
        }
        let is_within = |at: Duration| from <= at && at <= to;
        for decision in self.evaluations.iter().filter(|decision| is_within(decision.at)) {
            writeln!(text, "{decision}")?;
        }
        for rebalance in self
            .rebalances
            .iter()
            .filter(|rebalance| is_within(rebalance.decided_at))
        {
            let decided = rebalance.decided_at.as_secs_f64();
            write!(
                text,
                "{decided:8.1} s  a rebalance from {} to {} pollers",
                rebalance.from, rebalance.to
            )?;
            match rebalance.ended_at {
                Some(ended) => writeln!(text, ", until {:.1} s", ended.as_secs_f64())?,
                None => writeln!(text, ", not over")?,
            }
        }
        Ok(())
    }
}

fn text(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 120.0 => format!("{seconds:.1} s"),
        seconds => format!("{:.2} min", seconds / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bucket, Rebalance, RebalanceCause};
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// 1,000 records at 100 a second; 2, 4, 3 and 5 pollers.
    fn trace() -> Trace {
        let bucket = |second: u32| Bucket {
            start: second * SECOND,
            length: SECOND,
            lag: 900 - 100 * u64::from(second),
            committed: 100,
            pollers: 2,
            running_max: 2,
            records: 100,
            ..Bucket::default()
        };
        let rebalance = |at: u32, from, to| Rebalance {
            decided_at: at * SECOND,
            ended_at: Some((at + 1) * SECOND),
            from,
            to,
            cause: RebalanceCause::Evaluation,
        };
        Trace {
            bucket: SECOND,
            starting_pollers: 2,
            is_complete: true,
            drained_at: Some(Duration::from_millis(9_900)),
            event_poller_unit_hours: 2.0,
            cost_usd: 0.37,
            buckets: (0..10).map(bucket).collect(),
            evaluations: Vec::new(),
            rebalances: vec![rebalance(2, 2, 4), rebalance(4, 4, 3), rebalance(6, 3, 5)],
        }
    }

    #[test]
    fn demands_that_are_met_can_be_chained() {
        let trace = trace();
        trace
            .drains_within(Duration::from_millis(9_900))
            .and_then(|trace| trace.pollers_never_exceed(5))
            .and_then(|trace| trace.reaches_full_concurrency_within(7 * SECOND))
            .and_then(|trace| trace.no_thrash(2))
            .and_then(|trace| trace.cost_below(0.38))
            .and_then(|trace| trace.records_wait_at_most(10 * SECOND))
            .expect("all are met");
    }

    #[test]
    fn a_demand_that_is_not_met_shows_the_slice_that_broke_it() {
        let late = trace().drains_within(9 * SECOND).unwrap_err().to_string();
        assert_eq!(
            late,
            "drained after 9.9 s, not within 9.0 s\n    \
             time         lag  pollers    running    records/s\n     \
             6.0         300        2          2          100\n     \
             7.0         200        2          2          100\n     \
             8.0         100        2          2          100\n     \
             9.0           0        2          2          100\n     \
             6.0 s  a rebalance from 3 to 5 pollers, until 7.0 s\n"
        );
        let first_line = |violation: Violation| violation.to_string().lines().next().map(str::to_owned);
        let cases = [
            (
                trace().pollers_never_exceed(3).unwrap_err(),
                "4 pollers at 2.0 s, more than 3",
            ),
            (
                trace().pollers_never_exceed(1).unwrap_err(),
                "2 pollers at 0.0 s, more than 1",
            ),
            (
                trace().reaches_full_concurrency_within(SECOND).unwrap_err(),
                "5 pollers after 7.0 s, not within 1.0 s",
            ),
            (
                trace().no_thrash(1).unwrap_err(),
                "the fleet turned 2 times, more than 1",
            ),
            (
                trace().cost_below(0.37).unwrap_err(),
                "event poller units cost 0.3700 USD (2.0000 unit hours), not less than 0.3700 USD",
            ),
            (
                trace().records_wait_at_most(SECOND).unwrap_err(),
                "records waited 9.9 s, more than 1.0 s",
            ),
        ];
        for (violation, expected) in cases {
            assert_eq!(first_line(violation).as_deref(), Some(expected));
        }
        let mut stuck = trace();
        stuck.drained_at = None;
        stuck.buckets[9].lag = 7;
        let stuck = stuck.drains_within(9 * SECOND).unwrap_err();
        assert_eq!(
            first_line(stuck).as_deref(),
            Some("not drained within 9.0 s: a lag of 7 is left")
        );
    }
}
