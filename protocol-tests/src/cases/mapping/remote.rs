//! Mappings of a cluster on the network: the product itself in another process, and Apache Kafka.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::aws::Boto;
use super::function::Function;
use super::{ACCOUNT_ID, REGION, TOPIC};
use crate::apache_kafka::{self, ApacheKafka, Listeners, USER};
use crate::case::Case;
use crate::context::Context;
use crate::kafka::{self, GroupMember, Sent};
use crate::server::Server;
use crate::setup::Toolchain;
use crate::wait::until;

const GROUP: &str = "shared";
const PARTITION_COUNT: i32 = 6;

/// The cluster that the mappings read.
enum Source {
    Product(Server),
    Kafka(ApacheKafka),
}

impl Source {
    fn bootstrap_servers(&self) -> &str {
        match self {
            Source::Product(server) => &server.bootstrap_servers,
            Source::Kafka(kafka) => &kafka.listeners.plain,
        }
    }
}

fn product(context: &Context) -> Source {
    let arguments = ["--set", "group.initial.rebalance.delay.ms=0"];
    Source::Product(Server::start_as("source", context, "127.0.0.1:0", &arguments))
}

fn apache_kafka(context: &Context) -> Source {
    Source::Kafka(ApacheKafka::start(context))
}

pub(super) fn cases() -> Vec<Case> {
    const PYTHON: &[Toolchain] = &[Toolchain::Python];
    const BOTH: &[Toolchain] = &[Toolchain::Python, Toolchain::JavaApps];
    vec![
        Case::with(
            "esmeralda",
            "two_engines_share_a_group_of_another_process_and_one_is_killed",
            PYTHON,
            |context| killed_engine(context, &product(context)),
        ),
        Case::with(
            "esmeralda",
            "an_outside_consumer_shares_the_group_of_another_process",
            PYTHON,
            |context| outside_consumer(context, &product(context)),
        ),
        Case::with(
            "apache-kafka",
            "two_engines_share_a_group_and_one_is_killed",
            BOTH,
            |context| killed_engine(context, &apache_kafka(context)),
        ),
        Case::with(
            "apache-kafka",
            "an_outside_consumer_shares_the_group",
            BOTH,
            |context| outside_consumer(context, &apache_kafka(context)),
        ),
        Case::with(
            "apache-kafka",
            "records_that_are_given_up_arrive_in_another_topic",
            BOTH,
            on_failure_topic,
        ),
        Case::with(
            "apache-kafka",
            "users_and_certificates_are_accepted_and_refused",
            BOTH,
            authentication,
        ),
    ]
}

/// Starts the product with a mapping of `source` that has two pollers.
fn engine(context: &Context, name: &str, source: &Source, function: &Function) -> Server {
    let config = context.log_dir.join(format!("{name}.toml"));
    let servers: Vec<&str> = source.bootstrap_servers().split(',').collect();
    let mapping = format!(
        "[[mappings]]\n\
         FunctionName = 'receive'\n\
         Topics = ['{TOPIC}']\n\
         MaximumBatchingWindowInSeconds = 0\n\
         SelfManagedEventSource = {{ Endpoints = {{ KAFKA_BOOTSTRAP_SERVERS = {servers:?} }} }}\n\
         SelfManagedKafkaEventSourceConfig = {{ ConsumerGroupId = '{GROUP}' }}\n\
         ProvisionedPollerConfig = {{ MinimumPollers = 2, MaximumPollers = 2 }}\n"
    );
    std::fs::write(&config, mapping).expect("the log directory is writable");
    let config = config.to_string_lossy();
    let arguments = ["--config", &config, "--lambda-endpoint", &function.url];
    Server::start_as(name, context, "127.0.0.1:0", &arguments)
}

fn wait_for_members(context: &Context, source: &Source, count: usize) {
    let found = || kafka::stable_member_count(source.bootstrap_servers(), GROUP);
    until(
        context.deadline,
        || format!("{count} members of {GROUP}, which has {:?}", found()),
        || found() == Some(count),
    );
}

