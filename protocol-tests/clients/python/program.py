"""The code that the Python client programs share: arguments, steps on stdin, and JSON lines on stdout."""

import json
import queue
import sys
import threading
import traceback


printing = threading.Lock()


def report(event, **members):
    line = json.dumps({"event": event, **members}, ensure_ascii=False) + "\n"
    # A line that is longer than the stream's buffer is written in parts, and another thread may run between them.
    with printing:
        sys.stdout.write(line)
        sys.stdout.flush()


def text(data):
    return None if data is None else bytes(data).decode()


def data(value):
    return None if value is None else value.encode()


def report_record(topic, partition, offset, timestamp, key, value, headers):
    report(
        "record",
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=timestamp,
        key=text(key),
        value=text(value),
        headers=[[name, text(content)] for name, content in headers or []],
    )


def steps():
    """Returns a queue of the steps on stdin. None marks the end."""
    pending = queue.Queue()

    def read():
        for line in sys.stdin:
            pending.put(json.loads(line))
        pending.put(None)

    threading.Thread(target=read, daemon=True).start()
    return pending


def each_step():
    """Yields the steps on stdin, one after another."""
    for line in sys.stdin:
        yield json.loads(line)


def report_delivery(value, error=None):
    if error is None:
        report("acknowledged", value=value)
    else:
        report("refused", value=value, message=str(error))


def main(**modes):
    mode, argument = sys.argv[1], json.loads(sys.argv[2])
    try:
        modes[mode](argument)
    except BaseException as error:
        traceback.print_exc()
        report("error", message=f"{type(error).__name__}: {error}")
        sys.exit(1)
