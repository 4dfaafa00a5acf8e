import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.Stores;

/**
 * A word count of Kafka Streams under exactly_once_v2. Each word of {@code input} gives one record {@code WORD=COUNT} of {@code output}. It runs
 * until its stdin is closed.
 */
public final class WordCount {
    public static void main(String[] arguments) throws Exception {
        JsonNode argument = new ObjectMapper().readTree(arguments[0]);
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream(argument.get("input").asText())
                .flatMapValues(line -> Arrays.asList(line.split(" ")))
                .groupBy((key, word) -> word, Grouped.with(Serdes.String(), Serdes.String()))
                .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("counts"))
                        .withKeySerde(Serdes.String()).withValueSerde(Serdes.Long()))
                .toStream()
                .mapValues((word, count) -> word + "=" + count)
                .to(argument.get("output").asText());
        KafkaStreams streams = new KafkaStreams(builder.build(), config(argument));
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) report("running");
            if (now == KafkaStreams.State.ERROR) report("error");
        });
        streams.start();
        while (System.in.read() >= 0) { }
        streams.close();
        report("stopped");
    }

    private static Properties config(JsonNode argument) {
        Properties config = new Properties();
        config.put("application.id", argument.get("application").asText());
        config.put("bootstrap.servers", argument.get("bootstrap").asText());
        config.put("state.dir", argument.get("state").asText());
        config.put("processing.guarantee", "exactly_once_v2");
        config.put("default.key.serde", Serdes.StringSerde.class);
        config.put("default.value.serde", Serdes.StringSerde.class);
        // Without a cache, each count is a record of its own.
        config.put("statestore.cache.max.bytes", 0);
        config.put("commit.interval.ms", 100);
        config.put("auto.offset.reset", "earliest");
        config.put("consumer.session.timeout.ms", 6000);
        config.put("consumer.heartbeat.interval.ms", 500);
        return config;
    }

    private static void report(String event) {
        System.out.println("{\"event\":\"" + event + "\"}");
        System.out.flush();
    }

    private WordCount() {}
}
