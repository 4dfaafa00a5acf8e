"""The rows of the data plane: groups and positions, batches, events, filters, invocations and their failures."""

import os

from aws_stage import FAILS, THROTTLES, committed, name_of, receives, responds, row, same, until, values

PROVISIONED = {"MinimumPollers": 1, "MaximumPollers": 1}


# 2.1 Consumer identity and start


@row("2.1 the group is the mapping's UUID, and its commits are those of a Kafka group (traps 6 and 29)")
def group(stage):
    topic = stage.topic()
    stage.produce(topic, "a", "b")
    mapping = stage.enabled(Topics=[topic])
    receives(stage, name_of(mapping), ["a", "b"])
    same(mapping["SelfManagedKafkaEventSourceConfig"]["ConsumerGroupId"], mapping["UUID"])
    committed(stage, mapping, 2)


@row("2.1 a group with commits resumes there, whatever StartingPosition says (trap 29)")
def existing_group(stage):
    from confluent_kafka import Consumer, TopicPartition

    topic, name = stage.topic(), stage.name("group")
    stage.produce(topic, "a", "b", "c")
    consumer = Consumer({"bootstrap.servers": stage.bootstrap, "group.id": name})
    consumer.commit(offsets=[TopicPartition(topic, 0, 2)], asynchronous=False)
    consumer.close()
    mapping = stage.enabled(
        Topics=[topic], StartingPosition="TRIM_HORIZON", SelfManagedKafkaEventSourceConfig={"ConsumerGroupId": name}
    )
    receives(stage, name_of(mapping), ["c"])


@row("2.1 LATEST begins after the newest record")
def latest(stage):
    topic = stage.topic()
    stage.produce(topic, "before")
    mapping = stage.enabled(Topics=[topic], StartingPosition="LATEST")
    stage.produce(topic, "after")
    receives(stage, name_of(mapping), ["after"])


@row("2.1 a mapping that is enabled again resumes at its commits")
def resumes(stage):
    topic = stage.topic()
    stage.produce(topic, "a")
    mapping = stage.enabled(Topics=[topic])
    receives(stage, name_of(mapping), ["a"])
    committed(stage, mapping, 1)
    stage.updated(mapping["UUID"], Enabled=False)
    stage.produce(topic, "b")
    stage.updated(mapping["UUID"], Enabled=True)
    receives(stage, name_of(mapping), ["a", "b"])


@row("2.1 a partition that is added is read, too")
def new_partition(stage):
    topic = stage.topic()
    stage.produce(topic, "a")
    mapping = stage.enabled(Topics=[topic], StartingPosition="TRIM_HORIZON")
    receives(stage, name_of(mapping), ["a"])
    stage.add_partitions(topic, 2)
    stage.produce(topic, "b", partition=1)
    receives(stage, name_of(mapping), ["a", "b"])


@row("2.1 a consumer from outside in the same group gets a part of the partitions (trap 29)")
def outside_member(stage):
    from confluent_kafka import Consumer

    topic, group = stage.topic(2), stage.name("group")
    mapping = stage.enabled(Topics=[topic], SelfManagedKafkaEventSourceConfig={"ConsumerGroupId": group})
    settings = {
        "bootstrap.servers": stage.bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
    }
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    read = []

    def polled():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            read.append(message.value().decode())

    def shares():
        polled()
        return len(consumer.assignment()) == 1

    until("the consumer has one of the two partitions", shares)
    [owned] = [assigned.partition for assigned in consumer.assignment()]
    stage.produce(topic, "outside", partition=owned)
    stage.produce(topic, "inside", partition=1 - owned)
    until("the consumer has its record", lambda: polled() or read)
    same(read, ["outside"])
    consumer.commit(asynchronous=False)
    receives(stage, name_of(mapping), ["inside"])
    consumer.close()


# 2.2 Batching


@row("2.2 a batch has BatchSize records at most")
def batch_size(stage):
    topic = stage.topic()
    stage.produce(topic, *"abcde")
    mapping = stage.enabled(Topics=[topic], BatchSize=2)
    receives(stage, name_of(mapping), list("abcde"))
    sizes = [len(offsets) for offsets in stage.function.offsets(name_of(mapping))]
    assert max(sizes) <= 2, sizes


@row("2.2 a batch closes when it has BatchSize records, and otherwise when its window ends")
def window(stage):
    topic = stage.topic()
    # The window is longer than the patience of the test, so it is the size that closes the batch.
    mapping = stage.enabled(Topics=[topic], BatchSize=2, MaximumBatchingWindowInSeconds=300)
    stage.produce(topic, "a", "b", "c")
    name = name_of(mapping)
    receives(stage, name, ["a", "b"])
    stage.updated(mapping["UUID"], MaximumBatchingWindowInSeconds=1)
    receives(stage, name, ["a", "b", "c"])
    same([len(offsets) for offsets in stage.function.offsets(name)], [2, 1])


