import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The program of Apache Kafka's own client for the history checker. It writes a line to its history for each thing that the client tells;
 * src/history/event.rs has their forms, and src/history/value.rs that of a record's value. It ends at the first line on stdin.
 *
 * <p>Mode produce sends records until then, in transactions if it has a transactional id. Mode consume reads and commits as a member of a
 * group. Mode transform makes a record of each that it reads, in transactions with its offsets.
 */
public final class History {
    /** The largest transaction of a producer. */
    private static final int MOST_RECORDS = 100;
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long PROGRESS_NS = 100_000_000;
    private static final long COMMIT_NS = 100_000_000;

    private static volatile boolean stopping = false;

    /** Another process has the transactional id, or the client cannot go on for another reason. */
    private static final class Fenced extends RuntimeException {
        Fenced(KafkaException cause) {
            super(cause);
        }
    }

    public static void main(String[] arguments) {
        try {
            JsonNode argument = new ObjectMapper().readTree(arguments[1]);
            Thread reader = new Thread(History::awaitStop);
            reader.setDaemon(true);
            reader.start();
            try (Lines lines = new Lines(Path.of(argument.get("history").asText()))) {
                switch (arguments[0]) {
                    case "produce" -> produce(argument, lines);
                    case "consume" -> consume(argument, lines);
                    case "transform" -> transform(argument, lines);
                    default -> throw new IllegalArgumentException("unknown mode " + arguments[0] + ": must be produce, consume or transform");
                }
            }
            report("stopped", "");
        } catch (Fenced error) {
            leave(error);
        } catch (Throwable error) {
            error.printStackTrace();
            report("error", ",\"message\":" + new ObjectMapper().valueToTree(error.toString()));
            Runtime.getRuntime().halt(1);
        }
        Runtime.getRuntime().halt(0);
    }

    private static void awaitStop() {
        try {
            System.in.read();
        } catch (IOException error) {
            error.printStackTrace();
        }
        stopping = true;
    }

    /** Ends the process because its client cannot go on. A client that was fenced may wait for long when it is closed. */
    private static void leave(RuntimeException error) {
        report("fenced", ",\"message\":" + new ObjectMapper().valueToTree(error.toString()));
        Runtime.getRuntime().halt(0);
    }

    private static void report(String event, String members) {
        System.out.println("{\"event\":\"" + event + "\"" + members + "}");
        System.out.flush();
    }