/// Produces `each` records to each partition.
fn produce(source: &Source, each: i64) {
    let records: Vec<Sent<'_>> = (0..each)
        .flat_map(|_| (0..PARTITION_COUNT).map(|partition| Sent::new(partition, Some("key"), Some("value"))))
        .collect();
    kafka::produce(source.bootstrap_servers(), TOPIC, &records);
}

/// All records, by partition and offset, if each partition has `each`.
fn all(each: i64) -> BTreeSet<(i64, i64)> {
    let partitions = 0..i64::from(PARTITION_COUNT);
    partitions
        .flat_map(|partition| (0..each).map(move |offset| (partition, offset)))
        .collect()
}

/// Asserts that the group has committed the end of each partition, which is `each`.
fn assert_committed(context: &Context, source: &Source, each: i64) {
    let committed = || kafka::committed(source.bootstrap_servers(), GROUP, TOPIC, PARTITION_COUNT);
    until(
        context.deadline,
        || format!("commits {:?}", committed()),
        || committed() == vec![Some(each); PARTITION_COUNT as usize],
    );
}

/// One of two engines is killed while records come: nothing is lost, and each partition is in order.
fn killed_engine(context: &Context, source: &Source) {
    const ROUNDS: i64 = 10;
    const EACH: i64 = 20;
    let mut function = Function::start(context, 0);
    kafka::create_topic(source.bootstrap_servers(), TOPIC, PARTITION_COUNT);
    let killed = engine(context, "first", source, &function);
    let other = engine(context, "second", source, &function);
    wait_for_members(context, source, 4);
    produce(source, EACH);
    function.wait_for(all(EACH).len(), context.deadline);
    for _ in 1..ROUNDS / 2 {
        produce(source, EACH);
    }
    // Dropping it kills the process, with records in flight.
    drop(killed);
    for _ in ROUNDS / 2..ROUNDS {
        produce(source, EACH);
    }
    let wanted = all(ROUNDS * EACH);
    until(
        context.deadline,
        || "every record at the function".to_owned(),
        || {
            function.pump();
            function.received().into_iter().collect::<BTreeSet<_>>() == wanted
        },
    );
    // Records of the killed engine that were not committed came again; what came first was in order.
    let mut seen: BTreeMap<i64, i64> = BTreeMap::new();
    for (partition, offset) in function.received() {
        let next = seen.entry(partition).or_default();
        assert!(
            offset <= *next,
            "partition {partition} skips from {next} to {offset}"
        );
        *next = (*next).max(offset + 1);
    }
    assert_committed(context, source, ROUNDS * EACH);
    wait_for_members(context, source, 2);
    other.stop();
    assert_eq!(
        kafka::stable_member_count(source.bootstrap_servers(), GROUP),
        None
    );
}

/// A consumer from outside joins and leaves while records come: each record is processed once, by the function or by the consumer.
fn outside_consumer(context: &Context, source: &Source) {
    const EACH: i64 = 20;
    let mut function = Function::start(context, 0);
    kafka::create_topic(source.bootstrap_servers(), TOPIC, PARTITION_COUNT);
    let engine = engine(context, "engine", source, &function);
    wait_for_members(context, source, 2);
    produce(source, EACH);
    function.wait_for(all(EACH).len(), context.deadline);

    let mut consumer = GroupMember::join(source.bootstrap_servers(), GROUP, TOPIC);
    until(
        context.deadline,
        || "three members".to_owned(),
        || {
            consumer.poll(Duration::from_millis(100));
            kafka::stable_member_count(source.bootstrap_servers(), GROUP) == Some(3)
        },
    );
    produce(source, EACH);
    let total = all(2 * EACH).len();
    until(
        context.deadline,
        || "the records of both".to_owned(),
        || {
            consumer.poll(Duration::from_millis(20));
            function.pump();
            function.received().len() + consumer.read.len() >= total
        },
    );
    let shared = consumer.read.clone();
    assert_eq!(shared.len() as i64, 2 * EACH, "a third of the partitions");
    drop(consumer);
    wait_for_members(context, source, 2);
    produce(source, EACH);
    let total = all(3 * EACH).len();
    function.wait_for(total - shared.len(), context.deadline);

    let mut once = function.received();
    once.extend(shared);
    once.sort_unstable();
    assert_eq!(once, all(3 * EACH).into_iter().collect::<Vec<_>>());
    assert_committed(context, source, 3 * EACH);
    engine.stop();
}

