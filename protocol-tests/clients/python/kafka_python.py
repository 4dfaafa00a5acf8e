"""The client program of kafka-python."""

from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from program import data, each_step, main, report, report_delivery, report_record, steps


def report_message(message):
    report_record(
        message.topic,
        message.partition,
        message.offset,
        message.timestamp,
        message.key,
        message.value,
        message.headers,
    )


def records(argument):
    topics = []
    for codec in argument["codecs"]:
        topic = argument["prefix"] + codec
        topics.append(topic)
        producer = KafkaProducer(
            bootstrap_servers=argument["bootstrap"],
            compression_type=None if codec == "none" else codec,
            linger_ms=50,
            acks="all",
        )
        deliveries = [
            producer.send(
                topic,
                value=data(record["value"]),
                key=data(record["key"]),
                partition=record["partition"],
                timestamp_ms=record["timestamp"],
                headers=[(name, data(value)) for name, value in record["headers"]],
            )
            for record in argument["records"]
        ]
        for delivery in deliveries:
            report("produced", codec=codec, offset=delivery.get(20).offset)
        producer.close()
    consumer = KafkaConsumer(
        bootstrap_servers=argument["bootstrap"], auto_offset_reset="earliest", consumer_timeout_ms=20000
    )
    consumer.assign([TopicPartition(topic, one) for topic in topics for one in range(argument["partitions"])])
    for _ in range(len(topics) * len(argument["records"])):
        report_message(next(consumer))
    consumer.close()


def produce(argument):
    producer = KafkaProducer(bootstrap_servers=argument["bootstrap"], acks="all", retries=10)
    for step in each_step():
        if step["step"] == "stop":
            break
        deliveries = [(value, producer.send(argument["topic"], value=data(value), partition=0)) for value in step["values"]]
        for value, delivery in deliveries:
            try:
                delivery.get(30)
                report_delivery(value)
            except KafkaError as error:
                report_delivery(value, error)
    producer.close()
    report("stopped")


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        report("assigned", partitions=[])

    def on_partitions_assigned(self, assigned):
        report("assigned", partitions=sorted(one.partition for one in assigned))


def consume(argument):
    consumer = KafkaConsumer(
        bootstrap_servers=argument["bootstrap"],
        group_id=argument["group"],
        client_id=argument["client_id"],
        session_timeout_ms=6000,
        heartbeat_interval_ms=500,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    consumer.subscribe([argument["topic"]], listener=Listener())
    pending = steps()
    while True:
        # A shorter timeout would not work: kafka-python 3.0 drops the assignment of a join that outlasts the poll that began it.
        for messages in consumer.poll(timeout_ms=1000).values():
            for message in messages:
                report_message(message)
        if not pending.empty():
            step = pending.get()
            if step is None or step["step"] == "stop":
                break
            consumer.commit()
            report("committed")
    consumer.close()
    report("stopped")


def admin(argument):
    client = KafkaAdminClient(bootstrap_servers=argument["bootstrap"])

    def topic_resource(step, configs):
        return [ConfigResource(ConfigResourceType.TOPIC, step["topic"], configs)]

    def create_topic(step):
        options = {"num_partitions": step["partitions"], "replication_factor": 1, "configs": step["configs"]}
        client.create_topics({step["topic"]: options})

    def describe_topic(step):
        (topic,) = client.describe_topics([step["topic"]])
        return {"partitions": sorted(one["partition_index"] for one in topic["partitions"])}

    def describe_configs(step):
        found = client.describe_configs(topic_resource(step, step["names"]), config_filter="all")
        configs = found["topic"][step["topic"]]
        return {"configs": {name: configs[name]["value"] for name in step["names"]}}

    def alter_configs(step):
        client.alter_configs(topic_resource(step, step["configs"]))

    def create_partitions(step):
        client.create_partitions({step["topic"]: step["count"]})

    def delete_records(step):
        client.delete_records({TopicPartition(step["topic"], step["partition"]): step["before_offset"]})

    def list_groups(step):
        return {"groups": [group["group_id"] for group in client.list_groups()]}

    def describe_group(step):
        group = client.describe_groups([step["group"]])[step["group"]]
        members = []
        for member in group["members"]:
            # No member has an assignment while the group rebalances.
            topics = member["member_assignment"]["assigned_partitions"] if member["member_assignment"] else []
            partitions = sorted(one for topic in topics for one in topic["partitions"])
            members.append({"client_id": member["client_id"], "partitions": partitions})
        return {"state": group["group_state"], "members": members}

    def group_offsets(step):
        offsets = client.list_group_offsets(step["group"])[step["group"]]
        return {"offsets": {str(one.partition): found.offset for one, found in offsets.items() if found.offset > 0}}

    def delete_group(step):
        results = client.delete_groups([step["group"]])
        if results != {step["group"]: "OK"}:
            raise RuntimeError(str(results))

    def delete_topic(step):
        client.delete_topics([step["topic"]])

    calls = locals()
    for step in each_step():
        report(step["step"], **(calls[step["step"]](step) or {}))


main(records=records, produce=produce, consume=consume, admin=admin)
