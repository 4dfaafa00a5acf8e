package kafka.server;

import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

import esmeralda.HarnessCluster;
import kafka.integration.KafkaServerTestHarness;
import kafka.utils.Logging;
import kafka.utils.TestInfoUtils;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;
import org.apache.kafka.server.common.TransactionVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.provider.Arguments;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Takes the place of the class of the same name in core's test jar, below which stand the integration tests that are written in Scala and not
 * as cluster tests. The brokers of {@code KafkaServerTestHarness} become one process of Esmeralda.
 */
@Tag("integration")
public abstract class QuorumTestHarness implements Logging {
    private TestInfo testInfo;
    private HarnessCluster cluster;
    private String logIdent;

    public static Stream<Arguments> getTestGroupProtocolParametersAll() {
        return Stream.of(Arguments.of("classic"), Arguments.of("consumer"));
    }

    public static Stream<Arguments> getTestGroupProtocolParametersClassicGroupProtocolOnly() {
        return Stream.of(Arguments.of("classic"));
    }

    public static Stream<Arguments> getTestGroupProtocolParametersConsumerGroupProtocolOnly() {
        return Stream.of(Arguments.of("consumer"));
    }

    @Override
    public String logIdent() {
        return logIdent;
    }

    @Override
    public void logIdent_$eq(String text) {
        logIdent = text;
    }

    public SecurityProtocol controllerListenerSecurityProtocol() {
        return SecurityProtocol.PLAINTEXT;
    }

    public scala.collection.Seq<Properties> kraftControllerConfigs(TestInfo testInfo) {
        return CollectionConverters.asScala(List.of(new Properties())).toSeq();
    }

    public MetadataVersion metadataVersion() {
        return MetadataVersion.latestTesting();
    }

    public scala.collection.Seq<SecurityProtocol> extraControllerSecurityProtocols() {
        return CollectionConverters.asScala(List.<SecurityProtocol>of()).toSeq();
    }

    public void addFormatterSettings(Formatter formatter) { }

    public Option<GroupProtocol> maybeGroupProtocolSpecified() {
        return TestInfoUtils.maybeGroupProtocolSpecified(testInfo);
    }

    public GroupProtocol groupProtocolFromTestParameters() {
        return maybeGroupProtocolSpecified().get();
    }

    public ControllerServer controllerServer() {
        return cluster.controller();
    }

    /** Returns none, so that nothing waits for a controller's log. */
    public scala.collection.Seq<ControllerServer> controllerServers() {
        return CollectionConverters.asScala(List.<ControllerServer>of()).toSeq();
    }

    @BeforeEach
    public void setUp(TestInfo testInfo) {
        this.testInfo = testInfo;
        cluster = new HarnessCluster();
    }

    /** Starts the process at the first broker, and returns a stand-in for each. */
    public KafkaBroker createBroker(KafkaConfig config, Time time, boolean startup, Option<String> threadNamePrefix) {
        TransactionVersion version = TestInfoUtils.isTransactionV2Enabled(testInfo) ? TransactionVersion.TV_2 : TransactionVersion.TV_1;
        Seq<KafkaConfig> configs = ((KafkaServerTestHarness) this).instanceConfigs().toSeq();
        cluster.start(CollectionConverters.asJava(configs), version.featureLevel());
        return cluster.broker(config, time);
    }

    public Time createBroker$default$2() {
        return Time.SYSTEM;
    }

    public boolean createBroker$default$3() {
        return true;
    }

    public Option<String> createBroker$default$4() {
        return Option.empty();
    }

    @AfterEach
    public void tearDown() {
        cluster.stop();
    }
}
