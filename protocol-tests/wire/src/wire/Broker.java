package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.message.ApiMessageType;

/** The connections to one broker, by their number in a sequence. */
final class Broker implements AutoCloseable {
    /** What an answer is if there is none. */
    static final JsonNode CLOSED = TextNode.valueOf("CLOSED"), TIMEOUT = TextNode.valueOf("TIMEOUT");
    private static final int PATIENCE_MS = 5_000;

    final String address;
    private final Map<Integer, Connection> connections = new HashMap<>();

    Broker(String address) {
        this.address = address;
    }

    /** One connection. At most one request waits on it, as clients of Kafka are answered in order. */
    private static final class Connection {
        final Socket socket;
        final DataInputStream in;
        int correlation;

        Connection(String address) throws IOException {
            int colon = address.lastIndexOf(':');
            socket = new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MS);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        }
    }

    /** Sends a request without waiting for its answer. */
    void send(int number, ApiMessageType api, short version, ByteBuffer body) throws IOException {
        Connection connection = connections.get(number);
        if (connection == null) connections.put(number, connection = new Connection(address));
        connection.correlation++;
        ByteBuffer frame = Messages.frame(api, version, connection.correlation, body);
        try {
            connection.socket.getOutputStream().write(frame.array(), 0, frame.limit());
        } catch (SocketException closed) {
            // The answer tells it.
        }
    }

    /** Waits for the answer to the request that was sent on the connection. After a failure the next request has a new connection. */
    Answer receive(int number, ApiMessageType api, short version) throws IOException {
        Connection connection = connections.get(number);
        byte[] frame;
        try {
            frame = new byte[connection.in.readInt()];
            connection.in.readFully(frame);
        } catch (SocketTimeoutException late) {
            close(number);
            return new Answer(null, TIMEOUT);
        } catch (EOFException | SocketException closed) {
            close(number);
            return new Answer(null, CLOSED);
        }
        return Messages.answer(api, version, connection.correlation, frame);
    }

    Answer call(int number, ApiMessageType api, short version, ByteBuffer body) throws IOException {
        send(number, api, version, body);
        return receive(number, api, version);
    }

    private void close(int number) throws IOException {
        connections.remove(number).socket.close();
    }

    @Override
    public void close() throws IOException {
        for (Connection connection : connections.values()) connection.socket.close();
        connections.clear();
    }
}
