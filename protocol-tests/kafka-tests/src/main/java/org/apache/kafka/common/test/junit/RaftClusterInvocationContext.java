package org.apache.kafka.common.test.junit;

import java.util.List;

import esmeralda.EsmeraldaCluster;
import org.apache.kafka.common.test.api.ClusterConfig;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;

/**
 * Takes the place of the class of the same name in kafka-test-common-runtime, the only class that starts a cluster for Kafka's
 * {@code @ClusterTest} methods. Each test gets a process of Esmeralda.
 */
public class RaftClusterInvocationContext implements TestTemplateInvocationContext {
    private final String name;
    private final ClusterConfig config;
    private final boolean isCombined;

    public RaftClusterInvocationContext(String name, ClusterConfig config, boolean isCombined) {
        this.name = name;
        this.config = config;
        this.isCombined = isCombined;
    }

    /** Returns the name that Kafka gives to the run, so that the results of both can be compared. */
    @Override
    public String getDisplayName(int index) {
        return "%s [%d] Type=Raft-%s, %s".formatted(
            name, index, isCombined ? "Combined" : "Isolated", String.join(",", config.displayTags()));
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
        EsmeraldaCluster cluster = new EsmeraldaCluster(config, isCombined);
        return List.of(
            (BeforeEachCallback) context -> {
                if (config.isAutoStart()) cluster.start();
            },
            (AfterEachCallback) context -> cluster.stop(),
            new ClusterInstanceParameterResolver(cluster));
    }
}
