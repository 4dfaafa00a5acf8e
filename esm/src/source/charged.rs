//! Bytes that count against the memory budget until the last slice of them is dropped.

use bytes::Bytes;
use esmeralda_broker::MemoryCharge;

struct Charged {
    bytes: Bytes,
    _charge: MemoryCharge,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Returns `bytes` with the charge for them, which ends when the last slice is dropped.
pub(crate) fn charged(bytes: Bytes, charge: MemoryCharge) -> Bytes {
    Bytes::from_owner(Charged {
        bytes,
        _charge: charge,
    })
}
