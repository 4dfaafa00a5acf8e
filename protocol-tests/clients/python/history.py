"""The program of confluent-kafka (librdkafka) for the history checker. See History.java for its modes; each does the same here."""

import os
import random
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from program import each_step, main, report

# The largest transaction of a producer.
MOST_RECORDS = 100
PATIENCE_SECONDS = 20
PROGRESS_SECONDS = 0.1
COMMIT_SECONDS = 0.1


class Fenced(Exception):
    """Another process has the transactional id, or the client cannot go on for another reason."""


class History:
    """The file of lines, each about something that the client has told."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="ascii", buffering=1 << 16)

    def write(self, kind, *numbers):
        self.file.write(kind)
        for number in numbers:
            self.file.write(f" {number}")
        self.file.write("\n")

    def flush(self):
        self.file.flush()


def now_us():
    return time.time_ns() // 1000


def stop_request():
    """Returns an event that is set by the first line on stdin, or its end."""
    stopping = threading.Event()

    def read():
        next(each_step(), None)
        stopping.set()

    threading.Thread(target=read, daemon=True).start()
    return stopping


class Writer:
    """A producer that numbers its records and its transactions."""

    def __init__(self, argument, history):
        self.history = history
        self.number = argument["producer"]
        self.chance = random.Random(argument["seed"])
        self.sequence = 0
        self.transaction = -1
        self.acknowledged = 0
        config = {"bootstrap.servers": argument["bootstrap"], "compression.type": argument["compression"]}
        if argument.get("transactional_id"):
            config["transactional.id"] = argument["transactional_id"]
            config["transaction.timeout.ms"] = argument["transaction_timeout_ms"]
        else:
            config["enable.idempotence"] = True
        self.client = Producer(config)

    def send(self, topic, partition, size, source=()):
        sequence = self.sequence
        self.sequence += 1
        words = [self.number, sequence, self.transaction if size else -1, size, *source]
        value = " ".join(map(str, words)) + " " + "." * self.chance.randint(1, 100)

        def delivered(error, message):
            if error is None:
                self.history.write("a", sequence, partition, message.offset())
                self.acknowledged += 1

        while True:
            try:
                self.client.produce(topic, value=value, partition=partition, on_delivery=delivered)
                break
            except BufferError:
                self.client.poll(0.1)
        self.client.poll(0)

    def call(self, call):
        """Repeats a call of the transaction until it succeeds, fails for good, or has been tried for long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return call(PATIENCE_SECONDS)
            except KafkaException as error:
                print("once more:", error, file=sys.stderr)
                if not error.args[0].retriable() or time.monotonic() > deadline:
                    raise

    def initialize(self):
        try:
            self.call(self.client.init_transactions)
        except KafkaException as error:
            raise Fenced(str(error)) from error

    def transact(self, commits, steps, done=lambda: None):
        """Runs `steps` in a transaction. Returns whether it was committed."""
        self.transaction += 1
        try:
            self.client.begin_transaction()
            steps()
            if commits:
                self.client.flush(PATIENCE_SECONDS)
                self.history.write("t", self.transaction)
                self.history.flush()
                self.call(self.client.commit_transaction)
                self.history.write("c", self.transaction)
                done()
                self.history.flush()
                return True
        except KafkaException as error:
            if not error.args[0].txn_requires_abort():
                raise Fenced(str(error)) from error
        try:
            self.call(self.client.abort_transaction)
        except KafkaException as error:
            raise Fenced(str(error)) from error
        self.history.write("x", self.transaction)
        return False


def produce(argument, history):
    stopping = stop_request()
    writer = Writer(argument, history)
    is_transactional = bool(argument.get("transactional_id"))
    if is_transactional:
        writer.initialize()
    started = reported = time.monotonic()
    while not stopping.is_set():
        size = writer.chance.randint(1, MOST_RECORDS)

        def send(count):
            for _ in range(count):
                partition = writer.chance.randrange(argument["partitions"])
                writer.send(argument["topic"], partition, size if is_transactional else 0)

        if is_transactional:
            commits = writer.chance.randrange(10) > 0
            # One that is aborted may be so half way.
            writer.transact(commits, lambda: send(size if commits else writer.chance.randint(1, size)))
        else:
            send(size)
        if time.monotonic() - reported > PROGRESS_SECONDS:
            reported = time.monotonic()
            report("progress", records=writer.acknowledged)
        while writer.sequence / argument["records_per_second"] > time.monotonic() - started and not stopping.is_set():
            writer.client.poll(0.01)
    writer.client.flush(PATIENCE_SECONDS)
    report("progress", records=writer.acknowledged)


