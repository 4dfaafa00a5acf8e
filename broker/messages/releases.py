#!/usr/bin/env python3
"""Writes the versions of requests that releases of Apache Kafka served, from their message definitions.

    broker/messages/releases.py            writes broker/src/api/releases/table.rs
    broker/messages/releases.py --check    compares it with what is checked in, and fails if it differs

The definitions are in the jars kafka-clients of the releases, which Maven fetches (or `--jars DIRECTORY` has). A broker of 2.8
counts as one with ZooKeeper, which was its default.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path("broker/src/api/releases/table.rs")

# The name of each table, the last patch of its release, and the listener of its brokers in the definitions.
RELEASES = [("KAFKA_2_8", "2.8.2", "zkBroker"), ("KAFKA_3_9", "3.9.1", "broker"), ("KAFKA_4_1", "4.1.1", "broker")]


def fetch(version, directory):
    """Fetches the jar of a release through Maven, which keeps what it has fetched before."""
    artifact = f"org.apache.kafka:kafka-clients:{version}"
    command = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={directory}"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def ranges(jar, listener):
    """The key, first and last stable version of each request that the listener takes."""
    served = []
    with zipfile.ZipFile(jar) as archive:
        for path in archive.namelist():
            if not re.fullmatch(r"common/message/\w+Request\.json", path):
                continue
            text = archive.read(path).decode()
            # One definition of 2.8 has more after its end, which Kafka's generator does not read.
            definition, _ = json.JSONDecoder().raw_decode(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE).lstrip())
            if listener not in definition.get("listeners", []) or definition["validVersions"] == "none":
                continue
            first, _, last = definition["validVersions"].partition("-")
            first, last = int(first), int(last or first)
            # A release does not advertise an unstable version unless `unstable.api.versions.enable` is set.
            last -= 1 if definition.get("latestVersionUnstable") else 0
            if first <= last:
                served.append((definition["apiKey"], first, last))
    return sorted(served)


def text(directory):
    tables = ""
    for name, version, listener in RELEASES:
        rows = "".join(f"{row}, " for row in ranges(Path(directory) / f"kafka-clients-{version}.jar", listener))
        tables += f"\n/// The versions of Apache Kafka {version}.\npub(super) static {name}: &[(i16, i16, i16)] = &[{rows}];\n"
    source = (
        "//! The versions of requests that releases of Apache Kafka served: key, first version and last version.\n\n"
        "// Written by broker/messages/releases.py from the message definitions of the releases. Do not edit.\n"
        f"{tables}"
    )
    command = ["rustfmt", "--edition", "2024", "--config-path", str(ROOT / "rustfmt.toml")]
    return subprocess.run(command, input=source, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jars", type=Path, help="a directory with the jars; without it Maven fetches them")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file differs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        if not arguments.jars:
            for _, version, _ in RELEASES:
                fetch(version, directory)
        written = text(arguments.jars or directory)
    path = ROOT / TABLE
    if arguments.check:
        is_same = path.exists() and path.read_text() == written
        if not is_same:
            print(f"{TABLE} is not what broker/messages/releases.py writes: run it", file=sys.stderr)
        return 0 if is_same else 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
