package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What one broker chose: topic ids, member ids, producer ids and sessions, by name. A body holds `${kind:name}` in their place, and `%` before
 * each name of a topic, group or transactional id, in place of the prefix that keeps sequences apart.
 */
final class Symbols {
    /** Kinds that only the broker knows, so that an answer's value has to be replaced by its name. */
    static final Set<String> CHOSEN = Set.of("id", "member", "producer", "session");
    private static final Map<String, JsonNode> ABSENT = Map.of("id", TextNode.valueOf("RmFrZVRvcGljSWRfX19fXw"), "member", TextNode.valueOf("nobody"),
        "generation", IntNode.valueOf(-1), "memberEpoch", IntNode.valueOf(0), "producer", LongNode.valueOf(-1), "epoch", IntNode.valueOf(-1),
        "session", IntNode.valueOf(0));

    final String prefix;
    private final Map<String, JsonNode> values = new HashMap<>();
    /** The names of chosen values. */
    private final Map<String, String> names = new LinkedHashMap<>();

    Symbols(String prefix) {
        this.prefix = prefix;
    }

    void bind(String kind, String name, JsonNode value) {
        String symbol = kind + ":" + name;
        values.put(symbol, value);
        if (CHOSEN.contains(kind)) names.putIfAbsent(kind + " " + value.asText(), "<" + symbol + ">");
    }

    /** Returns the name of a value of the kind, or null if no answer gave it. */
    String nameOf(String kind, String value) {
        return names.get(kind + " " + value);
    }

    /**
     * Returns symbols with the same names and prefix, of which each that a broker chose has another value of the same length: where an encoded
     * request has that value, a replay has to put its own.
     */
    Symbols withMarks(Map<String, byte[]> marks) {
        Symbols marked = new Symbols(prefix);
        marked.values.putAll(values);
        for (Map.Entry<String, JsonNode> bound : values.entrySet()) {
            String kind = bound.getKey().substring(0, bound.getKey().indexOf(':'));
            if (CHOSEN.contains(kind)) marked.values.put(bound.getKey(), Mark.of(kind, marks.size(), bound.getValue(), bytes -> marks.put(bound.getKey(), bytes)));
        }
        return marked;
    }

    JsonNode value(String symbol) {
        JsonNode bound = values.get(symbol);
        return bound != null ? bound : ABSENT.get(symbol.substring(0, symbol.indexOf(':')));
    }

    /** Returns a body with this broker's values. */
    JsonNode resolve(JsonNode node) {
        if (node.isTextual()) {
            String text = node.asText();
            if (text.startsWith("${")) return value(text.substring(2, text.length() - 1));
            return text.indexOf('%') < 0 ? node : TextNode.valueOf(text.replace("%", prefix));
        }
        if (node.isArray()) {
            ArrayNode resolved = Definitions.JSON.createArrayNode();
            node.forEach(element -> resolved.add(resolve(element)));
            return resolved;
        }
        if (!node.isObject()) return node;
        ObjectNode resolved = Definitions.JSON.createObjectNode();
        node.fields().forEachRemaining(field -> resolved.set(field.getKey(), resolve(field.getValue())));
        return Payloads.isPayload(resolved) ? TextNode.valueOf(Payloads.encode(resolved)) : resolved;
    }

    /** Takes over what an answer says, under the name of the step's actor. */
    void learn(Step step, JsonNode answer) {
        String actor = step.actor();
        switch (step.api().name) {
            case "CreateTopics": learnTopics(answer.path("topics"), "name"); break;
            case "Metadata": learnTopics(answer.path("topics"), "name"); break;
            case "DescribeTopicPartitions": learnTopics(answer.path("topics"), "name"); break;
            case "JoinGroup": learnField("member", actor, answer.get("memberId")); learnField("generation", actor, answer.get("generationId")); break;
            case "ConsumerGroupHeartbeat": learnField("member", actor, answer.get("memberId")); learnField("memberEpoch", actor, answer.get("memberEpoch")); break;
            case "InitProducerId": learnField("producer", actor, answer.get("producerId")); learnField("epoch", actor, answer.get("producerEpoch")); break;
            case "EndTxn": learnField("producer", actor, answer.get("producerId")); learnField("epoch", actor, answer.get("producerEpoch")); break;
            case "Fetch": learnField("session", actor, answer.get("sessionId")); break;
            default: break;
        }
    }

    private void learnTopics(JsonNode topics, String key) {
        for (JsonNode topic : topics) {
            String name = topic.path(key).asText(""), id = topic.path("topicId").asText("AAAAAAAAAAAAAAAAAAAAAA");
            if (!name.isEmpty() && !id.equals("AAAAAAAAAAAAAAAAAAAAAA"))
                bind("id", name.startsWith(prefix) ? name.substring(prefix.length()) : name, TextNode.valueOf(id));
        }
    }

    /** Binds a value unless it says that there is none. */
    private void learnField(String kind, String actor, JsonNode value) {
        if (value == null || value.isNull()) return;
        boolean isAbsent = value.isTextual() ? value.asText().isEmpty() : value.asLong() < 0 || kind.equals("session") && value.asLong() == 0;
        if (!isAbsent) bind(kind, actor, value);
    }
}
