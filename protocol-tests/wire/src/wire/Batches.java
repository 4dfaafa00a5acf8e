package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.function.Function;
import java.util.zip.CRC32C;

/** Reads the batches in an answer of Fetch. */
final class Batches {
    private static final int HEADER_BYTES = 61, CONTROL = 1 << 5, LOG_APPEND_TIME = 1 << 3;

    private Batches() {}

    /** Adds the batch at `at`, and returns where the next one begins. A batch that is cut is described by its bytes. */
    static int describe(byte[] bytes, int at, ArrayNode into, Function<JsonNode, JsonNode> named) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        int end = bytes.length - at < HEADER_BYTES ? Integer.MAX_VALUE : at + 12 + buffer.getInt(at + 8);
        if (end > bytes.length || end < at + HEADER_BYTES || bytes[at + 16] != 2) {
            into.addObject().put("cut", bytes.length - at);
            return bytes.length;
        }
        int attributes = buffer.getShort(at + 21);
        boolean isTimed = (attributes & (CONTROL | LOG_APPEND_TIME)) != 0;
        ObjectNode batch = into.addObject();
        batch.put("baseOffset", buffer.getLong(at)).put("leaderEpoch", buffer.getInt(at + 12));
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, at + 21, end - at - 21);
        batch.put("isIntact", (int) checksum.getValue() == buffer.getInt(at + 17));
        batch.put("attributes", attributes).put("lastOffsetDelta", buffer.getInt(at + 23));
        if (!isTimed) batch.put("baseTimestamp", buffer.getLong(at + 27)).put("maxTimestamp", buffer.getLong(at + 35));
        batch.set("producerId", named.apply(LongNode.valueOf(buffer.getLong(at + 43))));
        batch.put("epoch", buffer.getShort(at + 51)).put("sequence", buffer.getInt(at + 53)).put("count", buffer.getInt(at + 57));
        batch.put("body", HexFormat.of().formatHex(bytes, at + HEADER_BYTES, end));
        return end;
    }
}
