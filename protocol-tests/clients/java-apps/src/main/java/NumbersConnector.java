import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.apache.kafka.connect.source.SourceConnector;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/** A source of the numbers from 0 on, {@code count} in all, ten at a time. Its offset is the next number. */
public final class NumbersConnector extends SourceConnector {
    private Map<String, String> properties;

    @Override
    public void start(Map<String, String> given) {
        properties = given;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return NumbersTask.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int maximum) {
        return List.of(properties);
    }

    @Override
    public void stop() {}

    @Override
    public ConfigDef config() {
        return new ConfigDef()
                .define("topic", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "The topic.")
                .define("count", ConfigDef.Type.INT, ConfigDef.Importance.HIGH, "The number of numbers.");
    }

    @Override
    public ExactlyOnceSupport exactlyOnceSupport(Map<String, String> given) {
        return ExactlyOnceSupport.SUPPORTED;
    }

    @Override
    public String version() {
        return "1";
    }

    /** The only task. */
    public static final class NumbersTask extends SourceTask {
        private static final Map<String, String> PARTITION = Map.of("numbers", "all");
        private static final int AT_A_TIME = 10;
        private String topic;
        private long next;
        private long count;

        @Override
        public void start(Map<String, String> properties) {
            topic = properties.get("topic");
            count = Long.parseLong(properties.get("count"));
            Map<String, Object> offset = context.offsetStorageReader().offset(PARTITION);
            next = offset == null ? 0 : (Long) offset.get("next");
        }

        @Override
        public List<SourceRecord> poll() throws InterruptedException {
            // The pause lets a test kill the worker half way.
            Thread.sleep(50);
            List<SourceRecord> records = new ArrayList<>();
            for (long end = Math.min(next + AT_A_TIME, count); next < end; next++) {
                Map<String, Long> offset = Map.of("next", next + 1);
                records.add(new SourceRecord(PARTITION, offset, topic, 0, Schema.STRING_SCHEMA, String.valueOf(next)));
            }
            return records;
        }

        @Override
        public void stop() {}

        @Override
        public String version() {
            return "1";
        }
    }
}
