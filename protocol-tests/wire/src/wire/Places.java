package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.message.ApiMessageType;

/**
 * What a sequence finds and leaves: topics `a` (two partitions) and `b` (one), and groups without members. The topics keep their records for ever, because
 * the records' times are years ago, and a sweep between two answers would count as a difference.
 */
final class Places {
    private static final String CREATE = "{'topics':[{'name':'%a','numPartitions':2,'replicationFactor':1,'configs':[{'name':'retention.ms','value':'-1'}]},{'name':'%b','numPartitions':1,'replicationFactor':1,'configs':[{'name':'retention.ms','value':'-1'}]}],'timeoutMs':5000}";
    private static final String TOPICS = "{'topics':[{'name':'%a'},{'name':'%b'}],'allowAutoTopicCreation':false}";
    private static final String OFFSETS = "{'replicaId':-1,'topics':[{'name':'%a','partitions':[{'partitionIndex':0,'timestamp':-1},{'partitionIndex':1,'timestamp':-1}]},{'name':'%b','partitions':[{'partitionIndex':0,'timestamp':-1}]}]}";
    private static final String COORDINATORS = "{'keyType':0,'coordinatorKeys':['%g','%h']}";
    private static final String TRANSACTION_COORDINATORS = "{'keyType':1,'coordinatorKeys':['%t','%u']}";
    private static final String GROUPS = "{'groups':[{'groupId':'%g','topics':null},{'groupId':'%h','topics':null}]}";

    /** The brokers' dynamic configs: Kafka does not let go of the first, and the second keeps the records of topics that lose their own configs. */
    private static final String CONFIGS = "{'resources':[{'resourceType':4,'resourceName':'','configs':[{'name':'min.insync.replicas','value':'1'},{'name':'log.retention.ms','value':'-1'}]},{'resourceType':4,'resourceName':'1','configs':[]}]}";

    private Places() {}

    static JsonNode call(Broker broker, ApiMessageType api, int version, JsonNode body) throws IOException {
        try {
            JsonNode complete = Definitions.complete(api.name + "Request", version, body);
            return broker.call(-1, api, (short) version, Messages.encode(api, (short) version, complete)).read();
        } catch (Messages.Unencodable error) {
            throw new IllegalArgumentException(error);
        }
    }

    /** Returns the versions of each API that the broker advertises. */
    static Map<Short, short[]> served(String address) throws IOException {
        Map<Short, short[]> served = new TreeMap<>();
        try (Broker broker = new Broker(address)) {
            JsonNode answer = call(broker, ApiMessageType.API_VERSIONS, 3, Script.parse("{'clientSoftwareName':'wire','clientSoftwareVersion':'1'}"));
            for (JsonNode api : answer.get("apiKeys"))
                served.put((short) api.get("apiKey").asInt(), new short[] {(short) api.get("minVersion").asInt(), (short) api.get("maxVersion").asInt()});
        }
        return served;
    }

    /** Returns the versions that both brokers advertise. */
    static Map<Short, short[]> common(Map<Short, short[]> one, Map<Short, short[]> other) {
        Map<Short, short[]> common = new TreeMap<>();
        one.forEach((key, range) -> {
            short[] also = other.get(key);
            if (also != null) common.put(key, new short[] {(short) Math.max(range[0], also[0]), (short) Math.min(range[1], also[1])});
        });
        return common;
    }

    /** Returns the steps that make the topics and wait for the group, for a sequence that is recorded. */
    static List<Step> steps() {
        return List.of(step(ApiMessageType.ALTER_CONFIGS, 2, CONFIGS), step(ApiMessageType.CREATE_TOPICS, 4, CREATE), step(ApiMessageType.METADATA, 12, TOPICS), step(ApiMessageType.LIST_OFFSETS, 5, OFFSETS), step(ApiMessageType.FIND_COORDINATOR, 6, COORDINATORS),
            step(ApiMessageType.FIND_COORDINATOR, 6, TRANSACTION_COORDINATORS),
            step(ApiMessageType.OFFSET_FETCH, 8, GROUPS));
    }

    /** Returns the steps that leave as little behind as {@link #clear}. */
    static List<Step> lastSteps() {
        return List.of(step(ApiMessageType.DELETE_GROUPS, 2, "{'groupsNames':['%g','%h','%n','']}"),
            step(ApiMessageType.DELETE_TOPICS, 5, "{'topicNames':['%a','%b','%new0','%new1','%new2','%none'],'timeoutMs':5000}"), step(ApiMessageType.ALTER_CONFIGS, 2, CONFIGS));
    }

    private static Step step(ApiMessageType api, int version, String body) {
        return new Step(0, api, (short) version, Definitions.complete(api.name + "Request", version, Script.parse(body)), "", false);
    }

    static void prepare(Broker broker, Symbols symbols) throws IOException {
        call(broker, ApiMessageType.ALTER_CONFIGS, 2, Script.parse(CONFIGS));
        JsonNode created = call(broker, ApiMessageType.CREATE_TOPICS, 7, symbols.resolve(Script.parse(CREATE)));
        symbols.learn(new Step(-1, ApiMessageType.CREATE_TOPICS, (short) 7, created, "", false), created);
        awaitReady(broker, ApiMessageType.LIST_OFFSETS, 5, symbols.resolve(Script.parse(OFFSETS)));
        awaitReady(broker, ApiMessageType.FIND_COORDINATOR, 6, symbols.resolve(Script.parse(COORDINATORS)));
        awaitReady(broker, ApiMessageType.FIND_COORDINATOR, 6, symbols.resolve(Script.parse(TRANSACTION_COORDINATORS)));
        awaitReady(broker, ApiMessageType.OFFSET_FETCH, 8, symbols.resolve(Script.parse(GROUPS)));
    }

    private static void awaitReady(Broker broker, ApiMessageType api, int version, JsonNode body) throws IOException {
        for (int tries = 0; tries < 200; tries++) {
            if (!call(broker, api, version, body).toString().matches(".*\"errorCode\":(?!0\\b).*")) return;
            Run.pause();
        }
    }

    /** Deletes the topics and groups of the prefix. */
    static void clear(Broker broker, String prefix) throws IOException {
        JsonNode metadata = call(broker, ApiMessageType.METADATA, 12, Script.parse("{'topics':null,'allowAutoTopicCreation':false}"));
        ObjectNode deletion = Definitions.JSON.createObjectNode().put("timeoutMs", 5000);
        ArrayNode names = deletion.putArray("topicNames");
        for (JsonNode topic : metadata.get("topics")) if (!topic.get("name").asText().startsWith("__")) names.add(topic.get("name").asText());
        call(broker, ApiMessageType.DELETE_TOPICS, 5, deletion);
        ObjectNode groups = Definitions.JSON.createObjectNode();
        groups.putArray("groupsNames").add(prefix + "g").add(prefix + "h").add(prefix + "n").add("");
        call(broker, ApiMessageType.DELETE_GROUPS, 2, groups);
        call(broker, ApiMessageType.ALTER_CONFIGS, 2, Script.parse(CONFIGS));
    }
}
