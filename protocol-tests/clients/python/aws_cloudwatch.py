"""A mapping's metrics through the CloudWatch API, in the protocol that is asked for: json, cbor, or query with an older boto3."""

import datetime
import os

os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from program import main, report

NOW = datetime.datetime.now(datetime.timezone.utc)
INTERVAL = {"StartTime": NOW - datetime.timedelta(hours=1), "EndTime": NOW + datetime.timedelta(hours=1)}


def client(endpoint, protocol):
    session = botocore.session.get_session()
    if protocol == "cbor":
        # boto3 would choose JSON of the protocols that the model lists.
        model = session.get_component("data_loader").load_service_model("cloudwatch", "service-2")
        model["metadata"]["protocols"] = ["smithy-rpc-v2-cbor"]
        model["metadata"]["protocol"] = "smithy-rpc-v2-cbor"
    config = Config(retries={"total_max_attempts": 1}, request_min_compression_size_bytes=128)
    made = boto3.Session(botocore_session=session).client("cloudwatch", endpoint_url=endpoint, config=config)
    report("protocol", name=made.meta.service_model.resolved_protocol if protocol != "query" else made.meta.service_model.metadata["protocol"])
    return made


def refused(call, **members):
    try:
        call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"], type(error).__name__
    raise AssertionError(f"{members} was not refused")


def metrics(argument):
    cloudwatch = client(argument["endpoint"], argument["protocol"])
    dimensions = [{"Name": "EventSourceMappingUUID", "Value": argument["uuid"]}]

    def statistics(name, statistic):
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=name, Dimensions=dimensions, Period=86400, Statistics=[statistic], **INTERVAL
        )
        assert found["Label"] == name, found
        return [[point[statistic], point["Unit"]] for point in found["Datapoints"]]

    def query(number, name, statistic):
        metric = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": dimensions}
        return {"Id": f"q{number}", "MetricStat": {"Metric": metric, "Period": 86400, "Stat": statistic}}

    names = [one["MetricName"] for one in cloudwatch.list_metrics(Namespace="AWS/Lambda", Dimensions=dimensions)["Metrics"]]
    report("listed", names=names)
    report("statistics", values={name: statistics(name, statistic) for name, statistic in argument["wanted"]})
    queries = [query(number, name, statistic) for number, (name, statistic) in enumerate(argument["wanted"])]
    results = cloudwatch.get_metric_data(MetricDataQueries=queries, **INTERVAL)["MetricDataResults"]
    report("data", values={one["Label"]: one["Values"] for one in results}, statuses=[one["StatusCode"] for one in results])

    # Long enough for the client to compress the request, where it does.
    data = [{"MetricName": "own", "Value": number, "Unit": "Count", "Dimensions": [{"Name": "d", "Value": "x" * 40}]} for number in (1, 2.5)]
    namespace = f"Mine/{argument['protocol']}"
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
    found = cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName="own", Dimensions=data[0]["Dimensions"], Period=86400,
        Statistics=["Sum", "Maximum", "SampleCount"], **INTERVAL
    )
    report("own", points=[[point["Sum"], point["Maximum"], point["SampleCount"]] for point in found["Datapoints"]])
    report("refused", errors=[
        refused(cloudwatch.get_metric_statistics, Namespace="N", MetricName="M", Period=90, Statistics=["Sum"], **INTERVAL),
        refused(cloudwatch.get_metric_statistics, Namespace="N", MetricName="M", Period=60, **INTERVAL),
        refused(cloudwatch.describe_alarms),
    ])
    report("done")


main(metrics=metrics)
