"""Reads an event with the data class of AWS Lambda Powertools, and reports each record."""

from aws_lambda_powertools.utilities.data_classes import KafkaEvent

from program import main, report_record


def parse(event):
    for record in KafkaEvent(event).records:
        # `value` of a tombstone raises KeyError; `get` is the dictionary's own.
        value = None if record.get("value") is None else record.decoded_value
        # `decoded_headers` keeps one header of each name.
        headers = [(name, bytes(byte & 0xFF for byte in content)) for header in record.headers for name, content in header.items()]
        report_record(record.topic, record.partition, record.offset, record.timestamp, record.decoded_key, value, headers)


main(parse=parse)
