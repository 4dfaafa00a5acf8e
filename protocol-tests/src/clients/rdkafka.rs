//! The client program of the crate rdkafka (librdkafka), with the cooperative-sticky assignor.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::{Value, json};

use super::report::{self, Outcome, SeenRecord, array, number, text};

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn run(mode: &str, argument: &Value) -> Outcome {
    match mode {
        "records" => records(argument),
        "produce" => produce(argument),
        "consume" => consume(argument),
        "admin" => admin(argument),
        _ => Err(format!("unknown mode {mode:?}: must be records, produce, consume or admin").into()),
    }
}

fn config(argument: &Value) -> Result<ClientConfig, String> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", text(argument, "bootstrap")?);
    Ok(config)
}

fn records(argument: &Value) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let sent = array(argument, "records")?;
    let codecs = array(argument, "codecs")?;
    let mut topics = Vec::new();
    for codec in codecs.iter().filter_map(Value::as_str) {
        let topic = format!("{}{codec}", text(argument, "prefix")?);
        let producer: FutureProducer = config(argument)?
            .set("compression.type", codec)
            .set("linger.ms", "50")
            .create()?;
        let deliveries = sent
            .iter()
            .map(|record| enqueue(&producer, &topic, record))
            .collect::<Result<Vec<_>, Box<dyn std::error::Error>>>()?;
        for delivery in deliveries {
            let delivered = runtime.block_on(delivery)?.map_err(|(error, _)| error)?;
            report::line(&json!({"event": "produced", "codec": codec, "offset": delivered.offset}));
        }
        producer.flush(PATIENCE)?;
        topics.push(topic);
    }
    let consumer: BaseConsumer = config(argument)?.set("group.id", "reader").create()?;
    let mut wanted = TopicPartitionList::new();
    for topic in &topics {
        for partition in 0..number(argument, "partitions")? {
            wanted.add_partition_offset(topic, partition as i32, Offset::Beginning)?;
        }
    }
    consumer.assign(&wanted)?;
    for _ in 0..sent.len() * topics.len() {
        report_record(&consumer.poll(PATIENCE).ok_or("no record in time")??);
    }
    Ok(())
}

fn enqueue(
    producer: &FutureProducer,
    topic: &str,
    record: &Value,
) -> Result<rdkafka::producer::DeliveryFuture, Box<dyn std::error::Error>> {
    let mut message = FutureRecord::<str, str>::to(topic)
        .partition(number(record, "partition")? as i32)
        .timestamp(number(record, "timestamp")?);
    message.key = record["key"].as_str();
    message.payload = record["value"].as_str();
    let pairs = array(record, "headers")?;
    if !pairs.is_empty() {
        let headers = pairs.iter().fold(OwnedHeaders::new(), |headers, pair| {
            headers.insert(Header {
                key: pair[0].as_str().unwrap_or_default(),
                value: pair[1].as_str(),
            })
        });
        message = message.headers(headers);
    }
    Ok(producer.send_result(message).map_err(|(error, _)| error)?)
}

fn report_record(message: &BorrowedMessage<'_>) {
    let header = |header: Header<'_, &[u8]>| (header.key.to_owned(), header.value.map(<[u8]>::to_vec));
    report::record(&SeenRecord {
        topic: message.topic(),
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().unwrap_or(-1),
        key: message.key(),
        value: message.payload(),
        headers: message
            .headers()
            .map(|headers| headers.iter().map(header).collect())
            .unwrap_or_default(),
    });
}

fn produce(argument: &Value) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let producer: FutureProducer = config(argument)?.set("enable.idempotence", "true").create()?;
    let topic = text(argument, "topic")?;
    for step in report::steps() {
        if step["step"] == "stop" {
            break;
        }
        for value in array(&step, "values")?.iter().filter_map(Value::as_str) {
            let record = FutureRecord::<str, str>::to(topic).partition(0).payload(value);
            let delivered = runtime.block_on(producer.send(record, PATIENCE));
            report::delivery(value, delivered.err().map(|(error, _)| error.to_string()));
        }
    }
    report::line(&json!({"event": "stopped"}));
    Ok(())
}

