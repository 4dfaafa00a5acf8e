package wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/** Kafka's message definitions, as they lie in the jar kafka-clients. */
final class Definitions {
    static final ObjectMapper JSON = new ObjectMapper().configure(JsonParser.Feature.ALLOW_COMMENTS, true);
    private static final Map<String, JsonNode> READ = new HashMap<>();

    private Definitions() {}

    /** Returns the definition of a message, such as `FetchRequest`. */
    static JsonNode of(String message) {
        return READ.computeIfAbsent(message, name -> {
            try (InputStream in = Definitions.class.getClassLoader().getResourceAsStream("common/message/" + name + ".json")) {
                return JSON.readTree(in);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        });
    }

    /** Returns whether a range of versions as definitions write it (`0+`, `3-5`, `none`) has the version. */
    static boolean contains(JsonNode range, int version) {
        String text = range == null ? "none" : range.asText();
        if (text.equals("none")) return false;
        if (text.endsWith("+")) return version >= Integer.parseInt(text.substring(0, text.length() - 1));
        String[] ends = text.split("-");
        return version >= Integer.parseInt(ends[0]) && version <= Integer.parseInt(ends[ends.length - 1]);
    }

    static boolean isArray(JsonNode field) {
        return field.get("type").asText().startsWith("[]");
    }

    static String elementType(JsonNode field) {
        String type = field.get("type").asText();
        return type.startsWith("[]") ? type.substring(2) : type;
    }

    static boolean isStruct(String type) {
        return Character.isUpperCase(type.charAt(0));
    }

    static boolean isNullable(JsonNode field, int version) {
        return contains(field.get("nullableVersions"), version);
    }

    static boolean isTagged(JsonNode field, int version) {
        return contains(field.get("taggedVersions"), version);
    }

    /** Returns the fields of a struct: its own, or those of a common struct of the message. */
    static JsonNode fieldsOf(JsonNode message, JsonNode field) {
        if (field.has("fields")) return field.get("fields");
        for (JsonNode common : message.path("commonStructs"))
            if (common.get("name").asText().equals(elementType(field))) return common.get("fields");
        throw new IllegalArgumentException("no fields of " + field);
    }

    /** Returns a field's name in Kafka's JSON. */
    static String jsonName(JsonNode field) {
        String name = field.get("name").asText();
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /** Returns the body with every field that it lacks at its default, so that Kafka's reader takes it. */
    static ObjectNode complete(String message, int version, JsonNode partial) {
        JsonNode definition = of(message);
        return complete(definition, definition.get("fields"), version, partial);
    }

    private static ObjectNode complete(JsonNode message, JsonNode fields, int version, JsonNode partial) {
        ObjectNode whole = JSON.createObjectNode();
        for (JsonNode field : fields) {
            if (!contains(field.get("versions"), version)) continue;
            String name = jsonName(field);
            JsonNode given = partial.get(name);
            if (given == null && isTagged(field, version)) continue;
            whole.set(name, given == null ? defaultOf(message, field, version) : completeValue(message, field, version, given));
        }
        return whole;
    }

    private static JsonNode completeValue(JsonNode message, JsonNode field, int version, JsonNode given) {
        if (!isStruct(elementType(field)) || given.isNull()) return given;
        JsonNode fields = fieldsOf(message, field);
        if (!isArray(field)) return complete(message, fields, version, given);
        ArrayNode elements = JSON.createArrayNode();
        for (JsonNode element : given) elements.add(complete(message, fields, version, element));
        return elements;
    }

    private static JsonNode defaultOf(JsonNode message, JsonNode field, int version) {
        String given = field.path("default").asText("");
        if (given.equals("null") && isNullable(field, version)) return NullNode.instance;
        if (isArray(field)) return JSON.createArrayNode();
        String type = elementType(field);
        if (isStruct(type)) return complete(message, fieldsOf(message, field), version, JSON.createObjectNode());
        switch (type) {
            case "bool": return BooleanNode.valueOf(given.equals("true"));
            case "string": return TextNode.valueOf(given.equals("null") ? "" : given);
            case "uuid": return TextNode.valueOf("AAAAAAAAAAAAAAAAAAAAAA");
            case "bytes": return TextNode.valueOf("");
            case "records": return NullNode.instance;
            case "float64": return DoubleNode.valueOf(0);
            case "int64": return LongNode.valueOf(given.isEmpty() ? 0 : Long.decode(given));
            default: return IntNode.valueOf(given.isEmpty() ? 0 : Integer.decode(given));
        }
    }

    /** Returns the fields of a message at a version, flat enough to be decoded without Kafka's classes. */
    static ArrayNode shape(String message, int version) {
        JsonNode definition = of(message);
        return shape(definition, definition.get("fields"), version);
    }

    private static ArrayNode shape(JsonNode message, JsonNode fields, int version) {
        ArrayNode shape = JSON.createArrayNode();
        for (JsonNode field : fields) {
            if (!contains(field.get("versions"), version)) continue;
            ObjectNode entry = shape.addObject().put("name", jsonName(field)).put("type", isStruct(elementType(field)) ? "struct" : elementType(field));
            if (isArray(field)) entry.put("array", true);
            if (isNullable(field, version)) entry.put("nullable", true);
            if (isTagged(field, version)) entry.put("tag", field.get("tag").asInt());
            if (isStruct(elementType(field))) entry.set("fields", shape(message, fieldsOf(message, field), version));
        }
        return shape;
    }

    static boolean isFlexible(String message, int version) {
        return contains(of(message).get("flexibleVersions"), version);
    }
}