    private static long nowUs() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
    }

    /** The file of the history. The sender's thread writes to it as well. */
    private static final class Lines implements AutoCloseable {
        private final BufferedWriter file;

        Lines(Path path) throws IOException {
            file = Files.newBufferedWriter(path, StandardCharsets.US_ASCII);
        }

        synchronized void write(String line) {
            try {
                file.write(line);
                file.write('\n');
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        synchronized void flush() {
            try {
                file.flush();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        @Override
        public synchronized void close() throws IOException {
            file.close();
        }
    }

    /** A producer that numbers its records and its transactions. */
    private static final class Writer {
        final Lines lines;
        final Random chance;
        final AtomicLong acknowledged = new AtomicLong();
        final KafkaProducer<String, String> client;
        private final String number;
        long sequence = 0;
        private long transaction = -1;

        Writer(JsonNode argument, Lines lines) {
            this.lines = lines;
            number = argument.get("producer").asText();
            chance = new Random(argument.get("seed").asLong());
            Map<String, Object> config = new HashMap<>();
            config.put("bootstrap.servers", argument.get("bootstrap").asText());
            config.put("compression.type", argument.get("compression").asText());
            config.put("key.serializer", StringSerializer.class);
            config.put("value.serializer", StringSerializer.class);
            if (argument.hasNonNull("transactional_id")) {
                config.put("transactional.id", argument.get("transactional_id").asText());
                config.put("transaction.timeout.ms", argument.get("transaction_timeout_ms").asInt());
            }
            client = new KafkaProducer<>(config);
            if (argument.hasNonNull("transactional_id")) {
                endingWell(client::initTransactions);
            }
        }

        /** Sends the next record; {@code size} is that of its transaction, 0 outside of one. */
        void send(String topic, int partition, int size, String source) {
            long own = sequence++;
            String value = number + " " + own + " " + (size == 0 ? -1 : transaction) + " " + size + source + " "
                    + ".".repeat(1 + chance.nextInt(100));
            client.send(new ProducerRecord<>(topic, partition, null, value), (metadata, error) -> {
                if (error == null) {
                    lines.write("a " + own + " " + partition + " " + (metadata.hasOffset() ? metadata.offset() : -1));
                    acknowledged.incrementAndGet();
                }
            });
        }

        /** Runs the steps in a transaction. Returns whether it was committed. */
        boolean transact(boolean commits, Runnable steps) {
            transaction++;
            try {
                client.beginTransaction();
                steps.run();
                if (commits) {
                    client.flush();
                    lines.write("t " + transaction);
                    lines.flush();
                    repeated(client::commitTransaction);
                    lines.write("c " + transaction);
                    lines.flush();
                    return true;
                }
            } catch (KafkaException error) {
                System.err.println("transaction " + transaction + ": " + error);
            }
            endingWell(client::abortTransaction);
            lines.write("x " + transaction);
            return false;
        }

        /** Repeats a call until it is done: one that has timed out goes on. */
        private static void repeated(Runnable call) {
            while (true) {
                try {
                    call.run();
                    return;
                } catch (TimeoutException error) {
                    System.err.println("once more: " + error);
                }
            }
        }

        private static void endingWell(Runnable call) {
            try {
                repeated(call);
            } catch (KafkaException error) {
                throw new Fenced(error);
            }
        }
    }

    private static void produce(JsonNode argument, Lines lines) throws InterruptedException {
        String topic = argument.get("topic").asText();
        int partitions = argument.get("partitions").asInt();
        long perSecond = argument.get("records_per_second").asLong();
        Writer writer = new Writer(argument, lines);
        boolean isTransactional = argument.hasNonNull("transactional_id");
        long started = System.nanoTime();
        long reported = started;
        while (!stopping) {
            int size = 1 + writer.chance.nextInt(MOST_RECORDS);
            if (isTransactional) {
                boolean commits = writer.chance.nextInt(10) > 0;
                // One that is aborted may be so half way.
                int sent = commits ? size : 1 + writer.chance.nextInt(size);
                writer.transact(commits, () -> {
                    for (int count = 0; count < sent; count++) {
                        writer.send(topic, writer.chance.nextInt(partitions), size, "");
                    }
                });
            } else {
                for (int count = 0; count < size; count++) {
                    writer.send(topic, writer.chance.nextInt(partitions), 0, "");
                }
            }
            if (System.nanoTime() - reported > PROGRESS_NS) {
                reported = System.nanoTime();
                report("progress", ",\"records\":" + writer.acknowledged);
            }
            long due = started + writer.sequence * 1_000_000_000 / perSecond;
            for (long early = due - System.nanoTime(); early > 0 && !stopping; early = due - System.nanoTime()) {
                Thread.sleep(Math.min(10, early / 1_000_000 + 1));
            }
        }
        writer.client.flush();
        report("progress", ",\"records\":" + writer.acknowledged);
    }

    /** A member of a group that knows what its group has committed. */
    private static final class Reader {
        final Lines lines;
        final String topic;
        final KafkaConsumer<String, String> client;
        /** The offset after the last record, of partitions where it is not committed. */
        final Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();

        Reader(JsonNode argument, Lines lines) {
            this.lines = lines;
            topic = argument.get("topic").asText();
            Map<String, Object> config = new HashMap<>();
            config.put("bootstrap.servers", argument.get("bootstrap").asText());
            config.put("group.id", argument.get("group").asText());
            config.put("isolation.level", argument.get("isolation").asText());
            config.put("auto.offset.reset", "earliest");
            config.put("enable.auto.commit", "false");
            config.put("max.poll.records", MOST_RECORDS);
            config.put("key.deserializer", StringDeserializer.class);
            config.put("value.deserializer", StringDeserializer.class);
            if (argument.get("protocol").asText().equals("consumer")) {
                config.put("group.protocol", "consumer");
            } else {
                String assignor = argument.get("assignor").asText().equals("range") ? "RangeAssignor" : "CooperativeStickyAssignor";
                config.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer." + assignor);
                config.put("session.timeout.ms", argument.get("session_timeout_ms").asInt());
                config.put("heartbeat.interval.ms", argument.get("session_timeout_ms").asInt() / 10);
            }
            client = new KafkaConsumer<>(config);
        }

        /** Returns the committed offsets, 0 for those that are none. */
        Map<TopicPartition, Long> fetchCommitted(Collection<TopicPartition> partitions) {
            Map<TopicPartition, Long> offsets = new HashMap<>();
            if (partitions.isEmpty()) {
                return offsets;
            }
            long asked = nowUs();
            Map<TopicPartition, OffsetAndMetadata> found;
            try {
                found = client.committed(Set.copyOf(partitions));
            } catch (KafkaException error) {
                // The group has removed the member. A callback could not tell it to the caller of poll as it is.
                lines.flush();
                leave(error);
                throw error;
            }
            found.forEach((partition, committed) -> {
                lines.write("q " + partition.partition() + " " + (committed == null ? -1 : committed.offset()) + " " + asked);
                offsets.put(partition, committed == null ? 0 : committed.offset());
            });
            return offsets;
        }

        void position(Collection<TopicPartition> partitions) {
            fetchCommitted(partitions).forEach((partition, offset) -> {
                lines.write("p " + partition.partition() + " " + offset);
                next.remove(partition);
            });
        }

        void commit() {
            if (next.isEmpty()) {
                return;
            }
            // What is below the offsets was read, even if the process is killed now.
            lines.flush();
            try {
                client.commitSync(next);
            } catch (KafkaException error) {
                // The group has changed, or the answer was lost: somebody reads from the last commit again.
                System.err.println("commit: " + error);
                return;
            }
            long answered = nowUs();
            next.forEach((partition, offset) -> lines.write("o " + partition.partition() + " " + offset.offset() + " " + answered));
            next.clear();
        }
    }

    private static void consume(JsonNode argument, Lines lines) {
        Reader reader = new Reader(argument, lines);
        reader.client.subscribe(Set.of(reader.topic), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                reader.position(partitions);
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                reader.commit();
                reader.next.keySet().removeAll(partitions);
            }

            @Override
            public void onPartitionsLost(Collection<TopicPartition> partitions) {
                reader.next.keySet().removeAll(partitions);
            }
        });
        long committed = System.nanoTime();
        while (!stopping) {
            for (ConsumerRecord<String, String> record : reader.client.poll(POLL)) {
                lines.write("r " + record.partition() + " " + record.offset() + " " + record.value());
                reader.next.put(
                        new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
            }
            if (System.nanoTime() - committed > COMMIT_NS) {
                reader.commit();
                committed = System.nanoTime();
            }
        }
        reader.commit();
        reader.client.close();
    }

    private static void transform(JsonNode argument, Lines lines) {
        String output = argument.get("output").asText();
        Writer writer = new Writer(argument, lines);
        Reader reader = new Reader(argument, lines);
        // Each batch's offsets are part of its transaction, so nothing is committed when partitions are revoked.
        reader.client.subscribe(Set.of(reader.topic), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                reader.fetchCommitted(partitions);
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}
        });
        while (!stopping) {
            ConsumerRecords<String, String> records = reader.client.poll(POLL);
            if (!records.isEmpty()) {
                transformBatch(writer, reader, output, records);
            }
        }
        reader.client.close();
    }

    /** Writes what is made of the records, with their offsets, in a transaction; if it is not committed, they are read again. */
    private static void transformBatch(Writer writer, Reader reader, String output, ConsumerRecords<String, String> records) {
        reader.next.clear();
        boolean isCommitted = writer.transact(writer.chance.nextInt(20) > 0, () -> {
            for (ConsumerRecord<String, String> record : records) {
                String[] words = record.value().split(" ", 3);
                String source = " " + record.partition() + " " + record.offset() + " " + words[0] + " " + words[1];
                writer.send(output, record.partition(), records.count(), source);
                reader.next.put(
                        new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
            }
            Writer.repeated(() -> writer.client.sendOffsetsToTransaction(reader.next, reader.client.groupMetadata()));
        });
        if (isCommitted) {
            long answered = nowUs();
            reader.next.forEach((partition, offset) ->
                    reader.lines.write("o " + partition.partition() + " " + offset.offset() + " " + answered));
            reader.lines.flush();
        } else {
            reader.fetchCommitted(reader.client.assignment()).forEach(reader.client::seek);
        }
    }

    private History() {}
}
