#!/usr/bin/env python3
"""Writes the parts of the broker that Apache Kafka's message definitions determine.

    broker/messages/generate.py            writes the files
    broker/messages/generate.py --check    compares them with what is checked in, and fails if they differ

The definitions are the JSON files `common/message/*.json` in the jar kafka-clients, which Maven fetches (or `--jar FILE`
names). rustfmt formats what needs it. To serve another API, add its name to SERVED, and to NEWER if the crate
`kafka-protocol` lacks one of its versions; then run this script.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from pathlib import Path

KAFKA = "4.4.0"

# The APIs that the broker serves. Their requests get a shape and samples.
SERVED = """
    Produce Fetch ListOffsets Metadata OffsetCommit OffsetFetch FindCoordinator JoinGroup Heartbeat LeaveGroup SyncGroup
    DescribeGroups ListGroups ApiVersions CreateTopics DeleteTopics DeleteRecords InitProducerId OffsetForLeaderEpoch
    DescribeConfigs AlterConfigs DescribeLogDirs CreatePartitions DeleteGroups IncrementalAlterConfigs OffsetDelete
    DescribeCluster DescribeProducers DescribeTopicPartitions UpdateFeatures
    ConsumerGroupHeartbeat ConsumerGroupDescribe
    GetTelemetrySubscriptions PushTelemetry ListConfigResources
    DescribeQuorum UnregisterBroker UnregisterController AddRaftVoter RemoveRaftVoter DescribeAcls CreateAcls DeleteAcls
    CreateDelegationToken RenewDelegationToken ExpireDelegationToken DescribeDelegationToken SaslHandshake SaslAuthenticate
    AddPartitionsToTxn AddOffsetsToTxn EndTxn WriteTxnMarkers TxnOffsetCommit DescribeTransactions ListTransactions
    ElectLeaders AlterPartitionReassignments ListPartitionReassignments AlterReplicaLogDirs
