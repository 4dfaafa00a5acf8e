//! The observation of a mapping: its progress, its metrics, its system log and its trace.

use super::scaling::Scaling;
use super::{FleetNumbers, Mapping};
use crate::cloudwatch::{LogSubject, RecorderSettings};
use crate::config::MetricGroups;
use crate::poller::PollerContext;
use crate::source::ConsumerGroup;
use crate::trace::Trace;
use std::time::Duration;

/// The metric ProvisionedPollers counts the pollers that processed an event within this time.
// Source: AWS's announcement of provisioned mode for Kafka.
const ACTIVE_WITHIN: Duration = Duration::from_secs(300);

/// Time between two events of the system log with the offsets of each partition. Source: Lambda developer guide.
const OFFSETS_INTERVAL: Duration = Duration::from_secs(60);

impl<G: ConsumerGroup> Mapping<G> {
    /// Asks for the group's progress. If the cluster does not answer, the progress of before stands.
    pub(super) async fn look(&mut self) {
        if let Ok(progress) = self.fleet.group().progress().await {
            self.progress = progress;
            self.record_progress();
        }
    }

    fn record_progress(&self) {
        let PollerContext { recorder, clock, .. } = &*self.context;
        recorder.progress(
            clock.elapsed(),
            &self.progress,
            &self.definition().config.function_name,
        );
    }

    /// Tells the recorder of metrics and the system log whose they are.
    pub(super) fn configure_recorder(&self) {
        let PollerContext { recorder, clock, .. } = &*self.context;
        let config = &self.definition().config;
        let MetricGroups {
            event_count,
            error_count,
            kafka_metrics,
        } = config.metrics;
        let settings = RecorderSettings {
            event_count,
            error_count,
            kafka_metrics,
            has_filters: config.filters.is_some(),
            minimum_pollers: config.provisioned.map(|pollers| pollers.minimum as usize),
        };
        recorder.configure(clock.elapsed(), settings);
        recorder.join(clock.elapsed(), config.poller_group.as_ref());
        let access = self.definition().remote.as_ref().map(|remote| &remote.access);
        let tls = access.and_then(|access| access.tls.as_ref());
        let sasl = access.and_then(|access| access.sasl.as_ref());
        self.context.system_log.configure(LogSubject {
            level: config.system_log,
            arn: self.definition().arn.clone(),
            event_source_arn: config.envelope.event_source_arn.clone(),
            function_name: config.function_name.clone(),
            bootstrap_servers: config.envelope.bootstrap_servers.clone(),
            topic: config.envelope.topic.clone(),
            group_id: config.group_id.clone(),
            security_protocol: match (tls, sasl) {
                (None, _) => "PLAINTEXT",
                (Some(_), None) => "SSL",
                (Some(_), Some(_)) => "SASL_SSL",
            },
            sasl_mechanism: sasl.map(|sasl| sasl.mechanism.to_string()).unwrap_or_default(),
        });
    }

    /// Logs the offsets of each partition if the mapping's system log has them and a minute has passed.
    pub(super) async fn log_offsets(&mut self) {
        let now = self.context.clock.elapsed();
        if !self.context.system_log.logs_offsets() || now < self.offsets_due {
            return;
        }
        self.offsets_due = now + OFFSETS_INTERVAL;
        self.look().await;
        self.context.system_log.offsets(&self.progress);
    }

    /// Returns the numbers of the fleet.
    pub(super) fn numbers(&self) -> FleetNumbers {
        let now = self.context.clock.elapsed();
        // Minutes that are over are written first: what is asked below forgets pollers that they still count.
        self.context.recorder.tick(now);
        let since = now.saturating_sub(ACTIVE_WITHIN);
        FleetNumbers {
            active_pollers: self.context.counters.pollers.active_since(since),
            event_poller_units: self.scaling.as_ref().map_or(0, Scaling::event_poller_units),
        }
    }

    /// Returns the trace until now.
    pub(super) async fn trace(&mut self) -> Trace {
        self.look().await;
        match &self.scaling {
            Some(scaling) => scaling.trace(&self.progress, self.fleet_state()),
            None => Trace::not_begun(self.settings.trace),
        }
    }
}
