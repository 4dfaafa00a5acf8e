//! The records of a Produce request: refused, or stored and read back.

#![no_main]

use esmeralda_broker::fuzzing::validate_batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|records: &[u8]| {
    validate_batch(records);
});