""".split()

# Those of them that have a version which kafka-protocol 0.18 (Kafka 4.1) lacks. Their messages get types.
NEWER = "ListOffsets OffsetCommit OffsetFetch ApiVersions DescribeLogDirs DeleteGroups AddRaftVoter UnregisterController WriteTxnMarkers TxnOffsetCommit".split()

ROOT = Path(__file__).resolve().parents[2]
SHAPES = Path("broker/src/bounds/requests/table.rs")
SAMPLES = Path("broker/src/bounds/tests/samples/table.rs")
MESSAGES = Path("broker/src/messages")

# Written by hand, beside the files that this script writes.
BY_HAND = {MESSAGES / "codec.rs", MESSAGES / "declaration.rs", MESSAGES / "tests.rs"}

NOTICE = f"// Written by broker/messages/generate.py from the message definitions of Apache Kafka {KAFKA}. Do not edit.\n"

# Kafka's last version, where a range has no end.
ENDLESS = 32767


# The definitions


class Struct:
    """A message, or a struct in it: its name and its fields."""

    def __init__(self, name, fields):
        self.name = name
        self.fields = fields


class Field:
    """A field, with its range of versions cut to those of the message."""

    def __init__(self, definition, versions, struct):
        self.name = definition["name"]
        self.is_array = definition["type"].startswith("[]")
        self.type = definition["type"].removeprefix("[]")
        self.struct = struct
        self.entity = definition.get("entityType")
        self.versions = cut(version_range(definition["versions"]), versions)
        nullable = version_range(definition.get("nullableVersions", "none"))
        self.nullable_from = nullable[0] if nullable else None
        self.is_ignorable = definition.get("ignorable", False)
        self.default = definition.get("default")
        self.tag = definition.get("tag")
        if self.tag is not None:
            tagged = version_range(definition["taggedVersions"])
            assert cut(tagged, versions) == self.versions, f"{self.name} is tagged in some of its versions only"

    @property
    def rust_name(self):
        return snake(self.name)


class Message:
    """A request or a response."""

    def __init__(self, definition):
        self.name = definition["name"]
        self.key = definition["apiKey"]
        first, last = version_range(definition["validVersions"])
        # Kafka does not advertise an unstable version unless `unstable.api.versions.enable` is set.
        self.versions = (first, last - 1 if definition.get("latestVersionUnstable") else last)
        flexible = version_range(definition["flexibleVersions"])
        self.flexible_from = flexible[0] if flexible else None
        self.common = {struct["name"]: struct for struct in definition.get("commonStructs", [])}
        self.structs = {}
        self.root = self.struct(definition["name"], definition["fields"])

    def struct(self, name, definitions):
        fields = []
        for definition in definitions:
            if cut(version_range(definition["versions"]), self.versions):
                fields.append(Field(definition, self.versions, self.struct_of(definition)))
        self.structs[name] = Struct(name, fields)
        return self.structs[name]

    def struct_of(self, definition):
        name = definition["type"].removeprefix("[]")
        if name[0].islower():
            return None
        if name in self.structs:
            return self.structs[name]
        return self.struct(name, definition.get("fields") or self.common[name]["fields"])

    @property
    def module(self):
        return snake(self.name)


def version_range(text):
    """The first and last version of `3+`, `0-2`, `1` or `none`."""
    if text == "none":
        return None
    first, plus, _ = text.partition("+")
    if plus:
        return int(first), ENDLESS
    first, dash, last = text.partition("-")
    return int(first), int(last if dash else first)


def cut(versions, bounds):
    """The versions that both ranges have, or None."""
    if versions is None:
        return None
    first, last = max(versions[0], bounds[0]), min(versions[1], bounds[1])
    return (first, last) if first <= last else None


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def read_definitions(jar):
    """Reads the requests and responses of the jar, by name."""
    definitions = {}
    with zipfile.ZipFile(jar) as archive:
        for path in archive.namelist():
            if re.fullmatch(r"common/message/\w+(Request|Response)\.json", path):
                text = archive.read(path).decode()
                definition = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
                definitions[definition["name"]] = definition
    return definitions


def fetch_jar(directory):
    """Fetches the jar through Maven, which keeps what it has fetched before."""
    artifact = f"org.apache.kafka:kafka-clients:{KAFKA}"
    command = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={directory}"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    return Path(directory) / f"kafka-clients-{KAFKA}.jar"


# The shapes of requests


CONSTRUCTORS = {
    "bool": "boolean", "int8": "int8", "int16": "int16", "uint16": "int16", "int32": "int32", "uint32": "int32",
    "int64": "int64", "float64": "int64", "uuid": "uuid", "string": "string", "bytes": "bytes", "records": "records",
}  # fmt: skip
KINDS = {
    "bool": ("BOOLEAN", "Kind::Fixed(1)"), "int8": ("INT8", "Kind::Fixed(1)"), "int16": ("INT16", "Kind::Fixed(2)"),
    "int32": ("INT32", "Kind::Fixed(4)"), "int64": ("INT64", "Kind::Fixed(8)"), "uuid": ("UUID", "Kind::Fixed(16)"),
    "string": ("STRING", "Kind::String"), "bytes": ("BYTES", "Kind::Bytes"),
}  # fmt: skip


class Shapes:
    """The table that `bounds` walks by. Only sizes matter to it."""

    def __init__(self, requests):
        self.constructors = set()
        self.kinds = set()
        self.requests = requests

    def text(self):
        body = "".join(self.request(request) for request in self.requests)
        names = sorted(self.constructors)
        if "Request {" in body and any(request.flexible_from is None for request in self.requests):
            names.append("NEVER")
        if self.kinds:
            names.append("Kind")
        kinds = "".join(
            f"const {name}: Kind = {kind};\n" for name, kind in dict(KINDS[type] for type in sorted(self.kinds)).items()
        )
        return (
            "//! The served requests, field by field in the order of the wire.\n\n"
            f"{NOTICE}\n"
            f"use super::super::shape::{{Request, {', '.join(names)}}};\n\n"
            f"{kinds}\n"
            f"pub(in super::super) static REQUESTS: &[Request] = &[{body}];\n"
        )

    def request(self, request):
        flexible_from = "NEVER" if request.flexible_from is None else request.flexible_from
        return (
            f'Request {{ name: "{request.name.removesuffix("Request")}", api_key: {request.key}, '
            f"first_version: {request.versions[0]}, last_version: {request.versions[1]}, "
            f"flexible_from: {flexible_from}, fields: {self.fields(request.root, request.versions)} }},"
        )

    def fields(self, struct, versions):
        return "&[" + ", ".join(self.field(field, versions) for field in struct.fields) + "]"

    def field(self, field, versions):
        """The field of a struct that exists in these versions."""
        text = self.constructor(field)
        if field.versions[0] > versions[0]:
            text += f".since({field.versions[0]})"
        if field.versions[1] < versions[1]:
            text += f".until({field.versions[1]})"
        if field.nullable_from is not None and field.nullable_from <= field.versions[1]:
            text += f".nullable({field.nullable_from})"
        if field.tag is not None:
            text += f".tagged({field.tag})"
        return text

    def constructor(self, field):
        if field.struct and field.is_array:
            self.constructors.update(["array", "of"])
            return f'array("{field.name}", &of({self.fields(field.struct, field.versions)}))'
        if field.struct:
            self.constructors.add("structure")
            return f'structure("{field.name}", {self.fields(field.struct, field.versions)})'
        if field.is_array:
            self.constructors.add("array")
            self.kinds.add(field.type)
            return f'array("{field.name}", &{KINDS[field.type][0]})'
        constructor = CONSTRUCTORS[field.type]
        self.constructors.add(constructor)
        return f'{constructor}("{field.name}")'


# The samples that tests encode


def samples(requests, messages):
    """The fields of every served request, and of the responses that have types of ours."""
    newer = [message for message in messages if message.name.endswith("Response")]
    text = (
        "//! The fields of the requests that samples are made of, with their versions.\n\n"
        f"{NOTICE}\n"
        "use kafka_protocol::messages as crates;\n\n"
        "use super::{Case, Sample, Source, decode, encode, list_cases, samples, tagging};\n"
        "use crate::messages as ours;\n\n"
    )
    for tagging in ("tagged", "untagged"):
        blocks = []
        for message in requests + newer:
            if (message.flexible_from is None) == (tagging == "untagged"):
                blocks += [sample(message, struct) for struct in message.structs.values()]
        text += f"samples! {{\n    {tagging}:\n{''.join(blocks)}}}\n\n"
    types = "".join(f"    {home(request)}::{request.name}\n" for request in requests)
    return text + f"list_cases! {{\n{types}}}\n"


def home(message):
    """The module that has the types of the message."""
    return "ours" if re.sub("(Request|Response)$", "", message.name) in NEWER else "crates"


def sample(message, struct):
    is_root = struct is message.root
    path = f"{home(message)}::{struct.name if is_root else f'{message.module}::{struct.name}'}"
    fields = []
    for field in struct.fields:
        text = f"{field.rust_name} {field.versions[0]}"
        if field.versions[1] < message.versions[1]:
            text += f" to {field.versions[1]}"
        if field.nullable_from is not None and field.nullable_from <= field.versions[1]:
            text += f" null {max(field.nullable_from, field.versions[0])}"
        fields.append(text)
    # A field stays on one line with its versions.
    lines = textwrap.wrap(", ".join(field.replace(" ", "\0") for field in fields), 98, break_long_words=False)
    lines = [line.replace("\0", " ") for line in lines]
    if len(lines) == 1 and len(path) + len(lines[0]) < 98:
        return f"    {path} {{ {lines[0]} }}\n"
    return f"    {path} {{\n" + "".join(f"        {line}\n" for line in lines) + "    }\n"


# The types of messages


ENTITIES = {
    "groupId": "GroupId", "topicName": "TopicName", "brokerId": "BrokerId", "producerId": "ProducerId",
    "transactionalId": "TransactionalId",
}  # fmt: skip
TYPES = {
    "bool": "bool", "int8": "i8", "int16": "i16", "uint16": "u16", "int32": "i32", "uint32": "u32", "int64": "i64",
    "float64": "f64", "uuid": "Uuid", "string": "StrBytes", "bytes": "Bytes", "records": "Bytes",
}  # fmt: skip


def message_file(message, response):
    """The types of one request or response; `response` is the name of the request's answer."""
    body = "".join("\n" + message_struct(message, struct) for struct in reversed(message.structs.values()))
    if response:
        body += f"\nrequest!({message.name}, {message.key}, flexible {message.flexible_from}, {response});\n"
    elif message.key == 18:
        # Its header has no tagged fields, so that a client which asks in a version too new can read the answer (KIP-511).
        body += f"\nresponse!({message.name}, never flexible);\n"
    else:
        body += f"\nresponse!({message.name}, flexible {message.flexible_from});\n"
    used = set(re.findall(r"\w+", re.sub(r"^\s*///.*$", "", body, flags=re.MULTILINE)))
    imports = "use bytes::Bytes;\n" if "Bytes" in used else ""
    entities = sorted(used & set(ENTITIES.values()))
    if entities:
        imports += f"use kafka_protocol::messages::{{{', '.join(entities)}}};\n"
    if "StrBytes" in used:
        imports += "use kafka_protocol::protocol::StrBytes;\n"
    if "Uuid" in used:
        imports += "use uuid::Uuid;\n"
    macros = "message, request" if response else "message, response"
    imports += f"use super::declaration::{{{macros}}};\n"
    if response:
        imports += f"use super::{response};\n"
    return f"//! {message.name}, versions {message.versions[0]} to {message.versions[1]}.\n\n{NOTICE}\n{imports}{body}"