fn consume(argument: &Value) -> Outcome {
    let consumer: BaseConsumer = config(argument)?
        .set("group.id", text(argument, "group")?)
        .set("client.id", text(argument, "client_id")?)
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "500")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .create()?;
    consumer.subscribe(&[text(argument, "topic")?])?;
    let steps = report::steps();
    let mut assigned = BTreeSet::new();
    loop {
        match consumer.poll(Duration::from_millis(50)) {
            Some(Ok(message)) => report_record(&message),
            // librdkafka only tells that it connects again.
            Some(Err(KafkaError::MessageConsumption(
                RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure,
            )))
            | None => {}
            Some(Err(error)) => return Err(error.into()),
        }
        let now: BTreeSet<i32> = consumer
            .assignment()?
            .elements()
            .iter()
            .map(|one| one.partition())
            .collect();
        if now != assigned {
            report::line(&json!({"event": "assigned", "partitions": now}));
            assigned = now;
        }
        match steps.try_recv() {
            Ok(step) if step["step"] == "commit" => {
                consumer.commit_consumer_state(CommitMode::Sync)?;
                report::line(&json!({"event": "committed"}));
            }
            Ok(_) | Err(std::sync::mpsc::TryRecvError::Disconnected) => break,
            Err(std::sync::mpsc::TryRecvError::Empty) => {}
        }
    }
    consumer.unsubscribe();
    drop(consumer);
    report::line(&json!({"event": "stopped"}));
    Ok(())
}

fn admin(argument: &Value) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client: AdminClient<DefaultClientContext> = config(argument)?.create()?;
    let options = AdminOptions::new()
        .operation_timeout(Some(PATIENCE))
        .request_timeout(Some(PATIENCE));
    for step in report::steps() {
        let name = text(&step, "step")?;
        let mut event = match name {
            "create_topic" | "delete_topic" | "alter_configs" | "create_partitions" | "delete_records" => {
                runtime.block_on(change(name, &client, &options, &step))?;
                json!({})
            }
            "delete_group" => {
                let results = runtime.block_on(client.delete_groups(&[text(&step, "group")?], &options))?;
                single(results)?;
                json!({})
            }
            "describe_configs" => runtime.block_on(describe_configs(&client, &options, &step))?,
            _ => read_state(name, argument, &step)?,
        };
        event["event"] = json!(name);
        report::line(&event);
    }
    Ok(())
}

type NamedResults = Vec<Result<String, (String, RDKafkaErrorCode)>>;

fn single(results: NamedResults) -> Result<(), KafkaError> {
    results
        .into_iter()
        .try_for_each(|one| one.map(drop).map_err(|(_, code)| KafkaError::AdminOp(code)))
}

