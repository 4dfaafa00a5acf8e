package esmeralda;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for conditions and answers. */
final class Waiting {
    private Waiting() { }

    static void until(String what, long seconds, BooleanSupplier holds) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > end) throw new AssertionError("not within " + seconds + " s: " + what);
            try {
                Thread.sleep(10);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting until " + what, interrupted);
            }
        }
    }

    /** Returns the answer, and turns a checked exception into an unchecked one. */
    static <T> T get(Callable<T> answer) {
        try {
            return answer.call();
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }
}
