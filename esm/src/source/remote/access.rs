//! The ways in which a client and a remote cluster prove to each other who they are, with the secrets that this takes.

use std::fmt;

/// The authentication of both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RemoteAccess {
    /// The settings of TLS; `None` for plain text.
    pub(crate) tls: Option<TlsAccess>,
    /// The user, which is told over TLS only.
    pub(crate) sasl: Option<SaslAccess>,
}

/// The settings of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsAccess {
    /// The certificates of the authorities that sign the brokers' certificates, as PEM; `None` for the public ones.
    pub(crate) root_certificates: Option<String>,
    /// The certificate that the client shows.
    pub(crate) client: Option<ClientCertificate>,
}

/// A client's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    /// The chain from the client's certificate up, as PEM.
    pub(crate) chain: String,
    /// The private key of the first certificate, as PEM.
    pub(crate) private_key: Hidden,
}

/// A user of SASL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SaslAccess {
    /// The mechanism.
    pub(crate) mechanism: SaslMechanism,
    /// The user's name.
    pub(crate) username: String,
    /// The password.
    pub(crate) password: Hidden,
}

/// A mechanism of SASL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SaslMechanism {
    /// `BASIC_AUTH`.
    Plain,
    /// `SASL_SCRAM_256_AUTH`.
    ScramSha256,
    /// `SASL_SCRAM_512_AUTH`.
    ScramSha512,
}

/// Kafka's names.
impl fmt::Display for SaslMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        })
    }
}

/// A text that is not shown in logs and errors.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hidden(pub(crate) String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
