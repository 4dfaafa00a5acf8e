//! Topics and their partitions, a page at a time. Source: KIP-966, Kafka's `DescribeTopicPartitionsRequestHandler`.

use super::RequestContext;
use super::metadata::{DescribedTopic, Wanted, describe_topics};
use crate::cluster::Cluster;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// Where a page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) topic: String,
    pub(crate) partition: i32,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct PageRequest {
    /// Empty: all topics.
    pub(crate) topics: Vec<String>,
    pub(crate) cursor: Option<Cursor>,
    /// The most partitions of the page; `max.request.partition.size.limit` bounds it too.
    pub(crate) partition_limit: i32,
}

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    /// The topics by name, each with the partitions of it that are on the page.
    pub(crate) topics: Vec<(DescribedTopic, Range<usize>)>,
    /// Where the next page starts; `None` after the last.
    pub(crate) next: Option<Cursor>,
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PageError {
    #[error("the topics that are asked for do not contain the cursor's topic {topic}")]
    CursorTopic { topic: String },
    #[error("the cursor's partition {partition} is below 0")]
    CursorPartition { partition: i32 },
}

/// One page of topics. Nothing is created on the way.
///
/// # Errors
/// [`PageError`] for a cursor that cannot be.
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
        let found = describe_topics(cluster, context, Wanted::Named(vec![name.clone()]), false);
        for topic in found {
            let Ok(view) = &topic.result else {
                // One that went away while all are listed is nobody's business.
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

/// The topics from the cursor on, by name.
fn names(cluster: &Cluster, request: &PageRequest) -> Result<BTreeSet<String>, PageError> {
    let start = request.cursor.as_ref().map_or("", |cursor| cursor.topic.as_str());
    let names: BTreeSet<String> = if request.topics.is_empty() {
        let topics = cluster.topics.list();
        topics.iter().map(|topic| topic.name.to_string()).collect()
    } else {
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