/// A function that always fails: each record is given up, and its document is in another topic of the cluster, under the record's key.
fn on_failure_topic(context: &Context) {
    const FAILED: &str = "failed";
    let source = apache_kafka(context);
    let servers = source.bootstrap_servers();
    let function = Function::start(context, u32::MAX);
    kafka::create_topic(servers, TOPIC, 1);
    kafka::create_topic(servers, FAILED, 1);
    let records = ["first", "second"].map(|key| Sent::new(0, Some(key), Some("value")).at(1_767_225_600_123));
    kafka::produce(servers, TOPIC, &records);
    let config = context.log_dir.join("engine.toml");
    let mapping = format!(
        "[[mappings]]\n\
         FunctionName = 'receive'\n\
         Topics = ['{TOPIC}']\n\
         StartingPosition = 'TRIM_HORIZON'\n\
         MaximumBatchingWindowInSeconds = 0\n\
         MaximumRetryAttempts = 1\n\
         SelfManagedEventSource = {{ Endpoints = {{ KAFKA_BOOTSTRAP_SERVERS = ['{servers}'] }} }}\n\
         SelfManagedKafkaEventSourceConfig = {{ ConsumerGroupId = '{GROUP}' }}\n\
         ProvisionedPollerConfig = {{ MinimumPollers = 1, MaximumPollers = 1 }}\n\
         DestinationConfig = {{ OnFailure = {{ Destination = 'kafka://{FAILED}' }} }}\n"
    );
    std::fs::write(&config, mapping).expect("the log directory is writable");
    let config = config.to_string_lossy();
    let engine = Server::start(
        context,
        &["--config", &config, "--lambda-endpoint", &function.url],
    );
    let messages = kafka::read_with_keys(servers, FAILED, records.len(), context.deadline);
    for (offset, (message, key)) in messages.iter().zip(["first", "second"]).enumerate() {
        assert_eq!(message.0, key.as_bytes());
        let document: Value = serde_json::from_slice(&message.1).expect("the document is JSON");
        assert_eq!(document, failed_document(&document, servers, offset, key));
    }
    until(
        context.deadline,
        || "the commit of what was given up".to_owned(),
        || kafka::committed(servers, GROUP, TOPIC, 1) == [Some(2)],
    );
    engine.stop();
}

