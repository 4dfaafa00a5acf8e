"""The rows of the control plane: operations, members, limits, updates, lists, states, conflicts, and the errors in AWS's words."""

import json
import re
from urllib.parse import quote

from aws_stage import ACCOUNT, MAPPINGS, REGION, UNKNOWN, has, row, same, until

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}"
MSK = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/orders/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0-1"
PROVISIONED = {"MinimumPollers": 1, "MaximumPollers": 2}
NOT_FOUND = (404, "ResourceNotFoundException", "The resource you requested does not exist.")


def status(answer):
    return answer["ResponseMetadata"]["HTTPStatusCode"]


# 1.1 Operations


@row("1.1 CreateEventSourceMapping answers 202, GetEventSourceMapping 200")
def create_and_get(stage):
    created = stage.create()
    same(status(created), 202)
    same(status(stage.client.get_event_source_mapping(UUID=created["UUID"])), 200)


@row("1.1 UpdateEventSourceMapping answers 202, DeleteEventSourceMapping 202 with the whole configuration")
def update_and_delete(stage):
    mapping = stage.enabled()
    same(status(stage.update(mapping["UUID"], BatchSize=7)), 202)
    stage.settled(mapping["UUID"])
    deleted = stage.delete(mapping["UUID"])
    same(status(deleted), 202)
    has(deleted, {"State": "Deleting", "UUID": mapping["UUID"], "BatchSize": 7, "Topics": mapping["Topics"]})


@row("1.1 ListEventSourceMappings answers 200")
def list_mappings(stage):
    same(status(stage.client.list_event_source_mappings()), 200)


@row("1.1 TagResource, ListTags and UntagResource take a percent-encoded ARN (trap 24)")
def tags(stage):
    mapping = stage.create(Tags={"team": "kafka"})
    arn = mapping["EventSourceMappingArn"]
    same(status(stage.client.tag_resource(Resource=arn, Tags={"a b": "c/d", "e": ""})), 204)
    same(stage.client.list_tags(Resource=arn)["Tags"], {"team": "kafka", "a b": "c/d", "e": ""})
    same(status(stage.client.untag_resource(Resource=arn, TagKeys=["a b", "e"])), 204)
    same(stage.client.list_tags(Resource=arn)["Tags"], {"team": "kafka"})
    path = "/2017-03-31/tags/" + quote(arn, safe="")
    assert "%3A" in path
    same(stage.raw("GET", path)[0], 200)


@row("1.1 older clients end the path of the collection with a slash (trap 24)")
def trailing_slash(stage):
    code, _, body = stage.raw("POST", MAPPINGS + "/", stage.minimal())
    same(code, 202, body)
    same(stage.raw("GET", MAPPINGS + "/")[0], 200)


@row("1.1 the AWS CLI creates, gets, lists, updates and deletes")
def command_line(stage):
    body = stage.minimal()
    created = stage.cli(
        "lambda", "create-event-source-mapping", "--function-name", body["FunctionName"], "--topics", body["Topics"][0],
        "--self-managed-event-source", json.dumps(body["SelfManagedEventSource"]),
        "--starting-position", "TRIM_HORIZON",
    )
    uuid = created["UUID"]
    stage.settled(uuid)
    same(stage.cli("lambda", "get-event-source-mapping", "--uuid", uuid)["State"], "Enabled")
    listed = stage.cli("lambda", "list-event-source-mappings", "--function-name", body["FunctionName"])
    same([one["UUID"] for one in listed["EventSourceMappings"]], [uuid])
    same(stage.cli("lambda", "update-event-source-mapping", "--uuid", uuid, "--batch-size", "5")["BatchSize"], 5)
    stage.settled(uuid)
    same(stage.cli("lambda", "delete-event-source-mapping", "--uuid", uuid)["State"], "Deleting")


# 1.2 Members of the answer


