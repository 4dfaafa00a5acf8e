//! Describes topics and their partitions in pages. Source: KIP-966, Kafka's `DescribeTopicPartitionsRequestHandler`.

use super::RequestContext;
use super::metadata::{DescribedTopic, MetadataError, WantedTopics, describe_topics};
use crate::cluster::Cluster;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// The start of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) topic: String,
    pub(crate) partition: i32,
}

/// The request for a page.
#[derive(Clone, Debug)]
pub(crate) struct PageRequest {
    /// The names of topics; empty means all topics.
    pub(crate) topics: Vec<String>,
    pub(crate) cursor: Option<Cursor>,
    /// The most partitions of the page; `max.request.partition.size.limit` is a limit too.
    pub(crate) partition_limit: i32,
}

/// A page of topics.
#[derive(Debug)]
pub(crate) struct Page {
    /// The topics by name, each with its partitions on this page.
    pub(crate) topics: Vec<(DescribedTopic, Range<usize>)>,
    /// The start of the next page; `None` after the last.
    pub(crate) next: Option<Cursor>,
}

/// The reason why there is no page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PageError {
    #[error("invalid cursor: its topic {topic} is not among the requested topics")]
    CursorTopic { topic: String },
    #[error("invalid cursor: its partition is {partition}, must be 0 or more")]
    CursorPartition { partition: i32 },
    /// Kafka takes the name of the cursor that is missing for empty, and fails when it reads the partition of a topic of that name.
    #[error("invalid topic name: must not be empty without a cursor")]
    EmptyName,
}

/// Returns one page of topics. Does not create topics.
///
/// # Errors
/// [`PageError`] for an invalid cursor, and for an empty name without a cursor.
pub(crate) fn describe_page(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    request: PageRequest,
) -> Result<Page, PageError> {
    let wants_all = request.topics.is_empty();
    let names = names(cluster, &request)?;
    let limit = request
        .partition_limit
        .min(cluster.config.described_partitions_limit)
        // As in Kafka: a client that asks for pages of 0 partitions would never reach the end.
        .max(1) as usize;
    let mut page = Page {
        topics: Vec::new(),
        next: None,
    };
    let mut left = limit;
    for name in names {
        if left == 0 {
            page.next = Some(Cursor {
                topic: name,
                partition: 0,
            });
            break;
        }
        let first = match &request.cursor {
            Some(cursor) if cursor.topic == name => cursor.partition as usize,
            _ => 0,
        };
        // Topics are looked up one at a time, so that a page costs no more than the topics on it.
        let found = describe_topics(cluster, context, WantedTopics::Named(vec![name.clone()]), false);
        for topic in found {
            let is_denied = matches!(topic.result, Err(MetadataError::Denied(_)));
            if request.cursor.is_none() && name.is_empty() && !is_denied {
                return Err(PageError::EmptyName);
            }
            let Ok(view) = &topic.result else {
                // A topic that was deleted while all topics are listed is left out.
                if !wants_all {
                    page.topics.push((topic, 0..0));
                }
                continue;
            };
            let count = view.leaders.len();
            let range = first.min(count)..(first.saturating_add(left)).min(count);
            left -= range.len();
            let end = range.end;
            page.topics.push((topic, range));
            if end < count {
                page.next = Some(Cursor {
                    topic: name,
                    partition: end as i32,
                });
                return Ok(page);
            }
        }
    }
    Ok(page)
}

/// Returns the names of the topics from the cursor on, sorted.
fn names(cluster: &Cluster, request: &PageRequest) -> Result<BTreeSet<String>, PageError> {
    let start = request.cursor.as_ref().map_or("", |cursor| cursor.topic.as_str());
    let names: BTreeSet<String> = if request.topics.is_empty() {
        let topics = cluster.topics.list();
        topics.iter().map(|topic| topic.name.to_string()).collect()
    } else {
        // The names are sorted, because a cursor means all topics from its name on.
        request.topics.iter().cloned().collect()
    };
    if let Some(cursor) = &request.cursor {
        if !request.topics.is_empty() && !names.contains(&cursor.topic) {
            return Err(PageError::CursorTopic {
                topic: cursor.topic.clone(),
            });
        }
        if cursor.partition < 0 {
            return Err(PageError::CursorPartition {
                partition: cursor.partition,
            });
        }
    }
    Ok(names.into_iter().filter(|name| name.as_str() >= start).collect())
}

#[cfg(test)]
mod tests;
