//! Attempts and backoff of failed batches. Pure.