@row("1.2 a minimal self-managed mapping is shown as AWS shows it, and no more")
def minimal(stage):
    body = stage.minimal(MaximumBatchingWindowInSeconds=None)
    code, headers, text = stage.raw("POST", MAPPINGS, body)
    same(code, 202)
    found = json.loads(text)
    uuid = found["UUID"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", uuid), uuid
    assert isinstance(found.pop("LastModified"), (int, float)), "LastModified is a number (trap 5)"
    same(found, {
        "UUID": uuid,
        "EventSourceMappingArn": f"{ARN}:event-source-mapping:{uuid}",
        "FunctionArn": f"{ARN}:function:{body['FunctionName']}",
        "BatchSize": 100,
        "LastProcessingResult": "No records processed",
        "SelfManagedEventSource": stage.source(),
        "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": uuid},
        "StartingPosition": "TRIM_HORIZON",
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
        "Topics": body["Topics"],
    })


@row("1.2 a qualifier stays in FunctionArn as it was given")
def qualifier(stage):
    for given, shown in [("f1", "f1"), ("f2:$LATEST", "f2:$LATEST"), ("f3:1", "f3:1"), (f"{ARN}:function:f4:live", "f4:live")]:
        same(stage.create(FunctionName=given)["FunctionArn"], f"{ARN}:function:{shown}")


@row("1.2 EventSourceArn is there for MSK only")
def managed(stage):
    created = stage.create(EventSourceArn=MSK, SelfManagedEventSource=None)
    same(created["EventSourceArn"], MSK)
    assert "SelfManagedEventSource" not in created and "SelfManagedKafkaEventSourceConfig" not in created
    same(created["AmazonManagedKafkaEventSourceConfig"], {"ConsumerGroupId": created["UUID"]})


@row("1.2 Enabled, FunctionName and Tags are never shown")
def never_shown(stage):
    created = stage.create(Enabled=False, Tags={"a": "b"})
    for name in ("Enabled", "FunctionName", "Tags"):
        assert name not in created, name


@row("1.2 ProvisionedPollerConfig, MetricsConfig, FilterCriteria, KMSKeyArn and SourceAccessConfigurations are shown")
def shown_members(stage):
    members = {
        "ProvisionedPollerConfig": PROVISIONED,
        "MetricsConfig": {"Metrics": ["EventCount", "ErrorCount", "KafkaMetrics"]},
        "FilterCriteria": {"Filters": [{"Pattern": '{"value":{"a":[1]}}'}]},
        "KMSKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
        "SourceAccessConfigurations": [{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}],
    }
    has(stage.create(**members), members)


@row("1.2 FilterCriteriaError is never shown: nothing is encrypted, also with KMSKeyArn")
def filter_error(stage):
    filters = {"Filters": [{"Pattern": '{"value":{"a":[1]}}'}]}
    created = stage.create(FilterCriteria=filters, KMSKeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k")
    [listed] = stage.client.list_event_source_mappings(FunctionName=created["FunctionArn"])["EventSourceMappings"]
    for shown in (created, stage.client.get_event_source_mapping(UUID=created["UUID"]), listed):
        assert "FilterCriteriaError" not in shown, shown
        same(shown["FilterCriteria"], filters)


# 1.3 Limits and defaults


LENGTH = "failed to satisfy constraint: Member must have length less than or equal to"
VALUE = "failed to satisfy constraint: Member must have value"
CONSTRAINTS = [
    ("BatchSize is at most 10000", {"BatchSize": 20000}, f"Value '20000' at 'batchSize' {VALUE} less than or equal to 10000"),
    ("BatchSize is at least 1", {"BatchSize": 0}, f"Value '0' at 'batchSize' {VALUE} greater than or equal to 1"),
    (
        "MaximumBatchingWindowInSeconds is at most 300",
        {"MaximumBatchingWindowInSeconds": 301},
        f"Value '301' at 'maximumBatchingWindowInSeconds' {VALUE} less than or equal to 300",
    ),
    (
        "MaximumRecordAgeInSeconds is at most 604800",
        {"MaximumRecordAgeInSeconds": 604801},
        f"Value '604801' at 'maximumRecordAgeInSeconds' {VALUE} less than or equal to 604800",
    ),
    (
        "MaximumRetryAttempts is at most 10000",
        {"MaximumRetryAttempts": 10001},
        f"Value '10001' at 'maximumRetryAttempts' {VALUE} less than or equal to 10000",
    ),
    (
        "MaximumRetryAttempts is at least -1",
        {"MaximumRetryAttempts": -5},
        f"Value '-5' at 'maximumRetryAttempts' {VALUE} greater than or equal to -1",
    ),
    (
        "MinimumPollers is at most 200",
        {"ProvisionedPollerConfig": {"MinimumPollers": 201}},
        f"Value '201' at 'provisionedPollerConfig.minimumPollers' {VALUE} less than or equal to 200",
    ),
    (
        "a topic has two characters or more, and no leading dot (trap 10)",
        {"Topics": ["a"]},
        "Value '[a]' at 'topics' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than "
        "or equal to 249, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: "
        "[^.]([a-zA-Z0-9\\-_.]+)]",
    ),
    ("there is one topic", {"Topics": ["ab", "cd"]}, f"Value '[ab, cd]' at 'topics' {LENGTH} 1"),
    (
        "StartingPosition is one of three",
        {"StartingPosition": "invalid"},
        "Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: "
        "[LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    ),
    ("a filter's pattern has up to 4096 characters", {"FilterCriteria": {"Filters": [{"Pattern": "x" * 4097}]}}, None),
    ("FunctionName has up to 256 characters", {"FunctionName": "f" * 257}, None),
    ("MetricsConfig has three values", {"MetricsConfig": {"Metrics": ["Other"]}}, None),
]


def constraint(name, members, message):
    @row(f"1.3 {name}")
    def check(stage):
        if message is not None:
            return stage.violates(message, **members)
        code, kind, text = stage.refused(stage.create, **members)
        same((code, kind), (400, "ValidationException"))
        assert text.startswith("1 validation error detected: Value '"), text


for one in CONSTRAINTS:
    constraint(*one)


@row("1.3 an endpoint has no underscore and a port (trap 10)")
def endpoints(stage):
    for endpoint in ["kafka_1:9092", "kafka", "[::1]:9092"]:
        source = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [endpoint]}}
        same(stage.refused(stage.create, SelfManagedEventSource=source)[:2], (400, "ValidationException"), endpoint)


