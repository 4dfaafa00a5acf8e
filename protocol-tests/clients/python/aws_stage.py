"""What the rows of AWS's contract run on: boto3, the AWS CLI, plain HTTP, a function and a producer; and the list of rows."""

import base64
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from program import report

ACCOUNT = "000000000000"
REGION = "us-east-1"
MAPPINGS = "/2015-03-31/event-source-mappings"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
PATIENCE_S = 60

ROWS = []


def row(name):
    """Adds a function to the rows, under the name of its row in the contract."""

    def add(check):
        ROWS.append((name, check))
        return check

    return add


def run(stage):
    """Runs every row and reports each by its name. A row that fails does not keep the others from running."""
    for name, check in ROWS:
        try:
            check(stage)
        except Exception as error:
            report("row", name=name, passed=False, reason=f"{type(error).__name__}: {error}")
        else:
            report("row", name=name, passed=True)


def same(found, expected, what=""):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"


def has(found, expected):
    for name, value in expected.items():
        same(found.get(name), value, name)


def until(what, holds):
    end = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.02)
    return found


class Function:
    """A function behind the Lambda Invoke API: `answers` has what it does with its next events, `events` what it was given,
    and `sizes` the bytes of each event."""

    def __init__(self):
        function = self
        self.events = {}
        self.sizes = {}
        self.answers = {}
        self.lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                name = self.path.split("/")[3]
                with function.lock:
                    function.events.setdefault(name, []).append(json.loads(body))
                    function.sizes.setdefault(name, []).append(len(body))
                    answers = function.answers.get(name, [])
                    status, headers, answer = answers.pop(0) if answers else (200, {}, b"null")
                self.send_response(status)
                for header, value in headers.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def will(self, name, *answers):
        with self.lock:
            self.answers[name] = list(answers)

    def records(self, name):
        """Returns the records that the function was given, in order, with repetitions."""
        with self.lock:
            events = list(self.events.get(name, []))
        return [record for event in events for records in event["records"].values() for record in records]

    def offsets(self, name):
        """Returns the offsets of each event."""
        with self.lock:
            events = list(self.events.get(name, []))
        return [[record["offset"] for records in event["records"].values() for record in records] for event in events]


FAILS = (200, {"X-Amz-Function-Error": "Unhandled"}, b'{"errorMessage":"no","errorType":"Error"}')
THROTTLES = (429, {"X-Amzn-ErrorType": "TooManyRequestsException"}, b'{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}')


def responds(body):
    return (200, {}, json.dumps(body).encode())


