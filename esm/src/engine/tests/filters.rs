//! Filters of a running mapping.

use super::*;

#[tokio::test(start_paused = true)]
async fn filtered_records_are_committed_and_never_sent() {
    let test = TestEngine::new().await;
    test.topic(2).await;
    test.produce(0, 0, 10).await;
    test.produce(1, 0, 10).await;
    let criteria = |pattern: &str| json!({ "FilterCriteria": { "Filters": [{ "Pattern": pattern }] } });
    let uuid = test.mapping(criteria(r#"{"value":["0/3","0/7"]}"#)).await;
    test.engine.drained(&uuid).await.unwrap();
    let seen: Vec<_> = test.seen().into_iter().map(|seen| seen.value).collect();
    assert_eq!(seen, ["0/3", "0/7"]);
    assert_eq!(test.committed(&uuid, 2).await, [10, 10]);
    let metrics = test.metrics().await;
    assert_eq!(
        (metrics.polled_event_count, metrics.filtered_out_event_count),
        (20, 18)
    );
    assert_eq!(
        (metrics.invoked_event_count, metrics.committed_event_count),
        (2, 20)
    );
    // An update replaces the filters, and another clears them.
    test.update(&uuid, criteria(r#"{"value":["1/11"]}"#))
        .await
        .unwrap();
    test.engine.settled(&uuid).await.unwrap();
    test.produce(1, 10, 3).await;
    test.engine.drained(&uuid).await.unwrap();
    test.update(&uuid, json!({ "FilterCriteria": {} })).await.unwrap();
    test.engine.settled(&uuid).await.unwrap();
    test.produce(1, 13, 1).await;
    test.engine.drained(&uuid).await.unwrap();
    let seen: Vec<_> = test.seen().into_iter().skip(2).map(|seen| seen.value).collect();
    assert_eq!(seen, ["1/11", "1/13"]);
    assert_eq!(test.committed(&uuid, 2).await, [10, 14]);
}
