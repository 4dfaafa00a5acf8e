//! TLS: whom the client trusts, and the certificate that it shows.
//!
//! # Differs from Lambda
//! - An encrypted private key (`privateKeyPassword`) is refused.

use super::access::TlsAccess;
use super::error::CallError;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use std::fmt;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The settings of TLS, ready for use.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Reads the certificates.
    ///
    /// # Errors
    /// [`CallError::InvalidCertificate`].
    pub(super) fn new(access: &TlsAccess) -> Result<Self, CallError> {
        let mut roots = RootCertStore::empty();
        match &access.root_certificates {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(pem) => {
                for certificate in certificates(pem)? {
                    roots.add(certificate).map_err(invalid)?;
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(invalid)?
            .with_root_certificates(roots);
        let config = match &access.client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let key = PrivateKeyDer::from_pem_slice(client.private_key.0.as_bytes()).map_err(invalid)?;
                builder
                    .with_client_auth_cert(certificates(&client.chain)?, key)
                    .map_err(invalid)?
            }
        };
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Carries out the handshake with the broker at `host`.
    ///
    /// # Errors
    /// [`CallError::ServerNotTrusted`], [`CallError::ClientNotTrusted`] or [`CallError::Lost`].
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, CallError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| CallError::ServerNotTrusted {
            reason: format!("{host} is no name that a certificate can have: {error}"),
        })?;
        let connected = self.connector.connect(name, stream).await;
        connected.map_err(|error| failure_of(&error))
    }
}

/// Returns the certificates of a PEM text.
fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, CallError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let certificates = certificates.map_err(invalid)?;
    if certificates.is_empty() {
        return Err(invalid("it has no PEM section `CERTIFICATE`"));
    }
    Ok(certificates)
}

fn invalid(error: impl fmt::Display) -> CallError {
    CallError::InvalidCertificate {
        reason: error.to_string(),
    }
}

/// Returns the failure of a handshake, or of the first read after it: TLS 1.3 tells a client only then that its certificate is refused.
pub(super) fn failure_of(error: &io::Error) -> CallError {
    let reason = error.to_string();
    match error.get_ref().and_then(|error| error.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(_)) => CallError::ClientNotTrusted { reason },
        Some(Error::InvalidCertificate(fault)) => CallError::ServerNotTrusted {
            reason: match fault {
                CertificateError::UnknownIssuer => {
                    "it is not signed by a trusted authority (SERVER_ROOT_CA_CERTIFICATE names one)"
                        .to_owned()
                }
                _ => reason,
            },
        },
        Some(_) => CallError::ServerNotTrusted {
            reason: format!("{reason} (the listener may not speak TLS)"),
        },
        None => CallError::Lost { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::remote::access::{ClientCertificate, Hidden};

    #[test]
    fn certificates_and_keys_that_cannot_be_read_are_refused() {
        let client = |chain: &str| {
            Some(ClientCertificate {
                chain: chain.to_owned(),
                private_key: Hidden("none".to_owned()),
            })
        };
        let cases = [
            TlsAccess {
                root_certificates: Some("none".to_owned()),
                client: None,
            },
            TlsAccess {
                root_certificates: Some(
                    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
                ),
                client: None,
            },
            TlsAccess {
                root_certificates: None,
                client: client("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            },
        ];
        for access in cases {
            let error = Tls::new(&access).map(|_| ());
            assert!(
                matches!(error, Err(CallError::InvalidCertificate { .. })),
                "{access:?}"
            );
        }
        assert!(Tls::new(&TlsAccess::default()).is_ok());
    }
}
