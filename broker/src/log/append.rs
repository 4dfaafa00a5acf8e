//! Appends to one partition's log: batches of clients and coordinators, and the markers of transactions. Source: Kafka's
//! `UnifiedLog.append`.

use super::header::BatchHeader;
use super::marker::{MarkerError, TransactionMarker, TransactionOutcome};
use super::producers::{Origin, Verification};
use super::refusal::AppendError;
use super::segment::Segment;
use super::{Batch, InvalidBatch, LogSettings, PartitionLog, limits};
use crate::ids::{LeaderEpoch, Offset};
use crate::pool::OutOfMemory;

/// The result of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: Offset,
    pub(crate) last_offset: Offset,
    /// The timestamp that the broker set, under `LogAppendTime`; -1 on the wire otherwise.
    pub(crate) log_append_time_ms: Option<i64>,
    pub(crate) log_start_offset: Offset,
    /// Set if an idempotent producer had sent this batch before: nothing was appended, and the offsets are the original ones.
    pub(crate) is_duplicate: bool,
}

/// The terms of an append.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppendTerms<'a> {
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) now_ms: i64,
    pub(crate) settings: &'a LogSettings,
    pub(crate) origin: Origin,
    pub(crate) verification: Verification,
}

impl PartitionLog {
    /// Appends a client's verified batch under `leader_epoch` at `now_ms`. Changes nothing if it fails.
    pub(crate) fn append(
        &mut self,
        batch: Batch,
        leader_epoch: LeaderEpoch,
        now_ms: i64,
        settings: &LogSettings,
    ) -> Result<Appended, AppendError> {
        let terms = AppendTerms {
            leader_epoch,
            now_ms,
            settings,
            origin: Origin::Client,
            verification: Verification::None,
        };
        self.append_on(batch, &terms)
    }

    /// Appends a verified batch. Changes nothing if it fails.
    pub(crate) fn append_on(
        &mut self,
        mut batch: Batch,
        terms: &AppendTerms<'_>,
    ) -> Result<Appended, AppendError> {
        // Size and records come before the sequence, as in `UnifiedLog.append`: an invalid batch is refused
        // even if it was sent before.
        limits::check_size(batch.size_bytes(), terms.settings)?;
        limits::check_records(&mut batch, terms.now_ms, terms.settings)?;
        limits::check_segment_size(batch.size_bytes(), terms.settings)?;
        if !batch.header.has_producer_id() {
            return Ok(self.keep(batch, terms)?.1);
        }
        let original = self
            .producers
            .check(&batch.header, terms.origin, terms.verification)?;
        if let Some(written) = original {
            return Ok(Appended {
                base_offset: written.base_offset,
                last_offset: written.last_offset,
                // Kafka gives the timestamp of the original batch, whatever the timestamp type is.
                log_append_time_ms: Some(written.timestamp_ms),
                log_start_offset: self.log_start_offset,
                is_duplicate: true,
            });
        }
        let (header, appended) = self.keep(batch, terms)?;
        self.producers.note(&header);
        Ok(appended)
    }

    /// Ends a producer's transaction. A marker without a transaction is written too. Changes nothing if it fails.
    pub(crate) fn append_marker(
        &mut self,
        marker: &TransactionMarker,
        terms: &AppendTerms<'_>,
    ) -> Result<Appended, MarkerError> {
        self.producers.check_marker(marker)?;
        let (header, appended) = self.keep(marker.batch(terms.now_ms), terms)?;
        // A marker without a producer id is written and means nothing, as in Kafka.
        if !header.has_producer_id() {
            return Ok(appended);
        }
        let completed = self
            .producers
            .note_marker(marker, header.base_offset(), header.max_timestamp_ms());
        if let Some(completed) = completed
            && marker.outcome == TransactionOutcome::Abort
        {
            self.aborted.add(completed);
        }
        Ok(appended)
    }

    /// Returns the error of a framed batch that failed the checks: those of its size come before most others. Source:
    /// `UnifiedLog.analyzeAndValidateRecords`.
    pub(crate) fn refusal(&self, bytes: usize, invalid: InvalidBatch, settings: &LogSettings) -> AppendError {
        match limits::check_size(bytes, settings) {
            Err(error) if !invalid.precedes_size() => error,
            _ => invalid.into(),
        }
    }

    /// Stores a batch at the log end, and returns its final header.
    fn keep(
        &mut self,
        mut batch: Batch,
        terms: &AppendTerms<'_>,
    ) -> Result<(BatchHeader, Appended), OutOfMemory> {
        let AppendTerms { now_ms, settings, .. } = *terms;
        batch.header.set_base_offset(self.log_end_offset);
        // The client's value means nothing: franz-go sends -1, Sarama 0.
        batch.header.set_leader_epoch(terms.leader_epoch);
        if settings.log_append_time {
            batch.header.set_log_append_time(now_ms, batch.body.len());
        }
        let (header, size) = (batch.header, batch.size_bytes() as u64);
        // Only the append to a segment can fail, so nothing else changes before it.
        let rolls = match self.segments.back() {
            None => true,
            Some(active) => active.should_roll(&batch, now_ms, settings),
        };
        if rolls {
            let mut segment = Segment::new(self.log_end_offset, now_ms);
            // The new segment gets the batch before it joins the log: if memory is refused, no empty segment
            // is left.
            segment.append(batch, now_ms, &self.pool)?;
            self.roll(segment);
        } else if let Some(active) = self.segments.back_mut() {
            active.append(batch, now_ms, &self.pool)?;
        }
        self.size_bytes += size;
        // The epoch begins with this batch, so it is noted before the log end moves.
        self.epochs.assign(terms.leader_epoch, self.log_end_offset);
        self.log_end_offset = header.last_offset().plus(1);
        if rolls {
            // The new segment is above the high watermark until this append is acknowledged. Kafka deletes nothing above it, so the
            // segment stays however old its records are.
            self.drop_expired(self.segments.len() - 1, now_ms, settings);
        }
        let appended = Appended {
            base_offset: header.base_offset(),
            last_offset: header.last_offset(),
            log_append_time_ms: settings.log_append_time.then_some(now_ms),
            log_start_offset: self.log_start_offset,
            is_duplicate: false,
        };
        Ok((header, appended))
    }

    fn roll(&mut self, next: Segment) {
        if let Some(active) = self.segments.back_mut() {
            active.seal(&self.pool);
        }
        self.segments.push_back(next);
    }
}
