//! Fetches that wait, and what ends the wait.

use super::records::{append, batch, create_topic, fetch, partitions, values};
use super::{Client, cluster, encode};
use bytes::Buf;
use kafka_protocol::messages::FetchResponse;
use kafka_protocol::protocol::Decodable;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn fetch_waits_for_its_time_and_no_longer() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "wait", 2).await;
    let started = Instant::now();
    let response = client.ask(12, &fetch(&topic, &[(0, 0), (1, 0)])).await;
    assert_eq!(started.elapsed(), Duration::from_secs(1));
    assert_eq!(partitions(&response).len(), 2);
    for partition in partitions(&response) {
        assert_eq!(
            (partition.error_code, partition.records.as_deref()),
            (0, Some(&[][..]))
        );
    }
    let started = Instant::now();
    client
        .ask(12, &fetch(&topic, &[(0, 0)]).with_max_wait_ms(0))
        .await;
    client.ask(12, &fetch(&topic, &[(0, 0)]).with_min_bytes(0)).await;
    client.ask(12, &fetch(&topic, &[(0, 5)])).await;
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_does_not_exist_ends_no_wait_and_one_that_moved_does() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "missing", 2).await;
    for (version, positions, code, seconds) in [
        (12, vec![(0, 0), (7, 0)], 3, 1),
        (13, vec![(0, 0), (7, 0)], 3, 1),
        (12, vec![(7, 0), (8, 0)], 3, 0),
        // OFFSET_OUT_OF_RANGE
        (12, vec![(0, 0), (1, 5)], 1, 0),
    ] {
        let started = Instant::now();
        let response = client.ask(version, &fetch(&topic, &positions)).await;
        let what = format!("version {version}, {positions:?}");
        assert_eq!(partitions(&response)[1].error_code, code, "{what}");
        assert_eq!(started.elapsed(), Duration::from_secs(seconds), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_fetch_is_woken_by_appends_that_add_up_to_min_bytes() {
    let cluster = cluster(&[]);
    let mut consumer = Client::connect(&cluster);
    let mut producer = Client::connect(&cluster);
    let topic = create_topic(&mut producer, &cluster, "woken", 2).await;
    let one = batch(&["a"]).len() as i32;
    let request = fetch(&topic, &[(0, 0), (1, 0)]).with_min_bytes(2 * one);
    consumer.send_frame(&encode(1, 12, &request)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    append(&mut producer, &topic, 1, &["a"]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    append(&mut producer, &topic, 0, &["b"]).await;
    let mut frame = consumer.receive_frame().await;
    assert_eq!(started.elapsed(), Duration::ZERO);
    frame.advance(5);
    let response = FetchResponse::decode(&mut frame, 12).unwrap();
    let all = partitions(&response);
    assert_eq!(
        (values(all[0]), values(all[1])),
        (vec!["b".to_owned()], vec!["a".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn parked_fetch_ends_when_its_client_hangs_up() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "hang-up", 1).await;
    let request = fetch(&topic, &[(0, 0)]).with_max_wait_ms(i32::MAX);
    client.send_frame(&encode(1, 12, &request)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let started = Instant::now();
    let Client { io, serving, .. } = client;
    drop(io);
    serving.await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn deleted_topic_ends_a_parked_fetch() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "deleted", 1).await;
    for (version, code) in [(12, 3), (13, 100)] {
        let request = fetch(&topic, &[(0, 0)]).with_max_wait_ms(60_000);
        client.send_frame(&encode(1, version, &request)).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        topic.partitions[0].write().unwrap().is_deleted = true;
        let started = Instant::now();
        let mut frame = client.receive_frame().await;
        assert_eq!(started.elapsed(), Duration::ZERO);
        frame.advance(5);
        let response = FetchResponse::decode(&mut frame, version).unwrap();
        assert_eq!(partitions(&response)[0].error_code, code);
        topic.partitions[0].write().unwrap().is_deleted = false;
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_isolation_level_fails_a_fetch_at_once_if_there_is_a_partition_to_read() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "levels", 1).await;
    let started = Instant::now();
    for (version, position, code, codes) in [
        (12, (0, 0), -1, vec![-1, -1]),
        (13, (0, 0), -1, vec![]),
        (12, (8, 0), 0, vec![3, 3]),
        (13, (8, 0), 0, vec![3, 3]),
    ] {
        let request = fetch(&topic, &[position, (9, 0)]).with_isolation_level(2);
        let response = client.ask(version, &request).await;
        let found: Vec<_> = partitions(&response)
            .iter()
            .map(|partition| partition.error_code)
            .collect();
        assert_eq!(
            (response.error_code, found),
            (code, codes),
            "version {version}, {position:?}"
        );
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
}
