"""boto3's Lambda client: it makes the calls that stdin names, and reports their answers and errors."""

import json

import boto3
from botocore.exceptions import ClientError

from program import each_step, main, report


def call(argument):
    client = boto3.client("lambda", endpoint_url=argument["endpoint"])
    for step in each_step():
        try:
            answer = getattr(client, step["call"])(**step["arguments"])
        except ClientError as error:
            response = error.response
            status = response["ResponseMetadata"]["HTTPStatusCode"]
            report("refused", code=response["Error"]["Code"], message=response["Error"]["Message"], status=status)
        else:
            answer["status"] = answer.pop("ResponseMetadata")["HTTPStatusCode"]
            # default=str converts times to text.
            report("answer", value=json.loads(json.dumps(answer, default=str)))


main(call=call)
