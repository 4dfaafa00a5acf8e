package wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs a sequence on both brokers and compares the answers. */
final class Comparison {
    final String kafka, ours;
    final Rules rules;
    final boolean hasMessages;
    /** Begins anywhere, so that what an earlier comparison left behind has another prefix. */
    private int runs = (int) System.nanoTime() & 0xffffff;

    Comparison(String kafka, String ours, Rules rules, boolean hasMessages) {
        this.kafka = kafka;
        this.ours = ours;
        this.rules = rules;
        this.hasMessages = hasMessages;
    }

    /** A step whose answers differ, and how. */
    record Difference(int step, List<String> kinds, JsonNode kafka, JsonNode ours) {}

    /** Runs the steps on both. A sequence that differs is run once more, so that what the clock did does not count. */
    List<Difference> of(List<Step> steps) throws IOException {
        List<Difference> first = once(steps);
        return first.isEmpty() ? first : once(steps);
    }

    List<Difference> once(List<Step> steps) throws IOException {
        String prefix = String.format("s%06x-", ++runs & 0xffffff);
        return between(steps, Run.of(kafka, prefix, steps), Run.of(ours, prefix, steps));
    }

    /** Compares the answers of two brokers to the same steps. */
    List<Difference> between(List<Step> steps, Run.Result kafkas, Run.Result mine) {
        List<Difference> differences = new ArrayList<>();
        for (int index = 0; index < steps.size(); index++) {
            Answer one = kafkas.answers().get(index), other = mine.answers().get(index);
            if (one == null || other == null) continue;
            String api = steps.get(index).api().name;
            JsonNode normal = new Normalizer(rules, kafkas.symbols(), hasMessages).normalize(api, one.read());
            JsonNode found = new Normalizer(rules, mine.symbols(), hasMessages).normalize(api, other.read());
            List<String> kinds = Differences.between(api, normal, found, rules);
            if (!kinds.isEmpty()) differences.add(new Difference(index, kinds, normal, found));
        }
        return differences;
    }

    /** Returns the fewest steps found that still differ in that kind, by leaving out ever smaller parts. */
    List<Step> shrink(List<Step> steps, String kind) throws IOException {
        List<Step> least = steps;
        for (int size = Math.max(1, least.size() / 2); size >= 1; size /= 2) {
            for (int from = 0; from < least.size(); ) {
                List<Step> fewer = new ArrayList<>(least.subList(0, from));
                fewer.addAll(least.subList(Math.min(from + size, least.size()), least.size()));
                if (differs(fewer, kind)) least = fewer;
                else from += size;
            }
        }
        return least;
    }

    private boolean differs(List<Step> steps, String kind) throws IOException {
        for (Difference difference : once(steps)) if (difference.kinds().contains(kind)) return true;
        return false;
    }
}
