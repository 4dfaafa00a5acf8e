//! Kafka's rules by name, as values.
