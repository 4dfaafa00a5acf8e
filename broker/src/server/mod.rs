//! The network side: listen, accept, limits, shutdown; one task per connection.