class Answering:
    """A server that answers every GET with one status."""

    def __init__(self, status):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Stage:
    """The product that the rows run against."""

    def __init__(self, endpoint, bootstrap, function):
        self.endpoint = endpoint
        self.bootstrap = bootstrap
        self.function = function
        # Without retries and without checks before a request is sent: what the service answers is what is asked for here.
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        self.client = boto3.client("lambda", endpoint_url=endpoint, config=config)
        self.checked = boto3.client("lambda", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}))
        self.cloudwatch = boto3.client("cloudwatch", endpoint_url=endpoint, config=config)
        self.producer = self.new_producer()
        self.admin = AdminClient({"bootstrap.servers": bootstrap})
        self.number = 0

    def new_producer(self):
        return Producer({"bootstrap.servers": self.bootstrap, "message.max.bytes": 8_000_000})

    def name(self, kind):
        """Returns a name of its own, so that rows do not meet."""
        self.number += 1
        return f"{kind}-{self.number}"

    def source(self):
        return {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": self.bootstrap.split(",")}}

    def minimal(self, **members):
        """Returns the members of a valid create, of a function and a topic of its own."""
        body = {
            "FunctionName": self.name("function"),
            "Topics": [self.name("topic")],
            "SelfManagedEventSource": self.source(),
            "MaximumBatchingWindowInSeconds": 0,
        }
        body.update(members)
        return {name: value for name, value in body.items() if value is not None}

    def create(self, **members):
        return self.client.create_event_source_mapping(**self.minimal(**members))

    def settled(self, uuid):
        def stable():
            view = self.client.get_event_source_mapping(UUID=uuid)
            return view if view["State"] in ("Enabled", "Disabled") else None

        return until(f"{uuid} is settled", stable)

    def enabled(self, **members):
        return self.settled(self.create(**members)["UUID"])

    def update(self, uuid, **members):
        return self.client.update_event_source_mapping(UUID=uuid, **members)

    def updated(self, uuid, **members):
        self.update(uuid, **members)
        return self.settled(uuid)

    def delete(self, uuid):
        return self.client.delete_event_source_mapping(UUID=uuid)

    def refused(self, call, *arguments, **members):
        """Makes a call that must be refused, and returns status, code and message."""
        try:
            call(*arguments, **members)
        except ClientError as error:
            response = error.response
            return (
                response["ResponseMetadata"]["HTTPStatusCode"],
                response["Error"]["Code"],
                response["Error"]["Message"],
            )
        raise AssertionError(f"{members} was not refused")

    def refuses(self, expected, **members):
        """Checks that a create with these members is refused."""
        same(self.refused(self.create, **members), expected)

    def invalid(self, message, **members):
        self.refuses((400, "InvalidParameterValueException", message), **members)

    def violates(self, message, **members):
        self.refuses((400, "ValidationException", f"1 validation error detected: {message}"), **members)

    def raw(self, method, path, body=None, headers=None):
        """Sends a request as it is written, and returns status, headers and body."""
        data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        request = urllib.request.Request(self.endpoint + path, data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def cli(self, *arguments):
        """Runs the AWS CLI and returns its output."""
        command = [sys.executable, str(Path(sys.executable).parent / "aws"), "--endpoint-url", self.endpoint, "--output", "json"]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, env=os.environ)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def topic(self, partitions=1, **configs):
        name = self.name("topic")
        new = NewTopic(name, partitions, config={key.replace("_", "."): str(value) for key, value in configs.items()})
        for created in self.admin.create_topics([new]).values():
            created.result()
        return name

    def add_partitions(self, topic, count):
        """Raises a topic's number of partitions to `count`."""
        for created in self.admin.create_partitions([NewPartitions(topic, count)]).values():
            created.result()
        # A new one, because the producer would learn of the partitions after minutes only.
        self.producer = self.new_producer()

    def produce(self, topic, *values, partition=0, **more):
        for value in values:
            self.producer.produce(topic, value=value, partition=partition, **more)
        same(self.producer.flush(PATIENCE_S), 0, "records in the producer's queue")

    def committed(self, group, topic, partition=0):
        from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

        asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, partition)])
        answer = list(self.admin.list_consumer_group_offsets([asked]).values())[0].result()
        return answer.topic_partitions[0].offset

    def metric(self, mapping, name, statistic):
        """Returns a statistic of a mapping's metric for each of the last minutes that have it."""
        now = datetime.now(timezone.utc)
        answer = self.cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "EventSourceMappingUUID", "Value": mapping["UUID"]}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=60,
            Statistics=[statistic],
        )
        return [point[statistic] for point in answer["Datapoints"]]


def text(record):
    return base64.b64decode(record["value"]).decode()


def values(stage, name):
    return [text(record) for record in stage.function.records(name)]


def receives(stage, name, expected):
    """Waits until the function was given these values, and no others."""
    until(f"{name} is given {len(expected)} records", lambda: len(values(stage, name)) >= len(expected))
    same(values(stage, name), expected)


def committed(stage, mapping, offset):
    group = mapping["SelfManagedKafkaEventSourceConfig"]["ConsumerGroupId"]
    topic = mapping["Topics"][0]
    until(f"offset {offset} is committed", lambda: stage.committed(group, topic) == offset)


def name_of(mapping):
    return mapping["FunctionArn"].split(":")[6]