class Reader:
    """A member of a group that knows what its group has committed."""

    def __init__(self, argument, history):
        self.history = history
        self.topic = argument["topic"]
        # The offset after the last record, of partitions where it is not committed.
        self.next = {}
        config = {
            "bootstrap.servers": argument["bootstrap"],
            "group.id": argument["group"],
            "isolation.level": argument["isolation"],
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
        if argument["protocol"] == "consumer":
            config["group.protocol"] = "consumer"
        else:
            config["partition.assignment.strategy"] = argument["assignor"]
            config["session.timeout.ms"] = argument["session_timeout_ms"]
            config["heartbeat.interval.ms"] = argument["session_timeout_ms"] // 10
        self.client = Consumer(config)

    def fetch_committed(self, partitions):
        """Returns the committed offsets; the negative ones are of partitions without."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            asked = now_us()
            try:
                found = self.client.committed(partitions, PATIENCE_SECONDS)
                errors = [one.error for one in found if one.error is not None]
                if not errors:
                    break
                raise KafkaException(errors[0])
            except KafkaException as error:
                if time.monotonic() > deadline:
                    raise Fenced(str(error)) from error
        for one in found:
            self.history.write("q", one.partition, max(one.offset, -1), asked)
        return found

    def position(self, partitions):
        found = self.fetch_committed(partitions)
        for one in found:
            self.history.write("p", one.partition, max(one.offset, 0))
            self.next.pop(one.partition, None)
        return found

    def commit(self):
        offsets = [TopicPartition(self.topic, partition, offset) for partition, offset in self.next.items()]
        if not offsets:
            return
        # What is below the offsets was read, even if the process is killed now.
        self.history.flush()
        try:
            for one in self.client.commit(offsets=offsets, asynchronous=False):
                if one.error is None:
                    self.history.write("o", one.partition, one.offset, now_us())
        except KafkaException:
            # The group has changed, or the answer was lost: somebody reads from the last commit again.
            return
        self.next.clear()

    def poll(self, patience):
        """Returns the next record, or None if there is none yet."""
        message = self.client.poll(patience)
        if message is None or message.error() is None:
            return message
        if message.error().fatal():
            raise Fenced(str(message.error()))
        return None

    def revoked(self, partitions):
        self.commit()
        self.lost(partitions)

    def lost(self, partitions):
        for one in partitions:
            self.next.pop(one.partition, None)


def consume(argument, history):
    stopping = stop_request()
    reader = Reader(argument, history)
    reader.client.subscribe(
        [reader.topic],
        on_assign=lambda _, partitions: reader.position(partitions),
        on_revoke=lambda _, partitions: reader.revoked(partitions),
        on_lost=lambda _, partitions: reader.lost(partitions),
    )
    committed = time.monotonic()
    while not stopping.is_set():
        message = reader.poll(0.1)
        if message is not None:
            history.write("r", message.partition(), message.offset(), message.value().decode())
            reader.next[message.partition()] = message.offset() + 1
        if time.monotonic() - committed > COMMIT_SECONDS:
            reader.commit()
            committed = time.monotonic()
    reader.commit()
    reader.client.close()


def transform(argument, history):
    stopping = stop_request()
    writer = Writer(argument, history)
    writer.initialize()
    reader = Reader(argument, history)
    records = []

    def taken(_, partitions):
        # Another member reads them from the last commit on.
        gone = {one.partition for one in partitions}
        records[:] = [message for message in records if message.partition() not in gone]

    reader.client.subscribe(
        [reader.topic],
        on_assign=lambda _, partitions: reader.fetch_committed(partitions),
        on_revoke=taken,
        on_lost=taken,
    )
    while not stopping.is_set():
        patience = 0 if records else 0.1
        while (message := reader.poll(patience)) is not None:
            records.append(message)
            if len(records) >= MOST_RECORDS:
                break
            patience = 0
        # What is not committed stays for the next transaction, unless another member reads it.
        if records and transform_batch(writer, reader, argument["output"], records):
            records.clear()
    reader.client.close()


def transform_batch(writer, reader, output, records):
    """Writes what is made of the records, with their offsets, in a transaction. Returns whether it was committed."""
    ends = {message.partition(): message.offset() + 1 for message in records}

    def steps():
        for message in records:
            producer, sequence = message.value().decode().split(" ", 2)[:2]
            source = (message.partition(), message.offset(), producer, sequence)
            writer.send(output, message.partition(), len(records), source)
        offsets = [TopicPartition(reader.topic, partition, offset) for partition, offset in ends.items()]
        metadata = reader.client.consumer_group_metadata()
        writer.call(lambda patience: writer.client.send_offsets_to_transaction(offsets, metadata, patience))

    def done():
        for partition, offset in ends.items():
            writer.history.write("o", partition, offset, now_us())

    return writer.transact(writer.chance.randrange(20) > 0, steps, done)


def reporting(mode):
    def run(argument):
        history = History(argument["history"])
        try:
            mode(argument, history)
            history.flush()
            report("stopped")
        except Fenced as error:
            history.flush()
            report("fenced", message=str(error))
        # A client that was fenced may wait for long when it is freed.
        os._exit(0)

    return run


main(produce=reporting(produce), consume=reporting(consume), transform=reporting(transform))
