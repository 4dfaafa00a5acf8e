//! The states of mappings, their deletion and their listing.

use super::*;

#[tokio::test(start_paused = true)]
async fn states_are_passed_through_and_refuse_changes_meanwhile() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let created = test.create(json!({})).await.unwrap();
    let uuid = created.uuid().to_owned();
    assert_eq!(created.state(), "Creating");
    assert_eq!(created.0["LastProcessingResult"], "No records processed");
    let refused = test.update(&uuid, json!({ "BatchSize": 5 })).await.unwrap_err();
    assert_eq!((refused.status, refused.kind), (400, "ResourceInUseException"));
    assert_eq!(test.engine.settled(&uuid).await.unwrap().state(), "Enabled");

    let updated = test.update(&uuid, json!({ "BatchSize": 5 })).await.unwrap();
    assert_eq!(updated.state(), "Updating");
    assert_eq!(
        test.engine.delete(&uuid).await.unwrap_err().kind,
        "ResourceInUseException"
    );
    assert_eq!(test.engine.settled(&uuid).await.unwrap().state(), "Enabled");

    let disabling = test.update(&uuid, json!({ "Enabled": false })).await.unwrap();
    assert_eq!(disabling.state(), "Disabling");
    assert_eq!(test.engine.settled(&uuid).await.unwrap().state(), "Disabled");
    let updated = test.update(&uuid, json!({ "BatchSize": 6 })).await.unwrap();
    assert_eq!(updated.state(), "Updating");
    assert_eq!(test.engine.settled(&uuid).await.unwrap().state(), "Disabled");
    let enabling = test.update(&uuid, json!({ "Enabled": true })).await.unwrap();
    assert_eq!(enabling.state(), "Enabling");
    assert_eq!(test.engine.settled(&uuid).await.unwrap().state(), "Enabled");

    assert_eq!(test.engine.delete(&uuid).await.unwrap().state(), "Deleting");
    assert_eq!(test.engine.get(&uuid).await.unwrap().state(), "Deleting");
    test.clock.sleep(MINUTE).await;
    assert_eq!(test.engine.get(&uuid).await.unwrap_err().status, 404);
    assert_eq!(test.engine.delete(&uuid).await.unwrap_err().status, 404);
    assert_eq!(test.engine.drained(&uuid).await.unwrap_err().status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_is_created_disabled_is_so_at_once() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let view = test.create(json!({ "Enabled": false })).await.unwrap();
    assert_eq!(view.state(), "Disabled");
    test.produce(0, 0, 1).await;
    test.clock.sleep(MINUTE).await;
    assert_eq!(test.seen(), []);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_mapping_resumes_where_it_stopped() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test.mapping(json!({})).await;
    test.produce(0, 0, 3).await;
    test.engine.drained(&uuid).await.unwrap();
    test.update(&uuid, json!({ "Enabled": false })).await.unwrap();
    test.engine.settled(&uuid).await.unwrap();
    assert_eq!(test.metrics().await.pollers, 0);
    test.produce(0, 3, 3).await;
    test.clock.sleep(MINUTE).await;
    assert_eq!(test.seen(), expected(0, 0, 3));
    assert_eq!(test.metrics().await.offset_lag, [3]);
    test.update(&uuid, json!({ "Enabled": true })).await.unwrap();
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(0, 0, 6));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_mapping_finishes_and_commits_what_is_in_flight() {
    let test = TestEngine::new().await;
    let clock = test.clock.clone();
    test.function("f", move |_| work(clock.clone(), 5_000));
    test.topic(1).await;
    let uuid = test.mapping(json!({ "BatchSize": 2 })).await;
    test.produce(0, 0, 4).await;
    test.until(|metrics| metrics.in_flight == 1).await;
    test.engine.delete(&uuid).await.unwrap();
    test.clock.sleep(Duration::from_secs(4)).await;
    assert_eq!(test.engine.get(&uuid).await.unwrap().state(), "Deleting");
    test.clock.sleep(Duration::from_secs(2)).await;
    assert_eq!(test.engine.get(&uuid).await.unwrap_err().status, 404);
    assert_eq!(test.committed(&uuid, 1).await, [2]);
    assert_eq!(test.seen(), expected(0, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_what_is_in_flight_as_long_as_it_may() {
    for (limit_s, committed) in [(10, 2), (3, -1)] {
        let test = TestEngine::new().await;
        let clock = test.clock.clone();
        test.function("f", move |_| work(clock.clone(), 5_000));
        test.topic(1).await;
        let uuid = test.mapping(json!({ "BatchSize": 2 })).await;
        test.produce(0, 0, 4).await;
        test.until(|metrics| metrics.in_flight == 1).await;
        let before = test.clock.elapsed();
        test.engine.shutdown(Duration::from_secs(limit_s)).await;
        let took = test.clock.elapsed() - before;
        assert!(took <= Duration::from_secs(limit_s.min(5)), "{took:?}");
        assert_eq!(test.committed(&uuid, 1).await, [committed]);
        test.clock.sleep(MINUTE).await;
        assert_eq!(test.seen(), expected(0, 0, 2), "nothing runs any more");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_source_topic_and_function_conflict() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test.mapping(json!({})).await;
    let error = test.create(json!({})).await.unwrap_err();
    assert_eq!((error.status, error.kind), (409, "ResourceConflictException"));
    test.engine.delete(&uuid).await.unwrap();
    test.clock.sleep(MINUTE).await;
    test.create(json!({})).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn mappings_are_listed_by_time_of_creation() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let mut uuids = Vec::new();
    for number in 0..5 {
        let name = format!("f{number}");
        test.function(&name, |_| async { Ok(()) });
        uuids.push(test.mapping(json!({ "FunctionName": name })).await);
    }
    let mut listed = Vec::new();
    let mut query = ListMappings {
        max_items: Some(2),
        ..ListMappings::default()
    };
    loop {
        let page = test.engine.list(query.clone()).await.unwrap();
        assert!(page.event_source_mappings.len() <= 2);
        listed.extend(
            page.event_source_mappings
                .iter()
                .map(|view| view.uuid().to_owned()),
        );
        match page.next_marker {
            Some(marker) => query.marker = Some(marker),
            None => break,
        }
    }
    assert_eq!(listed, uuids);
}
