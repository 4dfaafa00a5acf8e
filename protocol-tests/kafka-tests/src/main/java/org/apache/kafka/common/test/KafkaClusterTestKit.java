package org.apache.kafka.common.test;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

import esmeralda.TestKitCluster;
import kafka.server.BrokerServer;

/**
 * Takes the place of the class of the same name in kafka-test-common-runtime, by which the {@code EmbeddedKafkaCluster} of Connect and of Kafka
 * Streams start their brokers. It has the methods that those two call.
 */
public class KafkaClusterTestKit implements AutoCloseable {
    private final TestKitCluster cluster;
    private final MockFaultHandler faults = new MockFaultHandler("faults");

    private KafkaClusterTestKit(TestKitCluster cluster) {
        this.cluster = cluster;
    }

    public void format() { }

    public void startup() {
        cluster.start();
    }

    public void waitForReadyBrokers() { }

    public Map<Integer, BrokerServer> brokers() {
        return cluster.brokers();
    }

    public String bootstrapServers() {
        return cluster.bootstrapServers();
    }

    public MockFaultHandler fatalFaultHandler() {
        return faults;
    }

    public MockFaultHandler nonFatalFaultHandler() {
        return faults;
    }

    @Override
    public void close() {
        cluster.stop();
    }

    public static class Builder {
        private final TestKitNodes nodes;
        private final Map<String, String> properties = new TreeMap<>();

        public Builder(TestKitNodes nodes) {
            this.nodes = nodes;
        }

        public Builder setConfigProp(String key, Object value) {
            properties.put(key, String.valueOf(value));
            return this;
        }

        public KafkaClusterTestKit build() {
            Map<Integer, Map<String, String>> brokers = new HashMap<>();
            nodes.brokerNodes().forEach((id, node) -> {
                Map<String, String> own = new HashMap<>(properties);
                own.putAll(node.propertyOverrides());
                brokers.put(id, own);
            });
            return new KafkaClusterTestKit(new TestKitCluster(brokers));
        }
    }
}
