package esmeralda;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import org.apache.kafka.common.utils.Time;

/** A process of Esmeralda as the cluster of {@code QuorumTestHarness}. */
public final class HarnessCluster {
    private Esmeralda esmeralda;

    /** Starts the process, unless it runs already. */
    public void start(List<KafkaConfig> configs, short transactionVersion) {
        if (esmeralda != null) return;
        Map<Integer, Map<String, String>> brokers = new TreeMap<>();
        for (KafkaConfig config : configs) {
            Map<String, String> properties = new TreeMap<>();
            config.originals().forEach((key, value) -> properties.put(key, String.valueOf(value)));
            brokers.put(config.brokerId(), properties);
        }
        esmeralda = Esmeralda.start(brokers);
        esmeralda.setFeatures(Map.of("transaction.version", transactionVersion));
    }

    public BrokerServer broker(KafkaConfig config, Time time) {
        if (time != Time.SYSTEM) throw Reasons.notApplicable("sets the broker's clock");
        return StandIns.broker(esmeralda, esmeralda.nodes().get(config.brokerId()), config);
    }

    public ControllerServer controller() {
        return StandIns.controller(esmeralda);
    }

    public void stop() {
        if (esmeralda != null) esmeralda.close();
        esmeralda = null;
    }
}