def message_struct(message, struct):
    fields = "".join(message_field(field) for field in struct.fields)
    about = f"Kafka's `{struct.name}`." if struct is message.root else f"A part of Kafka's `{message.name}`."
    first, last = message.versions
    return (
        "message! {\n"
        f"    /// {about}\n"
        f"    {struct.name}: {first} to {last}, flexible {message.flexible_from} {{\n{fields}    }}\n}}\n"
    )


def message_field(field):
    options = f" tag {field.tag}" if field.tag is not None else ""
    options += " else dropped" if field.is_ignorable else ""
    first, last = field.versions
    return (
        f"        {field.rust_name} with_{field.rust_name}: {rust_type(field)}{default(field)}, "
        f"{first} to {last}{options};\n"
    )


def rust_type(field):
    name = field.struct.name if field.struct else ENTITIES.get(field.entity, TYPES.get(field.type))
    if field.is_array:
        name = f"Vec<{name}>"
    return f"Option<{name}>" if field.nullable_from is not None else name


def default(field):
    """Returns the field's value in a version that lacks it, unless it is that of the type: ` = VALUE`."""
    given = field.default
    if field.nullable_from is not None:
        return "" if given == "null" else " = Some(Default::default())"
    if given in (None, "", False, "false") or field.is_array or field.struct:
        return ""
    if field.type == "bool":
        return " = true"
    if field.type == "string":
        return f' = StrBytes::from_static_str("{given}")'
    number = int(str(given), 0)
    if number == 0:
        return ""
    return f" = {ENTITIES[field.entity]}({number})" if field.entity in ENTITIES else f" = {number}"


