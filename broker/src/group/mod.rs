//! The groups of the cluster: id to the task that owns the group. Knows nothing of topics beyond their names.

/// All groups.
#[derive(Debug)]
pub(crate) struct Groups {}

impl Groups {
    /// No groups.
    pub(crate) fn new() -> Self {
        Self {}
    }
}
