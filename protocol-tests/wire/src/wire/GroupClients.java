package wire;

/** What members of groups do. */
final class GroupClients {
    private GroupClients() {}

    private static String join(Script script, String member, String instance, String protocols) {
        return "{'groupId':'%g','sessionTimeoutMs':10000,'rebalanceTimeoutMs':10000,'memberId':" + member + ",'groupInstanceId':" + instance
            + ",'protocolType':'consumer','protocols':" + protocols + ",'reason':'because'}";
    }

    private static String protocol(String... names) {
        StringBuilder protocols = new StringBuilder();
        for (String name : names) protocols.append(protocols.length() == 0 ? "" : ",").append("{'name':'").append(name).append("','metadata':{'$subscription':['%a']}}");
        return "[" + protocols + "]";
    }

    /** Joins a member: from version 4 on a dynamic member joins twice, the second time with the id that it was given. */
    private static void joinFully(Script script, int connection, String actor, String instance, String protocols) {
        script.send(connection, actor, "JoinGroup", join(script, "''", instance, protocols));
        script.leave(0, connection, actor, "JoinGroup", join(script, "'${member:" + actor + "}'", instance, protocols));
    }

    private static void sync(Script script, int connection, String actor, String instance, String assignments, boolean isLeft) {
        String body = "{'groupId':'%g','generationId':'${generation:" + actor + "}','memberId':'${member:" + actor + "}','groupInstanceId':" + instance
            + ",'protocolType':'consumer','protocolName':'range','assignments':" + assignments + "}";
        if (isLeft) script.leave(0, connection, actor, "SyncGroup", body);
        else script.send(connection, actor, "SyncGroup", body);
    }

    private static String assignments(String... actors) {
        StringBuilder assignments = new StringBuilder();
        for (int i = 0; i < actors.length; i++)
            assignments.append(i == 0 ? "" : ",").append("{'memberId':'${member:").append(actors[i]).append("}','assignment':{'$assignment':{'topic':'%a','partitions':[").append(i).append("]}}}");
        return "[" + assignments + "]";
    }

    private static void heartbeat(Script script, int connection, String actor, String instance) {
        script.send(connection, actor, "Heartbeat", "{'groupId':'%g','generationId':'${generation:" + actor + "}','memberId':'${member:" + actor + "}','groupInstanceId':" + instance + "}");
    }

    static void commit(Script script, int connection, String actor, String generation, String member, String instance) {
        script.send(connection, actor, "OffsetCommit", "{'groupId':'%g','generationIdOrMemberEpoch':" + generation + ",'memberId':" + member + ",'groupInstanceId':" + instance
            + ",'retentionTimeMs':-1,'topics':[{" + Clients.named(script.pick("%a", "%a", "%b", "%none")) + ",'partitions':[{'partitionIndex':" + script.pick(0, 0, 1, 99)
            + ",'committedOffset':" + script.pick(0, 1, 5, -1) + ",'committedLeaderEpoch':" + script.pick(-1, 0) + ",'committedMetadata':" + script.pick("''", "'m'", "null") + "}]}]}");
    }

    static void fetchOffsets(Script script, int connection, String actor) {
        String topics = script.chance(2) ? "null" : "[{" + Clients.named(script.pick("%a", "%b", "%none")) + ",'partitionIndexes':[0,1]}]";
        script.sendFrom(2, connection, actor, "OffsetFetch", "{'groupId':'%g','topics':" + topics.replace("null", "[{'name':'%a','partitionIndexes':[0]}]") + ",'groups':[{'groupId':'%g','memberId':null,'memberEpoch':-1,'topics':" + topics
            + "}],'requireStable':" + script.pick("true", "false") + "}");
    }

    private static void describe(Script script) {
        switch (script.random.nextInt(4)) {
            case 0: script.send(0, "d", "DescribeGroups", "{'groups':['%g'],'includeAuthorizedOperations':" + script.chance(2) + "}"); break;
            case 1: script.send(0, "d", "ListGroups", "{'statesFilter':[],'typesFilter':" + script.pick("[]", "['classic']", "['consumer']") + "}"); break;
            case 2: script.send(0, "d", "ConsumerGroupDescribe", "{'groupIds':['%g'],'includeAuthorizedOperations':" + script.chance(2) + "}"); break;
            default: script.send(0, "d", "OffsetDelete", "{'groupId':'%g','topics':[{'name':'" + script.pick("%a", "%b") + "','partitions':[{'partitionIndex':0}]}]}");
        }
    }

    /** One or two members of a classic group join, sync, commit, and leave or are left; the answers of the joins and syncs wait for each other. */
    static void classic(Script script) {
        String instance = script.chance(4) ? "'i1'" : "null", protocols = protocol("range", "roundrobin");
        boolean hasTwo = script.chance(2);
        joinFully(script, 3, "m0", instance, protocols);
        sync(script, 3, "m0", instance, assignments("m0"), false);
        heartbeat(script, 3, "m0", instance);
        if (hasTwo) {
            joinFully(script, 4, "m1", "null", script.chance(4) ? protocol("range") : protocols);
            heartbeat(script, 3, "m0", instance);
            commit(script, 3, "m0", "'${generation:m0}'", "'${member:m0}'", instance);
            script.leave(0, 3, "m0", "JoinGroup", join(script, "'${member:m0}'", instance, protocols));
            sync(script, 4, "m1", "null", "[]", true);
            sync(script, 3, "m0", instance, assignments("m0", "m1"), false);
            heartbeat(script, 4, "m1", "null");
        }
        commit(script, 3, "m0", script.pick("'${generation:m0}'", "'${generation:m0}'", "-1", "99"), script.pick("'${member:m0}'", "'${member:m0}'", "''"), instance);
        fetchOffsets(script, 3, "m0");
        describe(script);
        if (script.chance(3)) script.leave(0, 3, "m0", "JoinGroup", join(script, "'${member:m0}'", instance, script.chance(2) ? protocols : protocol("roundrobin")));
        if (script.chance(2)) leaveGroup(script, 3, "m0", instance);
        if (script.chance(2)) heartbeat(script, 3, "m0", instance);
        if (hasTwo && script.chance(2)) leaveGroup(script, 4, "m1", "null");
        describe(script);
        if (script.chance(2)) script.send(0, "d", "DeleteGroups", "{'groupsNames':['%g','%none']}");
    }

