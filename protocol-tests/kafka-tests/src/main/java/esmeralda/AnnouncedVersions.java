package esmeralda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;

import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.ApiVersionsRequest;
import org.apache.kafka.common.requests.ApiVersionsResponse;
import org.apache.kafka.server.IntegrationTestUtils;

/** The versions of each API that a broker announces. */
public final class AnnouncedVersions {
    private final ApiVersionsResponse answer;

    private AnnouncedVersions(ApiVersionsResponse answer) {
        this.answer = answer;
    }

    /** Asks the broker on {@code port} of this machine. */
    public static AnnouncedVersions of(int port) {
        try (Socket socket = IntegrationTestUtils.connect(port)) {
            return new AnnouncedVersions(IntegrationTestUtils.exchange(new ApiVersionsRequest.Builder().build((short) 0), socket));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    boolean serveConsumerGroups() {
        return answer.apiVersion(ApiKeys.CONSUMER_GROUP_HEARTBEAT.id) != null;
    }

    /** Ends the test with the API's name if {@code request} is not announced: a broker would only close the connection. */
    public void check(AbstractRequest request) {
        ApiKeys key = request.apiKey();
        ApiVersion api = answer.apiVersion(key.id);
        if (api == null) throw notServed(key.toString());
        if (request.version() < api.minVersion() || request.version() > api.maxVersion())
            throw notServed(key + " version " + request.version());
    }

    private static RuntimeException notServed(String api) {
        if (api.contains("SHARE_")) return Reasons.left("share groups");
        if (api.contains("STREAMS_GROUP")) return Reasons.left("streams groups");
        if (api.contains("SCRAM") || api.contains("DELEGATION_TOKEN") || api.contains("SASL")) return Reasons.left("security");
        if (api.contains("CLIENT_QUOTAS")) return Reasons.left("quotas");
        throw new AssertionError("not served: " + api);
    }
}
