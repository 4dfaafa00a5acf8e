package esmeralda;

import org.apache.kafka.common.utils.Exit;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Turns an exit of a command line tool into a failure of its test. Without it, the JVM would end, and the rest of the class with it. */
public final class NoExit implements BeforeEachCallback {
    @Override
    public void beforeEach(ExtensionContext context) {
        Exit.setExitProcedure(NoExit::refuse);
        Exit.setHaltProcedure(NoExit::refuse);
    }

    private static void refuse(int status, String message) {
        throw new AssertionError("the tool exits with " + status + (message == null ? "" : ": " + message));
    }
}