    private static void leaveGroup(Script script, int connection, String actor, String instance) {
        String member = "'${member:" + actor + "}'";
        script.send(connection, actor, "LeaveGroup", "{'groupId':'%g','memberId':" + member + ",'members':[{'memberId':" + script.pick(member, member, "''") + ",'groupInstanceId':" + instance + ",'reason':null}]}");
    }

    /** Commits of a client without a group, and what becomes of them. */
    static void commits(Script script) {
        int turns = 1 + script.random.nextInt(3);
        for (int i = 0; i < turns; i++) {
            commit(script, 1, "c", "-1", "''", "null");
            fetchOffsets(script, 1, "c");
        }
        describe(script);
    }

    private static void consumerHeartbeat(Script script, int connection, String actor, String member, String epoch, String topics, String owned, String instance, String assignor) {
        heartbeatIn(script, "%g", connection, actor, member, epoch, topics, owned, instance, assignor);
    }

    private static void heartbeatIn(Script script, String group, int connection, String actor, String member, String epoch, String topics, String owned, String instance, String assignor) {
        script.sendFrom(0, connection, actor, "ConsumerGroupHeartbeat", "{'groupId':'" + group + "','memberId':" + member + ",'memberEpoch':" + epoch + ",'instanceId':" + instance + ",'rackId':null,'rebalanceTimeoutMs':"
            + (epoch.equals("0") ? 10000 : -1) + ",'subscribedTopicNames':" + topics + ",'subscribedTopicRegex':null,'serverAssignor':" + assignor + ",'topicPartitions':" + owned + "}");
    }

    /** Members of a group of KIP-848: they join, are told their partitions, hand some over, commit and leave. */
    static void consumer(Script script) {
        if (script.chance(6)) unnamed(script);
        String first = script.pick("'abcdefghijklmnopqrstuv'", "'0123456789012345678901'"), instance = script.chance(4) ? "'i1'" : "null";
        // All members want the same assignor: while two have as many votes, Kafka's group has another epoch after each heartbeat.
        String assignor = script.pick("null", "null", "'uniform'", "'range'");
        boolean hasTwo = script.chance(2);
        // Which of two topics' partitions a member gets depends on the order of their ids, which are random.
        String topics = hasTwo ? "['%a']" : script.pick("['%a']", "['%a','%b']", "['%b']");
        consumerHeartbeat(script, 5, "m0", first, "0", topics, "[]", instance, assignor);
        consumerHeartbeat(script, 5, "m0", "'${member:m0}'", "'${memberEpoch:m0}'", "null", script.pick("null", owned("%a", "0,1")), instance, assignor);
        if (hasTwo) {
            consumerHeartbeat(script, 6, "m1", "'ABCDEFGHIJKLMNOPQRSTUV'", "0", topics, "[]", "null", assignor);
            consumerHeartbeat(script, 5, "m0", "'${member:m0}'", "'${memberEpoch:m0}'", "null", "null", instance, assignor);
            consumerHeartbeat(script, 5, "m0", "'${member:m0}'", "'${memberEpoch:m0}'", "null", owned("%a", "0"), instance, assignor);
            consumerHeartbeat(script, 6, "m1", "'${member:m1}'", "'${memberEpoch:m1}'", "null", "[]", "null", assignor);
        }
        commit(script, 5, "m0", script.pick("'${memberEpoch:m0}'", "'${memberEpoch:m0}'", "0", "9"), "'${member:m0}'", instance);
        describe(script);
        fetchOffsets(script, 5, "m0");
        if (script.chance(2)) consumerHeartbeat(script, 5, "m0", "'${member:m0}'", script.pick("-1", "-2"), "null", "null", instance, assignor);
        if (script.chance(2)) consumerHeartbeat(script, 6, "m1", "'${member:m1}'", "'${memberEpoch:m1}'", script.pick("['%b']", "null"), "null", "null", assignor);
        describe(script);
    }

    /**
     * A member that the broker gives its id, in a group of its own: which of several members gets which partitions depends on the order of their ids, and
     * this one is random.
     */
    private static void unnamed(Script script) {
        String topics = script.pick("['%a']", "['%b']");
        heartbeatIn(script, "%h", 8, "m9", "''", "0", topics, "[]", "null", "null");
        heartbeatIn(script, "%h", 8, "m9", "'${member:m9}'", "'${memberEpoch:m9}'", "null", "null", "null", "null");
        script.send(0, "d", "ConsumerGroupDescribe", "{'groupIds':['%h'],'includeAuthorizedOperations':false}");
        heartbeatIn(script, "%h", 8, "m9", "'${member:m9}'", "-1", "null", "null", "null", "null");
    }

    private static String owned(String topic, String partitions) {
        return "[{'topicId':'${id:" + topic.substring(1) + "}','partitions':[" + partitions + "]}]";
    }
}