/// Returns the document of the record at `offset`, with the request and the time of the one that was `found`.
fn failed_document(found: &Value, servers: &str, offset: usize, key: &str) -> Value {
    json!({
        "requestContext": {
            "requestId": found["requestContext"]["requestId"],
            "functionArn": format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:receive:$LATEST"),
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": found["timestamp"],
        "KafkaBatchInfo": {
            "batchSize": 1,
            "bootstrapServers": servers,
            "payloadSize": found["payload"].to_string().len(),
            "recordInfo": {"offset": offset.to_string(), "timestamp": "2026-01-01T00:00:00.123Z"},
        },
        "payload": {
            "eventSource": "SelfManagedKafka",
            "bootstrapServers": servers,
            "records": {"orders-0": [{
                "topic": TOPIC,
                "partition": 0,
                "offset": offset,
                "timestamp": 1_767_225_600_123_i64,
                "timestampType": "CREATE_TIME",
                "key": base64_simd::STANDARD.encode_to_string(key),
                "value": "dmFsdWU=",
                "headers": [],
            }]},
        },
    })
}

/// Every way to authenticate delivers a record; every wrong one shows AWS's words, and works after an update.
fn authentication(context: &Context) {
    let cluster = ApacheKafka::start(context);
    let Listeners {
        plain, sasl, mutual, ..
    } = &cluster.listeners;
    let mut function = Function::start(context, 0);
    let config = context.log_dir.join("secrets.toml");
    std::fs::write(&config, secrets()).expect("the log directory is writable");
    let config = config.to_string_lossy();
    let engine = Server::start(
        context,
        &["--config", &config, "--lambda-endpoint", &function.url],
    );
    let mut boto = Boto::start(context, &engine);
    let mut create = |topic: &str, address: &str, access: &[(&str, &str)]| {
        kafka::create_topic(plain, topic, 1);
        kafka::produce(plain, topic, &[Sent::new(0, None, Some("value"))]);
        let access: Vec<_> = access
            .iter()
            .map(|(kind, uri)| json!({"Type": kind, "URI": uri}))
            .collect();
        let created = boto.call(
            "create_event_source_mapping",
            &json!({
                "FunctionName": "receive",
                "Topics": [topic],
                "StartingPosition": "TRIM_HORIZON",
                "MaximumBatchingWindowInSeconds": 0,
                "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [address]}},
                "SourceAccessConfigurations": access,
            }),
        );
        super::uuid_of(&created)
    };
    let authority = ("SERVER_ROOT_CA_CERTIFICATE", "authority");
    let certificate = ("CLIENT_CERTIFICATE_TLS_AUTH", "client");
    let right = [
        create("plain", sasl, &[("BASIC_AUTH", "alice"), authority]),
        create("scram-256", sasl, &[("SASL_SCRAM_256_AUTH", "alice"), authority]),
        create("scram-512", sasl, &[("SASL_SCRAM_512_AUTH", "alice"), authority]),
        create("mutual", mutual, &[certificate, authority]),
    ];
    let wrong_password = create(
        "wrong-password",
        sasl,
        &[("SASL_SCRAM_512_AUTH", "mallory"), authority],
    );
    let wrong = [
        (&wrong_password, "PROBLEM: SASL authentication failed."),
        (
            &create("untrusted", sasl, &[("BASIC_AUTH", "alice")]),
            "PROBLEM: Lambda failed to authenticate server.",
        ),
        (
            &create("no-certificate", mutual, &[authority]),
            "PROBLEM: Server failed to authenticate Lambda.",
        ),
        (
            &create(
                "no-pem",
                mutual,
                &[("CLIENT_CERTIFICATE_TLS_AUTH", "no-pem"), authority],
            ),
            "PROBLEM: Provided certificate or private key is invalid.",
        ),
    ];
    let mut result_becomes = |uuid: &str, expected: &str| {
        let mut last = json!(null);
        until(
            context.deadline,
            || format!("{expected} of {uuid}"),
            || {
                last = boto.call("get_event_source_mapping", &json!({"UUID": uuid}));
                last["LastProcessingResult"] == expected
            },
        );
        assert_eq!(last["State"], "Enabled");
    };
    function.wait_for(right.len(), context.deadline);
    right.iter().for_each(|uuid| result_becomes(uuid, "OK"));
    wrong
        .iter()
        .for_each(|(uuid, expected)| result_becomes(uuid, expected));

    let access = json!([
        {"Type": "SASL_SCRAM_512_AUTH", "URI": "alice"},
        {"Type": "SERVER_ROOT_CA_CERTIFICATE", "URI": "authority"},
    ]);
    let update = json!({"UUID": wrong_password, "SourceAccessConfigurations": access});
    boto.call("update_event_source_mapping", &update);
    function.wait_for(right.len() + 1, context.deadline);
    boto.wait_for_state(&wrong_password, "Enabled");
    let mut result = || {
        let got = boto.call("get_event_source_mapping", &json!({"UUID": wrong_password}));
        got["LastProcessingResult"].clone()
    };
    until(context.deadline, || "OK".to_owned(), || result() == "OK");
    engine.stop();
}

fn secrets() -> String {
    let (user, password) = USER;
    let (certificate, key) = apache_kafka::CLIENT;
    let authority = apache_kafka::AUTHORITY;
    format!(
        "[secrets]\n\
         alice = {{ username = '{user}', password = '{password}' }}\n\
         mallory = {{ username = '{user}', password = 'wrong' }}\n\
         authority = {{ certificate = '''{authority}''' }}\n\
         client = {{ certificate = '''{certificate}''', privateKey = '''{key}''' }}\n\
         no-pem = {{ certificate = 'none', privateKey = 'none' }}\n"
    )
}