@row("1.3 MinimumPollers alone and MaximumPollers alone switch to provisioned mode, with their defaults")
def pollers(stage):
    for given, shown in [
        ({"MinimumPollers": 3}, {"MinimumPollers": 3, "MaximumPollers": 200}),
        ({"MaximumPollers": 3}, {"MinimumPollers": 1, "MaximumPollers": 3}),
    ]:
        same(stage.create(ProvisionedPollerConfig=given)["ProvisionedPollerConfig"], shown)
    assert "ProvisionedPollerConfig" not in stage.create(ProvisionedPollerConfig={})


@row("1.3 MaximumPollers is shown as it was given, though the topic has fewer partitions (trap 20)")
def capped_pollers(stage):
    mapping = stage.enabled(Topics=[stage.topic(2)], ProvisionedPollerConfig={"MinimumPollers": 5, "MaximumPollers": 50})
    same(mapping["ProvisionedPollerConfig"], {"MinimumPollers": 5, "MaximumPollers": 50})


@row("1.3 MaximumRecordAgeInSeconds is -1, or 60 or more")
def record_age(stage):
    for age in (0, 59):
        refused = stage.refused(stage.create, MaximumRecordAgeInSeconds=age, ProvisionedPollerConfig=PROVISIONED)
        same(refused[:2], (400, "InvalidParameterValueException"))
    stage.create(MaximumRecordAgeInSeconds=60, ProvisionedPollerConfig=PROVISIONED)


@row("1.3 unknown members are ignored")
def unknown_members(stage):
    code, _, text = stage.raw("POST", MAPPINGS, stage.minimal(Nonsense=1))
    same(code, 202)
    assert "Nonsense" not in json.loads(text)


@row("1.3 members of other sources are refused")
def other_sources(stage):
    for name, value in [("ParallelizationFactor", 2), ("TumblingWindowInSeconds", 2), ("Queues", ["q"])]:
        lower = name[0].lower() + name[1:]
        message = f"Unsupported '{lower}' parameter for given event source mapping type."
        stage.invalid(message, **{name: value})


