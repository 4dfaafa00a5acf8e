package esmeralda;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;

import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * The reasons why the running test says nothing about the cluster. Tests often swallow what they wait for and fail later with a timeout, so
 * a reason is kept, and the failure of a test that has one becomes an abort with that reason.
 */
public final class Reasons
        implements BeforeEachCallback, AfterTestExecutionCallback, TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {
    private static final Pattern STREAMS_GROUP = Pattern.compile("groupProtocol=streams|streamsProtocolEnabled=true");
    private static final List<String> GIVEN = new CopyOnWriteArrayList<>();
    private static volatile boolean hasEnded;

    /** Returns the end of a test that looks into the JVM of Kafka's brokers, which a cluster in another process does not have. */
    static TestAbortedException notApplicable(String what) {
        return because("not applicable: looks into the JVM: " + what);
    }

    /** Returns the end of a test that needs what another issue builds. */
    public static TestAbortedException left(String issue) {
        return because("left: " + issue);
    }

    private static TestAbortedException because(String reason) {
        if (!GIVEN.contains(reason)) GIVEN.add(reason);
        return new TestAbortedException(reason);
    }

    /** Returns whether the running test has ended, so that what happens now is its clean-up. */
    static boolean testHasEnded() {
        return hasEnded;
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        GIVEN.clear();
        hasEnded = false;
        // Such a test would wait for minutes before it fails.
        boolean wantsStreamsGroup = STREAMS_GROUP.matcher(context.getDisplayName()).find();
        if (wantsStreamsGroup && System.getenv("ESMERALDA_BIN") != null) throw left("streams groups");
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        hasEnded = true;
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        throw judged(failure);
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        throw judged(failure);
    }

    @Override
    public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        throw judged(failure);
    }

    @Override
    public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        throw judged(failure);
    }

    private static Throwable judged(Throwable failure) {
        if (GIVEN.isEmpty() || failure instanceof TestAbortedException) return failure;
        return new TestAbortedException(String.join("; ", GIVEN), failure);
    }
}
