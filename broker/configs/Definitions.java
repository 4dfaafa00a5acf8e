import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.server.config.DynamicBrokerConfig;
import org.apache.kafka.server.config.QuotaConfig;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;
import org.apache.kafka.server.metrics.ClientMetricsConfigs;
import org.apache.kafka.storage.internals.log.LogConfig;

/** Prints the config definitions of Apache Kafka as lines of fields, for generate.py. */
public class Definitions {
    public static void main(String[] arguments) {
        // In this order `DynamicConfig` looks for invalid values.
        Map<String, ConfigDef.ConfigKey> broker = new LinkedHashMap<>(QuotaConfig.brokerQuotaConfigs().configKeys());
        // Kafka shows these only once they are set, so they count as internal.
        for (String name : broker.keySet()) if (!AbstractKafkaConfig.CONFIG_DEF.names().contains(name)) line("hidden", name);
        AbstractKafkaConfig.CONFIG_DEF.configKeys().forEach(broker::putIfAbsent);
        Map<String, String> modes = DynamicBrokerConfig.dynamicConfigUpdateModes();
        int position = 0;
        for (ConfigDef.ConfigKey key : broker.values()) {
            String mode = modes.getOrDefault(key.name, "read-only");
            boolean isPerListener = DynamicBrokerConfig.DYNAMIC_SECURITY_CONFIGS.contains(key.name);
            definition("broker", key, isPerListener ? "per-listener" : mode, position++);
            List<String> synonyms = DynamicBrokerConfig.brokerConfigSynonyms(key.name, false);
            if (synonyms.size() > 1) for (String synonym : synonyms) line("synonym", "broker", key.name, synonym, "1");
        }
        all("topic", LogConfig.configDefCopy());
        all("group", GroupConfig.CONFIG_DEF);
        all("client_metrics", ClientMetricsConfigs.configDef());
        new TreeMap<>(ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS).forEach((name, synonyms) -> synonyms.forEach(
            synonym -> line("synonym", "topic", name, synonym.name(), synonym.converter().apply("1"))));
        for (String name : new TreeSet<>(GroupConfig.ALL_GROUP_CONFIG_SYNONYMS.keySet())) {
            Optional<String> synonym = GroupConfig.brokerSynonym(name);
            synonym.ifPresent(brokerName -> line("synonym", "group", name, brokerName, "1"));
        }
    }

    private static void all(String table, ConfigDef definitions) {
        int position = 0;
        for (ConfigDef.ConfigKey key : definitions.configKeys().values()) definition(table, key, "cluster-wide", position++);
    }

    private static void definition(String table, ConfigDef.ConfigKey key, String mode, int position) {
        boolean hasDefault = key.hasDefault() && key.defaultValue != null;
        String validator = key.validator == null ? "" : key.validator.getClass().getSimpleName();
        // A list says by its refusals whether it may be empty, since its text does not.
        if (validator.equals("ValidList") && !accepts(key, List.of())) validator = "NonEmptyList";
        line("definition", table, key.name, key.type.toString(), hasDefault ? "default" : "none",
            hasDefault ? ConfigDef.convertToString(key.defaultValue, key.type) : "", validator,
            key.validator == null ? "" : key.validator.toString(), Boolean.toString(key.internalConfig), mode, Integer.toString(position));
    }

    private static boolean accepts(ConfigDef.ConfigKey key, Object value) {
        try {
            key.validator.ensureValid(key.name, value);
            return true;
        } catch (RuntimeException refused) {
            return false;
        }
    }

    private static void line(String... fields) {
        System.out.println(String.join("\t", fields));
    }
}
