//! The clients that may create functions over HTTP.

/// The clients that may create functions and change their commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CreateFunctions {
    /// Those on this machine.
    #[default]
    Loopback,
    /// All that reach the HTTP port.
    Always,
    /// None.
    Never,
}