@row("1.3 members of provisioned mode are refused on demand")
def provisioned_only(stage):
    for name, value in [
        ("MaximumRetryAttempts", 3),
        ("MaximumRecordAgeInSeconds", 60),
        ("BisectBatchOnFunctionError", True),
        ("FunctionResponseTypes", ["ReportBatchItemFailures"]),
    ]:
        lower = name[0].lower() + name[1:]
        stage.invalid(f"Unsupported '{lower}' parameter for given event source mapping type.", **{name: value})
        stage.create(**{name: value}, ProvisionedPollerConfig=PROVISIONED)


# 1.4 Updates


@row("1.4 absent members stay as they are")
def absent_members(stage):
    mapping = stage.enabled(BatchSize=7, MaximumBatchingWindowInSeconds=3)
    has(stage.updated(mapping["UUID"], BatchSize=9), {"BatchSize": 9, "MaximumBatchingWindowInSeconds": 3})


@row("1.4 empty values clear FilterCriteria, ProvisionedPollerConfig, KMSKeyArn, FunctionResponseTypes and MetricsConfig (trap 19)")
def clear_forms(stage):
    mapping = stage.enabled(
        FilterCriteria={"Filters": [{"Pattern": '{"value":{"a":[1]}}'}]},
        ProvisionedPollerConfig=PROVISIONED,
        KMSKeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MetricsConfig={"Metrics": ["EventCount"]},
    )
    cleared = stage.updated(
        mapping["UUID"], FilterCriteria={}, ProvisionedPollerConfig={}, KMSKeyArn="", FunctionResponseTypes=[], MetricsConfig={"Metrics": []}
    )
    for name in ("FilterCriteria", "ProvisionedPollerConfig", "KMSKeyArn", "FunctionResponseTypes", "MetricsConfig"):
        assert not cleared.get(name), name


@row("1.4 a batching window that is set cannot be unset, only changed (trap 6)")
def window(stage):
    mapping = stage.enabled(MaximumBatchingWindowInSeconds=None)
    assert "MaximumBatchingWindowInSeconds" not in mapping, mapping
    same(stage.updated(mapping["UUID"], MaximumBatchingWindowInSeconds=2)["MaximumBatchingWindowInSeconds"], 2)
    status, _, body = stage.raw("PUT", f"{MAPPINGS}/{mapping['UUID']}", {"MaximumBatchingWindowInSeconds": None})
    same(status, 202, body)
    same(stage.settled(mapping["UUID"])["MaximumBatchingWindowInSeconds"], 2)
    same(stage.updated(mapping["UUID"], MaximumBatchingWindowInSeconds=0)["MaximumBatchingWindowInSeconds"], 0)


@row("1.4 FunctionName retargets")
def retarget(stage):
    mapping = stage.enabled()
    other = stage.name("function")
    same(stage.updated(mapping["UUID"], FunctionName=other)["FunctionArn"], f"{ARN}:function:{other}")


@row("1.4 the source, its position and the consumer group cannot change")
def immutable(stage):
    mapping = stage.enabled()
    # They are no members of an update, and so they are ignored.
    path = f"{MAPPINGS}/{mapping['UUID']}"
    same(stage.raw("PUT", path, {"Topics": ["other"], "StartingPosition": "LATEST"})[0], 202)
    shown = {"Topics": mapping["Topics"], "StartingPosition": "TRIM_HORIZON"}
    has(stage.settled(mapping["UUID"]), shown)
    config = {"ConsumerGroupId": "another"}
    refused = stage.refused(stage.update, mapping["UUID"], SelfManagedKafkaEventSourceConfig=config)
    same(refused[:2], (400, "InvalidParameterValueException"))


# 1.5 Lists


@row("1.5 pages hold MaxItems, and NextMarker is there only when there are more")
def pages(stage):
    name = stage.name("function")
    uuids = [stage.create(FunctionName=name)["UUID"] for _ in range(5)]
    first = stage.client.list_event_source_mappings(FunctionName=name, MaxItems=3)
    same([one["UUID"] for one in first["EventSourceMappings"]], uuids[:3])
    second = stage.client.list_event_source_mappings(FunctionName=name, MaxItems=3, Marker=first["NextMarker"])
    same([one["UUID"] for one in second["EventSourceMappings"]], uuids[3:])
    assert "NextMarker" not in second
    paginator = stage.client.get_paginator("list_event_source_mappings")
    found = paginator.paginate(FunctionName=name, PaginationConfig={"PageSize": 2})
    same([one["UUID"] for page in found for one in page["EventSourceMappings"]], uuids)


