"""The results of test classes: read from a run, judged, and recorded in recorded/."""

import collections
import fcntl
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
# Seconds for a class and for a test of each group.
LIMITS = {"tools": (300, 40), "core": (300, 40), "clients": (300, 40), "connect": (900, 180), "mirror": (900, 300), "streams": (600, 180)}
WORDS = ("passed", "failed", "not applicable", "left")


class TestClass:
    """A test class, or a method of one."""

    def __init__(self, selector, group):
        self.selector = selector
        self.group = group
        self.method = "#" in selector
        self.name = re.sub(r"\(.*", "", selector)
        self.limit_s, self.test_limit_s = LIMITS[group]


def all_classes():
    """Returns the classes of classes.tsv."""
    return [TestClass(name, group) for group, name, *_ in rows(HERE / "classes.tsv")]


def chosen(names):
    """Returns the classes that are named by themselves or by their group; without a name, all."""
    known = all_classes()
    if not names:
        return known
    found = []
    for name in names:
        of_group = [one for one in known if one.group == name]
        groups = [one.group for one in known if one.name == name.split("#")[0]]
        if not of_group and not groups:
            sys.exit(f"unknown class or group {name!r}: must be one of classes.tsv")
        found += of_group or [TestClass(name, groups[0])]
    return found


def rows(path):
    """Returns the fields of each line that is neither empty nor a comment."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


JUDGEMENTS = [(kind, re.compile(pattern), reason) for kind, pattern, reason in rows(HERE / "judgements.tsv")]


def left_expression():
    """Returns the regular expression of the tests that are left, for Java as well as for Python."""
    return "|".join(f"(?:{pattern.pattern})" for kind, pattern, _ in JUDGEMENTS if kind == "left")


def judgement(kind, class_name, test, reason=""):
    """Returns the reason of the first judgement of this kind on the test and what it says, or None."""
    name = f"{class_name.split('.')[-1]}.{test}: {reason}"
    return next((reason for of, pattern, reason in JUDGEMENTS if of == kind and pattern.search(name)), None)


class Found:
    """What a run of one class gave: by test, a word of WORDS and a reason."""

    def __init__(self):
        self.tests = {}

    def counts(self):
        count = collections.Counter(word for word, _ in self.tests.values())
        return ", ".join(f"{count[word]} {word}" for word in WORDS if count[word]) or "no test"

    def print_failures(self):
        for test, (word, reason) in self.tests.items():
            print(f"  {test}: {word}: {reason}")

    def worse_than(self, before):
        """Returns a line for each test that is worse than in `before`; an unknown test must pass."""
        worse = []
        for test, (word, reason) in self.tests.items():
            expected = before.tests.get(test, ("passed", ""))[0]
            if word not in ("passed", expected):
                worse.append(f"{test}: {word}, recorded as {expected}: {reason}")
        count = sum(word == "passed" for word, _ in self.tests.values())
        if count < before.passed_count and not worse:
            worse.append(f"{count} tests passed, recorded are {before.passed_count}")
        return worse


def read(file):
    """Returns the results in a file that the listener esmeralda.Results has written."""
    found, started = Found(), set()
    for line in file.read_text(errors="replace").splitlines():
        fields = line.split("\t")
        if len(fields) < 5:
            continue
        status, class_name, name, _, reason = fields[:5]
        test = short(name)
        if status == "started":
            started.add((class_name, test))
            continue
        started.discard((class_name, test))
        found.tests[test] = judged(status, class_name, test, reason)
    for class_name, test in started:
        found.tests[test] = judged("failed", class_name, test, "still ran when the class was stopped")
    return found


def short(name):
    """Cuts the tags off a cluster test's name, `test [1] Type=Raft-Isolated, ...`, and times, which differ from run to run."""
    name = re.sub(r" Type=Raft-.*|\(\)$|\(String(, \w+)*\)", "", name)
    return re.sub(r"\d{13}", "TIME", name).strip()


def judged(status, class_name, test, reason):
    if status == "passed":
        return "passed", judgement("vacuous", class_name, test) or ""
    for kind in ("not applicable", "left"):
        known = judgement(kind, class_name, test, reason)
        if known:
            return kind, known
        if status == "aborted" and reason.startswith(kind + ": "):
            return kind, reason[len(kind) + 2:]
    if status == "aborted":
        return "not applicable", f"the test aborts itself: {reason}"
    return "failed", reason


class Recorded:
    """The recorded results of a class: the number of tests that passed, and each other test with its word and reason."""

    def __init__(self):
        self.passed_count = 0
        self.tests = {}
        self.vacuous = {}


def recorded(side, class_name):
    """Returns what is recorded of a class; nothing is an empty record."""
    return read_record(side).get(class_name, Recorded())


def read_record(side):
    record = collections.defaultdict(Recorded)
    for class_name, word, test, *reason in rows(HERE / "recorded" / f"{side}.tsv"):
        if word == "passed" and test.isdigit():
            record[class_name].passed_count = int(test)
        elif word == "vacuous":
            record[class_name].vacuous[test] = reason[0]
        else:
            record[class_name].tests[test] = (word, reason[0] if reason else "")
    return record


def record(side, test_class, found):
    """Replaces what is recorded of the class. Other runs wait meanwhile."""
    (HERE / "recorded").mkdir(exist_ok=True)
    with open(HERE / "classes.tsv", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        replace_record(side, test_class, found)


def replace_record(side, test_class, found):
    path = HERE / "recorded" / f"{side}.tsv"
    lines = [fields for fields in rows(path) if fields[0] != test_class.name]
    passed = sum(word == "passed" for word, _ in found.tests.values())
    lines.append([test_class.name, "passed", str(passed)])
    for test, (word, reason) in sorted(found.tests.items()):
        if word != "passed":
            lines.append([test_class.name, word, test, cut(reason)])
        elif reason:
            lines.append([test_class.name, "vacuous", test, reason])
    order = {one.name: place for place, one in enumerate(all_classes())}
    lines.sort(key=lambda fields: order.get(fields[0], len(order)))
    path.write_text("".join("\t".join(fields) + "\n" for fields in lines))


def cut(reason):
    """Returns a reason without the numbers that differ from run to run, and not too long."""
    reason = re.sub(r"localhost:\d+|127\.0\.0\.1:\d+", "localhost:PORT", reason)
    reason = re.sub(r"@[0-9a-f]{6,8}\b", "", reason)
    return reason if len(reason) <= 240 else reason[:240] + "..."
