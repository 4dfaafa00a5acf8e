package esmeralda;

import java.util.Map;
import java.util.TreeMap;

import kafka.server.BrokerServer;

/** A process of Esmeralda as the cluster of {@code KafkaClusterTestKit}. */
public final class TestKitCluster {
    private final Map<Integer, Map<String, String>> brokers;
    private Esmeralda esmeralda;

    /** @param brokers the properties of each broker by its id */
    public TestKitCluster(Map<Integer, Map<String, String>> brokers) {
        this.brokers = brokers;
    }

    public void start() {
        esmeralda = Esmeralda.start(brokers);
    }

    public void stop() {
        if (esmeralda != null) esmeralda.close();
        esmeralda = null;
    }

    public String bootstrapServers() {
        return esmeralda.bootstrapServers();
    }

    /** Returns the brokers by id. They have no config. */
    public Map<Integer, BrokerServer> brokers() {
        Map<Integer, BrokerServer> standIns = new TreeMap<>();
        esmeralda.nodes().forEach((id, node) -> standIns.put(id, StandIns.broker(esmeralda, node, null)));
        return standIns;
    }
}
