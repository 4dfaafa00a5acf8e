"""The rows of provisioned mode and what belongs to it: poller groups, on-failure destinations, schema registries, AT_TIMESTAMP."""

import base64
import json
import time
from datetime import datetime, timedelta, timezone

from aws_stage import ACCOUNT, FAILS, REGION, Answering, committed, has, name_of, receives, row, same, until

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"
PROVISIONED = {"MinimumPollers": 1, "MaximumPollers": 1}


def pollers(maximum=1, group=None):
    config = {"MinimumPollers": 1, "MaximumPollers": maximum}
    return config if group is None else {**config, "PollerGroupName": group}


def on_failure(destination):
    return {"OnFailure": {"Destination": destination}}


def documents(stage, destination):
    status, _, body = stage.raw("GET", f"/esmeralda/destinations/{destination}")
    return [captured["Document"] for captured in json.loads(body)["Documents"]] if status == 200 else []


def registry(**more):
    config = {
        "SchemaRegistryURI": "embedded",
        "EventRecordFormat": "JSON",
        "SchemaValidationConfigs": [{"Attribute": "VALUE"}],
    }
    config.update(more)
    return {"SchemaRegistryConfig": {name: value for name, value in config.items() if value is not None}}


# 1.2 to 1.4 Members


@row("1.2 DestinationConfig, retry members, LoggingConfig and StartingPositionTimestamp are shown")
def shown(stage):
    members = {
        "DestinationConfig": on_failure(QUEUE),
        "MaximumRecordAgeInSeconds": 60,
        "MaximumRetryAttempts": 3,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "LoggingConfig": {"SystemLogLevel": "DEBUG"},
        "ProvisionedPollerConfig": pollers(2, stage.name("group")),
    }
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    created = stage.create(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=moment, **members)
    has(created, {**members, "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": moment})
    listed = stage.client.list_event_source_mappings(FunctionName=created["FunctionArn"])
    same([one["ProvisionedPollerConfig"] for one in listed["EventSourceMappings"]], [members["ProvisionedPollerConfig"]])


@row("1.3 AT_TIMESTAMP needs a timestamp, which needs AT_TIMESTAMP and is not in the future")
def timestamps(stage):
    stage.invalid("StartingPositionTimestamp is required with StartingPosition AT_TIMESTAMP.", StartingPosition="AT_TIMESTAMP")
    message = "StartingPositionTimestamp is only valid with StartingPosition AT_TIMESTAMP."
    stage.invalid(message, StartingPosition="LATEST", StartingPositionTimestamp=1)
    later = datetime.now(timezone.utc) + timedelta(days=1)
    refused = stage.refused(stage.create, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=later)
    same(refused[:2], (400, "InvalidParameterValueException"))
    assert "must not be in the future" in refused[2], refused


@row("1.3 MaximumPollers is not below MinimumPollers")
def bounds(stage):
    message = "MaximumPollers (8) must be greater than or equal to MinimumPollers (9)."
    stage.invalid(message, ProvisionedPollerConfig={"MinimumPollers": 9, "MaximumPollers": 8})


@row("1.3 a Kafka topic as the destination needs provisioned mode, and a queue does not")
def destination_modes(stage):
    message = "Unsupported 'destinationConfig' parameter for given event source mapping type."
    stage.invalid(message, DestinationConfig=on_failure("kafka://failed"))
    has(stage.create(DestinationConfig=on_failure(QUEUE)), {"DestinationConfig": on_failure(QUEUE)})


@row("1.4 an empty destination, registry and PollerGroupName clear")
def clear_forms(stage):
    group = stage.name("group")
    mapping = stage.enabled(
        DestinationConfig=on_failure(QUEUE),
        SelfManagedKafkaEventSourceConfig=registry(),
        ProvisionedPollerConfig=pollers(2, group),
    )
    same(mapping["ProvisionedPollerConfig"], pollers(2, group))
    changed = stage.updated(
        mapping["UUID"],
        DestinationConfig=on_failure(""),
        SelfManagedKafkaEventSourceConfig={"SchemaRegistryConfig": {}},
        ProvisionedPollerConfig=pollers(2, ""),
    )
    same(changed["ProvisionedPollerConfig"], pollers(2))
    assert "DestinationConfig" not in changed, changed
    same(list(changed["SelfManagedKafkaEventSourceConfig"]), ["ConsumerGroupId"])


