package wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/**
 * A request's body as it was sent, and where it has what the broker chose.
 *
 * @param holes pairs of a position and the name of the value there
 */
record Template(byte[] body, ArrayNode holes) {
    static Template of(Step step, Symbols symbols, ByteBuffer sent) {
        Map<String, byte[]> marks = new HashMap<>();
        Symbols marked = symbols.withMarks(marks);
        ArrayNode holes = Definitions.JSON.createArrayNode();
        byte[] body = Arrays.copyOf(sent.array(), sent.limit());
        try {
            ByteBuffer encoded = Messages.encode(step.api(), step.version(), marked.resolve(step.body()));
            marks.forEach((name, mark) -> {
                for (int at = 0; at + mark.length <= encoded.limit(); at++)
                    if (Arrays.equals(encoded.array(), at, at + mark.length, mark, 0, mark.length)) holes.addArray().add(at).add(name);
            });
        } catch (Messages.Unencodable error) {
            throw new IllegalStateException(error);
        }
        return new Template(body, holes);
    }

    String base64() {
        return Base64.getEncoder().encodeToString(body);
    }
}
