#!/usr/bin/env python3
"""Writes the tables of configs that Apache Kafka's own classes define.

    broker/configs/generate.py            writes the tables
    broker/configs/generate.py --check    compares them with what is checked in, and fails if they differ

Definitions.java reads the definitions from Kafka's jars, which Maven fetches (or `--jars DIRECTORY` holds), and prints
them; this script writes them as Rust. The effect of each config in this cluster, and its documentation, are written by
hand in the files keys.rs of broker/src/config, broker/src/topic/config and broker/src/group/config.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

KAFKA = "4.4.0"
ROOT = Path(__file__).resolve().parents[2]
TABLES = Path("broker/src/config/tables")
NOTICE = f"// Written by broker/configs/generate.py from the classes of Apache Kafka {KAFKA}. Do not edit.\n"
ABOUT = {
    "broker": "Broker configs. Source: Kafka's `AbstractKafkaConfig.CONFIG_DEF`, `QuotaConfig` and `DynamicBrokerConfig`.",
    "topic": "Topic configs, and the broker configs behind them. Source: Kafka's `LogConfig` and `ServerTopicConfigSynonyms`.",
    "group": "Group configs, and the broker configs behind them. Source: Kafka's `GroupConfig`.",
    "client_metrics": "Configs of client metrics subscriptions. Source: Kafka's `ClientMetricsConfigs`.",
}
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>configs</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA}</version>
  </dependency></dependencies>
</project>
"""


def fetch_jars(directory):
    """Fetches the jars through Maven, which keeps what it has fetched before."""
    pom = Path(directory) / "pom.xml"
    pom.write_text(POM)
    command = ["mvn", "-B", "-q", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={directory}/jars"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    return Path(directory) / "jars"


def read_lines(jars):
    """Runs Definitions.java, and returns its lines as lists of fields."""
    source = Path(__file__).with_name("Definitions.java")
    command = ["java", "-cp", f"{jars}/*", str(source)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return [line.split("\t") for line in output.splitlines()]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def words(text):
    inner = re.search(r"\[(.*)\]", text)
    return "&[" + ", ".join(quoted(word) for word in inner.group(1).split(", ")) + "]"


def number(text, kind):
    return f"{float(text)!r}" if kind == "DOUBLE" else text


def check(kind, validator, text):
    """The check of a value, as Rust."""
    if validator == "Range":
        low, high = re.fullmatch(r"\[([^,]*),\.\.\.,?([^,]*)\]", text).groups()
        name = "Double" if kind == "DOUBLE" else ""
        if not high:
            return f"{name}AtLeast({number(low, kind)})"
        return f"{name}Between({number(low, kind)}, {number(high, kind)})"
    if validator == "ValidString":
        return f"OneOf({words(text)})"
    if validator == "CaseInsensitiveValidString":
        return f"OneOfAnyCase({words(text)})"
    if validator in ("ValidList", "NonEmptyList"):
        return f"{validator}({words(text) if text else '&[]'})"
    if validator == "LambdaValidator":
        assert text == "[1,...,9] or -1", text
        return "GzipLevel"
    if validator == "Validator":
        assert text.startswith("[latest, earliest, by_duration"), text
        return "OffsetReset"
    named = {
        "": "Anything",
        "NonEmptyString": "NonEmpty",
        "NonNullValidator": "Anything",
        "ThrottledReplicaListValidator": "Replicas",
        # A broker here has no quorum to connect to, so these stay unread.
        "ControllerQuorumVotersValidator": "Anything",
        "ControllerQuorumBootstrapServersValidator": "Anything",
    }
    return named[validator]


def definition(fields, hidden):
    name, kind, has_default, default, validator, text, internal, mode, position = fields
    update = "".join(part.capitalize() for part in mode.split("-"))
    default = f"Some({quoted(default)})" if has_default == "default" else "None"
    is_internal = "true" if internal == "true" or name in hidden else "false"
    row = f"define({quoted(name)}, {kind.capitalize()}, {default}, {check(kind, validator, text)}, {update}, {is_internal}, {position})"
    return f"    {row},\n"


def table(name, lines):
    hidden = {line[1] for line in lines if line[0] == "hidden"}
    rows = "".join(sorted(definition(line[2:], hidden) for line in lines if line[:2] == ["definition", name]))
    constant = name.upper()
    text = (
        f"//! {ABOUT[name]}\n\n{NOTICE}\n"
        "use crate::config::definition::Check::*;\n"
        "use crate::config::definition::ConfigType::*;\n"
        "use crate::config::definition::Update::*;\n"
        "use crate::config::definition::{Definition, Synonym, define};\n\n"
        f"/// Every config of this kind, sorted by name.\n#[rustfmt::skip] // a config a line\npub(crate) static {constant}: &[Definition] = &[\n{rows}];\n"
    )
    synonyms = {}
    for line in lines:
        if line[:2] == ["synonym", name]:
            synonyms.setdefault(line[2], []).append(f"Synonym {{ name: {quoted(line[3])}, factor: {line[4]} }}")
    if not synonyms:
        return text.replace("Synonym, ", "")
    rows = "".join(f"    ({quoted(config)}, &[{', '.join(parts)}]),\n" for config, parts in sorted(synonyms.items()))
    return (
        f"{text}\n/// The broker configs that a config may get its value from, the one that counts most first, sorted by name.\n"
        f"#[rustfmt::skip] // a config a line\n"
        f"pub(crate) static {constant}_SYNONYMS: &[(&str, &[Synonym])] = &[\n{rows}];\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jars", type=Path, help="a directory with Kafka's jars; without it Maven fetches them")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        lines = read_lines(arguments.jars or fetch_jars(directory))
    files = {ROOT / TABLES / f"{name}.rs": table(name, lines) for name in ABOUT}
    if arguments.check:
        different = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
        for path in different:
            print(f"{path.relative_to(ROOT)} is not what broker/configs/generate.py writes: run it", file=sys.stderr)
        return 1 if different else 0
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
