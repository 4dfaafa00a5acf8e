//! Records that are filtered out.

use super::scene::{Act, Ranges, Scene, config};
use crate::config::MappingConfig;
use crate::filter::Filters;
use crate::profile::ProfileName;
use crate::source::{AssignmentNumber, Records, SourceEvent, Span};
use bytes::Bytes;
use esmeralda_broker::TimestampType;
use std::sync::Arc;

/// The configuration of a mapping with batches of ten whose function is given values that begin with `a`.
fn filtering() -> MappingConfig {
    let filters = Filters::compile(&[r#"{"value":[{"prefix":"a"}]}"#]).unwrap();
    MappingConfig {
        filters: Some(Arc::new(filters)),
        ..config(10)
    }
}

/// Records of one byte from `first` on, each with the value of its character.
fn records(partition: i32, first: i64, values: &str) -> SourceEvent {
    let span = |(index, offset): (u32, i64)| Span {
        offset,
        timestamp_ms: 0,
        key: None,
        value: Some(1 + index..2 + index),
        headers: 0..1,
    };
    SourceEvent::Records(Records {
        partition,
        assignment: AssignmentNumber::default(),
        offsets: first..first + values.len() as i64,
        timestamp_type: TimestampType::CreateTime,
        buffer: Bytes::from(format!("\0{values}")),
        spans: (0..values.len() as u32).zip(first..).map(span).collect(),
        schemas: None,
    })
}

#[tokio::test(start_paused = true)]
async fn records_that_are_filtered_out_are_finished_with_those_before_them() {
    let scene = Scene::of(filtering(), ProfileName::Instant.profile());
    scene.assign(1, &[0]);
    scene.event(records(0, 5, "bbabaab"));
    scene.until(599).await;
    assert_eq!(scene.invoked(), [(500, vec![(0, vec![7, 9, 10])])]);
    assert_eq!(scene.script.finished(), [] as [Ranges; 0]);
    scene.until(600).await;
    assert_eq!(scene.script.finished(), [[(0, 5..12)]]);
    let counters = &scene.counters;
    assert_eq!(counters.polled_event_count.get(), 7);
    assert_eq!(counters.filtered_out_event_count.get(), 4);
    assert_eq!(counters.invoked_event_count.get(), 3);
    assert_eq!((counters.records.get(), counters.record_bytes.get()), (7, 7));
    assert_eq!(*counters.committed_event_count.borrow(), 7);
}

#[tokio::test(start_paused = true)]
async fn records_of_which_none_passes_are_finished_at_once() {
    let scene = Scene::of(filtering(), ProfileName::Instant.profile());
    scene.assign(1, &[0]);
    scene.event(records(0, 5, "bcd"));
    scene.until(1).await;
    assert_eq!(scene.script.finished(), [[(0, 5..8)]]);
    scene.until(1_000).await;
    assert_eq!(scene.invoked(), []);
    assert_eq!(scene.counters.filtered_out_event_count.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_full_with_records_that_pass() {
    let config = MappingConfig {
        batch_size: 2,
        ..filtering()
    };
    let scene = Scene::of(config, ProfileName::Instant.profile());
    scene.assign(1, &[0]);
    scene.event(records(0, 0, "abb"));
    scene.until(10).await;
    assert_eq!(scene.invoked(), []);
    scene.event(records(0, 3, "bab"));
    scene.until(10).await;
    assert_eq!(scene.invoked(), [(10, vec![(0, vec![0, 4])])]);
}

#[tokio::test(start_paused = true)]
async fn other_filters_apply_to_what_is_read_after_them() {
    let config = MappingConfig {
        batch_size: 2,
        ..filtering()
    };
    let scene = Scene::of(config.clone(), ProfileName::Instant.profile());
    scene.assign(1, &[0]);
    scene.event(records(0, 0, "a"));
    scene.until(10).await;
    let filters = Filters::compile(&[r#"{"value":["b"]}"#]).unwrap();
    let config = Arc::new(MappingConfig {
        filters: Some(Arc::new(filters)),
        ..config
    });
    scene.orders.send_modify(|orders| orders.config = config);
    scene.until(20).await;
    scene.event(records(0, 1, "ab"));
    scene.until(20).await;
    assert_eq!(scene.invoked(), [(20, vec![(0, vec![0, 2])])]);
}

#[tokio::test(start_paused = true)]
async fn the_byte_rate_holds_for_records_that_are_filtered_out_too() {
    let mut profile = ProfileName::Instant.profile();
    profile.poller_bytes_per_second = 6;
    let scene = Scene::of(filtering(), profile);
    scene.assign(1, &[0]);
    // Two seconds' bytes at once, as one batch may have them, are paid off before the next ones.
    scene.event(records(0, 0, "bbbbbbbbbbbb"));
    scene.until(10).await;
    assert!(!scene.script.has(&Act::Pause(0, true)));
    scene.event(records(0, 12, "b"));
    scene.until(1_999).await;
    assert!(scene.script.has(&Act::Pause(0, true)));
    assert!(!scene.script.has(&Act::Pause(0, false)));
    scene.until(2_000).await;
    assert!(scene.script.has(&Act::Pause(0, false)));
}
