package wire;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.kafka.common.message.ApiMessageType;

/**
 * One request of a sequence.
 *
 * @param connection the number of the connection that it is sent on
 * @param body       its body, with symbols in place of what a broker chooses; see {@link Symbols}
 * @param actor      the name under which ids in its answer are known to later steps
 * @param isLeft     whether the next step goes ahead without the answer, which is then read before the connection's next request
 */
record Step(int connection, ApiMessageType api, short version, JsonNode body, String actor, boolean isLeft) {
    String describe() {
        String text = body.toString();
        return "c" + connection + " " + api.name + " v" + version + (isLeft ? " (left)" : "") + " as " + actor + " "
            + (text.length() > 1500 ? text.substring(0, 1500) + ".." : text);
    }
}
