//! Fuzzes one frame from a client: the broker answers it or closes the connection.

#![no_main]

use esmeralda_broker::fuzzing::answer_frame;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let answer = runtime.expect("a runtime").block_on(answer_frame(frame));
    answer.expect("a cluster");
});