@row("1.5 a list is filtered by function in any form, and by cluster")
def list_filters(stage):
    name = stage.name("function")
    topic = stage.name("topic")
    uuid = stage.create(FunctionName=name, Topics=[topic], EventSourceArn=MSK, SelfManagedEventSource=None)["UUID"]
    for form in (name, f"{ARN}:function:{name}", f"{ACCOUNT}:function:{name}"):
        listed = stage.client.list_event_source_mappings(FunctionName=form)["EventSourceMappings"]
        same([one["UUID"] for one in listed], [uuid], form)
    listed = stage.client.list_event_source_mappings(EventSourceArn=MSK)["EventSourceMappings"]
    assert uuid in [one["UUID"] for one in listed] and all(one["EventSourceArn"] == MSK for one in listed)
    same(stage.client.list_event_source_mappings(FunctionName="nobody")["EventSourceMappings"], [])


@row("1.5 MaxItems is from 1 to 10000")
def max_items(stage):
    for value in (0, 10001):
        same(stage.refused(stage.client.list_event_source_mappings, MaxItems=value)[1], "ValidationException")


# 1.6 States


@row("1.6 a mapping goes from Creating to Enabled, Disabling, Disabled, Enabling, Updating, Deleting, and is gone")
def states(stage):
    created = stage.create()
    uuid = created["UUID"]
    same(created["State"], "Creating")
    same(stage.settled(uuid)["State"], "Enabled")
    same(stage.update(uuid, Enabled=False)["State"], "Disabling")
    same(stage.settled(uuid)["State"], "Disabled")
    same(stage.update(uuid, Enabled=True)["State"], "Enabling")
    same(stage.settled(uuid)["State"], "Enabled")
    same(stage.update(uuid, BatchSize=3)["State"], "Updating")
    same(stage.settled(uuid)["StateTransitionReason"], "USER_INITIATED", "trap 7")
    same(stage.delete(uuid)["State"], "Deleting")

    def gone():
        try:
            stage.client.get_event_source_mapping(UUID=uuid)
        except stage.client.exceptions.ResourceNotFoundException:
            return True

    until("the mapping is gone", gone)


@row("1.6 a create with Enabled=false answers Disabled at once (trap 8)")
def created_disabled(stage):
    same(stage.create(Enabled=False)["State"], "Disabled")


@row("1.6 an update and a delete in a transient state are ResourceInUseException")
def in_use(stage):
    uuid = stage.create()["UUID"]
    same(stage.refused(stage.update, uuid, BatchSize=3)[:2], (400, "ResourceInUseException"))
    same(stage.refused(stage.delete, uuid)[:2], (400, "ResourceInUseException"))


# 1.7 Conflicts


@row("1.7 one server in common with the same function and topic is a conflict, whatever the group (trap 9)")
def conflict(stage):
    body = stage.minimal()
    first = stage.client.create_event_source_mapping(**body)
    servers = stage.bootstrap.split(",") + ["elsewhere:9092"]
    body["SelfManagedEventSource"] = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": servers}}
    body["SelfManagedKafkaEventSourceConfig"] = {"ConsumerGroupId": stage.name("group")}
    message = (
        f'An event source mapping with event source ("{",".join(servers)}"), function ("{first["FunctionArn"]}"), topics '
        f'("{body["Topics"][0]}") already exists. Please update or delete the existing mapping with UUID {first["UUID"]}'
    )
    refused = stage.refused(stage.client.create_event_source_mapping, **body)
    same(refused, (409, "ResourceConflictException", message))
    body["Topics"] = [stage.name("topic")]
    stage.client.create_event_source_mapping(**body)


@row("1.7 a consumer group belongs to one mapping")
def same_group(stage):
    config = {"ConsumerGroupId": stage.name("group")}
    stage.create(SelfManagedKafkaEventSourceConfig=config)
    refused = stage.refused(stage.create, SelfManagedKafkaEventSourceConfig=config)
    same(refused[:2], (400, "InvalidParameterValueException"))


# 1.8 Errors


