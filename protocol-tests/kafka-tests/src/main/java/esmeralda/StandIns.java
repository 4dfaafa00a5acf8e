package esmeralda;

import java.util.EnumSet;
import java.io.File;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import kafka.cluster.Partition;
import kafka.log.LogManager;
import kafka.network.SocketServer;
import kafka.raft.KafkaRaftManager;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaApis;
import kafka.server.KafkaConfig;
import kafka.server.ReplicaManager;
import kafka.server.SharedServer;
import org.apache.kafka.clients.admin.ConfigEntry.ConfigSource;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.controller.Controller;
import org.apache.kafka.controller.ResultOrError;
import org.apache.kafka.coordinator.group.GroupCoordinator;
import org.apache.kafka.image.loader.MetadataLoader;
import org.apache.kafka.metadata.BrokerState;
import org.apache.kafka.metadata.KRaftMetadataCache;
import org.apache.kafka.metadata.LeaderAndIsr;
import org.apache.kafka.raft.LogOffsetMetadata;
import org.apache.kafka.raft.RaftLog;
import org.apache.kafka.server.BrokerLifecycleManager;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.ProducerStateManager;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.mockito.MockMakers;
import org.mockito.Mockito;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Objects that stand for the parts of a broker which Kafka's tests reach for only to find a port, a config or a topic. An admin client gives
 * the answers. Every other question ends the test as not applicable, with the method's name.
 */
final class StandIns {
    private StandIns() { }

    private interface Answers {
        /** Returns the answer, or {@link #NOTHING}. */
        Object to(String method, Object[] arguments) throws Throwable;
    }

    private static final Object NOTHING = new Object();

    private static <T> T standIn(Class<T> type, Answers answers) {
        // A subclass, since the other kind of mock changes Kafka's classes themselves, which takes seconds.
        return Mockito.mock(type, Mockito.withSettings().stubOnly().mockMaker(MockMakers.SUBCLASS).defaultAnswer(call -> {
            String method = call.getMethod().getName();
            switch (method) {
                case "toString": return "stand-in for a " + type.getSimpleName();
                case "hashCode": return System.identityHashCode(call.getMock());
                case "equals": return call.getMock() == call.getArgument(0);
                default:
            }
            Object answer = answers.to(method, call.getArguments());
            if (answer == NOTHING) throw Reasons.notApplicable(type.getSimpleName() + "." + method);
            return answer;
        }));
    }

    /** Returns a broker with the config that Kafka would have given to it, and the values that have been set since. */
    static BrokerServer broker(Esmeralda esmeralda, Node node, KafkaConfig config) {
        return standIn(BrokerServer.class, (method, arguments) -> switch (method) {
            case "config" -> config == null ? null : current(esmeralda, node, config);
            case "clusterId" -> esmeralda.clusterId();
            case "isShutdown" -> false;
            case "brokerState" -> BrokerState.RUNNING;
            case "boundPort" -> node.port();
            case "socketServer" -> socketServer(node.port());
            case "metadataCache" -> metadata(esmeralda);
            case "groupCoordinator" -> coordinator(config);
            case "authorizerPlugin" -> Option.empty();
            case "sharedServer" -> sharedServer();
            case "lifecycleManager" -> lifecycle();
            case "dataPlaneRequestProcessor" -> apis(esmeralda);
            case "replicaManager" -> replicas(esmeralda, node.id());
            case "logManager" -> logs(esmeralda, node.id());
            case "awaitShutdown" -> null;
            case "startup" -> stopOrStart(esmeralda.hasBeenStopped(), "start");
            case "shutdown" -> stopOrStart(!Reasons.testHasEnded(), "stop");
            default -> NOTHING;
        });
    }

    private static KafkaConfig current(Esmeralda esmeralda, Node node, KafkaConfig config) {
        Map<Object, Object> properties = new HashMap<>(config.originals());
        properties.put("log.dirs", Esmeralda.logDirs(config.logDirs().size()));
        properties.putAll(esmeralda.configs(ConfigResource.Type.BROKER, node.idString(),
            Set.of(ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG, ConfigSource.DYNAMIC_BROKER_CONFIG)));
        return properties.equals(config.originals()) ? config : new KafkaConfig(properties, false);
    }

