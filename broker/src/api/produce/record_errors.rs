//! The texts of refused records, which are Kafka's: clients show them, and tests compare them. Source: `LogValidator.validateRecord` and
//! `LogValidator.processRecordErrors`, `ProduceResponse.RecordError.toString`; KIP-467.

use crate::log::{AppendError, RecordFault, RefusedRecord, RefusedRecords};
use crate::operations::produce::{ProduceError, RefusedRequest};
use crate::operations::verify_transaction::NotInTransaction;

/// The number of records that the message of the whole batch shows.
const SHOWN: usize = 3;

/// Returns the refused records of a batch for the partition, each with its text, and the message of the whole batch.
pub(super) fn of(partition: (&str, i32), error: &ProduceError) -> (Vec<(i32, String)>, Option<String>) {
    match error {
        ProduceError::Append {
            error: AppendError::RefusedRecords(refused),
            ..
        } => {
            let errors: Vec<_> = refused
                .named
                .iter()
                .map(|record| (record.batch_index, text(partition, record)))
                .collect();
            let message = message(refused, &errors);
            (errors, Some(message))
        }
        // Kafka has no memory limit. A message is the only way to tell this from too few replicas.
        ProduceError::OutOfMemory(_)
        | ProduceError::Append {
            error: AppendError::OutOfMemory(_),
            ..
        } => (Vec::new(), Some(error.to_string())),
        // Of the errors of the verification, `ReplicaManager.handleProduceAppend` gives these two a message of their own.
        ProduceError::NotInTransaction(verified)
            if *verified == NotInTransaction::NotAdded || verified.retried_as_replication().is_some() =>
        {
            (Vec::new(), Some(error.to_string()))
        }
        _ => (Vec::new(), None),
    }
}

/// Returns the message of each partition of a request that fails as a whole: that of the exception, unless it says no more than the code.
/// Source: `ApiError.fromThrowable`.
pub(super) fn of_request(refused: &RefusedRequest) -> Option<String> {
    match refused {
        RefusedRequest::Denied(_) => None,
        RefusedRequest::Unreadable(_) | RefusedRequest::SeveralProducers => Some(refused.to_string()),
    }
}

fn message(refused: &RefusedRecords, errors: &[(i32, String)]) -> String {
    if refused.has_invalid_timestamp {
        return "One or more records have been rejected due to invalid timestamp".to_owned();
    }
    let shown: Vec<_> = errors
        .iter()
        .take(SHOWN)
        .map(|(batch_index, text)| format!("RecordError(batchIndex={batch_index}, message='{text}')"))
        .collect();
    format!(
        "One or more records have been rejected due to {} record errors in total, and only showing the first three errors at most: [{}]",
        refused.count,
        shown.join(", ")
    )
}

fn text((topic, index): (&str, i32), record: &RefusedRecord) -> String {
    match record.fault {
        RecordFault::MissingKey => {
            format!("Compacted topic cannot accept message without key in topic partition {topic}-{index}")
        }
        RecordFault::TimestampOutOfRange {
            offset,
            timestamp_ms,
            earliest_ms,
            latest_ms,
        } => format!(
            "Timestamp {timestamp_ms} of message with offset {offset} is out of range. The timestamp should be within [{earliest_ms}, {latest_ms}]"
        ),
        RecordFault::LogAppendTime {
            offset,
            timestamp_ms,
            key_bytes,
            value_bytes,
            is_compressed,
        } => {
            // Kafka skips keys and values of compressed batches, and then shows null as -1.
            let (class, null) = if is_compressed {
                ("PartialDefaultRecord", -1)
            } else {
                ("DefaultRecord", 0)
            };
            let size = |bytes: Option<usize>| bytes.map_or(null, |bytes| bytes as i64);
            format!(
                "Invalid timestamp type in message {class}(offset={offset}, timestamp={timestamp_ms}, key={} bytes, value={} bytes). Producer should not set timestamp type to LogAppendTime.",
                size(key_bytes),
                size(value_bytes)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verification_that_fails_has_a_message_only_where_kafka_gives_one() {
        let message = |error| of(("t", 0), &ProduceError::NotInTransaction(error)).1;
        let not_added = "Partition was not added to the transaction";
        assert_eq!(message(NotInTransaction::NotAdded).as_deref(), Some(not_added));
        let retried = "Unable to verify the partition has been added to the transaction. Underlying error: CONCURRENT_TRANSACTIONS";
        let concurrent = |adds_partition| NotInTransaction::Concurrent { adds_partition };
        assert_eq!(message(concurrent(false)).as_deref(), Some(retried));
        assert_eq!(message(concurrent(true)), None);
        assert_eq!(message(NotInTransaction::Abortable), None);
        assert_eq!(message(NotInTransaction::InvalidProducerIdMapping), None);
    }
}
