package esmeralda;

import java.lang.reflect.Method;
import java.util.Arrays;

import org.apache.kafka.common.test.api.ClusterTest;
import org.apache.kafka.common.test.api.ClusterTestDefaults;
import org.apache.kafka.common.test.api.Type;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips the second run of a cluster test. Kafka runs most of them with the controller in a process of its own and again with the controller in
 * the broker's process, which makes no difference to a cluster that has no controller process.
 */
public final class IsolatedOnly implements ExecutionCondition {
    /** The reason of a skip, which is not counted. */
    static final String TWIN = "twin";

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        boolean isTwin = context.getDisplayName().contains("Type=Raft-Combined") && runsIsolated(context.getRequiredTestMethod());
        return isTwin ? ConditionEvaluationResult.disabled(TWIN) : ConditionEvaluationResult.enabled("");
    }

    private static boolean runsIsolated(Method method) {
        ClusterTest test = method.getAnnotation(ClusterTest.class);
        if (test == null) return false;
        ClusterTestDefaults defaults = method.getDeclaringClass().getAnnotation(ClusterTestDefaults.class);
        Type[] types = test.types().length > 0 ? test.types() : defaults != null ? defaults.types() : Type.values();
        return Arrays.asList(types).contains(Type.KRAFT);
    }
}
