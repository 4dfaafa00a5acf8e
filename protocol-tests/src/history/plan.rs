//! The parts of a run: its topics, its groups, and the programs that produce, consume and transform.

use std::time::Duration;

use super::check::Isolation;
use crate::setup::Toolchain;

/// The topic that is produced to, and that all groups read. Records in and outside of transactions are mixed in it.
pub(super) const INPUT: &str = "input";
/// The number of partitions of each topic.
pub(super) const PARTITION_COUNT: u32 = 6;

/// A client program for histories.
pub(super) struct HistoryProgram {
    /// The name of the client library.
    pub(super) name: &'static str,
    /// The toolchain that runs it.
    pub(super) toolchain: Toolchain,
    /// The program's name within its toolchain.
    pub(super) program: &'static str,
    /// The codec that its producers use.
    pub(super) compression: &'static str,
}

/// One program for each language.
pub(super) const PROGRAMS: &[HistoryProgram] = &[
    HistoryProgram {
        name: "java",
        toolchain: Toolchain::Java,
        program: "History",
        compression: "none",
    },
    HistoryProgram {
        name: "confluent-kafka",
        toolchain: Toolchain::Python,
        program: "history.py",
        compression: "lz4",
    },
    HistoryProgram {
        name: "franz-go",
        toolchain: Toolchain::Go,
        program: "history",
        compression: "snappy",
    },
];

/// A group with a member in each language.
#[derive(Clone, Copy)]
pub(super) struct GroupPlan {
    pub(super) name: &'static str,
    /// The group's protocol: `classic` or `consumer`.
    pub(super) protocol: &'static str,
    /// The assignor of a classic group: `range` or `cooperative-sticky`.
    pub(super) assignor: &'static str,
    pub(super) isolation: Isolation,
    /// The topic that the members write what they make of each record to. Without one they only read.
    pub(super) output: Option<&'static str>,
}

/// The groups of a short run: the two protocols, the two isolation levels, and a group that transforms.
pub(super) const FEW_GROUPS: &[GroupPlan] = &[
    GroupPlan {
        name: "classic-committed",
        protocol: "classic",
        assignor: "range",
        isolation: Isolation::ReadCommitted,
        output: None,
    },
    GroupPlan {
        name: "consumer-uncommitted",
        protocol: "consumer",
        assignor: "",
        isolation: Isolation::ReadUncommitted,
        output: None,
    },
    GroupPlan {
        name: "classic-transform",
        protocol: "classic",
        assignor: "cooperative-sticky",
        isolation: Isolation::ReadCommitted,
        output: Some("output-classic"),
    },
];

/// The groups that a long run has besides.
pub(super) const MORE_GROUPS: &[GroupPlan] = &[
    GroupPlan {
        name: "classic-uncommitted",
        protocol: "classic",
        assignor: "cooperative-sticky",
        isolation: Isolation::ReadUncommitted,
        output: None,
    },
    GroupPlan {
        name: "consumer-committed",
        protocol: "consumer",
        assignor: "",
        isolation: Isolation::ReadCommitted,
        output: None,
    },
    GroupPlan {
        name: "consumer-transform",
        protocol: "consumer",
        assignor: "",
        isolation: Isolation::ReadCommitted,
        output: Some("output-consumer"),
    },
];

/// A run.
pub struct Plan {
    /// The seed of the disturbances and of the programs' choices.
    pub seed: u64,
    /// The number of acknowledged records after which the producers stop.
    pub record_count: u64,
    /// The most records that each of the six producers sends in a second.
    pub records_per_second: u64,
    /// The mean time between two disturbances.
    pub mean_gap: Duration,
    /// Whether the run has all groups, or only those of a short run.
    pub has_all_groups: bool,
    /// The cluster.
    pub cluster: ClusterPlan,
}

/// The cluster of a run.
pub enum ClusterPlan {
    /// The product, with three brokers, which the run starts.
    Product,
    /// A cluster that runs already: one broker at `address` that tells its clients to connect to `advertised`, where the run's proxy listens.
    Running {
        /// `HOST:PORT` of the broker.
        address: String,
        /// `HOST:PORT` of the proxy.
        advertised: String,
    },
}

impl Plan {
    pub(super) fn groups(&self) -> Vec<GroupPlan> {
        let more = if self.has_all_groups { MORE_GROUPS } else { &[] };
        [FEW_GROUPS, more].concat()
    }

    /// Returns the names of all topics. A record's log has the index of its topic here.
    pub(super) fn topics(&self) -> Vec<&'static str> {
        let outputs = self.groups().into_iter().filter_map(|group| group.output);
        std::iter::once(INPUT).chain(outputs).collect()
    }
}
