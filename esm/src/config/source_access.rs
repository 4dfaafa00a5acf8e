//! `SourceAccessConfigurations` of a cluster on the network: which authentication they ask for, and the secrets that they name.
//! Source: Lambda developer guide, "Configuring cluster authentication methods in Lambda".
//!
//! # Differs from Lambda
//! - Secrets are those of the engine's options. One that is not there is refused when the mapping is created or updated.
//! - VPC_SUBNET and VPC_SECURITY_GROUP are without effect: the process connects from where it runs. Only a poller group looks at them.
//! - OAUTHBEARER and IAM are refused by name.
//! - Without any authentication and SERVER_ROOT_CA_CERTIFICATE the connection is plain text.

use super::ApiError;
use super::event_source::EventSource;
use super::pollers::Network;
use crate::secrets::{Secret, Secrets};
use crate::source::remote::{ClientCertificate, Hidden, RemoteAccess, SaslAccess, SaslMechanism, TlsAccess};
use serde_json::{Map, Value};

/// One entry of the list.
struct Entry<'a> {
    kind: &'a str,
    uri: &'a str,
}

/// Returns the network through which a mapping of `source` reaches it.
pub(super) fn network(members: &Map<String, Value>, source: &EventSource) -> Network {
    let has_subnet = entries(members).any(|entry| entry.kind == "VPC_SUBNET");
    match source {
        EventSource::AmazonManaged { .. } => Network::Unknown,
        EventSource::SelfManaged { .. } if has_subnet => Network::Subnets,
        EventSource::SelfManaged { .. } => Network::Public,
    }
}

/// Returns how a client of a cluster on the network authenticates.
///
/// # Errors
/// InvalidParameterValueException for a type that is not supported, two ways to authenticate, and a secret that does not exist or lacks a
/// member.
pub(super) fn read(members: &Map<String, Value>, secrets: &Secrets) -> Result<RemoteAccess, ApiError> {
    let mut access = RemoteAccess::default();
    let mut authentication: Option<&str> = None;
    for entry in entries(members) {
        let kind = entry.kind;
        match kind {
            "VPC_SUBNET" | "VPC_SECURITY_GROUP" => continue,
            "SERVER_ROOT_CA_CERTIFICATE" => {
                let certificate = entry.member(secrets, "certificate", |secret| &secret.certificate)?;
                access.tls.get_or_insert_default().root_certificates = Some(certificate);
                continue;
            }
            "BASIC_AUTH" => access.sasl = Some(entry.user(secrets, SaslMechanism::Plain)?),
            "SASL_SCRAM_256_AUTH" => access.sasl = Some(entry.user(secrets, SaslMechanism::ScramSha256)?),
            "SASL_SCRAM_512_AUTH" => access.sasl = Some(entry.user(secrets, SaslMechanism::ScramSha512)?),
            "CLIENT_CERTIFICATE_TLS_AUTH" => {
                access.tls.get_or_insert_default().client = Some(entry.certificate(secrets)?);
            }
            _ => {
                return Err(ApiError::invalid_parameter(format!(
                    "SourceAccessConfigurations.Type {kind} is not supported yet by Esmeralda for a cluster on the network: use BASIC_AUTH, \
                     SASL_SCRAM_256_AUTH, SASL_SCRAM_512_AUTH or CLIENT_CERTIFICATE_TLS_AUTH."
                )));
            }
        }
        if let Some(other) = authentication.replace(kind) {
            return Err(ApiError::invalid_parameter(format!(
                "SourceAccessConfigurations has both {other} and {kind}: only one authentication type is allowed."
            )));
        }
        // Lambda sends credentials over TLS only.
        access.tls.get_or_insert_with(TlsAccess::default);
    }
    Ok(access)
}

fn entries(members: &Map<String, Value>) -> impl Iterator<Item = Entry<'_>> {
    let list = members
        .get("SourceAccessConfigurations")
        .and_then(Value::as_array);
    list.into_iter().flatten().map(|entry| Entry {
        kind: entry.get("Type").and_then(Value::as_str).unwrap_or_default(),
        uri: entry.get("URI").and_then(Value::as_str).unwrap_or_default(),
    })
}

impl Entry<'_> {
    fn secret<'s>(&self, secrets: &'s Secrets) -> Result<&'s Secret, ApiError> {
        secrets.find(self.uri).ok_or_else(|| {
            ApiError::invalid_parameter(format!(
                "The secret {} of SourceAccessConfigurations does not exist: declare it in the table [secrets] of the config file.",
                self.uri
            ))
        })
    }

    fn member(
        &self,
        secrets: &Secrets,
        name: &str,
        of: impl FnOnce(&Secret) -> &Option<String>,
    ) -> Result<String, ApiError> {
        let value = of(self.secret(secrets)?).clone();
        value.ok_or_else(|| {
            ApiError::invalid_parameter(format!(
                "The secret {} has no member {name}, which {} requires.",
                self.uri, self.kind
            ))
        })
    }

    fn user(&self, secrets: &Secrets, mechanism: SaslMechanism) -> Result<SaslAccess, ApiError> {
        Ok(SaslAccess {
            mechanism,
            username: self.member(secrets, "username", |secret| &secret.username)?,
            password: Hidden(self.member(secrets, "password", |secret| &secret.password)?),
        })
    }

    fn certificate(&self, secrets: &Secrets) -> Result<ClientCertificate, ApiError> {
        Ok(ClientCertificate {
            chain: self.member(secrets, "certificate", |secret| &secret.certificate)?,
            private_key: Hidden(self.member(secrets, "privateKey", |secret| &secret.private_key)?),
        })
    }
}
