//! Fetch sessions over the wire.

use super::records::{append, create_topic, fetch, partitions, topic_name};
use super::{Client, cluster};
use kafka_protocol::messages::FetchResponse;
use kafka_protocol::messages::fetch_request::ForgottenTopic;
use kafka_protocol::messages::fetch_response::PartitionData;

#[tokio::test(start_paused = true)]
async fn an_incremental_answer_contains_changes_only() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "session", 3).await;
    append(&mut client, &topic, 0, &["a"]).await;
    let begin = fetch(&topic, &[(0, 0), (1, 0), (2, 0)]).with_session_epoch(0);
    let response = client.ask(12, &begin).await;
    let id = response.session_id;
    assert!(id > 0);
    assert_eq!(partitions(&response).len(), 3);
    let next = |epoch, positions: &[(i32, i64)]| {
        let mut request = fetch(&topic, positions)
            .with_session_id(id)
            .with_session_epoch(epoch);
        if positions.is_empty() {
            request.topics.clear();
        }
        request
    };
    // Nothing has changed, so the answer is empty.
    let response = client.ask(12, &next(1, &[(0, 1)])).await;
    assert_eq!(
        (response.error_code, response.session_id, response.responses.len()),
        (0, id, 0)
    );
    append(&mut client, &topic, 2, &["b"]).await;
    let response = client.ask(12, &next(2, &[])).await;
    assert_eq!(
        partitions(&response)
            .iter()
            .map(|data| data.partition_index)
            .collect::<Vec<_>>(),
        [2]
    );
    // The wrong epoch, an unknown id and the other way to name topics.
    assert_eq!(client.ask(12, &next(2, &[])).await.error_code, 71);
    assert_eq!(client.ask(13, &next(3, &[])).await.error_code, 106);
    let response = client.ask(12, &next(3, &[]).with_session_id(id ^ 1)).await;
    assert_eq!((response.error_code, response.session_id), (70, 0));
    // A forgotten partition is left out from now on; a partition with an error is included each time.
    let forget = |partition| {
        vec![
            ForgottenTopic::default()
                .with_topic(topic_name("session"))
                .with_partitions(vec![partition]),
        ]
    };
    let request = next(3, &[(0, 9)]).with_forgotten_topics_data(forget(2));
    for request in [request, next(4, &[])] {
        let response = client.ask(12, &request).await;
        let told: Vec<_> = partitions(&response)
            .iter()
            .map(|data| (data.partition_index, data.error_code))
            .collect();
        assert_eq!(told, [(0, 1)]);
    }
    // The first success after an error is included, though nothing has changed.
    let response = client.ask(12, &next(5, &[(0, 1)])).await;
    let told: Vec<_> = partitions(&response)
        .iter()
        .map(|data| (data.partition_index, data.error_code))
        .collect();
    assert_eq!(told, [(0, 0)]);
    // The last request closes the session.
    let close = next(-1, &[]);
    assert_eq!(client.ask(12, &close.with_max_wait_ms(0)).await.session_id, 0);
    assert_eq!(client.ask(12, &next(6, &[])).await.error_code, 70);
}

#[tokio::test(start_paused = true)]
async fn small_answers_take_turns_within_a_session() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "turns", 3).await;
    for index in 0..3 {
        append(&mut client, &topic, index, &["a"]).await;
        append(&mut client, &topic, index, &["b"]).await;
    }
    let begin = fetch(&topic, &[(0, 0), (1, 0), (2, 0)])
        .with_session_epoch(0)
        .with_max_bytes(1);
    let response = client.ask(12, &begin).await;
    let with_data = |response: &FetchResponse| -> Vec<i32> {
        let has_data = |data: &&&PartitionData| !data.records.as_ref().unwrap().is_empty();
        partitions(response)
            .iter()
            .filter(has_data)
            .map(|data| data.partition_index)
            .collect()
    };
    // A full answer has every partition, data or not.
    assert_eq!(partitions(&response).len(), 3);
    assert_eq!(with_data(&response), [0]);
    let mut order = Vec::new();
    let mut offsets = [1, 0, 0];
    let mut last = 0;
    for epoch in 1..=5 {
        let mut request = fetch(&topic, &[(last, offsets[last as usize])])
            .with_max_bytes(1)
            .with_session_id(response.session_id)
            .with_session_epoch(epoch);
        request.max_wait_ms = 0;
        let given = with_data(&client.ask(12, &request).await);
        assert_eq!(given.len(), 1);
        last = given[0];
        offsets[last as usize] += 1;
        order.push(last);
    }
    order.sort_unstable();
    assert_eq!(order, [0, 1, 1, 2, 2], "everybody's records came");
}