@row("2.2 an event has 6 MB at most, of its JSON with base64 (trap 28)")
def event_size(stage):
    topic = stage.topic()
    # Eight times 1.2 MB in base64: five fit.
    stage.produce(topic, *[os.urandom(900_000) for _ in range(8)])
    mapping = stage.enabled(Topics=[topic], MaximumBatchingWindowInSeconds=2)
    name = name_of(mapping)
    committed(stage, mapping, 8)
    same(stage.function.offsets(name), [[0, 1, 2, 3, 4], [5, 6, 7]])
    sizes = stage.function.sizes[name]
    assert max(sizes) <= 6 * 1024 * 1024, sizes


@row("2.2 an event has records of several partitions, under a key for each (trap 12)")
def partitions(stage):
    topic = stage.topic(2)
    stage.produce(topic, "first")
    mapping = stage.enabled(Topics=[topic], MaximumBatchingWindowInSeconds=3, ProvisionedPollerConfig=PROVISIONED)
    name = name_of(mapping)
    # The window of the next batch begins with the end of this one.
    receives(stage, name, ["first"])
    stage.produce(topic, "a", partition=0)
    stage.produce(topic, "b", partition=1)
    until("both records are there", lambda: len(stage.function.records(name)) == 3)
    same(sorted(stage.function.events[name][1]["records"]), [f"{topic}-0", f"{topic}-1"])


# 2.3 Events


@row("2.3 headers are signed bytes, null keys and values are left out, and servers are one text (trap 11)")
def event(stage):
    topic = stage.topic()
    stage.produce(topic, "v", key="k", headers=[("h", "ë"), ("h", "")], timestamp=1545084650987)
    stage.produce(topic, None, timestamp=1545084650988)
    mapping = stage.enabled(Topics=[topic])
    name = name_of(mapping)
    until("both records are there", lambda: len(stage.function.records(name)) == 2)
    first, second = stage.function.records(name)
    same(first, {
        "topic": topic, "partition": 0, "offset": 0, "timestamp": 1545084650987, "timestampType": "CREATE_TIME", "key": "aw==",
        "value": "dg==", "headers": [{"h": [-61, -85]}, {"h": []}],
    })
    same(second, {
        "topic": topic, "partition": 0, "offset": 1, "timestamp": 1545084650988, "timestampType": "CREATE_TIME", "headers": [],
    })
    whole = stage.function.events[name][0]
    same((whole["eventSource"], whole["bootstrapServers"]), ("SelfManagedKafka", stage.bootstrap))
    assert "eventSourceArn" not in whole


# 2.5 Filtering


@row("2.5 a record that no filter matches is committed and not sent (trap 17)")
def filtering(stage):
    topic = stage.topic()
    stage.produce(topic, '{"a":1}', '{"a":2}', '{"a":1.0}')
    filters = {"Filters": [{"Pattern": '{"value":{"a":[2]}}'}]}
    mapping = stage.enabled(Topics=[topic], FilterCriteria=filters)
    committed(stage, mapping, 3)
    receives(stage, name_of(mapping), ['{"a":2}'])


@row("2.5 a value that is no JSON passes a pattern of JSON (trap 16)")
def mismatch(stage):
    topic = stage.topic()
    stage.produce(topic, "plain", '{"a":1}')
    filters = {"Filters": [{"Pattern": '{"value":{"a":[2]}}'}]}
    mapping = stage.enabled(Topics=[topic], FilterCriteria=filters)
    committed(stage, mapping, 2)
    receives(stage, name_of(mapping), ["plain"])


# 2.6 Invocations and responses


@row("2.6 a throttle is tried again and is no attempt (trap 14)")
def throttled(stage):
    topic, name = stage.topic(), stage.name("function")
    stage.function.will(name, THROTTLES, THROTTLES, FAILS)
    stage.produce(topic, "a")
    mapping = stage.enabled(
        FunctionName=name, Topics=[topic], MaximumRetryAttempts=1, ProvisionedPollerConfig=PROVISIONED
    )
    committed(stage, mapping, 1)
    # Two throttles, the first attempt, and the retry.
    receives(stage, name, ["a"] * 4)


@row("2.6 without ReportBatchItemFailures the response is not read")
def ignored_response(stage):
    topic, name = stage.topic(), stage.name("function")
    failure = {"itemIdentifier": {"partition": f"{topic}-0", "offset": 0}}
    stage.function.will(name, responds({"batchItemFailures": [failure]}))
    stage.produce(topic, "a")
    mapping = stage.enabled(FunctionName=name, Topics=[topic])
    committed(stage, mapping, 1)
    receives(stage, name, ["a"])


