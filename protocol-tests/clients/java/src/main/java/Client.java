import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The client program of Apache Kafka's own client. */
public final class Client {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) {
        try {
            JsonNode argument = JSON.readTree(arguments[1]);
            switch (arguments[0]) {
                case "records" -> records(argument);
                case "produce" -> produce(argument);
                case "consume" -> consume(argument);
                case "admin" -> admin(argument);
                case "transactions" -> transactions(argument);
                default -> throw new IllegalArgumentException("unknown mode " + arguments[0] + ": must be records, produce, consume, admin or transactions");
            }
        } catch (Throwable error) {
            error.printStackTrace();
            report(event("error").put("message", error.toString()));
            System.exit(1);
        }
    }

    private static ObjectNode event(String name) {
        return JSON.createObjectNode().put("event", name);
    }

    private static void report(ObjectNode event) {
        OUT.println(event);
    }

    private static String text(byte[] data) {
        return data == null ? null : new String(data, StandardCharsets.UTF_8);
    }

    private static byte[] data(JsonNode text) {
        return text.isNull() ? null : text.asText().getBytes(StandardCharsets.UTF_8);
    }

    private static void reportRecord(ConsumerRecord<byte[], byte[]> record) {
        ObjectNode event = event("record").put("topic", record.topic()).put("partition", record.partition());
        event.put("offset", record.offset()).put("timestamp", record.timestamp());
        event.put("key", text(record.key())).put("value", text(record.value()));
        ArrayNode headers = event.putArray("headers");
        for (Header header : record.headers()) {
            headers.addArray().add(header.key()).add(text(header.value()));
        }
        report(event);
    }

    private static Map<String, Object> config(JsonNode argument) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", argument.get("bootstrap").asText());
        config.put("key.serializer", ByteArraySerializer.class);
        config.put("value.serializer", ByteArraySerializer.class);
        config.put("key.deserializer", ByteArrayDeserializer.class);
        config.put("value.deserializer", ByteArrayDeserializer.class);
        config.put("auto.offset.reset", "earliest");
        config.put("enable.auto.commit", "false");
        return config;
    }

    private static KafkaProducer<byte[], byte[]> transactional(JsonNode argument) {
        Map<String, Object> config = config(argument);
        config.put("transactional.id", argument.get("id").asText());
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config);
        producer.initTransactions();
        return producer;
    }

    private static ProducerRecord<byte[], byte[]> value(String topic, String value) {
        return new ProducerRecord<>(topic, 0, null, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Reads partition 0 to its end, as a consumer of committed records. */
    private static ArrayNode values(JsonNode argument, String topic) {
        Map<String, Object> config = config(argument);
        config.put("isolation.level", "read_committed");
        ArrayNode values = JSON.createArrayNode();
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    values.add(text(record.value()));
                }
            }
        }
        return values;
    }

    private static void transactions(JsonNode argument) {
        String source = argument.get("source").asText();
        String target = argument.get("target").asText();
        KafkaProducer<byte[], byte[]> first = transactional(argument);
        for (JsonNode transaction : argument.get("transactions")) {
            first.beginTransaction();
            for (JsonNode sent : transaction.get("values")) {
                first.send(value(source, sent.asText()));
            }
            first.flush();
            if (transaction.get("commits").asBoolean()) {
                first.commitTransaction();
            } else {
                first.abortTransaction();
            }
        }
        // Its transaction is open when another producer takes the id over.
        first.beginTransaction();
        first.send(value(source, "zombie"));
        first.flush();
        KafkaProducer<byte[], byte[]> second = transactional(argument);
        second.beginTransaction();
        second.send(value(source, argument.get("last").asText()));
        second.commitTransaction();
        ObjectNode fenced = event("fenced");
        try {
            first.commitTransaction();
            fenced.put("fenced", false);
        } catch (KafkaException error) {
            fenced.put("fenced", true).put("message", error.toString());
        }
        report(fenced);
        first.close(Duration.ofSeconds(1));
        transform(argument, source, target, second);
        second.close();
        ObjectNode read = event("values");
        read.set("source", values(argument, source));
        read.set("target", values(argument, target));
        report(read);
    }

    /** Consumes, transforms and produces, with the offsets in the transactions. */
    private static void transform(JsonNode argument, String source, String target, KafkaProducer<byte[], byte[]> producer) {
        Map<String, Object> config = config(argument);
        config.put("isolation.level", "read_committed");
        config.put("group.id", argument.get("group").asText());
        TopicPartition partition = new TopicPartition(source, 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
            consumer.subscribe(List.of(source));
            long next = 0;
            for (int transformed = 0; transformed < argument.get("count").asInt(); ) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    next = record.offset() + 1;
                    producer.beginTransaction();
                    producer.send(value(target, text(record.value()).toUpperCase()));
                    producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(next)), consumer.groupMetadata());
                    producer.commitTransaction();
                    transformed++;
                }
            }
            long committed = consumer.committed(Set.of(partition)).get(partition).offset();
            report(event("committed").put("is_next", committed == next));
        }
    }

    private static void records(JsonNode argument) throws Exception {
        List<TopicPartition> partitions = new ArrayList<>();
        for (JsonNode codec : argument.get("codecs")) {
            String topic = argument.get("prefix").asText() + codec.asText();
            for (int partition = 0; partition < argument.get("partitions").asInt(); partition++) {
                partitions.add(new TopicPartition(topic, partition));
            }
            Map<String, Object> config = config(argument);
            config.put("compression.type", codec.asText());
            config.put("linger.ms", 50);
            try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config)) {
                List<Future<RecordMetadata>> deliveries = new ArrayList<>();
                for (JsonNode record : argument.get("records")) {
                    List<Header> headers = new ArrayList<>();
                    for (JsonNode pair : record.get("headers")) {
                        headers.add(new RecordHeader(pair.get(0).asText(), data(pair.get(1))));
                    }
                    deliveries.add(producer.send(new ProducerRecord<>(
                            topic, record.get("partition").asInt(), record.get("timestamp").asLong(),
                            data(record.get("key")), data(record.get("value")), headers)));
                }
                for (Future<RecordMetadata> delivery : deliveries) {
                    report(event("produced").put("codec", codec.asText()).put("offset", delivery.get().offset()));
                }
            }
        }
        int missing = argument.get("codecs").size() * argument.get("records").size();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config(argument))) {
            consumer.assign(partitions);
            while (missing > 0) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                    reportRecord(record);
                    missing--;
                }
            }
        }
    }

    private static void produce(JsonNode argument) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config(argument))) {
            BlockingQueue<Optional<JsonNode>> pending = steps();
            for (Optional<JsonNode> step = pending.take(); step.isPresent(); step = pending.take()) {
                if (step.get().get("step").asText().equals("stop")) {
                    break;
                }
                Map<String, Future<RecordMetadata>> deliveries = new LinkedHashMap<>();
                for (JsonNode value : step.get().get("values")) {
                    ProducerRecord<byte[], byte[]> record =
                            new ProducerRecord<>(argument.get("topic").asText(), 0, null, data(value));
                    deliveries.put(value.asText(), producer.send(record));
                }
                for (Map.Entry<String, Future<RecordMetadata>> delivery : deliveries.entrySet()) {
                    try {
                        delivery.getValue().get();
                        report(event("acknowledged").put("value", delivery.getKey()));
                    } catch (ExecutionException error) {
                        report(event("refused").put("value", delivery.getKey()).put("message", error.toString()));
                    }
                }
            }
        }
        report(event("stopped"));
    }

    /** Returns the steps on stdin. An empty step marks the end. */
    private static BlockingQueue<Optional<JsonNode>> steps() {
        BlockingQueue<Optional<JsonNode>> pending = new LinkedBlockingQueue<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    pending.add(Optional.of(JSON.readTree(line)));
                }
            } catch (IOException error) {
                error.printStackTrace();
            }
            pending.add(Optional.empty());
        });
        reader.setDaemon(true);
        reader.start();
        return pending;
    }

    private static void consume(JsonNode argument) {
        Map<String, Object> config = config(argument);
        config.put("group.id", argument.get("group").asText());
        config.put("client.id", argument.get("client_id").asText());
        if (argument.path("protocol").asText().equals("consumer")) {
            // The broker has the timeouts of the consumer protocol.
            config.put("group.protocol", "consumer");
        } else {
            config.put("session.timeout.ms", 6000);
            config.put("heartbeat.interval.ms", 500);
        }
        BlockingQueue<Optional<JsonNode>> pending = steps();
        TreeSet<TopicPartition> owned = new TreeSet<>(Comparator.comparingInt(TopicPartition::partition));
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
            consumer.subscribe(List.of(argument.get("topic").asText()), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
                    owned.removeAll(revoked);
                    reportAssigned(owned);
                }

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
                    owned.addAll(assigned);
                    reportAssigned(owned);
                }
            });
            while (true) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
                    reportRecord(record);
                }
                Optional<JsonNode> step = pending.poll();
                if (step == null) {
                    continue;
                }
                if (step.isEmpty() || step.get().get("step").asText().equals("stop")) {
                    break;
                }
                consumer.commitSync();
                report(event("committed"));
            }
        }
        report(event("stopped"));
    }

    private static void reportAssigned(Collection<TopicPartition> partitions) {
        ObjectNode event = event("assigned");
        ArrayNode numbers = event.putArray("partitions");
        partitions.stream().map(TopicPartition::partition).sorted().forEach(numbers::add);
        report(event);
    }

    private static void admin(JsonNode argument) throws Exception {
        BlockingQueue<Optional<JsonNode>> pending = steps();
        try (Admin client = Admin.create(Map.of("bootstrap.servers", argument.get("bootstrap").asText()))) {
            for (Optional<JsonNode> step = pending.take(); step.isPresent(); step = pending.take()) {
                ObjectNode event = event(step.get().get("step").asText());
                administer(client, step.get(), event);
                report(event);
            }
        }
    }

    private static void administer(Admin client, JsonNode step, ObjectNode event) throws Exception {
        String topic = step.path("topic").asText();
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Map<String, String> configs = new HashMap<>();
        step.path("configs").fields().forEachRemaining(entry -> configs.put(entry.getKey(), entry.getValue().asText()));
        switch (step.get("step").asText()) {
            case "create_topic" -> client.createTopics(
                    List.of(new NewTopic(topic, step.get("partitions").asInt(), (short) 1).configs(configs))).all().get();
            case "describe_topic" -> {
                ArrayNode partitions = event.putArray("partitions");
                client.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions()
                        .forEach(partition -> partitions.add(partition.partition()));
            }
            case "describe_configs" -> {
                var found = client.describeConfigs(List.of(resource)).all().get().get(resource);
                ObjectNode answer = event.putObject("configs");
                step.get("names").forEach(name -> answer.put(name.asText(), found.get(name.asText()).value()));
            }
            case "alter_configs" -> {
                List<AlterConfigOp> operations = new ArrayList<>();
                configs.forEach((name, value) ->
                        operations.add(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)));
                client.incrementalAlterConfigs(Map.of(resource, operations)).all().get();
            }
            case "create_partitions" -> client.createPartitions(
                    Map.of(topic, NewPartitions.increaseTo(step.get("count").asInt()))).all().get();
            case "delete_records" -> client.deleteRecords(Map.of(
                    new TopicPartition(topic, step.get("partition").asInt()),
                    RecordsToDelete.beforeOffset(step.get("before_offset").asLong()))).all().get();
            case "delete_topic" -> client.deleteTopics(List.of(topic)).all().get();
            default -> administerGroups(client, step, event);
        }
    }

    private static void administerGroups(Admin client, JsonNode step, ObjectNode event) throws Exception {
        String group = step.path("group").asText();
        switch (step.get("step").asText()) {
            case "list_groups" -> {
                ArrayNode groups = event.putArray("groups");
                client.listGroups().all().get().forEach(listing -> groups.add(listing.groupId()));
            }
            case "describe_group" -> {
                var found = client.describeConsumerGroups(List.of(group)).all().get().get(group);
                event.put("state", found.groupState().toString());
                ArrayNode members = event.putArray("members");
                found.members().forEach(member -> {
                    TreeSet<Integer> partitions = new TreeSet<>();
                    member.assignment().topicPartitions().forEach(one -> partitions.add(one.partition()));
                    ArrayNode numbers = members.addObject().put("client_id", member.clientId()).putArray("partitions");
                    partitions.forEach(numbers::add);
                });
            }
            case "group_offsets" -> {
                ObjectNode offsets = event.putObject("offsets");
                client.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().forEach((one, found) -> {
                    if (found != null && found.offset() > 0) {
                        offsets.put(String.valueOf(one.partition()), found.offset());
                    }
                });
            }
            case "delete_group" -> client.deleteConsumerGroups(List.of(group)).all().get();
            default -> throw new IllegalArgumentException("unknown step " + step);
        }
    }

    private Client() {}
}
