//! The signals that ask a command to stop: Ctrl-C, and SIGTERM where there is one.

/// A listener for signals, from its construction on.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Starts to listen.
    ///
    /// # Errors
    /// A sentence, if the system refuses the handler.
    pub(super) fn new() -> Result<Self, String> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())
                .map_err(|error| format!("cannot listen for signals: {error}"))?,
        })
    }

    /// Waits for the next signal. Safe to cancel.
    #[cfg(unix)]
    pub(super) async fn next(&mut self) {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }

    /// Waits for the next signal. Safe to cancel.
    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) {
        // Without a handler there is no signal to wait for; the command ends by itself or is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