@row("2.6 only the records that the response names are sent again (trap 15)")
def partial(stage):
    topic, name = stage.topic(), stage.name("function")
    failure = {"itemIdentifier": {"partition": f"{topic}-0", "offset": 1}}
    stage.function.will(name, responds({"batchItemFailures": [failure]}), responds({}))
    stage.produce(topic, "a", "b", "c")
    mapping = stage.enabled(
        FunctionName=name, Topics=[topic], FunctionResponseTypes=["ReportBatchItemFailures"], ProvisionedPollerConfig=PROVISIONED
    )
    committed(stage, mapping, 3)
    receives(stage, name, ["a", "b", "c", "b"])


@row("2.6 an unknown record, and an identifier that is a text, fail the whole batch (trap 15)")
def unknown_record(stage):
    for identifier in ({"partition": "nothing-0", "offset": 1}, "1"):
        topic, name = stage.topic(), stage.name("function")
        stage.function.will(name, responds({"batchItemFailures": [{"itemIdentifier": identifier}]}))
        stage.produce(topic, "a", "b")
        mapping = stage.enabled(
            FunctionName=name, Topics=[topic], FunctionResponseTypes=["ReportBatchItemFailures"], ProvisionedPollerConfig=PROVISIONED
        )
        committed(stage, mapping, 2)
        receives(stage, name, ["a", "b", "a", "b"])


@row("2.6 an empty object, null and an empty list are a success (trap 15)")
def empty_responses(stage):
    for body in ({}, None, {"batchItemFailures": []}, {"batchItemFailures": None}):
        topic, name = stage.topic(), stage.name("function")
        stage.function.will(name, responds(body))
        stage.produce(topic, "a")
        mapping = stage.enabled(
            FunctionName=name, Topics=[topic], FunctionResponseTypes=["ReportBatchItemFailures"], ProvisionedPollerConfig=PROVISIONED
        )
        committed(stage, mapping, 1)
        receives(stage, name, ["a"])


# 2.7 Retries


@row("2.7 a failed batch is sent again whole, before the records after it")
def retried(stage):
    topic, name = stage.topic(), stage.name("function")
    stage.function.will(name, FAILS, FAILS)
    stage.produce(topic, "a", "b", "c")
    stage.enabled(FunctionName=name, Topics=[topic], BatchSize=2)
    receives(stage, name, ["a", "b", "a", "b", "a", "b", "c"])


@row("2.7 MaximumRetryAttempts retries, then the records are dropped and committed")
def dropped(stage):
    topic, name = stage.topic(), stage.name("function")
    stage.function.will(name, FAILS, FAILS, FAILS)
    stage.produce(topic, "a")
    mapping = stage.enabled(
        FunctionName=name, Topics=[topic], MaximumRetryAttempts=2, ProvisionedPollerConfig=PROVISIONED
    )
    committed(stage, mapping, 1)
    stage.produce(topic, "b")
    receives(stage, name, ["a", "a", "a", "b"])


@row("2.7 BisectBatchOnFunctionError splits a failed batch in two")
def bisected(stage):
    topic, name = stage.topic(), stage.name("function")
    stage.function.will(name, FAILS)
    stage.produce(topic, *"abcd")
    mapping = stage.enabled(
        FunctionName=name, Topics=[topic], BisectBatchOnFunctionError=True, ProvisionedPollerConfig=PROVISIONED
    )
    committed(stage, mapping, 4)
    same(stage.function.offsets(name), [[0, 1, 2, 3], [0, 1], [2, 3]])


@row("2.7 records older than MaximumRecordAgeInSeconds are not sent")
def aged(stage):
    topic = stage.topic()
    stage.produce(topic, "old", timestamp=1545084650987)
    stage.produce(topic, "new")
    mapping = stage.enabled(Topics=[topic], MaximumRecordAgeInSeconds=3600, ProvisionedPollerConfig=PROVISIONED)
    committed(stage, mapping, 2)
    receives(stage, name_of(mapping), ["new"])


# 2.9 Order


@row("2.9 a poison record blocks its own partition only")
def poison(stage):
    topic, name = stage.topic(2), stage.name("function")
    stage.function.will(name, *[FAILS] * 100)
    stage.produce(topic, "poison", partition=0)
    mapping = stage.enabled(FunctionName=name, Topics=[topic])
    until("the poison is sent", lambda: values(stage, name))
    stage.produce(topic, "good", partition=1)
    until("the other partition's record is sent", lambda: "good" in values(stage, name))
    stage.function.will(name)
    committed(stage, mapping, 1)


# 2.10 Queue mode


@row("2.10 ConsumptionMode Queue is refused by name until it is built")
def queue_mode(stage):
    refused = stage.refused(stage.create, SelfManagedKafkaEventSourceConfig={"ConsumptionMode": "Queue"})
    same(refused[:2], (400, "InvalidParameterValueException"))
    assert "ConsumptionMode Queue" in refused[2], refused
