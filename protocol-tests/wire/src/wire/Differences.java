package wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Finds where two normalised answers differ, and names each kind. */
final class Differences {
    private static final int MOST = 6, UNKNOWN_SERVER_ERROR = -1;

    private final List<String> found = new ArrayList<>();

    private Differences() {}

    /**
     * Returns the kinds of difference, such as `Fetch.error: kafka 1 ours 0`. An unexpected error of Kafka's own is not compared. A request that is
     * never answered is an answer of its own.
     */
    static List<String> between(String api, JsonNode kafka, JsonNode ours, Rules rules) {
        Differences differences = new Differences();
        differences.compare("", kafka, ours);
        List<String> kinds = new ArrayList<>();
        for (String difference : differences.found) {
            String kind = (api + difference).replaceAll("s[0-9a-f]{6}-", "%").replaceAll("\\d{6,}", "N");
            if (!rules.accepts(kind)) kinds.add(kind);
        }
        return kinds;
    }

    private void compare(String path, JsonNode kafka, JsonNode ours) {
        if (kafka.equals(ours) || found.size() > MOST || isUnexpected(kafka)) return;
        if (kafka.isObject() && ours.isObject()) {
            Set<String> names = new TreeSet<>();
            kafka.fieldNames().forEachRemaining(names::add);
            ours.fieldNames().forEachRemaining(names::add);
            for (String name : names) compare(path + "." + name, kafka.path(name), ours.path(name));
        } else if (kafka.isArray() && ours.isArray()) {
            compareArrays(path + "[]", kafka, ours);
        } else {
            found.add(path + ": kafka " + brief(kafka) + " ours " + brief(ours));
        }
    }

    private void compareArrays(String path, JsonNode kafka, JsonNode ours) {
        List<JsonNode> left = new ArrayList<>();
        ours.forEach(left::add);
        for (JsonNode element : kafka) {
            JsonNode same = null;
            for (JsonNode other : left) if (Normalizer.key(other).equals(Normalizer.key(element)) && (same == null || other.equals(element))) same = other;
            if (same != null) {
                left.remove(same);
                compare(path, element, same);
            } else if (!isUnexpected(element)) {
                found.add(path + ": only kafka has " + brief(element));
            }
        }
        for (JsonNode element : left) found.add(path + ": only ours has " + brief(element));
    }

    private static boolean isUnexpected(JsonNode node) {
        return node.path("errorCode").asInt() == UNKNOWN_SERVER_ERROR;
    }

    private static String brief(JsonNode node) {
        String text = node.isObject() ? (node.has("errorCode") ? "errorCode " + node.get("errorCode") + " " : "") + Normalizer.key(node) : node.toString();
        return text.length() > 160 ? text.substring(0, 160) + ".." : text;
    }
}
