package wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.message.ApiMessageType;

/** The steps of a sequence while they are written. */
final class Script {
    /** Not sent at random: they would take away the only node or its features, or close the connection by design. */
    private static final java.util.Set<String> LEFT_OUT = java.util.Set.of("ApiVersions", "UnregisterBroker", "UnregisterController", "AddRaftVoter", "RemoveRaftVoter",
        "UpdateRaftVoter", "UpdateFeatures", "SaslHandshake", "SaslAuthenticate", "InitializeShareGroupState", "ReadShareGroupState", "WriteShareGroupState",
        "DeleteShareGroupState", "ReadShareGroupStateSummary", "ShareFetch", "ShareAcknowledge", "ShareGroupHeartbeat", "StreamsGroupHeartbeat");

    final Random random;
    final List<Step> steps = new ArrayList<>();
    private final Map<Short, short[]> served;
    private final List<ApiMessageType> apis = new ArrayList<>();

    /** How seldom an element of an array at random repeats another one. */
    private final int repeats;

    Script(Random random, Map<Short, short[]> served, int repeats) {
        this.random = random;
        this.repeats = repeats;
        this.served = served;
        for (short key : served.keySet())
            if (!LEFT_OUT.contains(ApiMessageType.fromApiKey(key).name)) apis.add(ApiMessageType.fromApiKey(key));
    }

    @SafeVarargs
    final <T> T pick(T... values) {
        return Values.pick(random, values);
    }

    boolean chance(int in) {
        return random.nextInt(in) == 0;
    }

    /** Adds a request of any version; what the version lacks in the body is left out, and what the body lacks has its default. */
    void send(int connection, String actor, String api, String body) {
        add(connection, actor, api, 0, body, false);
    }

    /** Adds a request of the version or a later one. */
    void sendFrom(int least, int connection, String actor, String api, String body) {
        add(connection, actor, api, least, body, false);
    }

    /** Adds a request whose answer may have to wait for another one. */
    void leave(int least, int connection, String actor, String api, String body) {
        add(connection, actor, api, least, body, true);
    }

    private void add(int connection, String actor, String name, int least, String body, boolean isLeft) {
        ApiMessageType api = typeOf(name);
        short version = version(api, least);
        if (version < 0) return;
        JsonNode complete = Definitions.complete(name + "Request", version, parse(body));
        steps.add(new Step(connection, api, version, complete, actor, isLeft));
    }

    /** Adds a request at random. */
    void nonsense() {
        ApiMessageType api = apis.get(random.nextInt(apis.size()));
        short version = version(api, 0);
        steps.add(new Step(0, api, version, Nonsense.body(random, api.name, version, repeats), "m0", false));
    }

    /** Returns the last version half of the time and any other one else, or -1 if none is served. */
    private short version(ApiMessageType api, int least) {
        short[] range = served.get(api.apiKey());
        if (range == null) return -1;
        // Versions of Produce before 3 are advertised, but not served.
        int first = Math.max(least, api == ApiMessageType.PRODUCE ? Math.max(3, range[0]) : range[0]);
        if (first > range[1]) return -1;
        return (short) (random.nextBoolean() ? range[1] : first + random.nextInt(range[1] - first + 1));
    }

    static ApiMessageType typeOf(String name) {
        for (ApiMessageType api : ApiMessageType.values()) if (api.name.equals(name)) return api;
        throw new IllegalArgumentException(name);
    }

    static JsonNode parse(String body) {
        try {
            return Definitions.JSON.readTree(body.replace('\'', '"'));
        } catch (JsonProcessingException error) {
            throw new IllegalArgumentException(body, error);
        }
    }
}
