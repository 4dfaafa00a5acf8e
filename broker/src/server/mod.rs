//! The network side: listen, accept, limits, shutdown; one task per connection.

pub(crate) mod bounds;
