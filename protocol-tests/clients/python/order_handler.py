"""A function for awslambdaric. It notes each invocation in the file NOTES, fails for a record `poison`, and ends for a record `crash`."""

import base64
import json
import os


def handler(event, context):
    records = [record for partition in event.get("records", {}).values() for record in partition]
    values = [base64.b64decode(record["value"]).decode() for record in records]
    note = {
        "values": values,
        "process": os.getpid(),
        "request_id": context.aws_request_id,
        "function_arn": context.invoked_function_arn,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "setting": os.environ.get("SETTING"),
    }
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(json.dumps(note) + "\n")
    print("handling", ",".join(values))
    if "crash" in values:
        os._exit(3)
    if "poison" in values:
        raise ValueError("poison")
    return note
