//! Fetching: what to read within which budgets (`plan`, pure), waiting for it (`wait`), and fetch sessions (`session`, KIP-227).
