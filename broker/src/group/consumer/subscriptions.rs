//! The topics that the members of a consumer group subscribe to, by name and by regular expression.
//!
//! Source: the subscription part of Kafka's `ModernGroup` and `ConsumerGroup`, and `TopicRegexResolver`.

use super::member::ConsumerMember;
use crate::group::catalog::{CatalogTopic, TopicCatalog};
use crate::pattern::Pattern;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The topics that a group depends on, as they were when it last looked: a change of them calls for a new assignment. Kafka keeps a hash.
pub(super) type GroupMetadata = BTreeMap<Arc<str>, CatalogTopic>;

/// The topics that match an expression.
#[derive(Clone, Debug)]
pub(super) struct ResolvedRegex {
    pub(super) topics: BTreeSet<Arc<str>>,
    /// The version of the catalog that was searched.
    pub(super) catalog_version: u64,
    pub(super) resolved_at_ms: i64,
}

/// The subscriptions of all members together.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscriptions {
    /// The number of members that subscribe to a topic by its name.
    by_name: BTreeMap<Arc<str>, usize>,
    /// The number of members that subscribe to each expression.
    by_regex: BTreeMap<Arc<str>, usize>,
    resolved: BTreeMap<Arc<str>, ResolvedRegex>,
}

impl Subscriptions {
    /// Counts a member in.
    pub(super) fn add(&mut self, member: &ConsumerMember) {
        for name in &member.subscribed_topic_names {
            *self.by_name.entry(Arc::clone(name)).or_default() += 1;
        }
        if let Some(regex) = member.regex() {
            *self.by_regex.entry(Arc::clone(regex)).or_default() += 1;
        }
    }

    /// Counts a member out. An expression that has lost its last member stays resolved until [`Self::forget_unused`].
    pub(super) fn remove(&mut self, member: &ConsumerMember) {
        for name in &member.subscribed_topic_names {
            decrement(&mut self.by_name, name);
        }
        if let Some(regex) = member.regex() {
            decrement(&mut self.by_regex, regex);
        }
    }

    /// Forgets the topics of expressions that no member subscribes to any more, and returns the expressions.
    pub(super) fn forget_unused(&mut self) -> Vec<Arc<str>> {
        let mut unused: Vec<_> = self.resolved.keys().cloned().collect();
        unused.retain(|regex| !self.by_regex.contains_key(regex));
        for regex in &unused {
            self.resolved.remove(regex);
        }
        unused
    }

    /// Returns the expressions that are resolved, with their topics.
    pub(super) fn all_resolved(&self) -> impl Iterator<Item = (&Arc<str>, &ResolvedRegex)> {
        self.resolved.iter()
    }

    /// Returns true if a member subscribes to the topic.
    pub(super) fn contains(&self, topic: &str) -> bool {
        let mut resolved = self.resolved.values();
        self.by_name.contains_key(topic) || resolved.any(|resolved| resolved.topics.contains(topic))
    }

    /// Returns true if all of `member_count` members subscribe to the same. Source: `ConsumerGroup.subscriptionType`.
    pub(super) fn is_homogeneous(&self, member_count: usize) -> bool {
        match self.by_regex.values().next() {
            None => self.by_name.values().all(|count| *count == member_count),
            Some(count) => *count == member_count && self.by_name.is_empty(),
        }
    }

    /// Returns the number of members that subscribe to the expression.
    pub(super) fn regex_count(&self, regex: &str) -> usize {
        self.by_regex.get(regex).copied().unwrap_or(0)
    }

    /// Returns the expressions that members subscribe to.
    pub(super) fn regexes(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.by_regex.keys()
    }

    /// Returns the topics of an expression; `None` if it has not been resolved yet.
    pub(super) fn resolved(&self, regex: &str) -> Option<&ResolvedRegex> {
        self.resolved.get(regex)
    }

    /// Returns any of the resolved expressions. All are resolved together, so that any tells when.
    pub(super) fn last_resolved(&self) -> Option<&ResolvedRegex> {
        self.resolved.values().next()
    }

    /// Returns the number of expressions that are resolved.
    pub(super) fn resolved_count(&self) -> usize {
        self.resolved.len()
    }

    /// Searches the catalog for the topics of every expression. Returns true if any has other topics than before.
    pub(super) fn resolve(&mut self, now_ms: i64, catalog: &TopicCatalog) -> bool {
        let mut has_changed = false;
        for regex in self.by_regex.keys() {
            // An expression was checked when its first member brought it.
            let pattern = Pattern::parse(regex);
            let matches = |name: &&Arc<str>| pattern.as_ref().is_ok_and(|pattern| pattern.matches(name));
            let topics: BTreeSet<_> = catalog.names().filter(matches).cloned().collect();
            let before = self.resolved.get(regex).map(|resolved| &resolved.topics);
            has_changed |= match before {
                Some(before) => *before != topics,
                None => !topics.is_empty(),
            };
            let resolved = ResolvedRegex {
                topics,
                catalog_version: catalog.version(),
                resolved_at_ms: now_ms,
            };
            self.resolved.insert(Arc::clone(regex), resolved);
        }
        has_changed
    }

    /// Returns the subscribed topics that exist, by name.
    pub(super) fn metadata(&self, catalog: &TopicCatalog) -> GroupMetadata {
        let resolved = self.resolved.values().flat_map(|resolved| &resolved.topics);
        let names = self.by_name.keys().chain(resolved);
        let topics = names.filter_map(|name| Some((Arc::clone(name), catalog.get(name)?)));
        topics.collect()
    }

    /// Returns the topics that one member subscribes to and that exist.
    pub(super) fn topics_of(
        &self,
        member: &ConsumerMember,
        catalog: &TopicCatalog,
    ) -> BTreeMap<uuid::Uuid, usize> {
        let resolved = member.regex().and_then(|regex| self.resolved.get(regex));
        let by_regex = resolved.into_iter().flat_map(|resolved| &resolved.topics);
        let names = member.subscribed_topic_names.iter().chain(by_regex);
        let topics = names.filter_map(|name| catalog.get(name));
        topics.map(|topic| (topic.id, topic.partition_count)).collect()
    }
}

fn decrement(counts: &mut BTreeMap<Arc<str>, usize>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count -= 1;
        if *count == 0 {
            counts.remove(name);
        }
    }
}
