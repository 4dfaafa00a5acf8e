package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Base64;
import java.util.Random;

/** Random bodies from Kafka's message definitions: each field has a value of its type, often one that means something, and often not. */
final class Nonsense {
    private final Random random;
    private final JsonNode message;
    private final int version, repeats;

    private Nonsense(Random random, JsonNode message, int version, int repeats) {
        this.random = random;
        this.message = message;
        this.version = version;
        this.repeats = repeats;
    }

    /** Returns a body in whose arrays an element repeats another one's key in one of `repeats` cases. */
    static JsonNode body(Random random, String api, int version, int repeats) {
        JsonNode message = Definitions.of(api + "Request");
        return new Nonsense(random, message, version, repeats).struct(message.get("fields"), api);
    }

    private JsonNode struct(JsonNode fields, String path) {
        ObjectNode struct = Definitions.JSON.createObjectNode();
        for (JsonNode field : fields) {
            if (!Definitions.contains(field.get("versions"), version)) continue;
            if (Definitions.isTagged(field, version) && random.nextInt(4) != 0) continue;
            struct.set(Definitions.jsonName(field), value(field, path + "/" + field.get("name").asText()));
        }
        return struct;
    }

    private JsonNode value(JsonNode field, String path) {
        boolean isNullable = Definitions.isNullable(field, version);
        if (!Definitions.isArray(field)) return single(field, isNullable, path);
        if (isNullable && random.nextInt(4) == 0) return NullNode.instance;
        ArrayNode array = Definitions.JSON.createArrayNode();
        int count = pick(0, 1, 1, 1, 1, 2, 2, 3);
        for (int i = 0; i < count; i++) {
            JsonNode element = single(field, false, path);
            boolean mayRepeat = random.nextInt(repeats) == 0, isRepeated = false;
            for (JsonNode other : array) isRepeated |= Normalizer.key(other).equals(Normalizer.key(element));
            if (mayRepeat || !isRepeated) array.add(element);
        }
        return array;
    }

    private JsonNode single(JsonNode field, boolean isNullable, String path) {
        String name = field.get("name").asText(), type = Definitions.elementType(field);
        if (isNullable && random.nextInt(type.equals("records") ? 8 : 3) == 0) return NullNode.instance;
        if (Definitions.isStruct(type)) return struct(Definitions.fieldsOf(message, field), path);
        switch (type) {
            case "bool": return BooleanNode.valueOf(random.nextBoolean());
            case "string": return Values.text(random, name, path);
            case "uuid": return TextNode.valueOf(pick("${id:a}", "${id:b}", "AAAAAAAAAAAAAAAAAAAAAA", "RmFrZVRvcGljSWRfX19fXw"));
            case "bytes": return Values.bytes(random, name);
            case "records": return Values.batch(random);
            case "float64": return DoubleNode.valueOf(random.nextDouble());
            case "uint16": return IntNode.valueOf(9092);
            case "int64": return Values.int64(random, name);
            default: return Values.integer(random, name, type);
        }
    }

    @SafeVarargs
    private <T> T pick(T... values) {
        return values[random.nextInt(values.length)];
    }
}
