import com.amazonaws.services.lambda.runtime.events.KafkaEvent;
import com.amazonaws.services.lambda.runtime.events.KafkaEvent.KafkaEventRecord;
import com.amazonaws.services.lambda.runtime.serialization.events.LambdaEventSerializers;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Reads an event into the class of aws-lambda-java-events, as AWS's runtime does, and reports each record. */
public final class TypedEvent {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        KafkaEvent event = LambdaEventSerializers.serializerFor(KafkaEvent.class, TypedEvent.class.getClassLoader())
                .fromJson(arguments[1]);
        for (List<KafkaEventRecord> records : event.getRecords().values()) {
            for (KafkaEventRecord record : records) {
                System.out.println(JSON.writeValueAsString(reported(record)));
            }
        }
    }

    private static ObjectNode reported(KafkaEventRecord record) {
        ObjectNode node = JSON.createObjectNode()
                .put("event", "record")
                .put("topic", record.getTopic())
                .put("partition", record.getPartition())
                .put("offset", record.getOffset())
                .put("timestamp", record.getTimestamp())
                .put("key", text(record.getKey()))
                .put("value", text(record.getValue()));
        ArrayNode headers = node.putArray("headers");
        for (Map<String, byte[]> header : record.getHeaders()) {
            header.forEach((name, value) ->
                    headers.addArray().add(name).add(new String(value, StandardCharsets.UTF_8)));
        }
        return node;
    }

    private static String text(String base64) {
        return base64 == null ? null : new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
}
