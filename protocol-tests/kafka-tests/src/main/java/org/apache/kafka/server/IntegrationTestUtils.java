package org.apache.kafka.server;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

import esmeralda.AnnouncedVersions;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.common.utils.Utils;

/**
 * Takes the place of the class of the same name in kafka-server-common's test jar, through which tests send raw requests. A request that the
 * cluster does not announce fails with the API's name instead of a closed connection.
 */
public class IntegrationTestUtils {
    private static final AtomicInteger CORRELATION = new AtomicInteger();

    public static void sendRequest(Socket socket, byte[] request) throws IOException {
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.writeInt(request.length);
        out.write(request);
        out.flush();
    }

    public static RequestHeader nextRequestHeader(ApiKeys api, short version) {
        return new RequestHeader(api, version, "client-id", CORRELATION.getAndIncrement());
    }

    @SuppressWarnings("unchecked")
    public static <T extends AbstractResponse> T receive(Socket socket, ApiKeys api, short version) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        ByteBuffer response = ByteBuffer.wrap(bytes);
        ResponseHeader.parse(response, api.responseHeaderVersion(version));
        return (T) AbstractResponse.parseResponse(api, new ByteBufferAccessor(response), version);
    }

    public static <T extends AbstractResponse> T sendAndReceive(AbstractRequest request, Socket socket) throws IOException {
        if (request.apiKey() != ApiKeys.API_VERSIONS) AnnouncedVersions.of(socket.getPort()).check(request);
        return exchange(request, socket);
    }

    /** Sends a request without a look at the announced versions. Kafka's class does not have this method. */
    public static <T extends AbstractResponse> T exchange(AbstractRequest request, Socket socket) throws IOException {
        RequestHeader header = nextRequestHeader(request.apiKey(), request.version());
        sendRequest(socket, Utils.toArray(request.serializeWithHeader(header)));
        return receive(socket, request.apiKey(), request.version());
    }

    public static <T extends AbstractResponse> T connectAndReceive(AbstractRequest request, int port) throws IOException {
        try (Socket socket = connect(port)) {
            return sendAndReceive(request, socket);
        }
    }

    public static Socket connect(int port) throws IOException {
        return new Socket("localhost", port);
    }
}
