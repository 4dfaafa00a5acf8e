"""SQS, SNS and S3 as moto serves them, with a queue, a topic and a bucket named `failed`: it reports what has arrived there."""

import json

import boto3
from moto.server import ThreadedMotoServer

from program import each_step, main, report


def serve(argument):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    sqs, sns, s3 = (boto3.client(name, endpoint_url=endpoint) for name in ("sqs", "sns", "s3"))
    queue = sqs.create_queue(QueueName="failed")["QueueUrl"]
    # What the topic is sent is seen in a queue that has subscribed to it.
    subscriber = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    topic = sns.create_topic(Name="failed")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(sqs, subscriber))
    s3.create_bucket(Bucket="failed")
    report("listening", endpoint=endpoint, sqs=arn_of(sqs, queue), sns=topic, s3="arn:aws:s3:::failed")

    def messages(url):
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in received]

    def objects():
        listed = s3.list_objects_v2(Bucket="failed").get("Contents", [])
        bodies = ((entry["Key"], s3.get_object(Bucket="failed", Key=entry["Key"])["Body"]) for entry in listed)
        return [{"key": key, "document": json.loads(body.read())} for key, body in bodies]

    readers = {
        "sqs": lambda: messages(queue),
        "sns": lambda: [json.loads(notice["Message"]) for notice in messages(subscriber)],
        "s3": objects,
    }
    for step in each_step():
        report("arrived", value=readers[step["read"]]())


def arn_of(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


main(serve=serve)