    private static Object stopOrStart(boolean isOfSingleBroker, String what) {
        if (isOfSingleBroker) throw Reasons.left("failing brokers: a broker's " + what);
        return null;
    }

    /** Returns a controller that knows the ids of topics. */
    static ControllerServer controller(Esmeralda esmeralda) {
        Controller controller = standIn(Controller.class, (method, arguments) -> switch (method) {
            case "findAllTopicIds" -> CompletableFuture.completedFuture(topicIds(esmeralda));
            case "findTopicIds" -> {
                Map<String, ResultOrError<Uuid>> ids = new HashMap<>();
                topicIds(esmeralda).forEach((name, id) -> ids.put(name, new ResultOrError<>(id)));
                yield CompletableFuture.completedFuture(ids);
            }
            default -> NOTHING;
        });
        return standIn(ControllerServer.class, (method, arguments) -> switch (method) {
            case "controller" -> controller;
            case "raftManager" -> raftManager();
            case "authorizerPlugin" -> Option.empty();
            default -> NOTHING;
        });
    }

    private static Map<String, Uuid> topicIds(Esmeralda esmeralda) {
        Map<String, Uuid> ids = new HashMap<>();
        ListTopicsOptions all = new ListTopicsOptions().listInternal(true);
        for (TopicListing topic : Waiting.get(() -> esmeralda.admin().listTopics(all).listings().get()))
            ids.put(topic.name(), topic.topicId());
        return ids;
    }

    // Brokers in one process know the same at once: each has applied all of a metadata log that has no end to wait for.

    private static SharedServer sharedServer() {
        MetadataLoader loader = standIn(MetadataLoader.class,
            (method, arguments) -> method.equals("lastAppliedOffset") ? Long.MAX_VALUE : NOTHING);
        return standIn(SharedServer.class, (method, arguments) -> method.equals("loader") ? loader : NOTHING);
    }

    private static BrokerLifecycleManager lifecycle() {
        return standIn(BrokerLifecycleManager.class, (method, arguments) ->
            method.equals("initialUnfenceFuture") ? CompletableFuture.completedFuture(null) : NOTHING);
    }

    @SuppressWarnings("rawtypes")
    private static KafkaRaftManager raftManager() {
        RaftLog log = standIn(RaftLog.class,
            (method, arguments) -> method.equals("endOffset") ? new LogOffsetMetadata(0) : NOTHING);
        return standIn(KafkaRaftManager.class, (method, arguments) -> method.equals("raftLog") ? log : NOTHING);
    }

    private static SocketServer socketServer(int port) {
        return standIn(SocketServer.class, (method, arguments) -> method.equals("boundPort") ? port : NOTHING);
    }

    private static KRaftMetadataCache metadata(Esmeralda esmeralda) {
        return standIn(KRaftMetadataCache.class, (method, arguments) -> switch (method) {
            case "numPartitions" -> esmeralda.topic((String) arguments[0]).map(topic -> topic.partitions().size());
            case "contains" -> arguments[0] instanceof String name ? esmeralda.topic(name).isPresent() : NOTHING;
            case "getTopicId" -> esmeralda.topic((String) arguments[0]).map(topic -> topic.topicId()).orElse(Uuid.ZERO_UUID);
            case "getLeaderAndIsr" -> esmeralda.topic((String) arguments[0]).flatMap(topic -> topic.partitions().stream()
                .filter(partition -> partition.partition() == (int) arguments[1]).findFirst()
                .map(partition -> new LeaderAndIsr(partition.leader().id(), partition.isr().stream().map(Node::id).toList())));
            case "getPartitionLeaderEndpoint" -> esmeralda.topic((String) arguments[0])
                .map(topic -> topic.partitions().get((int) arguments[1]).leader());
            case "hasAliveBroker" -> esmeralda.nodes().containsKey(arguments[0]);
            case "topicConfig" -> esmeralda.configs(ConfigResource.Type.TOPIC, (String) arguments[0], Set.of(ConfigSource.DYNAMIC_TOPIC_CONFIG));
            default -> NOTHING;
        });
    }

