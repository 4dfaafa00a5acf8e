//! Fuzzes a history of groups and transactions: each request is answered, and nothing stays open for ever.

#![no_main]

use esmeralda_broker::fuzzing::run_history;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|script: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let steps = runtime.expect("a runtime").block_on(run_history(script));
    steps.expect("a cluster");
});
