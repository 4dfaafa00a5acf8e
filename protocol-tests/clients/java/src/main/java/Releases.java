import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Produces, consumes in a group and lists topics against each cluster in the arguments after the first, which is the release of the client
 * on the class path. Uses only what releases from 2.1 on have.
 */
public final class Releases {
    private static final int RECORDS = 3;

    public static void main(String[] arguments) {
        String release = arguments[0];
        for (String cluster : Arrays.asList(arguments).subList(1, arguments.length)) {
            try {
                String topic = "by-" + release;
                System.out.println("{\"event\":\"done\",\"release\":\"" + release + "\",\"topics\":" + visit(cluster, topic) + "}");
            } catch (Throwable error) {
                error.printStackTrace();
                System.out.println("{\"event\":\"error\",\"message\":\"" + release + " at " + cluster + "\"}");
                System.exit(1);
            }
        }
        System.exit(0);
    }

    /** Returns the number of topics that the client has made, after it has read back what it produced. */
    private static long visit(String cluster, String topic) throws Exception {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", cluster);
        try (AdminClient admin = AdminClient.create(config)) {
            admin.createTopics(Collections.singleton(new NewTopic(topic, 1, (short) 1))).all().get();
            produce(config, topic);
            List<String> values = consume(config, topic);
            if (!values.equals(List.of("0", "1", "2"))) {
                throw new IllegalStateException("read " + values);
            }
            admin.describeCluster().nodes().get();
            return admin.listTopics().names().get().stream().filter(topic::equals).count();
        }
    }

    private static void produce(Map<String, Object> config, String topic) throws Exception {
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(new HashMap<>(config), new StringSerializer(), new StringSerializer())) {
            for (int number = 0; number < RECORDS; number++) {
                producer.send(new ProducerRecord<>(topic, String.valueOf(number))).get();
            }
        }
    }

    private static List<String> consume(Map<String, Object> config, String topic) {
        Map<String, Object> own = new HashMap<>(config);
        own.put("group.id", topic);
        own.put("auto.offset.reset", "earliest");
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(own, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(Collections.singleton(topic));
            while (values.size() < RECORDS) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    values.add(record.value());
                }
            }
            consumer.commitSync();
        }
        return values;
    }
}
