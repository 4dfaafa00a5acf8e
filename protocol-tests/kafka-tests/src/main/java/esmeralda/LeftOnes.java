package esmeralda;

import java.util.regex.Pattern;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips tests that judgements.tsv leaves to another issue by their name alone. Most of them would wait a minute for what is missing. The
 * variable KAFKA_TESTS_LEFT has the regular expression over {@code Class.test: }.
 */
public final class LeftOnes implements ExecutionCondition {
    private static final String EXPRESSION = System.getenv("KAFKA_TESTS_LEFT");
    private static final Pattern LEFT = EXPRESSION == null ? null : Pattern.compile(EXPRESSION);

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        boolean isLeft = LEFT != null && isTest(context) && LEFT.matcher(name(context) + ": ").find();
        return isLeft ? ConditionEvaluationResult.disabled("left: by its name") : ConditionEvaluationResult.enabled("");
    }

    /** Returns whether this is one test, and not the class or the template of several, which count one by one. */
    private static boolean isTest(ExtensionContext context) {
        String id = context.getUniqueId();
        return context.getTestMethod().isPresent() && (!id.contains("[test-template:") || id.contains("[test-template-invocation:"));
    }

    private static String name(ExtensionContext context) {
        String method = context.getRequiredTestMethod().getName(), shown = context.getDisplayName();
        return context.getRequiredTestClass().getSimpleName() + "." + (shown.startsWith(method) ? shown : method + " " + shown);
    }
}
