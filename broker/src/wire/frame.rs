//! The length that precedes each frame, and the first bytes of other protocols, which clients send by mistake.

use std::fmt::{self, Display, Formatter};

/// The size of the length before each frame.
pub(crate) const LENGTH_BYTES: usize = 4;

/// Returns the length that `bytes` begin with; `None` if they are too few. It is unchecked and may be negative.
pub(crate) fn frame_length(bytes: &[u8]) -> Option<i32> {
    bytes.first_chunk().copied().map(i32::from_be_bytes)
}

/// A protocol that is not Kafka's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherProtocol {
    Tls,
    Http,
}

impl OtherProtocol {
    /// Recognises a protocol by the first bytes of a connection. Read as the length of a frame they would mean 369 MB or more, and the
    /// first request of a Kafka client is small.
    pub(crate) fn recognise(first: [u8; LENGTH_BYTES]) -> Option<Self> {
        match &first {
            // A handshake record of SSL 3.0 or of any TLS version.
            [0x16, 0x03, ..] => Some(Self::Tls),
            // A frame's length has four bytes, so these are the first four of each method.
            b"GET " | b"HEAD" | b"POST" | b"PUT " | b"DELE" | b"CONN" | b"OPTI" | b"TRAC" | b"PATC" => {
                Some(Self::Http)
            }
            // The connection preface of HTTP/2.
            b"PRI " => Some(Self::Http),
            _ => None,
        }
    }
}

impl Display for OtherProtocol {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tls => "TLS",
            Self::Http => "HTTP",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_protocols_are_recognised_by_their_first_bytes() {
        let cases: [(&[u8; 4], Option<OtherProtocol>); 9] = [
            (&[0x16, 0x03, 0x01, 0x02], Some(OtherProtocol::Tls)),
            (&[0x16, 0x03, 0x03, 0x00], Some(OtherProtocol::Tls)),
            (b"GET ", Some(OtherProtocol::Http)),
            (b"POST", Some(OtherProtocol::Http)),
            (b"PUT ", Some(OtherProtocol::Http)),
            (b"PRI ", Some(OtherProtocol::Http)),
            (&[0, 0, 0, 43], None),
            (&[0x16, 0x02, 0, 0], None),
            (b"GETS", None),
        ];
        for (first, expected) in cases {
            assert_eq!(OtherProtocol::recognise(*first), expected, "{first:02x?}");
        }
    }
}
