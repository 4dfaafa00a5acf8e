"""confluent-kafka's schema registry client with its Avro and JSON serializers: they register schemas and produce records, and read back
what they have produced."""

from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from program import main, report

AVRO = """{"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": "long"}, {"name": "customer", "type": ["null", "string"], "default": null}]}"""
AVRO_2 = """{"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": "long"}, {"name": "customer", "type": ["null", "string"], "default": null},
    {"name": "count", "type": "int", "default": 1}]}"""
INCOMPATIBLE = """{"type": "record", "name": "Order", "namespace": "shop", "fields": [{"name": "id", "type": "string"}]}"""
JSON = """{"$schema": "http://json-schema.org/draft-07/schema#", "title": "Order", "type": "object",
    "properties": {"id": {"type": "integer"}}, "required": ["id"]}"""


def round_trip(argument):
    """Produces one record of each type, and reads both back."""
    registry = SchemaRegistryClient({"url": argument["registry"]})
    topic = argument["topic"]
    key, value = (SerializationContext(topic, field) for field in (MessageField.KEY, MessageField.VALUE))
    to_json, to_avro = JSONSerializer(JSON, registry), AvroSerializer(registry, AVRO)
    producer = Producer({"bootstrap.servers": argument["bootstrap_servers"]})
    producer.produce(topic, key=to_json({"id": 7}, key), value=to_avro({"id": 7, "customer": "Ada"}, value), partition=0)
    producer.flush()
    consumer = Consumer(
        {"bootstrap.servers": argument["bootstrap_servers"], "group.id": "registry", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    record = None
    while record is None or record.error():
        record = consumer.poll(1)
    consumer.close()
    # New clients have nothing in their caches.
    registry = SchemaRegistryClient({"url": argument["registry"]})
    report(
        "record",
        key=JSONDeserializer(JSON, schema_registry_client=registry)(record.key(), key),
        value=AvroDeserializer(registry)(record.value(), value),
        framing=[list(record.key()[:5]), list(record.value()[:5])],
    )


def refusal(call):
    try:
        call()
    except SchemaRegistryError as error:
        return [error.http_status_code, error.error_code]
    return None


def every_call(argument):
    """Makes every call of the client that Esmeralda serves, and reports the answers."""
    registry = SchemaRegistryClient({"url": argument["registry"]})
    first, second, incompatible = (Schema(text, "AVRO") for text in (AVRO, AVRO_2, INCOMPATIBLE))
    report("value", of="register", value=[registry.register_schema("s", schema) for schema in (first, second, first)])
    report("value", of="versions", value=registry.get_versions("s"))
    report("value", of="lookup", value=registry.lookup_schema("s", first).version)
    report("value", of="latest", value=registry.get_latest_version("s").version)
    report("value", of="by_id", value=registry.get_schema(1).schema_str == AVRO)
    report("value", of="subjects", value=registry.get_subjects())
    report("value", of="compatible", value=[registry.test_compatibility("s", x) for x in (first, incompatible)])
    report("value", of="incompatible", value=refusal(lambda: registry.register_schema("s", incompatible)))
    report("value", of="level", value=registry.get_compatibility())
    report("value", of="no_level", value=refusal(lambda: registry.get_compatibility("s")))
    registry.set_compatibility("s", "NONE")
    report("value", of="own_level", value=registry.get_compatibility("s"))
    report("value", of="unchecked", value=registry.register_schema("s", incompatible))
    report("value", of="delete_version", value=registry.delete_version("s", 3))
    report("value", of="delete", value=registry.delete_subject("s"))
    report("value", of="gone", value=refusal(lambda: registry.get_versions("s")))
    report("value", of="delete_for_good", value=registry.delete_subject("s", permanent=True))
    report("value", of="no_subject", value=refusal(lambda: registry.delete_subject("s")))


main(round_trip=round_trip, every_call=every_call)
