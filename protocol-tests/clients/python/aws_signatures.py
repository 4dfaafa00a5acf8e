"""Requests that are signed, signed wrongly and not signed at all, in each of the protocols."""

import os

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from program import main, report

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
ONCE = {"total_max_attempts": 1}


def client(endpoint, service, key, secret, protocol=None):
    session = botocore.session.get_session()
    if protocol:
        model = session.get_component("data_loader").load_service_model("cloudwatch", "service-2")
        model["metadata"]["protocols"] = [protocol]
        model["metadata"]["protocol"] = protocol
    config = Config(retries=ONCE) if key else Config(retries=ONCE, signature_version=UNSIGNED)
    made = boto3.Session(botocore_session=session, aws_access_key_id=key, aws_secret_access_key=secret)
    return made.client(service, endpoint_url=endpoint, config=config)


def outcome(call, **members):
    try:
        call(**members)
    except ClientError as error:
        response = error.response
        return [response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]]
    return [200, ""]


def signatures(argument):
    endpoint, key, secret = argument["endpoint"], argument["key"], argument["secret"]
    for name, pair in [("right", (key, secret)), ("secret", (key, "wrong")), ("key", ("other", secret)), ("none", (None, None))]:
        functions = client(endpoint, "lambda", *pair)
        arn = "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-4000-8000-000000000000"
        outcomes = {
            "list": outcome(functions.list_event_source_mappings, FunctionName="a b:c", MaxItems=3),
            "tags": outcome(functions.list_tags, Resource=arn),
            "untag": outcome(functions.untag_resource, Resource=arn, TagKeys=["b", "a", "c d"]),
            "create": outcome(functions.create_event_source_mapping, FunctionName="f"),
        }
        for protocol in ("json", "smithy-rpc-v2-cbor", "query"):
            metrics = client(endpoint, "cloudwatch", *pair, protocol=protocol)
            outcomes[protocol] = outcome(metrics.list_metrics, Namespace="N")
        report(name, outcomes=outcomes)
    report("done")


main(signatures=signatures)