@row("1.4 provisioned mode stays while there is a schema registry (trap 19)")
def registry_keeps_pollers(stage):
    mapping = stage.enabled(SelfManagedKafkaEventSourceConfig=registry(), ProvisionedPollerConfig=PROVISIONED)
    refused = stage.refused(stage.update, mapping["UUID"], ProvisionedPollerConfig={})
    same(refused[:2], (400, "InvalidParameterValueException"))
    assert refused[2].startswith("SchemaRegistryConfig is only available for Provisioned Mode."), refused


# 1.6 States


@row("1.6 StateTransitionReason is USER_INITIATED, and LastProcessingResult goes from No records processed to OK (trap 7)")
def reasons(stage):
    topic = stage.topic()
    created = stage.create(Topics=[topic])
    has(created, {"StateTransitionReason": "USER_INITIATED", "LastProcessingResult": "No records processed"})
    stage.produce(topic, "a")
    result = lambda: stage.client.get_event_source_mapping(UUID=created["UUID"])["LastProcessingResult"]  # noqa: E731
    until("a record is processed", lambda: result() == "OK")


# 1.7 Conflicts


@row("1.7 the destination is another topic than the source")
def own_topic(stage):
    message = "The on-failure destination kafka://orders is the topic that the event source mapping reads."
    stage.invalid(
        message, Topics=["orders"], DestinationConfig=on_failure("kafka://orders"), ProvisionedPollerConfig=PROVISIONED
    )


@row("1.7 the MaximumPollers of a poller group are 2000 at most together, in a create and in an update")
def group_pollers(stage):
    group = stage.name("group")
    stage.enabled(ProvisionedPollerConfig=pollers(1500, group))
    message = (
        f"The MaximumPollers (501) and those of the other event source mappings in PollerGroupName {group} (1500) must be 2000 or "
        "less together."
    )
    stage.invalid(message, ProvisionedPollerConfig=pollers(501, group))
    other = stage.enabled(ProvisionedPollerConfig=pollers(501))
    refused = stage.refused(stage.update, other["UUID"], ProvisionedPollerConfig=pollers(501, group))
    same(refused, (400, "InvalidParameterValueException", message))
    same(stage.updated(other["UUID"], ProvisionedPollerConfig=pollers(500, group))["ProvisionedPollerConfig"], pollers(500, group))


@row("1.7 a poller group has 100 mappings at most")
def group_size(stage):
    group = stage.name("group")
    for _ in range(100):
        stage.create(Enabled=False, ProvisionedPollerConfig=pollers(1, group))
    message = f"PollerGroupName {group} has 100 event source mappings; at most 100 are allowed."
    stage.invalid(message, ProvisionedPollerConfig=pollers(1, group))


@row("1.7 the mappings of a poller group are in one VPC")
def group_network(stage):
    group = stage.name("group")
    stage.create(Enabled=False, ProvisionedPollerConfig=pollers(1, group))
    subnet = [{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}]
    message = (
        f"The event source mappings in PollerGroupName {group} must be in the same VPC: all of them with VPC_SUBNET in "
        "SourceAccessConfigurations, or none."
    )
    stage.invalid(message, SourceAccessConfigurations=subnet, ProvisionedPollerConfig=pollers(1, group))


# 1.8 Errors


@row("1.8 a schema registry has AWS's words for what is wrong")
def registry_words(stage):
    def refused(words, mode=PROVISIONED, **more):
        found = stage.refused(
            stage.create, SelfManagedKafkaEventSourceConfig=registry(**more), ProvisionedPollerConfig=mode
        )
        same(found[:2], (400, "InvalidParameterValueException"), words)
        assert found[2].startswith(words), found

    refused("SchemaRegistryConfig is only available for Provisioned Mode.", mode={})
    refused("Malformed SchemaRegistryURI provided.", SchemaRegistryURI="nowhere")
    refused("EventRecordFormat is a required field for SchemaRegistryConfig.", EventRecordFormat=None)
    refused("SchemaValidationConfigs is a required field for SchemaRegistryConfig.", SchemaValidationConfigs=None)
    twice = [{"Attribute": "VALUE"}, {"Attribute": "VALUE"}]
    refused("Duplicate KEY/VALUE Attribute in SchemaValidationConfigs.", SchemaValidationConfigs=twice)