async fn change(
    name: &str,
    client: &AdminClient<DefaultClientContext>,
    options: &AdminOptions,
    step: &Value,
) -> Outcome {
    let topic = text(step, "topic")?;
    let configs: Vec<(&str, &str)> = step["configs"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect();
    match name {
        "create_topic" => {
            let new = NewTopic::new(
                topic,
                number(step, "partitions")? as i32,
                TopicReplication::Fixed(1),
            );
            let new = configs.iter().fold(new, |new, (key, value)| new.set(key, value));
            single(client.create_topics(&[new], options).await?)?;
        }
        "delete_topic" => single(client.delete_topics(&[topic], options).await?)?,
        "create_partitions" => {
            let new = NewPartitions::new(topic, number(step, "count")? as usize);
            single(client.create_partitions(&[new], options).await?)?;
        }
        "alter_configs" => {
            let alter = AlterConfig::new(ResourceSpecifier::Topic(topic));
            let alter = configs
                .iter()
                .fold(alter, |alter, (key, value)| alter.set(key, value));
            for result in client.alter_configs(&[alter], options).await? {
                result.map_err(|(_, code)| KafkaError::AdminOp(code))?;
            }
        }
        _ => {
            let mut offsets = TopicPartitionList::new();
            let before = Offset::Offset(number(step, "before_offset")?);
            offsets.add_partition_offset(topic, number(step, "partition")? as i32, before)?;
            for element in client.delete_records(&offsets, options).await?.elements() {
                element.error()?;
            }
        }
    }
    Ok(())
}

async fn describe_configs(
    client: &AdminClient<DefaultClientContext>,
    options: &AdminOptions,
    step: &Value,
) -> Result<Value, Box<dyn std::error::Error>> {
    let results = client
        .describe_configs(&[ResourceSpecifier::Topic(text(step, "topic")?)], options)
        .await?;
    let mut configs = json!({});
    for result in results {
        let resource = result.map_err(KafkaError::AdminOp)?;
        for name in array(step, "names")?.iter().filter_map(Value::as_str) {
            configs[name] = json!(resource.get(name).and_then(|entry| entry.value.clone()));
        }
    }
    Ok(json!({"configs": configs}))
}

/// Runs a step that reads: librdkafka has the calls for these on a consumer.
fn read_state(name: &str, argument: &Value, step: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    let group = step["group"].as_str().unwrap_or("unused");
    let consumer: BaseConsumer = config(argument)?.set("group.id", group).create()?;
    match name {
        "describe_topic" => {
            let metadata = consumer.fetch_metadata(Some(text(step, "topic")?), PATIENCE)?;
            let ids: BTreeSet<i32> = metadata.topics()[0]
                .partitions()
                .iter()
                .map(|one| one.id())
                .collect();
            Ok(json!({"partitions": ids}))
        }
        "list_groups" => {
            let list = consumer.fetch_group_list(None, PATIENCE)?;
            Ok(json!({"groups": list.groups().iter().map(|group| group.name()).collect::<Vec<_>>()}))
        }
        "describe_group" => {
            let list = consumer.fetch_group_list(Some(group), PATIENCE)?;
            let found = list.groups().first().ok_or("the group is not listed")?;
            let members: Vec<Value> = found
                .members()
                .iter()
                .map(|member| {
                    let partitions = assigned_partitions(member.assignment().unwrap_or_default());
                    json!({"client_id": member.client_id(), "partitions": partitions})
                })
                .collect();
            Ok(json!({"state": found.state(), "members": members}))
        }
        "group_offsets" => {
            let mut wanted = TopicPartitionList::new();
            wanted.add_partition_range(text(step, "topic")?, 0, 4);
            let mut offsets = json!({});
            for element in consumer.committed_offsets(wanted, PATIENCE)?.elements() {
                if let Some(offset) = element.offset().to_raw().filter(|offset| *offset > 0) {
                    offsets[element.partition().to_string()] = json!(offset);
                }
            }
            Ok(json!({"offsets": offsets}))
        }
        _ => Err(format!("unknown step {name:?}").into()),
    }
}

/// Returns the partitions in Kafka's ConsumerProtocolAssignment of one topic: version, one topic, its name, its partitions.
fn assigned_partitions(assignment: &[u8]) -> Vec<i32> {
    let number = |at: usize| Some(i32::from_be_bytes(assignment.get(at..at + 4)?.try_into().ok()?));
    let name_length = assignment
        .get(6..8)
        .map_or(0, |bytes| usize::from(u16::from_be_bytes([bytes[0], bytes[1]])));
    let count = number(8 + name_length).unwrap_or(0).max(0) as usize;
    let mut partitions: Vec<i32> = (0..count)
        .filter_map(|index| number(12 + name_length + 4 * index))
        .collect();
    partitions.sort_unstable();
    partitions
}
