//! Domain errors to Kafka codes: the only place that decides, one exhaustive match per operation's error.
