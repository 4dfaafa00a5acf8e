package wire;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Compares a broker with Apache Kafka. Arguments: `KAFKA OURS RULES` and options; see `run.sh`.
 */
public final class Main {
    private static final int MOST_KINDS = 200;

    private final Map<String, String> options = new HashMap<>();
    private final Map<String, int[]> tally = new TreeMap<>();
    private final Map<String, Integer> counts = new LinkedHashMap<>();
    private final Map<String, String> examples = new HashMap<>();

    public static void main(String[] arguments) throws IOException {
        new Main().run(arguments);
    }

    private void run(String[] arguments) throws IOException {
        for (int i = 3; i < arguments.length; i++) {
            String[] option = arguments[i].split("=", 2);
            options.put(option[0], option.length > 1 ? option[1] : "true");
        }
        Rules rules = new Rules(Path.of(arguments[2]));
        if (options.containsKey("record")) rules.refuseKinds();
        Comparison comparison = new Comparison(arguments[0], arguments[1], rules, !options.containsKey("no-messages"));
        if (options.containsKey("record")) new Recorder(comparison, options).record();
        else compare(comparison);
    }

    private int number(String option, int otherwise) {
        return Integer.parseInt(options.getOrDefault(option, Integer.toString(otherwise)));
    }

    private void compare(Comparison comparison) throws IOException {
        Map<Short, short[]> served = served(comparison, options);
        long seed = number("seed", 1);
        int sequences = number("sequences", 100), steps = number("steps", 20), first = number("first", 0);
        long end = System.nanoTime() + number("seconds", 1_000_000) * 1_000_000_000L;
        for (int sequence = first; sequence < first + sequences && System.nanoTime() < end; sequence++) {
            List<Step> all = Sequence.of(seed, sequence, steps, served, options);
            count(comparison, seed, sequence, all, comparison.of(all));
        }
        report();
    }

    static Map<Short, short[]> served(Comparison comparison, Map<String, String> options) throws IOException {
        Map<Short, short[]> served = Places.common(Places.served(comparison.kafka), Places.served(comparison.ours));
        if (options.containsKey("apis")) {
            List<String> wanted = List.of(options.get("apis").split(","));
            served.keySet().removeIf(key -> !wanted.contains(org.apache.kafka.common.message.ApiMessageType.fromApiKey(key).name));
        }
        return served;
    }

    private void count(Comparison comparison, long seed, int sequence, List<Step> steps, List<Comparison.Difference> differences) throws IOException {
        for (Step step : steps) tally.computeIfAbsent(step.api().name, name -> new int[2])[0]++;
        for (Comparison.Difference difference : differences) {
            Step step = steps.get(difference.step());
            tally.get(step.api().name)[1]++;
            for (String kind : difference.kinds()) {
                if (counts.merge(kind, 1, Integer::sum) > 1) continue;
                String place = "seed=" + seed + " first=" + sequence + " sequences=1 (step " + difference.step() + ")";
                examples.put(kind, place + "\n      " + step.describe());
                if (options.containsKey("shrink")) examples.merge(kind, shrunk(comparison, steps.subList(0, difference.step() + 1), kind), String::concat);
            }
            if (options.containsKey("verbose"))
                System.out.println("--- step " + difference.step() + " " + step.describe() + "\n  kafka " + difference.kafka() + "\n  ours  " + difference.ours());
        }
    }

    private static String shrunk(Comparison comparison, List<Step> steps, String kind) throws IOException {
        StringBuilder text = new StringBuilder("\n      shortest:");
        for (Step step : comparison.shrink(new ArrayList<>(steps), kind)) text.append("\n        ").append(step.describe());
        return text.toString();
    }

    private void report() {
        int requests = 0, differ = 0;
        for (Map.Entry<String, int[]> entry : tally.entrySet()) {
            requests += entry.getValue()[0];
            differ += entry.getValue()[1];
            System.out.printf("%-28s %6d requests %5d differ%n", entry.getKey(), entry.getValue()[0], entry.getValue()[1]);
        }
        counts.entrySet().stream().sorted((one, other) -> other.getValue() - one.getValue()).limit(MOST_KINDS)
            .forEach(entry -> System.out.println(entry.getValue() + " x " + entry.getKey() + "\n      " + examples.get(entry.getKey())));
        System.out.printf("%d requests, %d differ (%.2f %%), %d kinds%n", requests, differ, 100.0 * differ / Math.max(requests, 1), counts.size());
    }
}
