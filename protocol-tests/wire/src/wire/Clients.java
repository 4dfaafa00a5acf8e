package wire;

/** What producers and consumers of a partition do. */
final class Clients {
    private Clients() {}

    static String topic(Script script) {
        return script.pick("%a", "%a", "%b");
    }

    /** A topic by its name and its id, of which a version has one. */
    static String named(String topic) {
        return "'name':'" + topic + "','topic':'" + topic + "','topicId':'${id:" + topic.substring(1) + "}'";
    }

    static void produce(Script script, String topic, int partition, String batch) {
        script.send(1, "p0", "Produce", "{'acks':" + script.pick(-1, -1, 1) + ",'timeoutMs':1000,'topicData':[{" + named(topic) + ",'partitionData':[{'index':" + partition
            + ",'records':{'$batch':" + batch + "}}]}]}");
    }

    static void fetch(Script script, String topic, int partition, long offset, int isolation, int maxBytes) {
        script.send(2, "f1", "Fetch", "{'maxWaitMs':" + script.pick(0, 10) + ",'minBytes':" + script.pick(0, 1) + ",'maxBytes':" + maxBytes + ",'isolationLevel':" + isolation
            + ",'sessionId':0,'sessionEpoch':-1,'topics':[{" + named(topic) + ",'partitions':[{'partition':" + partition + ",'currentLeaderEpoch':" + script.pick(-1, -1, 0)
            + ",'fetchOffset':" + offset + ",'lastFetchedEpoch':-1,'logStartOffset':-1,'partitionMaxBytes':" + script.pick(maxBytes, 1_000_000) + "}]}]}");
    }

    static void listOffset(Script script, String topic, int partition, long timestamp) {
        script.send(2, "l", "ListOffsets", "{'replicaId':-1,'isolationLevel':" + script.pick(0, 1) + ",'topics':[{" + named(topic) + ",'partitions':[{'partitionIndex':" + partition
            + ",'currentLeaderEpoch':" + script.pick(-1, -1, 0) + ",'timestamp':" + timestamp + "}]}]}");
    }

    /** A producer writes batches of all kinds, and a consumer reads and looks for offsets. */
    static void log(Script script) {
        String topic = topic(script);
        int partition = script.pick(0, 0, 0, 1);
        int batches = 1 + script.random.nextInt(4);
        boolean isIdempotent = script.chance(3);
        if (isIdempotent) script.send(1, "p0", "InitProducerId", "{'transactionalId':null,'transactionTimeoutMs':60000,'producerId':-1,'producerEpoch':-1}");
        int sequence = 0;
        for (int i = 0; i < batches; i++) {
            int count = script.pick(1, 2, 5);
            String batch = "{'count':" + count + ",'first':" + script.random.nextInt(100) + ",'timestamp':" + (1_700_000_000_000L + script.random.nextInt(10) * 1000L)
                + ",'compression':'" + script.pick("none", "none", "gzip", "lz4", "zstd", "snappy") + "'" + flaw(script);
            if (isIdempotent) {
                int sent = script.chance(6) ? sequence + script.pick(-1, 1, 5) : sequence;
                batch += ",'producer':'${producer:p0}','epoch':" + script.pick("'${epoch:p0}'", "'${epoch:p0}'", "'${epoch:p0}'", "1", "0") + ",'sequence':" + sent;
                if (!script.chance(5)) sequence = sent + count;
            }
            produce(script, topic, partition, batch + "}");
        }
        read(script, topic, partition);
    }

    private static String flaw(Script script) {
        if (!script.chance(8)) return "";
        return script.pick(",'broken':16", ",'broken':17", ",'broken':20", ",'broken':26", ",'broken':60", ",'broken':1048576", ",'cut':3", ",'twice':true", ",'magic':1",
            ",'control':true", ",'transactional':true", ",'keyless':true", ",'timestamp':9999999999999", ",'timestamp':-1");
    }

    private static void read(Script script, String topic, int partition) {
        int reads = 1 + script.random.nextInt(4);
        for (int i = 0; i < reads; i++) {
            switch (script.random.nextInt(6)) {
                case 0: case 1: fetch(script, topic, partition, script.pick(0L, 0L, 1L, 3L, 50L, -1L), script.pick(0, 1), script.pick(1, 100, 200, 1_000_000)); break;
                case 2: case 3: listOffset(script, topic, partition, script.pick(-1L, -2L, -3L, -4L, -5L, -6L, 0L, 1_700_000_003_000L, 1_700_000_003_500L, 1_800_000_000_000L)); break;
                case 4: script.send(1, "d", "DeleteRecords", "{'timeoutMs':1000,'topics':[{'name':'" + topic + "','partitions':[{'partitionIndex':" + partition + ",'offset':" + script.pick(-1, 1, 2, 100) + "}]}]}"); break;
                default: script.send(2, "e", "OffsetForLeaderEpoch", "{'replicaId':-1,'topics':[{'topic':'" + topic + "','partitions':[{'partition':" + partition + ",'currentLeaderEpoch':" + script.pick(-1, 0) + ",'leaderEpoch':" + script.pick(0, 0, 1, -1) + "}]}]}");
            }
        }
    }

    /** A consumer with a session: its first fetch, those that name only what changed, and its end. */
    static void fetchSession(Script script) {
        String actor = "f0";
        fetchIn(script, actor, "0", 0, "[" + wanted("%a", 0, 0) + "," + wanted("%b", 0, 0) + "]", "[]");
        int turns = 1 + script.random.nextInt(4);
        for (int epoch = 1; epoch <= turns; epoch++) {
            if (script.chance(2)) produce(script, topic(script), 0, "{'count':2,'first':" + epoch + "}");
            int sent = script.chance(8) ? epoch + script.pick(-1, 1) : epoch;
            String topics = script.chance(2) ? "[]" : "[" + wanted(script.pick("%a", "%b"), script.pick(0, 1), script.pick(0, 0, 2, 99)) + "]";
            String forgotten = script.chance(4) ? "[{" + named(script.pick("%a", "%b")) + ",'partitions':[0]}]" : "[]";
            fetchIn(script, actor, script.chance(10) ? "12345" : "'${session:f0}'", sent, topics, forgotten);
        }
        if (script.chance(2)) fetchIn(script, actor, "'${session:f0}'", -1, "[" + wanted("%a", 0, 0) + "]", "[]");
    }

    private static String wanted(String topic, int partition, int offset) {
        return "{" + named(topic) + ",'partitions':[{'partition':" + partition + ",'currentLeaderEpoch':-1,'fetchOffset':" + offset + ",'lastFetchedEpoch':-1,'logStartOffset':-1,'partitionMaxBytes':1000000}]}";
    }

    private static void fetchIn(Script script, String actor, String session, int epoch, String topics, String forgotten) {
        script.sendFrom(7, 2, actor, "Fetch", "{'maxWaitMs':10,'minBytes':" + script.pick(0, 1) + ",'maxBytes':1000000,'isolationLevel':" + script.pick(0, 0, 1) + ",'sessionId':" + session + ",'sessionEpoch':" + epoch
            + ",'topics':" + topics + ",'forgottenTopicsData':" + forgotten + "}");
    }
}
