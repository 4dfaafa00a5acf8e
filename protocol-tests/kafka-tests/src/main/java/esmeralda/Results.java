package esmeralda;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.opentest4j.TestAbortedException;

/**
 * Writes one line per test as it ends: status, class, test, milliseconds, reason. So a class that is stopped half way leaves the results that
 * it has. The variable KAFKA_TESTS_RESULTS names the file; stack traces go to a file beside it.
 */
public final class Results implements TestExecutionListener {
    private static final Path FILE = Path.of(System.getenv("KAFKA_TESTS_RESULTS"));
    private static final int LONGEST_REASON = 1500;
    private final Map<String, Long> started = new ConcurrentHashMap<>();

    @Override
    public void executionStarted(TestIdentifier test) {
        started.put(test.getUniqueId(), System.nanoTime());
        if (!test.isTest()) return;
        Esmeralda.testBegins();
        line("started", test, "");
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        if (!reason.equals(IsolatedOnly.TWIN)) line("aborted", test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Throwable failure = result.getThrowable().map(Results::firstAbort).orElse(null);
        if (!test.isTest() && failure == null) return;
        if (failure == null && System.getenv("ESMERALDA_BIN") != null && !Esmeralda.isUsed()) {
            line("aborted", test, "not applicable: starts no cluster of Esmeralda");
            return;
        }
        boolean isAborted = failure instanceof TestAbortedException || result.getStatus() == TestExecutionResult.Status.ABORTED;
        String status = failure == null ? "passed" : isAborted ? "aborted" : "failed";
        line(status, test, failure == null ? "" : reason(failure));
        if (status.equals("failed") && failure != null) trace(test, failure);
    }

    /** Returns the abort that came before the failure, if there is one: an aborted test leaves threads, which fail the check after it. */
    private static Throwable firstAbort(Throwable failure) {
        for (Throwable earlier : failure.getSuppressed())
            if (earlier instanceof TestAbortedException) return earlier;
        return failure;
    }

    private static String reason(Throwable failure) {
        if (failure instanceof TestAbortedException) return String.valueOf(failure.getMessage());
        StringBuilder text = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (!text.isEmpty()) text.append(" <- ");
            text.append(cause);
        }
        return text.toString();
    }

    private void line(String status, TestIdentifier test, String reason) {
        long now = System.nanoTime();
        long ms = (now - started.getOrDefault(test.getUniqueId(), now)) / 1_000_000;
        append(FILE, String.join("\t", status, className(test), flat(name(test)), String.valueOf(ms), flat(reason)) + "\n");
    }

    private static String className(TestIdentifier test) {
        Object source = test.getSource().orElse(null);
        if (source instanceof MethodSource method) return method.getClassName();
        return source instanceof ClassSource of ? of.getClassName() : "?";
    }

    private static String name(TestIdentifier test) {
        String name = test.getDisplayName();
        boolean isMethod = test.getSource().orElse(null) instanceof MethodSource method && !name.startsWith(method.getMethodName());
        return isMethod ? ((MethodSource) test.getSource().get()).getMethodName() + " " + name : name;
    }

    private static void trace(TestIdentifier test, Throwable failure) {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        append(Path.of(FILE + ".traces"), "== " + className(test) + " " + test.getDisplayName() + "\n" + trace + "\n");
    }

    private static String flat(String text) {
        String flat = text.replaceAll("\\s+", " ").strip();
        return flat.length() > LONGEST_REASON ? flat.substring(0, LONGEST_REASON) + "..." : flat;
    }

    private static synchronized void append(Path file, String text) {
        try {
            Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
