package esmeralda;

import java.io.File;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.storage.internals.log.ProducerStateEntry;
import scala.Option;

/** What an admin client can tell of a partition's log on one of its replicas. All replicas have the same records. */
record Logs(Esmeralda esmeralda, TopicPartition partition, TopicPartitionInfo replicas, int broker) {
    /** Returns nothing if {@code broker} is no replica of the partition. */
    static Option<Logs> of(Esmeralda esmeralda, TopicPartition partition, int broker) {
        return Option.apply(esmeralda.topic(partition.topic())
            .filter(topic -> partition.partition() < topic.partitions().size())
            .map(topic -> topic.partitions().get(partition.partition()))
            .filter(info -> info.replicas().stream().anyMatch(node -> node.id() == broker))
            .map(info -> new Logs(esmeralda, partition, info, broker))
            .orElse(null));
    }

    int leaderId() {
        return replicas.leader().id();
    }

    boolean isLeader() {
        return leaderId() == broker;
    }

    int leaderEpoch() {
        return Waiting.get(() -> esmeralda.admin().listOffsets(Map.of(partition, OffsetSpec.earliest())).partitionResult(partition).get())
            .leaderEpoch().orElseThrow();
    }

    /** Returns the directory of the log by what DescribeLogDirs says of the broker. It does not exist. */
    File dir() {
        var dirs = Waiting.get(() -> esmeralda.admin().describeLogDirs(List.of(broker)).descriptions().get(broker).get());
        String dir = dirs.entrySet().stream().filter(one -> one.getValue().replicaInfos().containsKey(partition)).findFirst().orElseThrow().getKey();
        return new File(dir, partition.toString());
    }

    long offset(OffsetSpec spec) {
        return Waiting.get(() -> esmeralda.admin().listOffsets(Map.of(partition, spec)).partitionResult(partition).get()).offset();
    }

    Map<Long, ProducerStateEntry> producers() {
        Map<Long, ProducerStateEntry> producers = new HashMap<>();
        for (ProducerState state : Waiting.get(() ->
                esmeralda.admin().describeProducers(List.of(partition)).partitionResult(partition).get()).activeProducers())
            producers.put(state.producerId(), new ProducerStateEntry(state.producerId(), (short) state.producerEpoch(),
                state.coordinatorEpoch().orElse(-1), state.lastTimestamp(), state.currentTransactionStartOffset()));
        return producers;
    }
}
