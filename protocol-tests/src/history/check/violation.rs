//! The violations that the checker finds: each is something that a cluster must not do.

/// A violation, with the numbers of the processes and the names of the groups concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::history) enum Violation {
    /// An acknowledged record is not at its place.
    Lost {
        producer: u32,
        sequence: u32,
        partition: u32,
        offset: i64,
    },
    /// A record is in the log a second time.
    Doubled {
        producer: u32,
        sequence: u32,
        partition: u32,
        offset: i64,
    },
    /// A record comes after a later one of its producer.
    OutOfOrder {
        producer: u32,
        sequence: u32,
        partition: u32,
        offset: i64,
    },
    /// A record is in a log that its producer does not write to.
    Foreign {
        producer: u32,
        sequence: u32,
        partition: u32,
        offset: i64,
    },
    /// A record outside of transactions is not seen by a reader of committed records.
    Hidden {
        producer: u32,
        sequence: u32,
        partition: u32,
        offset: i64,
    },
    /// A reader of committed records sees a part of a transaction.
    Torn {
        producer: u32,
        transaction: u32,
        seen_count: u32,
        size: u32,
    },
    /// An acknowledged commit is not seen.
    CommitLost { producer: u32, transaction: u32 },
    /// A transaction is seen whose abort was acknowledged.
    AbortSeen { producer: u32, transaction: u32 },
    /// A transaction is seen whose commit its producer had not asked for.
    OpenSeen { producer: u32, transaction: u32 },
    /// A member read a record of a partition at which it had not begun.
    NotPositioned {
        process: u32,
        partition: u32,
        offset: i64,
    },
    /// A member read what is not in the log, or not to be seen.
    NotInLog {
        process: u32,
        partition: u32,
        offset: i64,
    },
    /// A member passed over a record.
    Skipped {
        process: u32,
        partition: u32,
        offset: i64,
    },
    /// A member read a record again, or an earlier one.
    Repeated {
        process: u32,
        partition: u32,
        offset: i64,
    },
    /// No member has read a record, but the group's committed offset is above it.
    Unread {
        group: String,
        partition: u32,
        offset: i64,
    },
    /// The group's committed offset does not reach above this record at the end.
    Behind {
        group: String,
        partition: u32,
        offset: i64,
    },
    /// A member asked for a committed offset after a higher one had been acknowledged.
    WentBack {
        group: String,
        partition: u32,
        from: i64,
        to: i64,
    },
    /// A transformed record was made of what is not in the source, or not to be seen.
    MadeOfNothing { partition: u32, offset: i64 },
    /// A record was transformed a second time.
    TransformedTwice { partition: u32, offset: i64 },
    /// A record was transformed after a later one of its partition.
    TransformedLate { partition: u32, offset: i64 },
    /// A record was not transformed.
    NotTransformed {
        group: String,
        partition: u32,
        offset: i64,
    },
}
