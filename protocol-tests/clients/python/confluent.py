"""The client program of confluent-kafka (librdkafka), with its default assignors."""

from confluent_kafka import OFFSET_BEGINNING, Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from program import data, each_step, main, report, report_delivery, report_record, steps


def checked(message):
    if message is not None and message.error():
        raise RuntimeError(str(message.error()))
    return message


def report_message(message):
    report_record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value(),
        message.headers(),
    )


def records(argument):
    topics = []
    for codec in argument["codecs"]:
        topic = argument["prefix"] + codec
        topics.append(topic)
        producer = Producer(
            {"bootstrap.servers": argument["bootstrap"], "compression.type": codec, "linger.ms": 50, "acks": "all"}
        )
        offsets = {}
        for index, record in enumerate(argument["records"]):

            def delivered(error, message, index=index):
                if error:
                    raise RuntimeError(str(error))
                offsets[index] = message.offset()

            producer.produce(
                topic,
                value=data(record["value"]),
                key=data(record["key"]),
                partition=record["partition"],
                timestamp=record["timestamp"],
                headers=[(name, data(value)) for name, value in record["headers"]],
                on_delivery=delivered,
            )
        producer.flush(20)
        for index in range(len(argument["records"])):
            report("produced", codec=codec, offset=offsets[index])
    consumer = Consumer(
        {"bootstrap.servers": argument["bootstrap"], "group.id": "reader", "auto.offset.reset": "earliest"}
    )
    consumer.assign(
        [TopicPartition(topic, partition, OFFSET_BEGINNING) for topic in topics for partition in range(argument["partitions"])]
    )
    for _ in range(len(topics) * len(argument["records"])):
        report_message(checked(consumer.poll(20)))
    consumer.close()


def produce(argument):
    producer = Producer({"bootstrap.servers": argument["bootstrap"], "enable.idempotence": True})
    for step in each_step():
        if step["step"] == "stop":
            break
        for value in step["values"]:
            producer.produce(
                argument["topic"],
                value=data(value),
                partition=0,
                on_delivery=lambda error, _, value=value: report_delivery(value, error),
            )
        producer.flush(30)
    report("stopped")


def consume(argument):
    if argument.get("protocol") == "consumer":
        # The broker has the timeouts of the consumer protocol.
        protocol = {"group.protocol": "consumer"}
    else:
        protocol = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}
    consumer = Consumer(
        {
            "bootstrap.servers": argument["bootstrap"],
            "group.id": argument["group"],
            "client.id": argument["client_id"],
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            **protocol,
        }
    )
    owned = set()

    def assigned(_, partitions):
        owned.update(one.partition for one in partitions)
        report("assigned", partitions=sorted(owned))

    def revoked(_, partitions):
        owned.difference_update(one.partition for one in partitions)
        report("assigned", partitions=sorted(owned))

    consumer.subscribe([argument["topic"]], on_assign=assigned, on_revoke=revoked)
    pending = steps()
    while True:
        message = checked(consumer.poll(0.05))
        if message is not None:
            report_message(message)
        if not pending.empty():
            step = pending.get()
            if step is None or step["step"] == "stop":
                break
            consumer.commit(asynchronous=False)
            report("committed")
    consumer.close()
    report("stopped")


def resource(topic, configs=None):
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in (configs or {}).items()
    ]
    return ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries or None)


def admin(argument):
    client = AdminClient({"bootstrap.servers": argument["bootstrap"]})

    def done(futures):
        return [future.result(20) for future in futures.values()]

    def create_topic(step):
        done(client.create_topics([NewTopic(step["topic"], step["partitions"], 1, config=step["configs"])]))

    def describe_topic(step):
        return {"partitions": sorted(client.list_topics(step["topic"], 20).topics[step["topic"]].partitions)}

    def describe_configs(step):
        (configs,) = done(client.describe_configs([resource(step["topic"])]))
        return {"configs": {name: configs[name].value for name in step["names"]}}

    def alter_configs(step):
        done(client.incremental_alter_configs([resource(step["topic"], step["configs"])]))

    def create_partitions(step):
        done(client.create_partitions([NewPartitions(step["topic"], step["count"])]))

    def delete_records(step):
        done(client.delete_records([TopicPartition(step["topic"], step["partition"], step["before_offset"])]))

    def list_groups(step):
        return {"groups": [group.group_id for group in client.list_consumer_groups().result(20).valid]}

    def describe_group(step):
        (group,) = done(client.describe_consumer_groups([step["group"]]))
        members = [
            {
                "client_id": member.client_id,
                "partitions": sorted(one.partition for one in member.assignment.topic_partitions),
            }
            for member in group.members
        ]
        return {"state": group.state.name.capitalize(), "members": members}

    def group_offsets(step):
        (answer,) = done(client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(step["group"])]))
        return {"offsets": {str(one.partition): one.offset for one in answer.topic_partitions if one.offset > 0}}

    def delete_group(step):
        done(client.delete_consumer_groups([step["group"]]))

    def delete_topic(step):
        done(client.delete_topics([step["topic"]]))

    calls = locals()
    for step in each_step():
        report(step["step"], **(calls[step["step"]](step) or {}))


def values(bootstrap, topic):
    """Returns the values that a read_committed consumer reads to the end of partition 0."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": topic + "-reader",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    found = []
    while True:
        message = consumer.poll(20)
        if message is None or message.error():
            break
        found.append(message.value().decode())
    consumer.close()
    return found


def transactions(argument):
    bootstrap, source, target = argument["bootstrap"], argument["source"], argument["target"]

    def begun():
        producer = Producer(
            {"bootstrap.servers": bootstrap, "transactional.id": argument["id"], "linger.ms": 0}
        )
        producer.init_transactions(20)
        return producer

    first = begun()
    for transaction in argument["transactions"]:
        first.begin_transaction()
        for value in transaction["values"]:
            first.produce(source, value=value.encode(), partition=0)
        first.flush(20)
        if transaction["commits"]:
            first.commit_transaction(20)
        else:
            first.abort_transaction(20)
    # Its transaction is open when another producer takes the id over.
    first.begin_transaction()
    first.produce(source, value=b"zombie", partition=0)
    first.flush(20)
    second = begun()
    second.begin_transaction()
    second.produce(source, value=argument["last"].encode(), partition=0)
    second.commit_transaction(20)
    try:
        first.commit_transaction(20)
        report("fenced", fenced=False)
    except Exception as error:
        report("fenced", fenced=True, message=str(error))
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": argument["group"],
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([source])
    transformed = 0
    while transformed < argument["count"]:
        message = checked(consumer.poll(20))
        second.begin_transaction()
        second.produce(target, value=message.value().upper(), partition=0)
        second.send_offsets_to_transaction(
            [TopicPartition(source, 0, message.offset() + 1)], consumer.consumer_group_metadata(), 20
        )
        second.commit_transaction(20)
        transformed += 1
    (committed,) = consumer.committed([TopicPartition(source, 0)], 20)
    report("committed", is_next=committed.offset == message.offset() + 1)
    consumer.close()
    report("values", source=values(bootstrap, source), target=values(bootstrap, target))


main(records=records, produce=produce, consume=consume, admin=admin, transactions=transactions)
