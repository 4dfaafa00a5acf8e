"""Writes docs/kafka-tests.md from the recorded results."""

import collections

import results

PATH = results.HERE.parent.parent / "docs" / "kafka-tests.md"
TITLES = {
    "tools": "Command line tools", "core": "Raw requests of the broker", "clients": "Java clients",
    "connect": "Connect", "mirror": "MirrorMaker 2", "streams": "Kafka Streams",
}
INTRODUCTION = """# Kafka's own tests

Apache Kafka publishes its integration tests. `protocol-tests/kafka-tests/run.py` runs those of Kafka {version} against processes of Esmeralda, and
against Kafka itself for comparison; its [README](../protocol-tests/kafka-tests/README.md) explains how. This page is written by
`run.py table` from the recorded results.

- **Not applicable**: the test looks into the JVM of Kafka's brokers, so it says nothing about a cluster in another process.
- **Left**: the test needs what Esmeralda does not offer: security, share groups, streams groups, quotas, or a broker that fails.
- An abort is not a pass. A pass that proves nothing is listed below the tables.

"""


def write():
    ours, kafkas = results.read_record("esmeralda"), results.read_record("kafka")
    groups = collections.defaultdict(list)
    for one in results.all_classes():
        if one.name in ours:
            groups[one.group].append(one.name)
    text = INTRODUCTION.format(version=version()) + summary(groups, ours, kafkas)
    for group, names in groups.items():
        text += f"\n## {TITLES[group]}\n\n" + classes(names, ours, kafkas)
    names = [name for group in groups.values() for name in group]
    text += reasons("Failed", "failed", names, ours) + grouped("Left", "left", names, ours)
    text += grouped("Not applicable", "not applicable", names, ours) + vacuous(names, ours) + kafka_fails(names, kafkas) + not_run(ours)
    PATH.write_text(text)


def version():
    pom = (results.HERE / "pom.xml").read_text()
    return pom.split("<kafka>")[1].split("</kafka>")[0]


HEAD = "| {} | tests | passed | failed | not applicable | left | passed by Kafka |\n| --- | --: | --: | --: | --: | --: | --: |\n"


def row(title, records, kafkas):
    count = collections.Counter(word for record in records for word, _ in record.tests.values())
    passed = sum(record.passed_count for record in records)
    known = [kafka for kafka in kafkas if kafka is not None]
    of_kafka = f"{sum(kafka.passed_count for kafka in known)}" if known else "not run"
    if known and len(known) < len(kafkas):
        of_kafka += f" ({len(known)} of {len(kafkas)} classes run)"
    total = passed + sum(count.values())
    return f"| {title} | {total} | {passed} | {count['failed']} | {count['not applicable']} | {count['left']} | {of_kafka} |\n"


def summary(groups, ours, kafkas):
    text = HEAD.format("part")
    for group, names in groups.items():
        text += row(TITLES[group], [ours[name] for name in names], [kafkas.get(name) for name in names])
    names = [name for group in groups.values() for name in group]
    return text + row("**all**", [ours[name] for name in names], [kafkas.get(name) for name in names])


def classes(names, ours, kafkas):
    text = HEAD.format("class")
    for name in names:
        text += row(f"`{name.split('.')[-1]}`", [ours[name]], [kafkas.get(name)])
    return text


def reasons(title, word, names, record):
    lines = [f"- `{name.split('.')[-1]}` {escaped(test)}: {escaped(reason)}\n"
             for name in names for test, (of, reason) in record[name].tests.items() if of == word]
    return f"\n## {title}\n\n" + ("".join(lines) or "None.\n")


def grouped(title, word, names, record):
    by_reason = collections.defaultdict(lambda: collections.defaultdict(list))
    for name in names:
        for test, (of, reason) in record[name].tests.items():
            if of == word:
                by_reason[reason][name.split(".")[-1]].append(test)
    text = f"\n## {title}\n\n"
    for reason, tests in sorted(by_reason.items()):
        text += f"- {escaped(reason)}: " + "; ".join(
            f"`{name}` " + ", ".join(map(escaped, found)) for name, found in tests.items()) + "\n"
    return text if by_reason else text + "None.\n"


def vacuous(names, record):
    lines = [f"- `{name.split('.')[-1]}` {escaped(test)}: {escaped(reason)}\n"
             for name in names for test, reason in record[name].vacuous.items()]
    return "\n## Passes that prove nothing\n\n" + ("".join(lines) or "None.\n")


def kafka_fails(names, kafkas):
    lines = [f"- `{name.split('.')[-1]}` {escaped(test)}: {escaped(reason)}\n"
             for name in names if name in kafkas for test, (_, reason) in kafkas[name].tests.items()]
    return "\n## Not passed by Kafka itself\n\n" + ("".join(lines) or "None.\n")


def not_run(ours):
    lines = [f"- {TITLES[one.group]}: `{one.name.split('.')[-1]}`\n" for one in results.all_classes() if one.name not in ours]
    return "\n## Classes without a run\n\n" + ("".join(lines) or "None.\n")


def escaped(text):
    return text.replace("|", "\\|").replace("<", "&lt;")
