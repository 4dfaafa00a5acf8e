"""The client program of aiokafka."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment as Assignment
from aiokafka.errors import KafkaError

from program import data, main, report, report_delivery, report_record, steps


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


async def records(argument):
    topics = []
    for codec in argument["codecs"]:
        topic = argument["prefix"] + codec
        topics.append(topic)
        producer = AIOKafkaProducer(
            bootstrap_servers=argument["bootstrap"],
            compression_type=None if codec == "none" else codec,
            linger_ms=50,
            enable_idempotence=True,
        )
        await producer.start()
        deliveries = [
            await producer.send(
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
            report("produced", codec=codec, offset=(await delivery).offset)
        await producer.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=argument["bootstrap"], auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition(topic, one) for topic in topics for one in range(argument["partitions"])])
    for _ in range(len(topics) * len(argument["records"])):
        report_message(await asyncio.wait_for(consumer.getone(), 20))
    await consumer.stop()


async def produce(argument):
    producer = AIOKafkaProducer(bootstrap_servers=argument["bootstrap"], enable_idempotence=True)
    await producer.start()
    pending = steps()
    while (step := await asyncio.to_thread(pending.get)) and step["step"] != "stop":
        deliveries = [
            (value, await producer.send(argument["topic"], value=data(value), partition=0)) for value in step["values"]
        ]
        for value, delivery in deliveries:
            try:
                await delivery
                report_delivery(value)
            except KafkaError as error:
                report_delivery(value, error)
    await producer.stop()
    report("stopped")


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        report("assigned", partitions=[])

    def on_partitions_assigned(self, assigned):
        report("assigned", partitions=sorted(one.partition for one in assigned))


async def consume(argument):
    consumer = AIOKafkaConsumer(
        bootstrap_servers=argument["bootstrap"],
        group_id=argument["group"],
        client_id=argument["client_id"],
        session_timeout_ms=6000,
        heartbeat_interval_ms=500,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    consumer.subscribe([argument["topic"]], listener=Listener())
    await consumer.start()
    pending = steps()
    while True:
        for messages in (await consumer.getmany(timeout_ms=50)).values():
            for message in messages:
                report_message(message)
        if not pending.empty():
            step = pending.get()
            if step is None or step["step"] == "stop":
                break
            await consumer.commit()
            report("committed")
    await consumer.stop()
    report("stopped")


def check(answer):
    """Raises an error that the broker's answer holds, because aiokafka does not."""
    for name in ("topic_errors", "topic_error_codes", "topic_partition_errors", "resources", "results"):
        for one in getattr(answer, name, None) or []:
            code = next(field for field in one if isinstance(field, int))
            if code:
                raise RuntimeError(f"{name}: {one}")
    return answer


async def admin(argument):
    client = AIOKafkaAdminClient(bootstrap_servers=argument["bootstrap"])
    await client.start()

    async def create_topic(step):
        topic = NewTopic(step["topic"], step["partitions"], 1, topic_configs=step["configs"])
        check(await client.create_topics([topic]))

    async def describe_topic(step):
        (topic,) = await client.describe_topics([step["topic"]])
        return {"partitions": sorted(one["partition"] for one in topic["partitions"])}

    async def describe_configs(step):
        resource = ConfigResource(ConfigResourceType.TOPIC, step["topic"])
        (answer,) = await client.describe_configs([resource])
        configs = {entry[0]: entry[1] for entry in check(answer).resources[0][4]}
        return {"configs": {name: configs[name] for name in step["names"]}}

    async def alter_configs(step):
        resource = ConfigResource(ConfigResourceType.TOPIC, step["topic"], step["configs"])
        for answer in await client.alter_configs([resource]):
            check(answer)

    async def create_partitions(step):
        check(await client.create_partitions({step["topic"]: NewPartitions(step["count"])}))

    async def delete_records(step):
        partition = TopicPartition(step["topic"], step["partition"])
        await client.delete_records({partition: RecordsToDelete(step["before_offset"])})

    async def list_groups(step):
        return {"groups": [group[0] for group in await client.list_consumer_groups()]}

    async def describe_group(step):
        (answer,) = await client.describe_consumer_groups([step["group"]])
        (group,) = answer.groups
        members = []
        for member in group[5]:
            assignment = Assignment.decode(member[4])
            members.append({"client_id": member[1], "partitions": sorted(assignment.assignment[0][1])})
        return {"state": group[2], "members": members}

    async def group_offsets(step):
        offsets = await client.list_consumer_group_offsets(step["group"])
        return {"offsets": {str(one.partition): found.offset for one, found in offsets.items() if found.offset > 0}}

    async def delete_group(step):
        check(await client.delete_consumer_groups([step["group"]]))

    async def delete_topic(step):
        check(await client.delete_topics([step["topic"]]))

    calls = locals()
    pending = steps()
    while (step := await asyncio.to_thread(pending.get)) is not None:
        report(step["step"], **(await calls[step["step"]](step) or {}))
    await client.close()


main(
    records=lambda argument: asyncio.run(records(argument)),
    produce=lambda argument: asyncio.run(produce(argument)),
    consume=lambda argument: asyncio.run(consume(argument)),
    admin=lambda argument: asyncio.run(admin(argument)),
)
