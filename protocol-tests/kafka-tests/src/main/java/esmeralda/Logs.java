package esmeralda;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.storage.internals.log.ProducerStateEntry;
import scala.Option;

/** What an admin client can tell of a partition's log. All replicas are the same. */
record Logs(Esmeralda esmeralda, TopicPartition partition, TopicDescription topic) {
    static Option<Logs> of(Esmeralda esmeralda, TopicPartition partition) {
        return Option.apply(esmeralda.topic(partition.topic())
            .filter(topic -> partition.partition() < topic.partitions().size())
            .map(topic -> new Logs(esmeralda, partition, topic))
            .orElse(null));
    }

    int leaderId() {
        return topic.partitions().get(partition.partition()).leader().id();
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
