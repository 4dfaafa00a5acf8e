package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Base64;
import java.util.Random;

/** Random values by the name of their field: some that a client would send, some at a bound, some without meaning. */
final class Values {
    private static final String[] CONFIGS = {"retention.ms", "cleanup.policy", "segment.bytes", "max.message.bytes", "min.insync.replicas", "compression.type",
        "message.timestamp.type", "unclean.leader.election.enable", "no.such.config", "", "retention.bytes", "num.partitions", "log.retention.ms",
        "follower.replication.throttled.replicas", "flush.ms", "preallocate", "consumer.session.timeout.ms", "interval.ms", "metrics"};

    private Values() {}

    @SafeVarargs
    static <T> T pick(Random random, T... values) {
        return values[random.nextInt(values.length)];
    }

    /** Returns a string, or a symbol of one. */
    static JsonNode text(Random random, String field, String path) {
        return TextNode.valueOf(string(random, field, path));
    }

    private static String string(Random random, String field, String path) {
        switch (field) {
            case "Topic": case "TopicName": case "Topics": case "TopicNames": case "SubscribedTopicNames":
                return pick(random, "%a", "%a", "%b", "%b", "%new0", "%new1", "%none", "bad name!", "", ".");
            case "Name": return name(random, path);
            case "GroupId": case "GroupsNames": case "Groups": case "CoordinatorKeys": case "Key": case "GroupIds": return pick(random, "%g", "%g", "%h", "%n", "");
            // Of KIP-848's members the broker names none here: assignments depend on the order of the names.
            case "MemberId": return path.startsWith("ConsumerGroupHeartbeat") ? pick(random, "nobody", "somebody", "${member:m0}", "${member:m1}") : pick(random, "", "nobody", "${member:m0}", "${member:m1}");
            case "GroupInstanceId": case "InstanceId": return pick(random, "i1", "i2");
            case "ProtocolType": return pick(random, "consumer", "consumer", "connect", "");
            case "ProtocolName": return pick(random, "range", "roundrobin", "x");
            case "TransactionalId": case "V3AndBelowTransactionalId": case "TransactionalIds": case "TransactionalIdFilters": return pick(random, "%t", "%t", "%u", "");
            case "TransactionalIdPattern": return pick(random, "", ".*", "[");
            case "ResourceName": return pick(random, "%a", "%b", "%none", "1", "", "7", "%g");
            case "ConfigName": case "ConfigurationKeys": return pick(random, CONFIGS);
            case "Value": return pick(random, "1000", "compact", "delete", "-1", "abc", "", "true", "compact,delete", "zstd");
            case "StatesFilter": return pick(random, "Stable", "Empty", "stable", "Dead", "Nonsense");
            case "StateFilters": return pick(random, "Ongoing", "Empty", "CompleteCommit", "Nonsense");
            case "TypesFilter": return pick(random, "classic", "consumer", "Classic", "share", "nonsense");
            case "ServerAssignor": return pick(random, "uniform", "range", "x", "");
            case "SubscribedTopicRegex": return pick(random, "", "%.*", "[");
            case "ClientSoftwareName": return pick(random, "wire", "a b", "-x");
            case "ClientSoftwareVersion": return pick(random, "1.0", "?");
            case "RackId": return pick(random, "", "r1");
            case "Reason": return "because";
            case "CommittedMetadata": return pick(random, "", "m", "x".repeat(5000));
            default: return pick(random, "", "x", "%a");
        }
    }

    private static String name(Random random, String path) {
        if (path.contains("Config")) return pick(random, CONFIGS);
        if (path.contains("Topic")) return pick(random, "%a", "%b", "%new0", "%new1", "%none", "bad/name", "");
        return path.contains("Protocol") ? pick(random, "range", "roundrobin", "x") : pick(random, "x", "range", "");
    }

    static JsonNode bytes(Random random, String field) {
        if (field.equals("Metadata") && random.nextInt(3) > 0) {
            ObjectNode subscription = Definitions.JSON.createObjectNode();
            subscription.putArray("$subscription").add("%a");
            return subscription;
        }
        return TextNode.valueOf(Base64.getEncoder().encodeToString(new byte[] {0, 1, 2}));
    }

    /** Returns the description of a batch; see {@link Payloads}. */
    static JsonNode batch(Random random) {
        ObjectNode payload = Definitions.JSON.createObjectNode(), batch = payload.putObject("$batch");
        batch.put("count", pick(random, 1, 1, 3, 10)).put("first", random.nextInt(100)).put("compression", pick(random, "none", "none", "gzip", "lz4", "zstd", "snappy"));
        if (random.nextInt(5) == 0) batch.put("keyless", true);
        if (random.nextInt(12) == 0) batch.put("broken", pick(random, 16, 17, 20, 23, 57, 1 << 20));
        return payload;
    }

