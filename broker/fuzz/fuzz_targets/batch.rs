//! Fuzzes the records of a Produce request: the log refuses them, or stores them and can read them back.

#![no_main]

use esmeralda_broker::fuzzing::validate_batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|records: &[u8]| {
    validate_batch(records);
});
