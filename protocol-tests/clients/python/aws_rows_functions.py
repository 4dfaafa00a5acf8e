"""The rows for which the service has to know which functions exist: those that were created, and no other."""

import sys

from aws_stage import row, same, until

# A function that never answers is enough: what is looked at happens before and after it.
COMMAND = {"EntryPoint": [sys.executable], "Command": ["-c", "import time; time.sleep(3600)"]}


def create_function(stage, name, timeout=3):
    return stage.client.create_function(
        FunctionName=name,
        Role="arn:aws:iam::000000000000:role/any",
        PackageType="Image",
        Code={"ImageUri": "file:///"},
        ImageConfig=COMMAND,
        Timeout=timeout,
    )


@row("1.8 a function that is missing at the create is a bad parameter and not a missing resource (trap 4)")
def missing_function(stage):
    refused = stage.refused(stage.create, FunctionName="nobody")
    same(refused, (400, "InvalidParameterValueException", "Function does not exist: nobody"))


@row("1.3 a function with a timeout of more than 840 s is refused")
def long_timeout(stage):
    longest, longer = stage.name("function"), stage.name("function")
    create_function(stage, longest, timeout=840)
    create_function(stage, longer, timeout=841)
    message = (
        f"The function {longer} has a timeout of 841 seconds; an event source mapping for Kafka invokes functions with a timeout of 840 "
        "seconds or less."
    )
    stage.invalid(message, FunctionName=longer)
    mapping = stage.enabled(FunctionName=longest)
    refused = stage.refused(stage.update, mapping["UUID"], FunctionName=longer)
    same(refused, (400, "InvalidParameterValueException", message))


@row("1.6 a function that is deleted leaves its mapping, whose invocations fail (trap 25)")
def deleted_function(stage):
    topic, name = stage.topic(), stage.name("function")
    create_function(stage, name)
    mapping = stage.enabled(FunctionName=name, Topics=[topic], MetricsConfig={"Metrics": ["EventCount"]})
    stage.client.delete_function(FunctionName=name)
    same(stage.client.get_event_source_mapping(UUID=mapping["UUID"])["State"], "Enabled")
    stage.produce(topic, "a")

    def failed():
        return sum(stage.metric(mapping, "FailedInvokeEventCount", "Sum")) >= 1

    until("the invocation has failed", failed)
    same(stage.client.get_event_source_mapping(UUID=mapping["UUID"])["State"], "Enabled")
