//! The embedded cluster as a source: a member of a classic group over the in-process client.
