//! The release of Apache Kafka that a cluster passes for.

/// A release of Apache Kafka. An earlier one than 4.4 narrows the versions of requests that are advertised and answered to those that it
/// served, and the features to those that it had. What is within both is answered as 4.4 answers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// 2.8, with ZooKeeper.
    Kafka2_8,
    /// 3.9, with KRaft.
    Kafka3_9,
    /// 4.1.
    Kafka4_1,
    /// 4.4, the release whose behaviour all of this is.
    #[default]
    Kafka4_4,
}

impl Release {
    /// All releases, from the earliest on.
    pub const ALL: [Self; 4] = [Self::Kafka2_8, Self::Kafka3_9, Self::Kafka4_1, Self::Kafka4_4];
}
