//! Tests of client telemetry.

use super::*;
use crate::config::layers::Values;
use crate::ids::NodeId;
use bytes::Bytes;
use uuid::Uuid;

const START_MS: i64 = 1_700_000_000_000;

fn subscription(name: &str, values: &[(&str, &str)]) -> Subscription {
    let values: Values = values
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    Subscription::new(name, values).expect("it is valid")
}

fn caller(now_ms: i64) -> Caller {
    Caller {
        node: NodeId(1),
        peer: Some(([127, 0, 0, 1], 7).into()),
        attributes: Attributes::from([("client_id", "orders-1".to_owned())]),
        now_ms,
    }
}

fn push(subscription_id: i32) -> Push {
    Push {
        subscription_id,
        is_terminating: false,
        is_known_codec: true,
        size_bytes: 10,
        most_bytes: 10,
    }
}

#[test]
fn a_client_is_told_what_all_of_its_subscriptions_want() {
    let telemetry = Telemetry::default();
    let id = Uuid::from_u128(5);
    for (name, values) in [
        ("a", &[("metrics", "x,y"), ("interval.ms", "1000")][..]),
        ("b", &[("metrics", "y,z"), ("match", "client_id=orders-.")]),
        ("c", &[("metrics", "w"), ("match", "client_id=orders-")]),
        ("d", &[("metrics", "v"), ("match", "client_software_name=java")]),
    ] {
        telemetry.subscriptions.set(subscription(name, values));
    }
    let told = telemetry
        .clients
        .get(id, caller(START_MS), &telemetry.subscriptions);
    let told = told.expect("it is the first request");
    assert_eq!(
        (told.metrics, told.interval_ms),
        (vec!["x".into(), "y".into(), "z".into()], 1_000)
    );
    telemetry
        .subscriptions
        .set(subscription("all", &[("metrics", "*")]));
    // A change of the subscriptions is told at once.
    let told = telemetry
        .clients
        .get(id, caller(START_MS), &telemetry.subscriptions);
    assert_eq!(told.expect("it is new").metrics, ["*"]);
}

#[test]
fn the_subscription_id_and_the_order_of_the_metrics_are_kafkas() {
    let telemetry = Telemetry::default();
    let told = |id| {
        let id = Uuid::from_u128(id);
        let told = telemetry
            .clients
            .get(id, caller(START_MS), &telemetry.subscriptions);
        told.expect("it is the first request")
    };
    // Recorded from Apache Kafka 4.4.0 with a telemetry reporter.
    assert_eq!(told(5).subscription_id, -725_132_325);
    let values = [("metrics", "org.a,org.b,zz"), ("interval.ms", "100000")];
    telemetry.subscriptions.set(subscription("s1", &values));
    assert_eq!(told(5).subscription_id, -1_282_842_443);
    assert_eq!(told(6).subscription_id, -1_282_842_442);
    assert_eq!(told(6 + 1).metrics, ["zz", "org.a", "org.b"]);
}

#[test]
fn a_client_that_asks_or_pushes_too_early_is_throttled() {
    let telemetry = Telemetry::default();
    let Telemetry {
        subscriptions,
        clients,
        ..
    } = &telemetry;
    let id = Uuid::from_u128(5);
    subscriptions.set(subscription("a", &[("interval.ms", "1000")]));
    let told = clients
        .get(id, caller(START_MS), subscriptions)
        .expect("it is the first request");
    assert_eq!(
        clients.get(id, caller(START_MS + 999), subscriptions),
        Err(TelemetryError::TooEarly)
    );
    // After a subscription was told, one push may come at once.
    let push_at = |now_ms| clients.push(id, push(told.subscription_id), caller(now_ms), subscriptions);
    assert_eq!(push_at(START_MS + 1), Ok(()));
    assert_eq!(push_at(START_MS + 1_000), Err(TelemetryError::TooEarly));
    assert_eq!(push_at(START_MS + 1_001), Ok(()));
    let last = Push {
        is_terminating: true,
        ..push(told.subscription_id)
    };
    assert_eq!(
        clients.push(id, last, caller(START_MS + 1_002), subscriptions),
        Ok(())
    );
    assert_eq!(push_at(START_MS + 9_000), Err(TelemetryError::Terminating));
}

#[test]
fn a_wrong_push_is_refused_as_kafka_refuses_it() {
    let telemetry = Telemetry::default();
    let Telemetry {
        subscriptions,
        clients,
        ..
    } = &telemetry;
    let id = Uuid::from_u128(5);
    let told = clients
        .get(id, caller(START_MS), subscriptions)
        .expect("it is the first request");
    let right = push(told.subscription_id);
    for (wrong, expected) in [
        (
            push(told.subscription_id + 1),
            TelemetryError::UnknownSubscription,
        ),
        (
            Push {
                is_known_codec: false,
                ..right
            },
            TelemetryError::UnknownCompression,
        ),
        (
            Push {
                size_bytes: 11,
                ..right
            },
            TelemetryError::TooLarge,
        ),
    ] {
        clients.disconnected(NodeId(1), ([127, 0, 0, 1], 7).into());
        assert_eq!(
            clients.push(id, wrong, caller(START_MS), subscriptions),
            Err(expected)
        );
        let again = clients.get(id, caller(START_MS), subscriptions);
        // A client that was told the wrong id, or chose a wrong codec, may ask again at once.
        assert_eq!(again.is_ok(), expected != TelemetryError::TooLarge);
    }
    for reserved in [0, 1] {
        let result = clients.push(Uuid::from_u128(reserved), right, caller(START_MS), subscriptions);
        assert_eq!(result, Err(TelemetryError::InvalidId));
    }
}

#[test]
fn pushed_metrics_are_read_by_name_and_value() {
    let field = |number: u8, content: &[u8]| {
        let mut bytes = vec![number << 3 | 2, content.len() as u8];
        bytes.extend(content);
        bytes
    };
    let fixed = |number: u8, bits: u64| [vec![number << 3 | 1], bits.to_le_bytes().to_vec()].concat();
    let gauge = [field(1, b"a.b"), field(5, &field(1, &fixed(4, 1.5f64.to_bits())))].concat();
    let sum = [field(1, b"c"), field(7, &field(1, &fixed(6, 7)))].concat();
    let scope = [field(2, &gauge), field(2, &sum)].concat();
    let data = field(1, &field(2, &scope));
    let pushed = PushedMetrics {
        node_id: NodeId(1),
        client_instance_id: Uuid::nil(),
        client_id: String::new(),
        software: None,
        received_ms: 0,
        is_terminating: false,
        data: Bytes::from(data),
    };
    let metric = |name: &str, value| PushedMetric {
        name: name.to_owned(),
        value,
    };
    assert_eq!(
        pushed.metrics(),
        [metric("a.b", Some(1.5)), metric("c", Some(7.0))]
    );
    let store = PushedStore::default();
    for received_ms in 0..1_001 {
        store.keep(PushedMetrics {
            received_ms,
            ..pushed.clone()
        });
    }
    let kept: Vec<_> = store.list().iter().map(|pushed| pushed.received_ms).collect();
    assert_eq!((kept.len(), kept[0]), (1_000, 1));
}
