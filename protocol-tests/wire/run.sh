#!/usr/bin/env bash
# Sends the same requests to Apache Kafka 4.4.0 and to Esmeralda, and counts the answers that differ. README.md says more.
#
#   run.sh OURS [seed=N] [sequences=N] [steps=N] [seconds=N] [first=N] [kind=NAME] [repeats=N] [apis=NAME,NAME] [no-messages] [shrink] [verbose]
#   run.sh OURS record=FILE [seed=N] [sequences=N] [steps=N]
#
# OURS is the HOST:PORT of a running broker with one node of id 1 and default settings. Kafka is fetched from Maven and started here.
# WIRE_WORK names the directory for jars and classes, WIRE_PORT the first of Kafka's two ports, and WIRE_KAFKA a HOST:PORT that runs already.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
work="${WIRE_WORK:-$here/../../target/wire}"
port="${WIRE_PORT:-29092}"
[ $# -ge 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$work"

if [ ! -d "$work/lib" ]; then
    mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/lib.new" >&2
    mv "$work/lib.new" "$work/lib"
fi
rm -rf "$work/classes"
javac -nowarn -cp "$work/lib/*" -d "$work/classes" "$here"/src/wire/*.java

kafka="${WIRE_KAFKA:-}"
if [ -z "$kafka" ]; then
    data="$(mktemp -d)"
    # What is set differs from Kafka's defaults where one node needs it, or where Kafka would answer a moment later than it knows.
    cat >"$data/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
log.dirs=$data/log
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.consumer.assignment.interval.ms=0
group.consumer.assignor.offload.enable=false
PROPERTIES
    java -cp "$work/lib/*" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c "$data/server.properties" >"$data/format.log" 2>&1
    java -Xmx1g -cp "$work/lib/*" kafka.Kafka "$data/server.properties" >"$data/kafka.log" 2>&1 &
    process=$!
    trap 'kill $process 2>/dev/null; wait $process 2>/dev/null || true; rm -rf "$data"' EXIT
    kafka="127.0.0.1:$port"
    for _ in $(seq 300); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        sleep 0.2
    done
fi

ours="$1"
shift
java -Xmx512m -cp "$work/classes:$work/lib/*" wire.Main "$kafka" "$ours" "$here/accepted.txt" "$@" 2> >(grep -v SLF4J >&2)