def message_index(messages):
    modules = "".join(f"pub mod {message.module};\n" for message in messages)
    exports = "".join(f"pub use {message.module}::{message.name};\n" for message in messages)
    return (
        "//! Messages of Kafka that the crate `kafka-protocol` has only in older versions, with the same traits and names.\n"
        "//!\n"
        "//! Owns: their types and how they are encoded. Refuses to know what a field means.\n\n"
        f"{NOTICE}\n"
        f"mod codec;\nmod declaration;\n{modules}#[cfg(test)]\nmod tests;\n\n{exports}"
    )


# The command


def rustfmt(text):
    command = ["rustfmt", "--edition", "2024", "--config-path", str(ROOT / "rustfmt.toml")]
    return subprocess.run(command, input=text, check=True, stdout=subprocess.PIPE, text=True).stdout


def generate(jar):
    """Returns the text of every file, by its path."""
    definitions = read_definitions(jar)
    requests = [Message(definitions[f"{name}Request"]) for name in SERVED]
    messages = []
    files = {SHAPES: Shapes(requests).text()}
    for name in NEWER:
        request, response = (Message(definitions[name + kind]) for kind in ("Request", "Response"))
        messages += [request, response]
        files[MESSAGES / f"{request.module}.rs"] = message_file(request, response.name)
        files[MESSAGES / f"{response.module}.rs"] = message_file(response, None)
    messages.sort(key=lambda message: message.module)
    files[SAMPLES] = samples(requests, messages)
    files[MESSAGES / "mod.rs"] = message_index(messages)
    return {path: rustfmt(text) for path, text in files.items()}


def differences(files):
    """The files that are not as this script writes them, and those that it would not write."""
    present = {path.relative_to(ROOT) for path in (ROOT / MESSAGES).glob("*.rs")} - BY_HAND
    changed = [path for path, text in files.items() if not (ROOT / path).exists() or (ROOT / path).read_text() != text]
    return sorted(changed) + sorted(present - files.keys())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jar", type=Path, help="the jar kafka-clients; without it Maven fetches it")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        files = generate(arguments.jar or fetch_jar(directory))
    if arguments.check:
        different = differences(files)
        for path in different:
            print(f"{path} is not what broker/messages/generate.py writes: run it", file=sys.stderr)
        return 1 if different else 0
    for path, text in files.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)
    return 0


if __name__ == "__main__":
    for program in ("rustfmt",):
        if not shutil.which(program):
            sys.exit(f"{program} is not on the PATH")
    sys.exit(main())
