package wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/** The steps that a seed stands for: what a client would do, with nonsense in between, or nonsense alone. */
final class Sequence {
    private static final Map<String, Consumer<Script>> CLIENTS = Map.of("logs", Clients::log, "sessions", Clients::fetchSession, "classic", GroupClients::classic,
        "consumer", GroupClients::consumer, "commits", GroupClients::commits, "transactions", TransactionClients::transaction, "admin", AdminClients::topics,
        "configs", AdminClients::configs);
    private static final List<String> NAMES = CLIENTS.keySet().stream().sorted().toList();

    private Sequence() {}

    static List<Step> of(long seed, int number, int steps, Map<Short, short[]> served, Map<String, String> options) {
        String kind = options.getOrDefault("kind", "");
        Random random = new Random(seed * 1_000_003L + number);
        random.nextInt();
        Script script = new Script(random, served, Integer.parseInt(options.getOrDefault("repeats", "40")));
        boolean isNonsense = kind.equals("nonsense") || kind.isEmpty() && random.nextInt(2) == 0;
        while (script.steps.size() < steps) {
            if (isNonsense || random.nextInt(5) == 0) script.nonsense();
            else CLIENTS.get(kind.isEmpty() ? NAMES.get(random.nextInt(NAMES.size())) : kind).accept(script);
            if (!isNonsense) mix(script);
        }
        return new ArrayList<>(script.steps);
    }

    /** Puts a random request somewhere between those of a client, on a connection of its own. */
    private static void mix(Script script) {
        if (script.random.nextInt(3) > 0) return;
        script.nonsense();
        Step step = script.steps.remove(script.steps.size() - 1);
        Step aside = new Step(9, step.api(), step.version(), step.body(), "x", false);
        script.steps.add(script.random.nextInt(script.steps.size() + 1), aside);
    }
}
