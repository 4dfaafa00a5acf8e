//! Documents that are kept in memory instead of being sent, for tests that read them. The oldest go when there are too many.

use super::SendError;
use super::aws::Parcel;
use crate::MemoryPool;
use crate::destination::Destination;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most documents that are kept.
const MAX_DOCUMENTS: usize = 10_000;

/// The most bytes of documents that are kept.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// A document that was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedDocument {
    /// The destination, as the mapping names it.
    pub destination: String,
    /// The key of the object that S3 would have got.
    pub object_key: Option<String>,
    /// The document: JSON.
    pub body: Bytes,
}

/// A destination with captured documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedDestination {
    /// The destination, as mappings name it.
    pub destination: String,
    /// Number of documents that are kept.
    pub document_count: usize,
}

/// The documents that were captured: up to 10,000 with up to 32 MiB together, within the memory limit. Older ones are dropped.
#[derive(Debug)]
pub struct CapturedDocuments {
    memory: MemoryPool,
    // Locked for one look or change, never across an await.
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The documents, the oldest first.
    documents: VecDeque<CapturedDocument>,
    bytes: usize,
    dropped: u64,
}

impl CapturedDocuments {
    pub(super) fn new(memory: MemoryPool) -> Self {
        Self {
            memory,
            kept: Mutex::default(),
        }
    }

    /// Returns the destinations that have documents, by name.
    pub fn destinations(&self) -> Vec<CapturedDestination> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for document in &self.kept().documents {
            *counts.entry(document.destination.clone()).or_default() += 1;
        }
        let counts = counts.into_iter();
        let destinations = counts.map(|(destination, document_count)| CapturedDestination {
            destination,
            document_count,
        });
        destinations.collect()
    }

    /// Returns the documents for a destination, the oldest first.
    pub fn documents(&self, destination: &str) -> Vec<CapturedDocument> {
        let kept = self.kept();
        let documents = kept
            .documents
            .iter()
            .filter(|document| document.destination == destination);
        documents.cloned().collect()
    }

    /// Drops the documents for a destination.
    pub fn clear(&self, destination: &str) {
        let mut kept = self.kept();
        kept.documents
            .retain(|document| document.destination != destination);
        kept.bytes = kept.documents.iter().map(|document| document.body.len()).sum();
    }

    /// Returns the number of documents that were dropped because there were too many.
    pub fn dropped_count(&self) -> u64 {
        self.kept().dropped
    }

    pub(super) fn add(&self, destination: &Destination, parcel: &Parcel) -> Result<(), SendError> {
        let body = self.memory.copy(&parcel.document).map_err(|full| SendError {
            // Tests may drop what fills the memory.
            is_transient: true,
            reason: full.to_string(),
        })?;
        let mut kept = self.kept();
        kept.bytes += body.len();
        kept.documents.push_back(CapturedDocument {
            destination: destination.to_string(),
            object_key: parcel.object_key.clone(),
            body,
        });
        while kept.documents.len() > MAX_DOCUMENTS || kept.bytes > MAX_BYTES {
            let Some(oldest) = kept.documents.pop_front() else {
                break;
            };
            kept.bytes -= oldest.body.len();
            kept.dropped += 1;
        }
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic of another holder can leave a wrong number of bytes at most, which the next clear counts anew.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::UtcTime;

    fn add(captured: &CapturedDocuments, destination: &str, document: Vec<u8>) {
        let parcel = Parcel {
            document: document.into(),
            object_key: None,
            now: UtcTime::of_ms(0),
        };
        let destination = Destination::parse(destination).expect("a destination");
        captured.add(&destination, &parcel).expect("there is room");
    }

    const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:failed";
    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:failed";

    #[test]
    fn documents_are_kept_by_destination_until_they_are_cleared() {
        let captured = CapturedDocuments::new(MemoryPool::new(1 << 20));
        add(&captured, QUEUE, b"1".to_vec());
        add(&captured, TOPIC, b"2".to_vec());
        add(&captured, QUEUE, b"3".to_vec());
        let bodies = |destination| {
            let documents = captured.documents(destination).into_iter();
            documents.map(|document| document.body).collect::<Vec<_>>()
        };
        assert_eq!(bodies(QUEUE), ["1", "3"]);
        let counts: Vec<_> = captured
            .destinations()
            .into_iter()
            .map(|captured| (captured.destination, captured.document_count))
            .collect();
        assert_eq!(counts, [(TOPIC.to_owned(), 1), (QUEUE.to_owned(), 2)]);
        captured.clear(QUEUE);
        assert_eq!((bodies(QUEUE), bodies(TOPIC)), (vec![], vec![Bytes::from("2")]));
    }

    #[test]
    fn the_oldest_documents_go_first() {
        let captured = CapturedDocuments::new(MemoryPool::new(1 << 30));
        add(&captured, TOPIC, b"first".to_vec());
        for _ in 0..4 {
            add(&captured, QUEUE, vec![b'x'; MAX_BYTES / 4]);
        }
        assert_eq!(
            (captured.documents(TOPIC).len(), captured.documents(QUEUE).len()),
            (0, 4)
        );
        assert_eq!(captured.dropped_count(), 1);
        captured.clear(QUEUE);
        for number in 0..=MAX_DOCUMENTS {
            add(&captured, QUEUE, number.to_string().into_bytes());
        }
        let documents = captured.documents(QUEUE);
        assert_eq!(
            (documents.len(), &documents[0].body[..]),
            (MAX_DOCUMENTS, &b"1"[..])
        );
    }

    #[test]
    fn a_document_without_room_is_refused() {
        let captured = CapturedDocuments::new(MemoryPool::new(1 << 10));
        let parcel = Parcel {
            document: vec![b'x'; 1 << 20].into(),
            object_key: None,
            now: UtcTime::of_ms(0),
        };
        let queue = Destination::parse(QUEUE).expect("a destination");
        let refused = captured.add(&queue, &parcel).expect_err("there is no room");
        assert!(refused.is_transient);
        assert_eq!(captured.destinations(), []);
    }
}