    static JsonNode integer(Random random, String field, String type) {
        switch (field) {
            case "GenerationId": return random.nextInt(3) == 0 ? TextNode.valueOf("${generation:m0}") : IntNode.valueOf(pick(random, -1, -1, 0, 1, 2));
            case "GenerationIdOrMemberEpoch": return random.nextInt(3) == 0 ? TextNode.valueOf("${generation:m0}") : IntNode.valueOf(pick(random, -1, -1, 0, 1, 2));
            case "SessionId": return random.nextInt(4) == 0 ? TextNode.valueOf("${session:f0}") : IntNode.valueOf(pick(random, 0, 0, 0, 12345));
            default: return IntNode.valueOf(type.equals("int8") ? int8(random, field) : type.equals("int16") ? int16(random, field) : int32(random, field));
        }
    }

    private static int int8(Random random, String field) {
        switch (field) {
            case "IsolationLevel": return pick(random, 0, 0, 1, 2);
            case "KeyType": return pick(random, 0, 0, 1, 2, 9);
            case "ResourceType": return pick(random, 2, 2, 2, 4, 4, 8, 16, 32, 3, 0);
            case "ConfigOperation": return pick(random, 0, 0, 1, 2, 3, 7);
            default: return pick(random, 0, 1, 2, -1);
        }
    }

    private static int int16(Random random, String field) {
        switch (field) {
            case "Acks": return pick(random, -1, -1, 1, 1, 2);
            case "ReplicationFactor": return pick(random, 1, 1, -1, 0, 3);
            case "ProducerEpoch": return pick(random, -1, -1, 0, 1);
            default: return pick(random, 0, 1, -1);
        }
    }

    private static int int32(Random random, String field) {
        switch (field) {
            case "PartitionIndex": case "Partition": case "PartitionIndexes": case "Partitions": case "PartitionId": return pick(random, 0, 0, 0, 1, 2, 99, -1);
            case "NumPartitions": return pick(random, 1, 2, 3, 0, -1, -2);
            case "Count": return pick(random, 1, 2, 3, 4, 0, -1);
            case "BrokerId": case "BrokerIds": return pick(random, 1, 1, 1, 7, -1);
            case "ReplicaId": return random.nextInt(30) == 0 ? -2 : -1;
            case "LeaderEpoch": case "CurrentLeaderEpoch": case "CommittedLeaderEpoch": case "LastFetchedEpoch": return pick(random, -1, -1, 0, 0, 1, 5, -2);
            case "TimeoutMs": case "timeoutMs": return pick(random, 1000, 1000, 5000);
            case "MaxWaitMs": return pick(random, 0, 10, 100);
            case "MinBytes": return pick(random, 0, 1, 1, 100000);
            case "MaxBytes": case "PartitionMaxBytes": return pick(random, 1, 100, 1000000, 1000000, 0);
            case "SessionTimeoutMs": return pick(random, 6000, 10000, 10, 3000000);
            case "RebalanceTimeoutMs": return pick(random, 6000, 10000, -1);
            case "MemberEpoch": return pick(random, 0, 0, -1, -2, 1, 5);
            case "SessionEpoch": return pick(random, -1, -1, 0, 0, 1, 2);
            case "TransactionTimeoutMs": return pick(random, 60000, 1000, 0, -1, 2000000000);
            case "ResponsePartitionLimit": return pick(random, 1, 2, 2000, 0, -1);
            case "EndpointType": return pick(random, 1, 1, 2);
            default: return pick(random, 0, 1, -1, 1000);
        }
    }

    static JsonNode int64(Random random, String field) {
        if (field.equals("ProducerId") && random.nextInt(3) == 0) return TextNode.valueOf("${producer:p0}");
        return LongNode.valueOf(number(random, field));
    }

    private static long number(Random random, String field) {
        switch (field) {
            case "Timestamp": return pick(random, -1L, -2L, -3L, -4L, -5L, -6L, 0L, 1_700_000_000_000L, 1_700_000_002_500L, 9_999_999_999_999L);
            case "FetchOffset": return pick(random, 0L, 0L, 0L, 1L, 5L, 1000L, -1L);
            case "Offset": return pick(random, 0L, 1L, 2L, -1L, -2L, 1000L);
            case "CommittedOffset": return pick(random, 0L, 1L, 5L, 100L, -1L, -2L);
            case "ProducerId": case "ProducerIdFilters": return pick(random, -1L, -1L, 4_000_000_000_000_000_000L);
            case "RetentionTimeMs": return pick(random, -1L, 100_000_000L);
            case "CommitTimestamp": return -1L;
            default: return pick(random, 0L, -1L, 1L);
        }
    }
}
