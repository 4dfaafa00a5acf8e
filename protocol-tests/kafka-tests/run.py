#!/usr/bin/env python3
"""Runs test classes of Apache Kafka's own against Esmeralda, or against Kafka itself. README.md explains how.

    run.py set-up                                 download Kafka's jars and compile src/
    run.py run [--real] [CLASS | GROUP]...        run classes, and record and print what they give; without a name, all of classes.tsv
    run.py check CLASS...                         run classes against Esmeralda; fail if a test does worse than recorded
    run.py table                                  write docs/kafka-tests.md from recorded/

The variable ESMERALDA_BIN names the program. A class may end in #METHOD, which is run and printed, but not recorded.
"""

import argparse
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

sys.dont_write_bytecode = True
import results  # noqa: E402
import table  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["set-up", "run", "check", "table"])
    parser.add_argument("names", nargs="*", metavar="CLASS | GROUP")
    parser.add_argument("--real", action="store_true", help="run against Kafka itself")
    parser.add_argument("--work", type=pathlib.Path, default=HERE.parent.parent / "target" / "kafka-tests",
                        help="directory of everything that is written (default: target/kafka-tests)")
    parser.add_argument("--limit", type=int, help="seconds after which a class is stopped (default: by its group)")
    parser.add_argument("--test-limit", type=int, help="seconds after which a test fails (default: by its group)")
    parser.add_argument("--maven", default="", help="further arguments for Maven")
    options = parser.parse_intermixed_args()
    if options.command == "table":
        table.write()
        return 0
    set_up(options.work, options.maven.split())
    if options.command == "set-up":
        return 0
    if not options.real and not os.access(os.environ.get("ESMERALDA_BIN", ""), os.X_OK):
        sys.exit("ESMERALDA_BIN does not name a program")
    classes = results.chosen(options.names)
    worse = 0
    for test_class in classes:
        worse += run(test_class, options)
    return 1 if options.command == "check" and worse else 0


def run(test_class, options):
    """Runs one class, prints its counts, and returns the number of tests that do worse than recorded."""
    side = "kafka" if options.real else "esmeralda"
    file, ended = execute(test_class, side, options)
    found = results.read(file)
    print(f"{test_class.name}: {found.counts()}{ended}", flush=True)
    if test_class.method:
        found.print_failures()
    elif not found.tests:
        # It could not be loaded: the log says why.
        return 1
    elif options.command == "run":
        results.record(side, test_class, found)
    else:
        worse = found.worse_than(results.recorded(side, test_class.name))
        for line in worse:
            print(f"  worse than recorded: {line}", flush=True)
        return len(worse)
    return 0


def set_up(work, maven):
    """Downloads the jars and compiles the classes in src/, unless that is done already. Other runs wait meanwhile."""
    work.mkdir(parents=True, exist_ok=True)
    with open(work / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        set_up_alone(work, maven)


def set_up_alone(work, maven):
    libraries, classes = work / "libraries", work / "classes"
    sources = [path for path in (HERE / "src").rglob("*") if path.is_file()]
    if is_older(work / "downloaded", [HERE / "pom.xml"]):
        shutil.rmtree(libraries, ignore_errors=True)
        subprocess.run(["mvn", "--batch-mode", "--quiet", "-f", str(HERE / "pom.xml"), *maven,
                        "dependency:copy-dependencies", f"-DoutputDirectory={libraries}"], check=True)
        (work / "downloaded").touch()
    if is_older(work / "others.jar", [work / "downloaded"]):
        write_others(work)
    if is_older(work / "compiled", [work / "downloaded", *sources]):
        shutil.rmtree(classes, ignore_errors=True)
        classes.mkdir()
        # Not by Maven, whose scopes hide half of these jars from the compiler.
        subprocess.run(["javac", "-proc:none", "-nowarn", "-XDignore.symbol.file", "-d", str(classes), "-cp", f"{libraries}/*",
                        *[str(path) for path in sources if path.suffix == ".java"]], check=True)
        shutil.copytree(HERE / "src" / "main" / "resources", classes, dirs_exist_ok=True)
        unpack_plugins(work)
        (work / "compiled").touch()


def unpack_plugins(work):
    """Unpacks the sources of the plugins that Connect's tests compile. They must be files."""
    jar, = (work / "libraries").glob("connect-runtime-*-test.jar")
    with zipfile.ZipFile(jar) as content:
        content.extractall(work / "resources", [name for name in content.namelist() if name.startswith("test-plugins/")])


def connect_jars(work):
    return sorted((work / "libraries").glob("connect-*.jar"))


def write_others(work):
    """Writes the jar of the agent esmeralda.OtherJars, whose manifest names all jars but Connect's, where all plugins are."""
    others = sorted(set((work / "libraries").glob("*.jar")) - set(connect_jars(work)))
    line = "Class-Path: " + " ".join(jar.absolute().as_uri() for jar in others)
    # A line of a manifest has at most 72 bytes, and continues after a space.
    lines = [line[:72], *(" " + line[at:at + 71] for at in range(72, len(line), 71))]
    with zipfile.ZipFile(work / "others.jar", "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "\r\n".join(["Manifest-Version: 1.0", "Premain-Class: esmeralda.OtherJars", *lines, ""]))


def is_older(stamp, sources):
    """Returns whether a source is newer than the stamp, or there is no stamp."""
    return not stamp.exists() or any(path.stat().st_mtime > stamp.stat().st_mtime for path in sources)


def execute(test_class, side, options):
    """Runs one class in a JVM of its own, and returns the file of its results and a remark on its end."""
    limit = options.limit or test_class.limit_s
    test_limit = options.test_limit or test_class.test_limit_s
    folder = options.work / "results" / side
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{test_class.name}.tsv"
    for old in (file, pathlib.Path(f"{file}.traces")):
        old.unlink(missing_ok=True)
    file.touch()
    first = only_listener(options.work) if options.real else options.work / "classes"
    selector = f"--select-method={test_class.selector}" if test_class.method else f"--select-class={test_class.selector}"
    command = ["java", "-Xmx1500m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
               "-Djunit.jupiter.extensions.autodetection.enabled=true",
               f"-Djunit.jupiter.execution.timeout.testable.method.default={test_limit}",
               "-Djunit.jupiter.execution.timeout.thread.mode.default=SEPARATE_THREAD",
               f"-javaagent:{options.work / 'others.jar'}",
               "-cp", ":".join(map(str, [first, options.work / "resources", *connect_jars(options.work)])),
               "org.junit.platform.console.ConsoleLauncher", "execute", selector,
               "--details=none", "--disable-banner"]
    environment = {**os.environ, "KAFKA_TESTS_RESULTS": str(file)}
    if options.real:
        environment.pop("ESMERALDA_BIN", None)
    else:
        environment["KAFKA_TESTS_LEFT"] = results.left_expression()
    log = folder / f"{test_class.name}.log"
    with open(log, "wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=folder)
        try:
            child.wait(limit)
        except subprocess.TimeoutExpired:
            # A JVM that is asked to end also ends the processes of Esmeralda, unlike one that is killed.
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            return file, f", stopped after {limit} s"
    return file, ""


def only_listener(work):
    """Returns a copy of the compiled package `esmeralda` and its services, without the classes that take the place of Kafka's."""
    listener = work / "listener"
    for part in ("esmeralda", "META-INF"):
        shutil.copytree(work / "classes" / part, listener / part, dirs_exist_ok=True)
    return listener


if __name__ == "__main__":
    sys.exit(main())
