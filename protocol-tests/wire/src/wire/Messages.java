package wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Requests and answers as bytes, by Kafka's own classes. */
final class Messages {
    static final String CLIENT_ID = "wire";
    private static final Map<String, Method> CONVERTERS = new HashMap<>();

    private Messages() {}

    /** A body that Kafka's classes do not encode, such as one with a null where the version has none. */
    static final class Unencodable extends Exception {
        Unencodable(Throwable cause) {
            super(cause);
        }
    }

    /** Encodes a request's body. */
    static ByteBuffer encode(ApiMessageType api, short version, JsonNode body) throws Unencodable {
        try {
            ApiMessage request = (ApiMessage) converter(api.name + "Request", "read").invoke(null, body, version);
            ObjectSerializationCache cache = new ObjectSerializationCache();
            MessageSizeAccumulator size = new MessageSizeAccumulator();
            request.addSize(size, cache, version);
            ByteBuffer encoded = ByteBuffer.allocate(size.totalSize());
            request.write(new ByteBufferAccessor(encoded), cache, version);
            encoded.flip();
            return encoded;
        } catch (InvocationTargetException | RuntimeException error) {
            throw new Unencodable(error);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    /** Returns a frame of the header and the body, with its length before it. */
    static ByteBuffer frame(ApiMessageType api, short version, int correlation, ByteBuffer body) {
        RequestHeaderData header = new RequestHeaderData().setRequestApiKey(api.apiKey()).setRequestApiVersion(version)
            .setCorrelationId(correlation).setClientId(CLIENT_ID);
        short headerVersion = api.requestHeaderVersion(version);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        MessageSizeAccumulator size = new MessageSizeAccumulator();
        header.addSize(size, cache, headerVersion);
        ByteBuffer frame = ByteBuffer.allocate(4 + size.totalSize() + body.remaining());
        frame.putInt(size.totalSize() + body.remaining());
        header.write(new ByteBufferAccessor(frame), cache, headerVersion);
        frame.put(body.duplicate());
        frame.flip();
        return frame;
    }

    /** Reads an answer. A byte too many or a field too few is an answer of its own, so that it differs. */
    static Answer answer(ApiMessageType api, short version, int correlation, byte[] frame) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        ByteBufferAccessor readable = new ByteBufferAccessor(buffer);
        ResponseHeaderData header = new ResponseHeaderData(readable, api.responseHeaderVersion(version));
        if (header.correlationId() != correlation)
            throw new IOException("correlation id " + header.correlationId() + ", expected " + correlation);
        byte[] body = Arrays.copyOfRange(frame, buffer.position(), frame.length);
        try {
            ApiMessage response = api.newResponse();
            response.read(readable, version);
            if (readable.remaining() != 0) return new Answer(body, TextNode.valueOf("TRAILING " + readable.remaining()));
            JsonNode read = (JsonNode) converter(api.name + "Response", "write").invoke(null, response, version);
            if (response instanceof FetchResponseData fetched) addRecords(fetched, read);
            return new Answer(body, read);
        } catch (RuntimeException | ReflectiveOperationException error) {
            return new Answer(body, TextNode.valueOf("UNREADABLE " + error));
        }
    }

    /** Adds the records, which Kafka's JSON leaves empty. */
    private static void addRecords(FetchResponseData fetched, JsonNode read) {
        for (int topic = 0; topic < fetched.responses().size(); topic++) {
            List<FetchResponseData.PartitionData> partitions = fetched.responses().get(topic).partitions();
            for (int partition = 0; partition < partitions.size(); partition++) {
                if (!(partitions.get(partition).records() instanceof MemoryRecords records)) continue;
                byte[] bytes = new byte[records.sizeInBytes()];
                records.buffer().get(bytes);
                ((ObjectNode) read.get("responses").get(topic).get("partitions").get(partition)).put("records", bytes);
            }
        }
    }

    private static Method converter(String message, String name) {
        return CONVERTERS.computeIfAbsent(message + "." + name, key -> {
            try {
                for (Method method : Class.forName("org.apache.kafka.common.message." + message + "DataJsonConverter").getMethods())
                    if (method.getName().equals(name) && method.getParameterCount() == 2) return method;
            } catch (ClassNotFoundException error) {
                throw new IllegalStateException(error);
            }
            throw new IllegalStateException("no " + key);
        });
    }
}
