package wire;

/** What transactional producers do. */
final class TransactionClients {
    private TransactionClients() {}

    private static final String PRODUCER = "'producerId':'${producer:t}','producerEpoch':'${epoch:t}'";

    private static void init(Script script) {
        script.send(7, "t", "InitProducerId", "{'transactionalId':'%t','transactionTimeoutMs':" + script.pick(60000, 60000, 60000, 0, 2000000000) + ",'producerId':-1,'producerEpoch':-1}");
    }

    /** A producer runs transactions: it adds partitions, writes, commits offsets, and ends them; another one may take its id. */
    static void transaction(Script script) {
        init(script);
        int turns = 1 + script.random.nextInt(2), sequence = 0;
        for (int turn = 0; turn < turns; turn++) {
            String topic = Clients.topic(script);
            if (!script.chance(4)) addPartitions(script, topic);
            int count = script.pick(1, 3);
            produce(script, topic, count, sequence);
            sequence += count;
            if (script.chance(3)) offsets(script);
            look(script, topic);
            if (script.chance(5)) init(script);
            else end(script);
            look(script, topic);
            // From version 5 on a new transaction has a new epoch, whose sequences begin again.
            sequence = script.chance(2) ? 0 : sequence;
        }
    }

    private static void addPartitions(Script script, String topic) {
        String topics = "[{'name':'" + topic + "','partitions':[" + script.pick("0", "0", "0,1", "99") + "]}]";
        script.send(7, "t", "AddPartitionsToTxn", "{'v3AndBelowTransactionalId':'%t','v3AndBelowProducerId':'${producer:t}','v3AndBelowProducerEpoch':'${epoch:t}','v3AndBelowTopics':" + topics
            + ",'transactions':[{'transactionalId':'%t'," + PRODUCER + ",'verifyOnly':" + script.chance(6) + ",'topics':" + topics + "}]}");
    }

    private static void produce(Script script, String topic, int count, int sequence) {
        script.send(7, "t", "Produce", "{'transactionalId':'%t','acks':-1,'timeoutMs':1000,'topicData':[{" + Clients.named(topic) + ",'partitionData':[{'index':0,'records':{'$batch':{'count':" + count
            + ",'first':" + sequence + ",'producer':'${producer:t}','epoch':" + script.pick("'${epoch:t}'", "'${epoch:t}'", "'${epoch:t}'", "0") + ",'sequence':" + sequence + ",'transactional':" + !script.chance(8) + "}}}]}]}");
    }

    private static void offsets(Script script) {
        script.send(7, "t", "AddOffsetsToTxn", "{'transactionalId':'%t'," + PRODUCER + ",'groupId':'%g'}");
        script.send(7, "t", "TxnOffsetCommit", "{'transactionalId':'%t','groupId':'%g'," + PRODUCER + ",'generationId':-1,'memberId':'','groupInstanceId':null,'topics':[{" + Clients.named("%a")
            + ",'partitions':[{'partitionIndex':0,'committedOffset':" + script.pick(1, 7) + ",'committedLeaderEpoch':-1,'committedMetadata':'m'}]}]}");
        GroupClients.fetchOffsets(script, 7, "t");
    }

    private static void end(Script script) {
        script.send(7, "t", "EndTxn", "{'transactionalId':'%t'," + PRODUCER + ",'committed':" + script.chance(2) + "}");
    }

    private static void look(Script script, String topic) {
        switch (script.random.nextInt(6)) {
            case 0: script.send(0, "d", "DescribeTransactions", "{'transactionalIds':['%t','%none']}"); break;
            case 1: script.send(0, "d", "ListTransactions", "{'stateFilters':" + script.pick("[]", "['Ongoing']") + ",'producerIdFilters':[],'durationFilter':-1}"); break;
            case 2: script.send(0, "d", "DescribeProducers", "{'topics':[{'name':'" + topic + "','partitionIndexes':[0]}]}"); break;
            case 3: Clients.listOffset(script, topic, 0, script.pick(-1L, -3L)); break;
            default: Clients.fetch(script, topic, 0, script.pick(0L, 1L), script.pick(0, 1, 1), 1_000_000);
        }
    }
}
