use super::*;
use crate::operations::create_topics::{CreateTopic, create_topics};

fn cluster_with(topics: &[(&str, i32)]) -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::for_tests(
        1,
        &[("max.request.partition.size.limit", "5")],
    ));
    let topics = topics.iter().map(|(name, partitions)| CreateTopic {
        partitions: *partitions,
        ..CreateTopic::named(name)
    });
    create_topics(&cluster, &RequestContext::for_tests(1), topics.collect(), false);
    cluster
}

fn request(topics: &[&str], cursor: Option<(&str, i32)>, partition_limit: i32) -> PageRequest {
    PageRequest {
        topics: topics.iter().map(|name| name.to_string()).collect(),
        cursor: cursor.map(|(topic, partition)| Cursor {
            topic: topic.to_owned(),
            partition,
        }),
        partition_limit,
    }
}

type Shown = (Vec<(String, Range<usize>)>, Option<(String, i32)>);

fn page(cluster: &Arc<Cluster>, request: PageRequest) -> Result<Shown, PageError> {
    let page = describe_page(cluster, &RequestContext::for_tests(1), request)?;
    let topics = page
        .topics
        .into_iter()
        .map(|(topic, range)| (topic.name.expect("asked by name"), range));
    Ok((
        topics.collect(),
        page.next.map(|cursor| (cursor.topic, cursor.partition)),
    ))
}

fn shown(topics: &[(&str, Range<usize>)], next: Option<(&str, i32)>) -> Result<Shown, PageError> {
    let topics = topics
        .iter()
        .map(|(name, range)| (name.to_string(), range.clone()));
    Ok((
        topics.collect(),
        next.map(|(name, partition)| (name.to_owned(), partition)),
    ))
}

#[test]
fn pages_follow_one_another_without_gaps() {
    let cluster = cluster_with(&[("b", 4), ("a", 3), ("c", 1)]);
    let first = page(&cluster, request(&[], None, 4));
    assert_eq!(first, shown(&[("a", 0..3), ("b", 0..1)], Some(("b", 1))));
    let second = page(&cluster, request(&[], Some(("b", 1)), 3));
    assert_eq!(second, shown(&[("b", 1..4)], Some(("c", 0))));
    let third = page(&cluster, request(&[], Some(("c", 0)), 3));
    assert_eq!(third, shown(&[("c", 0..1)], None));
}

#[test]
fn the_brokers_limit_holds_and_a_limit_below_one_is_one() {
    let cluster = cluster_with(&[("a", 9)]);
    let page_of = |limit| page(&cluster, request(&["a"], None, limit));
    assert_eq!(page_of(2_000), shown(&[("a", 0..5)], Some(("a", 5))));
    assert_eq!(page_of(0), shown(&[("a", 0..1)], Some(("a", 1))));
    assert_eq!(page_of(-1), shown(&[("a", 0..1)], Some(("a", 1))));
}

#[test]
fn requested_topics_are_in_the_answer_even_if_they_do_not_exist() {
    let cluster = cluster_with(&[("a", 1)]);
    let request = request(&["none", "a", "b!"], None, 5);
    let page = describe_page(&cluster, &RequestContext::for_tests(1), request);
    let results: Vec<_> = page
        .expect("there is no cursor")
        .topics
        .into_iter()
        .map(|(topic, _)| (topic.name.expect("asked by name"), topic.result.err()))
        .collect();
    assert_eq!(results[0], ("a".to_owned(), None));
    assert!(matches!(results[1].1, Some(MetadataError::Name(_))));
    assert_eq!(results[2], ("none".to_owned(), Some(MetadataError::UnknownTopic)));
    assert!(cluster.topics.get("none").is_none());
}

#[test]
fn an_invalid_cursor_is_refused() {
    let cluster = cluster_with(&[("a", 1), ("b", 1)]);
    let stranger = page(&cluster, request(&["b"], Some(("a", 0)), 5));
    assert_eq!(
        stranger,
        Err(PageError::CursorTopic {
            topic: "a".to_owned()
        })
    );
    let negative = page(&cluster, request(&[], Some(("a", -1)), 5));
    assert_eq!(negative, Err(PageError::CursorPartition { partition: -1 }));
    let beyond = page(&cluster, request(&[], Some(("a", 7)), 5));
    assert_eq!(beyond, shown(&[("a", 1..1), ("b", 0..1)], None));
}

#[test]
fn an_empty_name_without_a_cursor_fails_as_a_whole_as_in_kafka() {
    let cluster = cluster_with(&[("a", 1)]);
    let without = page(&cluster, request(&["a", ""], None, 5));
    assert_eq!(without, Err(PageError::EmptyName));
    let with = page(&cluster, request(&["a", ""], Some(("", 0)), 5));
    assert_eq!(with, shown(&[("", 0..0), ("a", 0..1)], None));
    let all = page(&cluster, request(&[], None, 5));
    assert_eq!(all, shown(&[("a", 0..1)], None));
}
