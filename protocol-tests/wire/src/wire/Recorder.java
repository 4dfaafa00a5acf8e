package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.common.utils.internals.AppInfoParser;

/**
 * Records Kafka's answers, so that a test can compare without Kafka: lines of JSON, of which the first names Kafka's version, some have the fields of an
 * answer at a version, and the others have a sequence each. A request is recorded as it was sent, with the places of what Kafka chose.
 */
final class Recorder {
    private final Comparison comparison;
    private final Map<String, String> options;
    private final Map<String, ObjectNode> shapes = new TreeMap<>();
    private int kept, left;

    Recorder(Comparison comparison, Map<String, String> options) {
        this.comparison = comparison;
        this.options = options;
    }

    void record() throws IOException {
        long seed = Long.parseLong(options.getOrDefault("seed", "1"));
        int sequences = Integer.parseInt(options.getOrDefault("sequences", "100")), steps = Integer.parseInt(options.getOrDefault("steps", "20"));
        Map<Short, short[]> served = Main.served(comparison, options);
        StringBuilder recorded = new StringBuilder();
        long end = System.nanoTime() + Long.parseLong(options.getOrDefault("seconds", "1000000")) * 1_000_000_000L;
        for (int number = 0; number < sequences && System.nanoTime() < end; number++) {
            List<Step> all = Sequence.of(seed, number, steps, served, options);
            all.addAll(0, Places.steps());
            all.addAll(Places.lastSteps());
            record("seed=" + seed + " first=" + number, String.format("r%06x-", number), all, recorded);
        }
        try (Writer out = new OutputStreamWriter(new GZIPOutputStream(new FileOutputStream(options.get("record"))), StandardCharsets.UTF_8)) {
            out.write("{\"kafka\":\"" + AppInfoParser.getVersion() + "\",\"clientId\":\"" + Messages.CLIENT_ID + "\"}\n");
            for (ObjectNode shape : shapes.values()) out.write(shape + "\n");
            out.write(recorded.toString());
        }
        System.out.println(kept + " sequences recorded, " + left + " left out because they differ");
    }

    /** Records a sequence in which nothing differs. */
    private void record(String name, String prefix, List<Step> steps, StringBuilder recorded) throws IOException {
        Run.Result kafkas = Run.recorded(comparison.kafka, prefix, steps), mine = Run.recorded(comparison.ours, prefix, steps);
        // A request that Kafka never answers is no answer to be held to.
        if (kafkas.answers().stream().anyMatch(answer -> answer != null && answer.read().equals(Broker.TIMEOUT))) return;
        List<Comparison.Difference> differences = comparison.between(steps, kafkas, mine);
        if (!differences.isEmpty()) {
            left++;
            System.out.println("left out " + name + ": " + differences.get(0).kinds());
            return;
        }
        kept++;
        ObjectNode sequence = Definitions.JSON.createObjectNode().put("sequence", name).put("prefix", prefix);
        ArrayNode lines = sequence.putArray("steps");
        for (int index = 0; index < steps.size(); index++)
            if (kafkas.answers().get(index) != null) lines.add(line(steps.get(index), kafkas.requests().get(index), kafkas.answers().get(index)));
        recorded.append(sequence).append('\n');
    }

    private ObjectNode line(Step step, Template request, Answer answer) {
        String message = step.api().name + "Response";
        shapes.computeIfAbsent(message + step.version(), key -> {
            ObjectNode shape = Definitions.JSON.createObjectNode().put("api", step.api().name).put("version", step.version()).put("isFlexible", Definitions.isFlexible(message, step.version()));
            shape.set("fields", Definitions.shape(message, step.version()));
            return shape;
        });
        ObjectNode line = Definitions.JSON.createObjectNode().put("connection", step.connection()).put("api", step.api().name).put("key", step.api().apiKey()).put("version", step.version())
            .put("actor", step.actor()).put("isLeft", step.isLeft()).put("requestHeader", step.api().requestHeaderVersion(step.version()))
            .put("responseHeader", step.api().responseHeaderVersion(step.version())).put("request", request.base64());
        line.set("holes", request.holes());
        return line.put("answer", answer.body() == null ? answer.read().asText() : Base64.getEncoder().encodeToString(answer.body()));
    }
}
