package wire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The differences that are accepted, from the file `accepted.txt`: for each field how it is compared, and the reason. The test that replays recorded
 * answers reads the same file.
 */
final class Rules {
    /** How a field is compared. */
    enum How {
        /** Not at all. */
        LEFT_OUT,
        /** By the name of the value that the broker chose. */
        NAMED,
        /** By its sign: the value is a time, or a size that depends on the storage. */
        SIGN,
        /**
         * By its value, unless it is the time of the comparison: the records that are sent have earlier times, and look-ups name later ones. A text is
         * compared without its times.
         */
        CLOCK
    }

    private final Map<String, How> fields = new HashMap<>();
    /** Topics and configs. */
    private final Set<String> leftOut = new HashSet<>();
    /** Texts that begin like a kind of difference. */
    private final List<String> kinds = new ArrayList<>();

    Rules(Path file) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank() || line.startsWith("#")) continue;
            String[] columns = line.split(" \\| ");
            if (columns.length != 3) throw new IOException("not three columns: " + line);
            if (columns[1].equals("kind")) kinds.add(columns[0]);
            else if (columns[1].equals("topic left out") || columns[1].equals("config left out")) leftOut.add(columns[0]);
            else fields.put(columns[0], How.valueOf(columns[1].toUpperCase().replace(' ', '_')));
        }
    }

    /** Returns how the field of an API's answer is compared, or null for the value itself. */
    How of(String api, String field) {
        How how = fields.get(api + "." + field);
        return how != null ? how : fields.get("*." + field);
    }

    /** Returns whether a topic or config is left out of lists. */
    boolean leavesOut(String name) {
        return leftOut.contains(name);
    }

    /** Accepts no kind of difference, but compares the fields in the same way: a recording holds what is the same. */
    void refuseKinds() {
        kinds.clear();
    }

    /** Returns whether a kind of difference is accepted. */
    boolean accepts(String kind) {
        for (String accepted : kinds) if (kind.startsWith(accepted)) return true;
        return false;
    }
}
