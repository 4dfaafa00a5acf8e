"""boto3's Lambda client: it makes the calls that stdin names, and reports their answers and errors."""

import json

import boto3
from botocore.exceptions import ClientError

from program import each_step, main, report


def make(client, call, arguments):
    """Makes a call; `wait` waits with the waiter that its arguments name."""
    if call != "wait":
        return getattr(client, call)(**arguments)
    waiter = client.get_waiter(arguments.pop("waiter"))
    waiter.wait(**arguments)
    return {"ResponseMetadata": {"HTTPStatusCode": 200}}


def call(argument):
    client = boto3.client("lambda", endpoint_url=argument["endpoint"])
    for step in each_step():
        try:
            answer = make(client, step["call"], step["arguments"])
        except ClientError as error:
            response = error.response
            status = response["ResponseMetadata"]["HTTPStatusCode"]
            report("refused", code=response["Error"]["Code"], message=response["Error"]["Message"], status=status)
        else:
            answer["status"] = answer.pop("ResponseMetadata")["HTTPStatusCode"]
            if "Payload" in answer:
                answer["Payload"] = answer["Payload"].read().decode()
            # default=str converts times to text.
            report("answer", value=json.loads(json.dumps(answer, default=str)))


main(call=call)
