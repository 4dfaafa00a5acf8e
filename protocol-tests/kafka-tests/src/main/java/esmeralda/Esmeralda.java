package esmeralda;

import java.io.File;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.utils.Utils;

/** One process of Esmeralda with a cluster of its own. The variable ESMERALDA_BIN names the program. */
final class Esmeralda implements AutoCloseable {
    private static final Pattern READY = Pattern.compile("\"bootstrap_servers\":\"([^\"]+)\"");
    private static final Pattern UNKNOWN = Pattern.compile("unknown broker config `([^`]+)`");
    private static final long READY_WITHIN_S = 30;
    /** Properties of Kafka's testkit and of Kafka's processes, which mean nothing to a cluster in one other process. */
    private static final Set<String> MEANINGLESS = Set.of(
        "unstable.api.versions.enable", "unstable.feature.versions.enable", "log.dirs", "log.dir", "metadata.log.dir", "process.roles",
        "node.id", "broker.id", "listeners", "advertised.listeners", "listener.security.protocol.map", "inter.broker.listener.name",
        "security.inter.broker.protocol", "controller.listener.names", "controller.quorum.voters", "controller.quorum.bootstrap.servers",
        "server.max.startup.time.ms");

    private static final AtomicInteger RUNNING = new AtomicInteger();
    private static volatile boolean isUsed;

    private final Process process;
    private final File output;
    private final String bootstrapServers;
    private final Admin admin;
    private final Map<Integer, Node> nodes = new TreeMap<>();
    private boolean hasBeenStopped;

    private Esmeralda(Process process, File output, String bootstrapServers) {
        RUNNING.incrementAndGet();
        isUsed = true;
        this.process = process;
        this.output = output;
        this.bootstrapServers = bootstrapServers;
        admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
        for (Node node : Waiting.get(() -> admin.describeCluster().nodes().get())) nodes.put(node.id(), node);
    }

    /** Notes that a test begins. */
    static void testBegins() {
        isUsed = RUNNING.get() > 0;
    }

    /** Returns whether a process has run since the test began. A test without one says nothing. */
    static boolean isUsed() {
        return isUsed;
    }

    /**
     * Starts a cluster, and waits until it is ready.
     *
     * @param brokers the properties of each broker by its id; the ids are successive
     */
    static Esmeralda start(Map<Integer, Map<String, String>> brokers) {
        TreeMap<Integer, Map<String, String>> own = new TreeMap<>();
        brokers.forEach((id, properties) -> own.put(id, new TreeMap<>(properties)));
        Map<String, String> common = new TreeMap<>(own.firstEntry().getValue());
        String logDirs = logDirs(common.getOrDefault("log.dirs", "").split(",").length);
        for (Map<String, String> properties : own.values()) common.entrySet().retainAll(properties.entrySet());
        for (Map<String, String> properties : own.values()) {
            refuseWhatIsLeft(properties);
            properties.entrySet().removeAll(common.entrySet());
            properties.keySet().removeAll(MEANINGLESS);
        }
        common.keySet().removeAll(MEANINGLESS);
        common.put("node.id", String.valueOf(own.firstKey()));
        common.put("log.dirs", logDirs);
        // Kafka's defaults. Esmeralda's are 0, so that a test's groups do not wait.
        common.putIfAbsent("group.initial.rebalance.delay.ms", "3000");
        common.putIfAbsent("group.consumer.assignment.interval.ms", "1000");
        while (true) {
            File output = Waiting.get(() -> File.createTempFile("esmeralda", ".log"));
            output.deleteOnExit();
            ProcessBuilder builder = new ProcessBuilder(command(common, own)).redirectErrorStream(true);
            Process process = Waiting.get(() -> builder.redirectOutput(output).start());
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            Waiting.until("Esmeralda is ready", READY_WITHIN_S,
                () -> read(output).contains("\"event\":\"ready\"") || !process.isAlive());
            Matcher ready = READY.matcher(read(output));
            if (ready.find()) {
                Esmeralda started = new Esmeralda(process, output, ready.group(1));
                if (common.containsKey("metric.reporters")) started.offerClientMetrics();
                return started;
            }
            // Kafka only warns of an unknown config. Esmeralda refuses it, so it is left out and named.
            Matcher unknown = UNKNOWN.matcher(read(output));
            if (!unknown.find() || common.remove(unknown.group(1)) == null)
                throw new AssertionError("Esmeralda does not start: " + read(output).strip());
            System.err.println("left out: the broker config " + unknown.group(1) + ", which Esmeralda does not know");
        }
    }

    /** Returns the names of {@code count} log directories. All brokers have the same ones, and none of them exists. */
    static String logDirs(int count) {
        return IntStream.range(0, count).mapToObj(dir -> "/nonexistent/" + dir).collect(Collectors.joining(","));
    }

