package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.kafka.common.Uuid;

/** A value that occurs nowhere else, in place of one that a broker chose. */
final class Mark {
    private static final long RARE = 0x5eedface_d15ea5e0L;

    private Mark() {}

    /** Returns the mark with that number for a value of the kind, and tells its bytes in a request. */
    static JsonNode of(String kind, int number, JsonNode value, Consumer<byte[]> bytes) {
        switch (kind) {
            case "id": {
                Uuid id = new Uuid(RARE, RARE + number);
                bytes.accept(ByteBuffer.allocate(16).putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).array());
                return TextNode.valueOf(id.toString());
            }
            case "producer":
                bytes.accept(ByteBuffer.allocate(8).putLong(RARE + number).array());
                return LongNode.valueOf(RARE + number);
            case "session":
                bytes.accept(ByteBuffer.allocate(4).putInt((int) RARE + number).array());
                return IntNode.valueOf((int) RARE + number);
            default: {
                String text = ("~" + number + "~".repeat(value.asText().length())).substring(0, value.asText().length());
                bytes.accept(text.getBytes(StandardCharsets.UTF_8));
                return TextNode.valueOf(text);
            }
        }
    }
}
