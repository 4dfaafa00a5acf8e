package wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One sequence on one broker: its steps, and the answers in their order. */
final class Run {
    /** What the broker answers while something that was asked before is still under way; a client asks again. */
    private static final Set<Integer> UNDER_WAY = Set.of(6, 14, 15, 16, 51);
    /** After these the broker goes on for a moment behind its answer. */
    private static final Set<String> UNSETTLING = Set.of("CreateTopics", "DeleteTopics", "CreatePartitions", "AlterConfigs", "IncrementalAlterConfigs", "Metadata", "EndTxn", "InitProducerId",
        "WriteTxnMarkers", "DeleteGroups", "LeaveGroup", "TxnOffsetCommit", "AlterPartitionReassignments");
    private static final int SETTLE_MS = 30, MOST_TRIES = 100;

    private final Broker broker;
    final Symbols symbols;
    private final Answer[] answers;
    private final Template[] requests;
    private final Map<Integer, Integer> left = new HashMap<>();
    private final List<Step> steps;

    private Run(Broker broker, Symbols symbols, List<Step> steps) {
        this.broker = broker;
        this.symbols = symbols;
        this.steps = steps;
        this.answers = new Answer[steps.size()];
        this.requests = new Template[steps.size()];
    }

    /** The requests and answers of the steps, null for one that Kafka's classes do not encode, and what the broker chose. */
    record Result(List<Template> requests, List<Answer> answers, Symbols symbols) {}

    /** Runs the steps on two topics and two groups of the prefix's own, which are deleted afterwards. */
    static Result of(String address, String prefix, List<Step> steps) throws IOException {
        Symbols symbols = new Symbols(prefix);
        try (Broker broker = new Broker(address)) {
            Places.prepare(broker, symbols);
            return new Run(broker, symbols, steps).all();
        } finally {
            try (Broker broker = new Broker(address)) {
                Places.clear(broker, prefix);
            }
        }
    }

    /** Runs steps that make their own topics. */
    static Result recorded(String address, String prefix, List<Step> steps) throws IOException {
        try (Broker broker = new Broker(address)) {
            return new Run(broker, new Symbols(prefix), steps).all();
        } finally {
            try (Broker broker = new Broker(address)) {
                Places.clear(broker, prefix);
            }
        }
    }

    private Result all() throws IOException {
        for (int index = 0; index < steps.size(); index++) step(index);
        for (int connection : new ArrayList<>(left.keySet())) collect(connection);
        return new Result(Arrays.asList(requests), Arrays.asList(answers), symbols);
    }

    private void step(int index) throws IOException {
        Step step = steps.get(index);
        if (left.containsKey(step.connection())) collect(step.connection());
        ByteBuffer body;
        try {
            body = Messages.encode(step.api(), step.version(), symbols.resolve(step.body()));
        } catch (Messages.Unencodable error) {
            return;
        }
        requests[index] = Template.of(step, symbols, body);
        if (step.isLeft()) {
            broker.send(step.connection(), step.api(), step.version(), body);
            left.put(step.connection(), index);
            pause();
            return;
        }
        Answer answer = broker.call(step.connection(), step.api(), step.version(), body);
        for (int tries = 0; tries < MOST_TRIES && isUnderWay(answer.read()); tries++) {
            pause();
            answer = broker.call(step.connection(), step.api(), step.version(), body);
        }
        take(index, answer);
        if (UNSETTLING.contains(step.api().name)) pause();
    }

    private void collect(int connection) throws IOException {
        int index = left.remove(connection);
        Step step = steps.get(index);
        take(index, broker.receive(connection, step.api(), step.version()));
    }

    private void take(int index, Answer answer) {
        answers[index] = answer;
        if (!answer.isMissing()) symbols.learn(steps.get(index), answer.read());
    }

    private static boolean isUnderWay(JsonNode answer) {
        if (answer.isObject() && UNDER_WAY.contains(answer.path("errorCode").asInt())) return true;
        if (answer.isContainerNode()) for (JsonNode part : answer) if (isUnderWay(part)) return true;
        return false;
    }

    static void pause() {
        try {
            Thread.sleep(SETTLE_MS);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