@row("1.8 an unknown UUID is not found")
def unknown_uuid(stage):
    same(stage.refused(stage.client.get_event_source_mapping, UUID=UNKNOWN), NOT_FOUND)
    same(stage.refused(stage.update, UNKNOWN), NOT_FOUND)
    same(stage.refused(stage.delete, UNKNOWN), NOT_FOUND)


@row("1.8 tags of an unknown mapping are not found, and a wrong ARN is no resource")
def unknown_tags(stage):
    arn = f"{ARN}:event-source-mapping:{UNKNOWN}"
    expected = (404, "ResourceNotFoundException", f"Event source mapping not found: {arn}")
    same(stage.refused(stage.client.list_tags, Resource=arn), expected)
    same(stage.refused(stage.client.tag_resource, Resource=arn, Tags={"a": "b"}), expected)
    same(stage.refused(stage.client.untag_resource, Resource=arn, TagKeys=["a"]), expected)
    code, kind, message = stage.refused(stage.client.list_tags, Resource="nothing")
    same((code, kind), (400, "ValidationException"))
    start = (
        "1 validation error detected: Value 'nothing' at 'resource' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: "
    )
    assert message.startswith(start), message


@row("1.8 a mapping without a source is refused")
def no_source(stage):
    stage.invalid("Unrecognized event source.", SelfManagedEventSource=None)


@row("1.8 a bad filter and OnSuccess are refused")
def bad_members(stage):
    stage.invalid("Invalid filter pattern definition.", FilterCriteria={"Filters": [{"Pattern": '{"value":1}'}]})
    destination = {"OnSuccess": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}}
    message = "Unsupported DestinationConfig parameter for given event source mapping type."
    stage.invalid(message, DestinationConfig=destination)


@row("1.8 several violations are one error, joined by semicolons (trap 23)")
def several_violations(stage):
    message = (
        "2 validation errors detected: "
        f"Value '20000' at 'batchSize' {VALUE} less than or equal to 10000; "
        f"Value '301' at 'maximumBatchingWindowInSeconds' {VALUE} less than or equal to 300"
    )
    stage.refuses((400, "ValidationException", message), BatchSize=20000, MaximumBatchingWindowInSeconds=301)


# 1.9 and 1.10


@row("1.9 boto3 checks minima itself, and leaves maxima, values and patterns to the service (trap 23)")
def client_checks(stage):
    from botocore.exceptions import ParamValidationError

    try:
        stage.checked.create_event_source_mapping(**stage.minimal(BatchSize=0))
        raise AssertionError("boto3 sent a BatchSize of 0")
    except ParamValidationError:
        pass
    body = stage.minimal(BatchSize=20000)
    same(stage.refused(stage.checked.create_event_source_mapping, **body)[1], "ValidationException")


@row("1.10 errors have x-amzn-ErrorType, a request id, and the members of their shape (trap 3)")
def error_form(stage):
    code, headers, body = stage.raw("GET", f"{MAPPINGS}/{UNKNOWN}")
    same((code, headers["x-amzn-ErrorType"]), (404, "ResourceNotFoundException"))
    assert headers["x-amzn-RequestId"]
    same(json.loads(body), {"Type": "User", "Message": NOT_FOUND[2]})
    _, headers, body = stage.raw("POST", MAPPINGS, {"FunctionName": "f"})
    same(headers["x-amzn-ErrorType"], "InvalidParameterValueException")
    same(json.loads(body), {"Type": "User", "message": "Unrecognized event source."})
    _, headers, body = stage.raw("POST", MAPPINGS, {})
    same(headers["x-amzn-ErrorType"], "ValidationException")
    same(sorted(json.loads(body)), ["message"])


@row("1.10 the region of the signature is the region of the ARNs")
def region(stage):
    import boto3

    client = boto3.client("lambda", endpoint_url=stage.endpoint, region_name="eu-central-1")
    created = client.create_event_source_mapping(**stage.minimal())
    assert created["EventSourceMappingArn"].startswith(f"arn:aws:lambda:eu-central-1:{ACCOUNT}:"), created
    assert created["FunctionArn"].startswith(f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:"), created


@row("1.10 an unsigned request is accepted")
def unsigned(stage):
    same(stage.raw("GET", MAPPINGS)[0], 200)
