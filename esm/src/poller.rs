//! One event poller, a member of the mapping's group: read, batch, invoke, commit; in order per partition.
