package wire;

/** What operators do. */
final class AdminClients {
    private AdminClients() {}

    private static String topic(Script script) {
        return script.pick("%new0", "%new1", "%new2", "%a");
    }

    /** Topics are made, looked at, grown and deleted. */
    static void topics(Script script) {
        int turns = 2 + script.random.nextInt(4);
        for (int i = 0; i < turns; i++) {
            String topic = topic(script);
            switch (script.random.nextInt(7)) {
                case 0: case 1: create(script, topic); break;
                case 2: script.send(0, "d", "CreatePartitions", "{'topics':[{'name':'" + topic + "','count':" + script.pick(2, 3, 4) + ",'assignments':" + script.pick("null", "null", "[[1]]", "[[7]]", "[[1,1]]") + "}],'timeoutMs':5000,'validateOnly':" + script.chance(4) + "}"); break;
                case 3: script.send(0, "d", "Metadata", "{'topics':[{" + Clients.named(topic) + "}],'allowAutoTopicCreation':false,'includeTopicAuthorizedOperations':" + script.chance(3) + "}"); break;
                case 4: script.send(0, "d", "DescribeTopicPartitions", "{'topics':[{'name':'" + topic + "'}],'responsePartitionLimit':" + script.pick(1, 2000) + ",'cursor':" + script.pick("null", "{'topicName':'" + topic + "','partitionIndex':1}") + "}"); break;
                case 5: script.send(0, "d", "DescribeConfigs", "{'resources':[{'resourceType':2,'resourceName':'" + topic + "','configurationKeys':" + script.pick("null", "['retention.ms','cleanup.policy']") + "}],'includeSynonyms':" + script.chance(2) + "}"); break;
                default: script.send(0, "d", "DeleteTopics", "{'topics':[{'name':'" + topic + "'}],'topicNames':['" + topic + "'],'timeoutMs':5000}");
            }
        }
    }

    private static void create(Script script, String topic) {
        String assignments = script.pick("[]", "[]", "[]", "[{'partitionIndex':0,'brokerIds':[1]}]", "[{'partitionIndex':0,'brokerIds':[1]},{'partitionIndex':2,'brokerIds':[1]}]", "[{'partitionIndex':0,'brokerIds':[1,1]}]");
        String configs = script.pick("[]", "[]", "[{'name':'retention.ms','value':'1000'}]", "[{'name':'cleanup.policy','value':'compact'}]", "[{'name':'cleanup.policy','value':'x'}]", "[{'name':'retention.ms','value':null}]");
        boolean isAssigned = !assignments.equals("[]") && !script.chance(4);
        script.send(0, "d", "CreateTopics", "{'topics':[{'name':'" + topic + "','numPartitions':" + (isAssigned ? -1 : script.pick(1, 2, -1)) + ",'replicationFactor':" + (isAssigned ? -1 : script.pick(1, 1, -1, 2))
            + ",'assignments':" + assignments + ",'configs':" + configs + "}],'timeoutMs':5000,'validateOnly':" + script.chance(5) + "}");
    }

    /** Configs of topics, brokers and groups are changed and read. */
    static void configs(Script script) {
        int turns = 1 + script.random.nextInt(3);
        for (int i = 0; i < turns; i++) {
            String config = script.pick("'retention.ms','value':'1000'", "'cleanup.policy','value':'compact'", "'max.message.bytes','value':'100'", "'retention.ms','value':'x'", "'message.timestamp.type','value':'LogAppendTime'");
            if (script.chance(2))
                script.send(0, "d", "IncrementalAlterConfigs", "{'resources':[{'resourceType':2,'resourceName':'%b','configs':[{'configOperation':" + script.pick(0, 0, 1, 2, 3) + ",'name':" + config + "}]}],'validateOnly':" + script.chance(4) + "}");
            else
                script.send(0, "d", "AlterConfigs", "{'resources':[{'resourceType':2,'resourceName':'%b','configs':[{'name':" + config + "}]}],'validateOnly':" + script.chance(4) + "}");
            script.send(0, "d", "DescribeConfigs", "{'resources':[{'resourceType':2,'resourceName':'%b','configurationKeys':" + script.pick("null", "['retention.ms','cleanup.policy']") + "}],'includeSynonyms':" + script.chance(2) + "}");
            Clients.produce(script, "%b", 0, "{'count':2,'first':" + i + "}");
        }
    }
}
