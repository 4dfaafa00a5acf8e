package esmeralda;

/**
 * An agent that does nothing. The manifest of its jar, which run.py writes, names all jars but Connect's, so that the class loader finds them
 * although they are not in the property {@code java.class.path}. Each worker of Connect searches for plugins there.
 */
public final class OtherJars {
    private OtherJars() { }

    public static void premain(String ignored) { }
}
