package esmeralda;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

import kafka.server.ControllerServer;
import kafka.server.KafkaBroker;
import kafka.server.KafkaConfig;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.test.ClusterInstance;
import org.apache.kafka.common.test.api.ClusterConfig;
import org.apache.kafka.common.test.api.Type;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.fault.FaultHandlerException;

/** A process of Esmeralda as the cluster that Kafka's tests ask for. */
public final class EsmeraldaCluster implements ClusterInstance {
    private static final long SEEN_WITHIN_S = 15;

    private final ClusterConfig config;
    private final boolean isCombined;
    private Esmeralda esmeralda;
    private boolean hasStopped;

    public EsmeraldaCluster(ClusterConfig config, boolean isCombined) {
        this.config = config;
        this.isCombined = isCombined;
    }

    @Override
    public void start() {
        if (esmeralda != null) return;
        if (config.brokerSecurityProtocol() != SecurityProtocol.PLAINTEXT)
            throw Reasons.left("security: listeners with " + config.brokerSecurityProtocol());
        Map<Integer, Map<String, String>> brokers = new TreeMap<>();
        for (int id = 0; id < config.numBrokers(); id++) {
            Map<String, String> properties = new HashMap<>(config.serverProperties());
            properties.putAll(config.perServerOverrideProperties().getOrDefault(id, Map.of()));
            properties.put("log.dirs", Esmeralda.logDirs(config.numDisksPerBroker()));
            // As Kafka's testkit has it. A test relies on the check that a cleaner's thread has more than half of this.
            properties.putIfAbsent("log.cleaner.dedupe.buffer.size", "2097152");
            brokers.put(id, properties);
        }
        esmeralda = Esmeralda.start(brokers);
        Map<String, Short> features = new HashMap<>();
        config.features().forEach((feature, level) -> features.put(feature.featureName(), level));
        esmeralda.setFeatures(features);
    }

    @Override
    public void stop() {
        if (hasStopped) return;
        hasStopped = true;
        if (esmeralda != null) esmeralda.close();
    }

    @Override
    public boolean started() {
        return esmeralda != null;
    }

    @Override
    public boolean stopped() {
        return hasStopped;
    }

    @Override
    public void shutdownBroker(int id) {
        throw Reasons.left("failing brokers: a broker's stop");
    }

    @Override
    public void startBroker(int id) {
        throw Reasons.left("failing brokers: a broker's start");
    }

    @Override
    public ClusterConfig config() {
        return config;
    }

    @Override
    public Type type() {
        return isCombined ? Type.CO_KRAFT : Type.KRAFT;
    }

    @Override
    public String bootstrapServers() {
        return esmeralda.bootstrapServers();
    }

    @Override
    public List<Integer> brokerBoundPorts() {
        return esmeralda.nodes().values().stream().map(Node::port).toList();
    }

    @Override
    public Set<Integer> brokerIds() {
        return esmeralda.nodes().keySet();
    }

    @Override
    public String clusterId() {
        return esmeralda.clusterId();
    }

    @Override
    public ListenerName clientListener() {
        return config.brokerListenerName();
    }

    /** Returns the protocols whose heartbeat the cluster announces. */
    @Override
    public Set<GroupProtocol> supportedGroupProtocols() {
        return AnnouncedVersions.of(brokerBoundPorts().get(0)).serveConsumerGroups()
            ? Set.of(GroupProtocol.CLASSIC, GroupProtocol.CONSUMER)
            : Set.of(GroupProtocol.CLASSIC);
    }

    @Override
    public Map<Integer, KafkaBroker> brokers() {
        Map<Integer, KafkaBroker> brokers = new TreeMap<>();
        esmeralda.nodes().forEach((id, node) -> brokers.put(id, StandIns.broker(esmeralda, node, config(node))));
        return brokers;
    }

    /** Returns the config that Kafka's testkit gives to a broker. */
    private KafkaConfig config(Node node) {
        Map<String, Object> properties = new HashMap<>(config.serverProperties());
        properties.putAll(config.perServerOverrideProperties().getOrDefault(node.id(), Map.of()));
        String listener = clientListener().value(), controller = controllerListenerName().value();
        properties.put("process.roles", "broker");
        properties.put("node.id", node.idString());
        properties.put("listeners", listener + "://localhost:" + node.port());
        properties.put("listener.security.protocol.map", listener + ":PLAINTEXT," + controller + ":PLAINTEXT");
        properties.put("inter.broker.listener.name", listener);
        properties.put("controller.listener.names", controller);
        properties.put("controller.quorum.voters", "3000@localhost:1");
        properties.put("log.dirs", Esmeralda.logDirs(config.numDisksPerBroker()));
        return new KafkaConfig(properties, false);
    }

    @Override
    public Optional<FaultHandlerException> firstFatalException() {
        return Optional.empty();
    }

    @Override
    public Optional<FaultHandlerException> firstNonFatalException() {
        return Optional.empty();
    }

    /** Returns a map that iterates as empty, so that nothing waits for a controller's log. By id, it has one that knows the ids of topics. */
    @Override
    public Map<Integer, ControllerServer> controllers() {
        return new HashMap<>() {
            @Override
            public ControllerServer get(Object id) {
                return StandIns.controller(esmeralda);
            }
        };
    }

    @Override
    public Set<Integer> controllerIds() {
        return Set.of(Waiting.get(() -> esmeralda.admin().describeCluster().controller().get()).id());
    }

    @Override
    public List<Integer> controllerBoundPorts() {
        throw Reasons.notApplicable("a listener of controllers");
    }

    @Override
    public String bootstrapControllers() {
        throw Reasons.notApplicable("a listener of controllers");
    }

    @Override
    public ListenerName controllerListenerName() {
        return config.controllerListenerName();
    }

    @Override
    public List<Authorizer> authorizers() {
        throw Reasons.left("security: an authorizer");
    }

    // Kafka's own waits look into each broker. Here, all brokers are one process and know the same.

    @Override
    public void waitTopicCreation(String name, int partitions) {
        if (partitions <= 0) throw new IllegalArgumentException("Partition count must be > 0, but was " + partitions);
        Waiting.until(name + " has " + partitions + " partitions", SEEN_WITHIN_S,
            () -> esmeralda.topic(name).filter(topic -> topic.partitions().size() == partitions).isPresent());
    }

    @Override
    public void waitTopicDeletion(String name) {
        Waiting.until(name + " is deleted", SEEN_WITHIN_S, () -> esmeralda.topic(name).isEmpty());
    }

    @Override
    public void waitForReadyBrokers() { }

    @Override
    public void ensureConsistentMetadata() { }

    @Override
    public void ensureConsistentMetadata(Collection<KafkaBroker> brokers, Collection<ControllerServer> controllers) { }
}