    private static void refuseWhatIsLeft(Map<String, String> properties) {
        String protocols = properties.getOrDefault("listeners", "") + properties.getOrDefault("listener.security.protocol.map", "");
        String used = protocols.replaceAll("SASL_PLAINTEXT:SASL_PLAINTEXT|SASL_SSL:SASL_SSL|SSL:SSL", "");
        if (used.contains("SSL") || used.contains("SASL")) throw Reasons.left("security: listeners with TLS or SASL");
        if (properties.containsKey("authorizer.class.name")) throw Reasons.left("security: an authorizer");
        if (Boolean.parseBoolean(properties.get("remote.log.storage.system.enable"))) throw Reasons.left("tiered storage");
    }

    private static List<String> command(Map<String, String> common, TreeMap<Integer, Map<String, String>> own) {
        List<String> command = new ArrayList<>(List.of(
            Objects.requireNonNull(System.getenv("ESMERALDA_BIN"), "ESMERALDA_BIN"), "serve",
            "--kafka", "localhost:0", "--http", "127.0.0.1:0", "--advertised-host", "localhost",
            "--brokers", String.valueOf(own.size()), "--shutdown-timeout", "1", "--unknown-until-created", "--cluster-id", Uuid.randomUuid().toString()));
        common.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
        List<String> racks = new ArrayList<>();
        own.forEach((id, properties) -> properties.forEach((key, value) -> {
            if (!key.equals("broker.rack")) throw Reasons.notApplicable("brokers with different properties: " + key);
            racks.add(value);
        }));
        if (!racks.isEmpty() && racks.size() != own.size()) throw Reasons.notApplicable("racks of some brokers only");
        if (!racks.isEmpty()) command.addAll(List.of("--racks", String.join(",", racks)));
        return command;
    }

    /** Makes a subscription and deletes it, which is what Esmeralda offers client metrics after. Kafka wants a reporter, a Java class. */
    private void offerClientMetrics() {
        ConfigResource subscription = new ConfigResource(ConfigResource.Type.CLIENT_METRICS, "first");
        for (AlterConfigOp.OpType change : List.of(AlterConfigOp.OpType.SET, AlterConfigOp.OpType.DELETE)) {
            AlterConfigOp interval = new AlterConfigOp(new ConfigEntry("interval.ms", "300000"), change);
            Waiting.get(() -> admin.incrementalAlterConfigs(Map.of(subscription, List.of(interval))).all().get());
        }
    }

    /** Sets finalized features to other levels than those that the cluster begins with. */
    void setFeatures(Map<String, Short> levels) {
        Map<String, FeatureUpdate> updates = new HashMap<>();
        var finalized = Waiting.get(() -> admin.describeFeatures().featureMetadata().get()).finalizedFeatures();
        levels.forEach((name, level) -> {
            int now = finalized.containsKey(name) ? finalized.get(name).maxVersionLevel() : 0;
            if (now > level) updates.put(name, new FeatureUpdate(level, FeatureUpdate.UpgradeType.SAFE_DOWNGRADE));
            if (now < level) updates.put(name, new FeatureUpdate(level, FeatureUpdate.UpgradeType.UPGRADE));
        });
        if (!updates.isEmpty()) Waiting.get(() -> admin.updateFeatures(updates, new UpdateFeaturesOptions()).all().get());
    }

    String bootstrapServers() {
        return bootstrapServers;
    }

    String clusterId() {
        return Waiting.get(() -> admin.describeCluster().clusterId().get());
    }

    Admin admin() {
        return admin;
    }

    /** Returns the brokers by id. */
    Map<Integer, Node> nodes() {
        return nodes;
    }

    /** Returns the topic, if it exists. */
    Optional<TopicDescription> topic(String name) {
        try {
            return Optional.of(admin.describeTopics(List.of(name)).topicNameValues().get(name).get());
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof UnknownTopicOrPartitionException) return Optional.empty();
            throw new IllegalStateException(failure.getCause());
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /** Returns the configs of a resource that have one of these sources, but for secrets. */
    Properties configs(ConfigResource.Type type, String name, Set<ConfigEntry.ConfigSource> sources) {
        ConfigResource resource = new ConfigResource(type, name);
        Properties configs = new Properties();
        for (ConfigEntry config : Waiting.get(() -> admin.describeConfigs(List.of(resource)).values().get(resource).get()).entries())
            if (sources.contains(config.source()) && config.value() != null) configs.put(config.name(), config.value());
        return configs;
    }

    boolean hasBeenStopped() {
        return hasBeenStopped;
    }

    private static String read(File file) {
        return Waiting.get(() -> Files.readString(file.toPath()));
    }

    /** Ends the process. It fails the test if the process had ended by itself. */
    @Override
    public void close() {
        hasBeenStopped = true;
        RUNNING.decrementAndGet();
        boolean hadEnded = !process.isAlive();
        Utils.closeQuietly(admin, "admin client");
        process.destroyForcibly();
        Waiting.get(process::waitFor);
        if (hadEnded) throw new AssertionError("Esmeralda ended during the test: " + read(output));
    }
}
