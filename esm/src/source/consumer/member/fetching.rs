//! Fetches and look-ups of offsets, one at a time, and what follows from their answers. Source: Kafka's `FetchCollector`.

use super::{ERROR_PAUSE, KafkaMember, News, Pending, RETRY_PAUSE};
use crate::source::SourceEvent;
use crate::source::consumer::client::{ClientError, ErrorKind, FetchLimits, FetchedPartition, KafkaClient};
use crate::source::consumer::joining::starting_offsets;
use esmeralda_broker::Offset;
use std::sync::Arc;
use std::time::Duration;

/// The bounds of a fetch, for all partitions together. A write ends its wait, so the wait only bounds the time without an answer.
const FETCH_LIMITS: FetchLimits = FetchLimits {
    max_wait: Duration::from_secs(5),
    min_bytes: 1,
    max_bytes: 16 << 20,
};

/// A call for records or offsets that is under way.
pub(super) enum Work {
    Fetch(Pending<Result<Vec<FetchedPartition>, ClientError>>),
    Reset(Pending<Result<Vec<(i32, Offset)>, ClientError>>),
}

/// The answer to a [`Work`].
pub(super) enum Done {
    Fetch(Result<Vec<FetchedPartition>, ClientError>),
    Reset(Result<Vec<(i32, Offset)>, ClientError>),
}

impl Work {
    pub(super) async fn wait(&mut self) -> Done {
        match self {
            Self::Fetch(future) => Done::Fetch(future.await),
            Self::Reset(future) => Done::Reset(future.await),
        }
    }
}

impl<C: KafkaClient> KafkaMember<C> {
    pub(super) fn begin_fetch(&mut self) {
        if self.work.is_some() {
            return;
        }
        let positions = self.reading.wanted();
        if positions.is_empty() {
            return;
        }
        let (client, settings) = (self.client.clone(), Arc::clone(&self.settings));
        self.work = Some(Work::Fetch(Box::pin(async move {
            client.fetch(&settings.topic, positions, FETCH_LIMITS).await
        })));
    }

    /// Gives up a fetch that waits without a partition that is to be read now.
    pub(super) fn fetch_anew(&mut self) {
        // Nothing is lost with the fetch, because a position moves only when records are handed out.
        if matches!(self.work, Some(Work::Fetch(_))) {
            self.work = None;
        }
    }

    /// Reads the partitions again that had an error.
    pub(super) fn release_partitions(&mut self) {
        self.reading.release();
        self.fetch_anew();
    }

    /// Leaves the partitions that had an error alone for a while.
    fn release_after(&mut self, pause: Duration) {
        let at = self.settings.clock.now() + pause;
        // The earlier time stands, so that partitions that fail again and again do not keep the others from being read.
        self.release_at.get_or_insert(at);
    }

    /// Returns the next records that were fetched.
    pub(super) fn next_records(&mut self) -> News {
        loop {
            match self.reading.next(&self.settings)? {
                Ok(mut records) => {
                    self.commits.hand_out(&mut records);
                    // A batch without records, such as a control batch, is no event: `hand_out` has finished its offsets.
                    if !records.spans.is_empty() {
                        return Some(Ok(SourceEvent::Records(records)));
                    }
                }
                Err(error) => {
                    self.release_after(ERROR_PAUSE);
                    return Some(Err(error));
                }
            }
        }
    }

    pub(super) fn on_done(&mut self, done: Done) -> News {
        match done {
            Done::Fetch(Ok(answer)) => self.on_fetched(answer),
            Done::Reset(Ok(offsets)) => {
                self.on_reset(&offsets);
                None
            }
            Done::Fetch(Err(error)) | Done::Reset(Err(error)) => {
                self.hold(pause_after(&error));
                self.on_leader_error(error)
            }
        }
    }

    fn on_fetched(&mut self, answer: Vec<FetchedPartition>) -> News {
        let errors = self.reading.accept(answer);
        if errors.is_empty() {
            let was_told = self.leaders.end();
            return was_told.then_some(Ok(SourceEvent::Recovered));
        }
        let (out_of_range, others): (Vec<_>, Vec<_>) = errors
            .into_iter()
            .partition(|(_, error)| error.kind == ErrorKind::OffsetOutOfRange);
        if !out_of_range.is_empty() {
            // Kafka's consumer resets by `auto.offset.reset`; a mapping's starting position stands for it.
            self.begin_reset(out_of_range.into_iter().map(|(partition, _)| partition).collect());
        }
        for (partition, _) in &others {
            self.reading.hold(*partition);
        }
        // An error that does not pass by itself says more than one that does.
        let mut errors = others.into_iter().map(|(_, error)| error);
        let first = errors.next()?;
        let error = match first.kind {
            ErrorKind::Transient => errors
                .find(|error| error.kind != ErrorKind::Transient)
                .unwrap_or(first),
            _ => first,
        };
        self.release_after(pause_after(&error));
        self.on_leader_error(error)
    }

    /// Looks up the starting position of partitions whose position the log does not have.
    fn begin_reset(&mut self, partitions: Vec<i32>) {
        tracing::warn!(
            topic = self.settings.topic,
            ?partitions,
            "offsets are out of range; reading goes on at the starting position"
        );
        let (client, settings) = (self.client.clone(), Arc::clone(&self.settings));
        self.work = Some(Work::Reset(Box::pin(async move {
            starting_offsets(&client, &settings, &partitions).await
        })));
    }

    /// Tells an error of a leader, a transient one only when it lasts.
    fn on_leader_error(&mut self, error: ClientError) -> News {
        tracing::debug!(topic = self.settings.topic, %error, "partitions could not be read");
        if error.kind == ErrorKind::Transient {
            let is_told = self.leaders.note(self.settings.clock.now());
            return is_told.then(|| Err(self.settings.source_error(error)));
        }
        if error.kind == ErrorKind::UnknownTopic {
            // The offsets are gone with the topic. A new topic of the same name is read from the start.
            self.lose(error.kind, &error.reason);
            self.hold(ERROR_PAUSE);
        }
        self.leaders.note_told();
        Some(Err(self.settings.source_error(error)))
    }

    fn on_reset(&mut self, offsets: &[(i32, Offset)]) {
        let goes_back = offsets
            .iter()
            .filter(|(partition, offset)| !self.reading.seek(*partition, offset.0))
            .count();
        if goes_back > 0 {
            // The log is shorter than what was read of it. A new assignment forgets what was read.
            let kind = ErrorKind::OffsetOutOfRange;
            self.lose(kind, "the log ends before the offset that was read last");
            self.hold(ERROR_PAUSE);
        }
    }
}

fn pause_after(error: &ClientError) -> Duration {
    match error.kind {
        ErrorKind::Transient => RETRY_PAUSE,
        _ => ERROR_PAUSE,
    }
}
