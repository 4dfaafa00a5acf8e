package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;

/** Bytes inside requests, from a description in JSON, so that a batch can have the producer id that the broker gave. */
final class Payloads {
    private Payloads() {}

    static boolean isPayload(ObjectNode node) {
        return node.has("$batch") || node.has("$subscription") || node.has("$assignment");
    }

    /** Returns the bytes in base64, as Kafka's JSON has them. */
    static String encode(ObjectNode node) {
        if (node.has("$batch")) return base64(batch(node.get("$batch")));
        if (node.has("$subscription")) return base64(bytes(ConsumerProtocol.serializeSubscription(new Subscription(texts(node.get("$subscription"))))));
        JsonNode assignment = node.get("$assignment");
        List<TopicPartition> partitions = new ArrayList<>();
        assignment.get("partitions").forEach(index -> partitions.add(new TopicPartition(assignment.get("topic").asText(), index.asInt())));
        return base64(bytes(ConsumerProtocol.serializeAssignment(new Assignment(partitions))));
    }

    /**
     * Builds a batch: `count` records from `timestamp` on, `gap` apart, with the values `first`, `first + 1` and so on. `broken` is the position of a
     * byte that is flipped after the checksum was computed, `cut` a number of bytes that are missing at the end, and `twice` sends it twice.
     */
    private static byte[] batch(JsonNode wanted) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(4096), (byte) wanted.path("magic").asInt(2),
            Compression.of(wanted.path("compression").asText("none")).build(), TimestampType.CREATE_TIME, 0L);
        long timestamp = wanted.path("timestamp").asLong(1_700_000_000_000L), gap = wanted.path("gap").asLong(1000);
        int first = wanted.path("first").asInt(0);
        for (int index = 0; index < wanted.path("count").asInt(1); index++) {
            byte[] key = wanted.path("keyless").asBoolean(false) ? null : ("k" + (first + index)).getBytes();
            byte[] value = wanted.path("tombstones").asBoolean(false) ? null : ("v" + (first + index)).getBytes();
            builder.append(timestamp + index * gap, key, value);
        }
        byte[] batch = bytes(builder.build().buffer());
        if (batch[16] == 2) writeProducer(ByteBuffer.wrap(batch), wanted);
        return damaged(batch, wanted);
    }

    /** Writes what a producer writes into the header. Kafka's builder refuses combinations that a broker has to refuse as well. */
    private static void writeProducer(ByteBuffer batch, JsonNode wanted) {
        int attributes = batch.getShort(21) | (wanted.path("transactional").asBoolean(false) ? 1 << 4 : 0) | (wanted.path("control").asBoolean(false) ? 1 << 5 : 0);
        batch.putShort(21, (short) attributes);
        batch.putLong(43, wanted.path("producer").asLong(-1)).putShort(51, (short) wanted.path("epoch").asInt(-1)).putInt(53, wanted.path("sequence").asInt(-1));
        CRC32C checksum = new CRC32C();
        checksum.update(batch.array(), 21, batch.limit() - 21);
        batch.putInt(17, (int) checksum.getValue());
    }

    private static byte[] damaged(byte[] batch, JsonNode wanted) {
        if (wanted.has("broken")) batch[Math.min(wanted.get("broken").asInt(), batch.length - 1)] ^= 0x55;
        int length = batch.length - wanted.path("cut").asInt(0), times = wanted.path("twice").asBoolean(false) ? 2 : 1;
        ByteBuffer sent = ByteBuffer.allocate(length * times);
        for (int i = 0; i < times; i++) sent.put(batch, 0, length);
        return sent.array();
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