@row("1.8 a schema registry that refuses, throttles, fails or is not there has AWS's words")
def registry_access(stage):
    def refused(url, words):
        found = stage.refused(
            stage.create,
            SelfManagedKafkaEventSourceConfig=registry(SchemaRegistryURI=url),
            ProvisionedPollerConfig=PROVISIONED,
        )
        same(found, (400, "InvalidParameterValueException", words), url)

    denied = "Cannot access Confluent Schema with the provided access configuration."
    for status, words in [
        (401, denied),
        (403, denied),
        (
            429,
            "Receiving throttling errors when accessing the schema registry. Please increase API TPS limits for your schema registry.",
        ),
        (500, "Lambda received an internal server an unexpected error from the provided self-managed schema registry."),
    ]:
        server = Answering(status)
        refused(server.url, words)
        server.stop()
    # Nothing listens at the port of a server that has stopped.
    refused(server.url, denied)


@row("1.8 a registry of Glue, one over TLS, and AccessConfigs are refused by name until they are built")
def registry_not_built(stage):
    def refused(**more):
        found = stage.refused(
            stage.create, SelfManagedKafkaEventSourceConfig=registry(**more), ProvisionedPollerConfig=PROVISIONED
        )
        same(found[:2], (400, "InvalidParameterValueException"))
        return found[2]

    start = "SchemaRegistryConfig with {} is not supported yet by Esmeralda: "
    for uri, what in [
        (f"arn:aws:glue:{REGION}:{ACCOUNT}:registry/Example", "an AWS Glue registry"),
        (f"arn:aws:glue:eu-west-1:{ACCOUNT}:registry/Example", "an AWS Glue registry"),
        (f"arn:aws:glue:{REGION}:999999999999:registry/Example", "an AWS Glue registry"),
        ("https://schema-registry.example.com:8081", "an https URI"),
    ]:
        message = refused(SchemaRegistryURI=uri)
        assert message.startswith(start.format(what)), message
    secret = {"Type": "BASIC_AUTH", "URI": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:registry"}
    message = refused(AccessConfigs=[secret])
    assert "AccessConfigs" in message, message


@row("1.8 test clients do not try again, or they would hide what the service answers (trap 30)")
def no_retries(stage):
    answer = stage.create()
    same(answer["ResponseMetadata"]["RetryAttempts"], 0)
    body = stage.minimal(BatchSize=20000)
    try:
        stage.client.create_event_source_mapping(**body)
    except stage.client.exceptions.ClientError as error:
        same(error.response["ResponseMetadata"]["RetryAttempts"], 0)
    same(stage.client.meta.config.retries["total_max_attempts"], 1)
    # The CLI asks for page after page by itself; with its own paging off it shows what one request answers.
    page = stage.cli("lambda", "list-event-source-mappings", "--no-paginate", "--max-items", "1")
    same(len(page["EventSourceMappings"]), 1)
    assert page["NextMarker"], page


# 2.1 Consumer identity and start


@row("2.1 AT_TIMESTAMP begins at the first record that is as late")
def at_timestamp(stage):
    topic, now = stage.topic(), int(time.time())
    for seconds, value in [(300, "early"), (200, "exact"), (100, "late")]:
        stage.produce(topic, value, timestamp=(now - seconds) * 1000)
    moment = datetime.fromtimestamp(now - 200, timezone.utc)
    mapping = stage.enabled(Topics=[topic], StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=moment)
    receives(stage, name_of(mapping), ["exact", "late"])


# 2.4 Schema registry


AVRO = {"schema": json.dumps({"type": "record", "name": "Order", "fields": [{"name": "total", "type": "int"}]})}
JSON = {"schemaType": "JSON", "schema": json.dumps({"type": "object", "required": ["total"]})}


def registered(stage, topic, schema):
    """Registers a schema of a topic's values, and returns its id and the bytes before such a value."""
    headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
    status, _, answer = stage.raw("POST", f"/subjects/{topic}-value/versions", schema, headers)
    same(status, 200, answer)
    number = json.loads(answer)["id"]
    return number, b"\0" + number.to_bytes(4, "big")


@row("2.4 a value is decoded, and its schema stands beside it; one that cannot be is dropped and committed")
def decoded(stage):
    topic = stage.topic()
    schema, frame = registered(stage, topic, AVRO)
    stage.produce(topic, frame + b"\x0e", b"no frame")
    mapping = stage.enabled(
        Topics=[topic], SelfManagedKafkaEventSourceConfig=registry(), ProvisionedPollerConfig=PROVISIONED
    )
    committed(stage, mapping, 2)
    [record] = stage.function.records(name_of(mapping))
    same(json.loads(base64.b64decode(record["value"])), {"total": 7})
    same(record["valueSchemaMetadata"], {"dataFormat": "AVRO", "schemaId": str(schema)})


@row("2.4 with SOURCE a value stays as it was written, without the frame")
def source_format(stage):
    topic = stage.topic()
    schema, frame = registered(stage, topic, AVRO)
    stage.produce(topic, frame + b"\x0e")
    mapping = stage.enabled(
        Topics=[topic],
        SelfManagedKafkaEventSourceConfig=registry(EventRecordFormat="SOURCE"),
        ProvisionedPollerConfig=PROVISIONED,
    )
    committed(stage, mapping, 1)
    [record] = stage.function.records(name_of(mapping))
    same(base64.b64decode(record["value"]), b"\x0e")
    same(record["valueSchemaMetadata"], {"dataFormat": "AVRO", "schemaId": str(schema)})


@row("2.4 a value is checked by its JSON Schema, before the filters; what is wrong or has no schema goes to the destination")
def json_schema(stage):
    topic = stage.topic()
    schema, frame = registered(stage, topic, JSON)
    stage.produce(topic, frame + b'{"total":7}', frame + b'{"total":8}', frame + b'{"other":1}', b"\0\x7f\xff\xff\xff{}")
    destination = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{stage.name('queue')}"
    mapping = stage.enabled(
        Topics=[topic],
        SelfManagedKafkaEventSourceConfig=registry(),
        FilterCriteria={"Filters": [{"Pattern": '{"value":{"total":[7]}}'}]},
        DestinationConfig=on_failure(destination),
        ProvisionedPollerConfig=PROVISIONED,
    )
    committed(stage, mapping, 4)
    [record] = stage.function.records(name_of(mapping))
    same(json.loads(base64.b64decode(record["value"])), {"total": 7})
    same(record["valueSchemaMetadata"], {"dataFormat": "JSON", "schemaId": str(schema)})
    found = [
        (document["requestContext"]["condition"], document["KafkaBatchInfo"]["recordsInfo"][f"{topic}-0"]["firstRecordOffset"])
        for document in documents(stage, destination)
    ]
    same(sorted(found), [("DESERIALIZATION_ERROR", "2"), ("SCHEMA_NOT_FOUND", "3")])


# 2.7 and 2.8 Failures and destinations


@row("2.7 -1 retries with a destination are ten (trap 13)")
def ten_retries(stage):
    topic, name = stage.topic(), stage.name("function")
    stage.function.will(name, *[FAILS] * 11)
    stage.produce(topic, "a")
    destination = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{stage.name('queue')}"
    stage.enabled(FunctionName=name, Topics=[topic], DestinationConfig=on_failure(destination))
    [document] = until("the record is given up", lambda: documents(stage, destination))
    same(len(stage.function.offsets(name)), 11, "invocations")
    has(document["requestContext"], {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 11})


@row("2.8 a queue and a notification are a document of the batch, and an object has the event as a text with it (trap 21)")
def batch_documents(stage):
    for service in ("sqs", "sns", "s3"):
        topic, name = stage.topic(), stage.name("function")
        stage.function.will(name, FAILS)
        stage.produce(topic, "a", "b")
        where = ":" if service == "s3" else f"{REGION}:{ACCOUNT}"
        destination = f"arn:aws:{service}:{where}:{stage.name('failed')}"
        stage.enabled(
            FunctionName=name,
            Topics=[topic],
            DestinationConfig=on_failure(destination),
            MaximumRetryAttempts=0,
            ProvisionedPollerConfig=PROVISIONED,
        )
        [document] = until("the batch is given up", lambda: documents(stage, destination))
        same(document["responseContext"], {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})
        info = document["KafkaBatchInfo"]
        same(info["batchSize"], 2)
        has(info["recordsInfo"][f"{topic}-0"], {"firstRecordOffset": "0", "lastRecordOffset": "1"})
        same("payload" in document, service == "s3", service)
        if service == "s3":
            same(list(json.loads(document["payload"])["records"]), [f"{topic}-0"])


@row("2.8 a record that is too old has RecordAgeExceeded, and no responseContext")
def old_document(stage):
    topic = stage.topic()
    destination = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{stage.name('queue')}"
    stage.produce(topic, "old", timestamp=1545084650987)
    mapping = stage.enabled(
        Topics=[topic],
        DestinationConfig=on_failure(destination),
        MaximumRecordAgeInSeconds=3600,
        ProvisionedPollerConfig=PROVISIONED,
    )
    [document] = until("the record is given up", lambda: documents(stage, destination))
    has(document["requestContext"], {"condition": "RecordAgeExceeded", "approximateInvokeCount": 0})
    assert "responseContext" not in document, document
    committed(stage, mapping, 1)
    same(stage.function.records(name_of(mapping)), [])


@row("2.8 a record whose event has more than 6 MB has MaximumPayloadSizeExceeded, and a responseContext of null")
def large_document(stage):
    topic = stage.topic(max_message_bytes=8_000_000)
    destination = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{stage.name('queue')}"
    # In base64 it is a third longer.
    stage.produce(topic, b"x" * 5_000_000, b"small")
    mapping = stage.enabled(
        Topics=[topic], DestinationConfig=on_failure(destination), ProvisionedPollerConfig=PROVISIONED
    )
    [document] = until("the record is given up", lambda: documents(stage, destination))
    same(document["requestContext"]["condition"], "MaximumPayloadSizeExceeded")
    same(document["responseContext"], None)
    committed(stage, mapping, 2)
    receives(stage, name_of(mapping), ["small"])


@row("2.8 a Kafka topic gets a message for each record, under its key, with the event (trap 21)")
def topic_documents(stage):
    from confluent_kafka import Consumer

    topic, failed, name = stage.topic(), stage.topic(), stage.name("function")
    stage.function.will(name, FAILS)
    stage.produce(topic, "a", key="k")
    stage.produce(topic, "b", key="l")
    stage.enabled(
        FunctionName=name,
        Topics=[topic],
        DestinationConfig=on_failure(f"kafka://{failed}"),
        MaximumRetryAttempts=0,
        ProvisionedPollerConfig=PROVISIONED,
    )
    settings = {"bootstrap.servers": stage.bootstrap, "group.id": stage.name("group"), "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe([failed])
    messages = []

    def both():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            messages.append(message)
        return len(messages) == 2

    until("both records are delivered", both)
    consumer.close()
    same([message.key() for message in messages], [b"k", b"l"])
    for offset, message in enumerate(messages):
        document = json.loads(message.value())
        same(document["requestContext"]["condition"], "RetriesExhausted")
        assert document["requestContext"]["functionArn"].endswith(":$LATEST"), document
        same(document["KafkaBatchInfo"]["recordInfo"]["offset"], str(offset))
        [record] = document["payload"]["records"][f"{topic}-0"]
        same(record["offset"], offset)


# 3.3 Event poller units


@row("3.3 mappings of a poller group share one event poller unit")
def shared_units(stage):
    topic, group = stage.topic(), stage.name("group")
    config = {"MinimumPollers": 1, "PollerGroupName": group}
    mappings = [stage.enabled(Topics=[topic], ProvisionedPollerConfig=config) for _ in range(3)]

    def units(mapping):
        return set(stage.metric(mapping, "EventPollerUnit", "Maximum"))

    same([units(mapping) for mapping in mappings], [{1.0}, {0.0}, {0.0}])
