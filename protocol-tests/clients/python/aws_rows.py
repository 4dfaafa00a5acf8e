"""The contract of the event source mapping, row by row: boto3 and the AWS CLI go through what AWS documents.

It starts a function, reports its URL, and waits for the product's addresses on stdin."""

import importlib
import os

os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")

from aws_stage import Function, Stage, run
from program import each_step, main, report


def rows(argument):
    importlib.import_module(f"aws_rows_{argument['plane']}")
    function = Function()
    report("listening", url=function.url)
    step = next(each_step())
    run(Stage(step["endpoint"], step["bootstrap"], function))
    report("done")


main(rows=rows)
