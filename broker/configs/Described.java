import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;

/**
 * Prints how a fresh broker with id 1 describes configs: its own, and those of a topic, a group and a client metrics subscription.
 * `java -cp 'JARS/*' Described.java HOST:PORT` records what broker/src/api/topic_tests/described_configs.txt holds; a test compares it with ours.
 */
public class Described {
    /** Configs whose values depend on the place where the broker runs. */
    private static final List<String> PLACES = List.of(
        "advertised.listeners", "listeners", "log.dirs", "controller.listener.names", "controller.quorum.voters");

    public static void main(String[] arguments) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
            admin.createTopics(List.of(new NewTopic("described", 1, (short) 1))).all().get();
            for (ConfigResource resource : List.of(
                    new ConfigResource(Type.BROKER, "1"),
                    new ConfigResource(Type.BROKER, ""),
                    new ConfigResource(Type.TOPIC, "described"),
                    new ConfigResource(Type.GROUP, "described"),
                    new ConfigResource(Type.CLIENT_METRICS, "described"))) {
                DescribeConfigsOptions options = new DescribeConfigsOptions().includeSynonyms(true);
                List<ConfigEntry> entries = new ArrayList<>(admin.describeConfigs(List.of(resource), options).all().get().get(resource).entries());
                entries.sort(Comparator.comparing(ConfigEntry::name));
                entries.removeIf(entry -> PLACES.contains(entry.name()));
                for (ConfigEntry entry : entries) System.out.println(line(resource, entry));
            }
        }
    }

    private static String line(ConfigResource resource, ConfigEntry entry) {
        List<String> fields = new ArrayList<>(List.of(resource.type() + " " + resource.name(), entry.name(), String.valueOf(entry.value()),
            entry.source().toString(), entry.type().toString(), entry.isReadOnly() ? "read-only" : "dynamic",
            entry.isSensitive() ? "secret" : "shown"));
        entry.synonyms().forEach(synonym -> fields.add(synonym.name() + "=" + synonym.value() + " " + synonym.source()));
        return String.join("\t", fields);
    }
}
