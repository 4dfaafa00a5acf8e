package wire;

import com.fasterxml.jackson.databind.JsonNode;

/** An answer: its body as it came, and as Kafka's classes read it. Without a body the text says why there is none. */
record Answer(byte[] body, JsonNode read) {
    boolean isMissing() {
        return read.isTextual();
    }
}