    private static KafkaApis apis(Esmeralda esmeralda) {
        return standIn(KafkaApis.class, (method, arguments) -> switch (method) {
            case "metadataCache" -> metadata(esmeralda);
            case "clusterId" -> esmeralda.clusterId();
            default -> NOTHING;
        });
    }

    private static ReplicaManager replicas(Esmeralda esmeralda, int broker) {
        return standIn(ReplicaManager.class, (method, arguments) -> switch (method) {
            case "localLog" -> Logs.of(esmeralda, (TopicPartition) arguments[0], broker).map(StandIns::log);
            case "onlinePartition" -> Logs.of(esmeralda, (TopicPartition) arguments[0], broker).map(StandIns::partition);
            case "logManager" -> logs(esmeralda, broker);
            default -> NOTHING;
        });
    }

    private static LogManager logs(Esmeralda esmeralda, int broker) {
        return standIn(LogManager.class, (method, arguments) -> switch (method) {
            case "getLog" -> Logs.of(esmeralda, (TopicPartition) arguments[0], broker).map(StandIns::log);
            case "getLog$default$2" -> false;
            // There is no disk, so there are no files of checkpoints.
            case "liveLogDirs" -> CollectionConverters.asScala(List.<File>of()).toSeq();
            case "initialDefaultConfig" -> defaults(esmeralda, broker);
            case "producerStateManagerConfig" -> producers(esmeralda, broker);
            default -> NOTHING;
        });
    }

    /** Returns the defaults of the topic configs that have a broker config of the same name. */
    private static LogConfig defaults(Esmeralda esmeralda, int broker) {
        Properties defaults = brokerConfigs(esmeralda, broker);
        defaults.keySet().retainAll(LogConfig.configNames());
        return new LogConfig(defaults);
    }

    private static ProducerStateManagerConfig producers(Esmeralda esmeralda, int broker) {
        Properties configs = brokerConfigs(esmeralda, broker);
        return new ProducerStateManagerConfig(Integer.parseInt(configs.getProperty("producer.id.expiration.ms")),
            Boolean.parseBoolean(configs.getProperty("transaction.partition.verification.enable")));
    }

    private static Properties brokerConfigs(Esmeralda esmeralda, int broker) {
        return esmeralda.configs(ConfigResource.Type.BROKER, String.valueOf(broker), EnumSet.allOf(ConfigSource.class));
    }

    private static Partition partition(Logs logs) {
        return standIn(Partition.class, (method, arguments) -> switch (method) {
            case "leaderReplicaIdOpt" -> Option.apply(logs.leaderId());
            case "leaderIdIfLocal" -> logs.isLeader() ? Option.apply(logs.leaderId()) : Option.empty();
            case "leaderLogIfLocal" -> logs.isLeader() ? Option.apply(log(logs)) : Option.empty();
            case "getLeaderEpoch" -> logs.leaderEpoch();
            case "log" -> Option.apply(log(logs));
            default -> NOTHING;
        });
    }

    private static UnifiedLog log(Logs logs) {
        ProducerStateManager producers = standIn(ProducerStateManager.class,
            (method, arguments) -> method.equals("activeProducers") ? logs.producers() : NOTHING);
        return standIn(UnifiedLog.class, (method, arguments) -> switch (method) {
            case "logStartOffset" -> logs.offset(OffsetSpec.earliest());
            case "logEndOffset", "highWatermark" -> logs.offset(OffsetSpec.latest());
            case "producerStateManager" -> producers;
            case "dir" -> logs.dir();
            default -> NOTHING;
        });
    }

    private static GroupCoordinator coordinator(KafkaConfig config) {
        return standIn(GroupCoordinator.class, (method, arguments) -> switch (method) {
            case "groupMetadataTopicConfigs" -> {
                Properties configs = new Properties();
                configs.put("cleanup.policy", "compact");
                yield configs;
            }
            case "partitionFor" -> Utils.abs(((String) arguments[0]).hashCode()) % config.getInt("offsets.topic.num.partitions");
            default -> NOTHING;
        });
    }
}
