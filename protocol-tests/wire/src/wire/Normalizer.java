package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes the answers of two brokers comparable: ids become names, clocks become signs, and sets are sorted. */
final class Normalizer {
    private static final Pattern MADE_MEMBER = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final Pattern UUID = Pattern.compile("(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])");
    private static final Pattern OTHER_SEQUENCE = Pattern.compile("[rs][0-9a-f]{6}-.*");
    private static final Pattern TIMES = Pattern.compile("-?\\d{13,}");
    private static final long FIRST_NOW = 1_750_000_000_000L;
    private static final String NO_ID = "AAAAAAAAAAAAAAAAAAAAAA";
    private static final String[] KEYS = {"partitionIndex", "partition", "index", "partitionId", "name", "topic", "topicName", "topicId", "configName", "groupId",
        "resourceName", "key", "transactionalId", "memberId", "nodeId", "brokerId", "apiKey", "producerId", "id"};

    private final Rules rules;
    private final Symbols symbols;
    private final boolean hasMessages;

    Normalizer(Rules rules, Symbols symbols, boolean hasMessages) {
        this.rules = rules;
        this.symbols = symbols;
        this.hasMessages = hasMessages;
    }

    /** Returns what tells an element of an array from the others. */
    static String key(JsonNode element) {
        if (!element.isObject()) return element.toString();
        for (String name : KEYS)
            if (element.has(name) && !element.get(name).isNull()) return element.get(name) + element.path("resourceType").toString();
        return element.toString();
    }

    JsonNode normalize(String api, JsonNode node) {
        if (node.isObject()) return object(api, node);
        if (node.isArray()) return array(api, node);
        return node.isTextual() ? TextNode.valueOf(text(node.asText())) : node;
    }

    private JsonNode object(String api, JsonNode node) {
        ObjectNode normal = Definitions.JSON.createObjectNode();
        node.fields().forEachRemaining(field -> {
            String name = field.getKey();
            JsonNode value = field.getValue();
            Rules.How how = rules.of(api, name);
            if (how == Rules.How.LEFT_OUT || !hasMessages && name.equals("errorMessage")) return;
            if (how == Rules.How.SIGN) normal.set(name, IntNode.valueOf(Long.signum(value.asLong())));
            else if (how == Rules.How.CLOCK) normal.set(name, clock(value));
            else if (how == Rules.How.NAMED) normal.set(name, named(name, value));
            else if (name.equals("records")) normal.set(name, records(value));
            else normal.set(name, normalize(api, value));
        });
        return normal;
    }

    /** Returns a time, or a text without its times, unless it is the time of the comparison. */
    private static JsonNode clock(JsonNode value) {
        if (value.isTextual()) return TextNode.valueOf(TIMES.matcher(value.asText()).replaceAll("<time>"));
        return value.asLong() >= FIRST_NOW ? TextNode.valueOf("<now>") : value;
    }

    /** Returns the name of an id that the broker chose. An id that no step asked for has no name of its own. */
    private JsonNode named(String field, JsonNode value) {
        if (value.isNull() || value.isNumber() && value.asLong() <= 0 && !field.equals("producerId") || value.isNumber() && value.asLong() < 0) return value;
        String name = symbols.nameOf(field.equals("sessionId") ? "session" : "producer", value.asText());
        return TextNode.valueOf(name != null ? name : "<" + field + ">");
    }

    private JsonNode array(String api, JsonNode node) {
        List<JsonNode> elements = new ArrayList<>();
        for (JsonNode element : node) if (!isOfOtherSequence(element)) elements.add(normalize(api, element));
        elements.sort(Comparator.comparing(Normalizer::key).thenComparing(JsonNode::toString));
        ArrayNode normal = Definitions.JSON.createArrayNode();
        normal.addAll(elements);
        return normal;
    }

    private boolean isOfOtherSequence(JsonNode element) {
        for (String field : new String[] {"name", "topicName", "topic", "groupId", "transactionalId", "resourceName"}) {
            String name = element.path(field).asText("");
            if (rules.leavesOut(name)) return true;
            if (OTHER_SEQUENCE.matcher(name).matches() && !name.startsWith(symbols.prefix)) return true;
        }
        return false;
    }

    private String text(String text) {
        for (String kind : new String[] {"id", "member"}) {
            String name = symbols.nameOf(kind, text);
            if (name != null) return name;
        }
        String made = MADE_MEMBER.matcher(text).replaceAll("<uuid>");
        Matcher ids = UUID.matcher(made);
        return ids.replaceAll(id -> id.group().equals(NO_ID) ? NO_ID : Matcher.quoteReplacement(idName(id.group())));
    }

    private String idName(String id) {
        for (String kind : new String[] {"id", "member"}) {
            String name = symbols.nameOf(kind, id);
            if (name != null) return name;
        }
        return "<id>";
    }

    /** Takes batches apart: their headers are compared field by field, and what follows byte by byte. */
    private JsonNode records(JsonNode value) {
        if (value.isNull() || !value.isTextual() && !value.isBinary()) return value;
        byte[] bytes = value.isTextual() ? Base64.getDecoder().decode(value.asText()) : binary(value);
        ArrayNode batches = Definitions.JSON.createArrayNode();
        int at = 0;
        while (at < bytes.length) at = Batches.describe(bytes, at, batches, id -> named("producerId", id));
        return batches;
    }

    private static byte[] binary(JsonNode value) {
        try {
            return value.binaryValue();
        } catch (java.io.IOException error) {
            throw new IllegalArgumentException(error);
        }
    }
}
