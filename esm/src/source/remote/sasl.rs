//! SASL on a new connection: the mechanism, and the messages of PLAIN (RFC 4616) and SCRAM.
//! Source: KIP-43 (SaslHandshake) and KIP-152 (SaslAuthenticate).

use super::access::{SaslAccess, SaslMechanism};
use super::error::CallError;
use super::handshake::Handshake;
use super::scram::Scram;
use super::versions::ServedVersions;
use bytes::Bytes;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;

/// Tells the broker who the user is.
///
/// # Errors
/// [`CallError::SaslRefused`] if the broker refuses the mechanism or the user, or cannot prove that it knows the user.
pub(super) async fn authenticate(
    handshake: &mut Handshake,
    served: &ServedVersions,
    user: &SaslAccess,
) -> Result<(), CallError> {
    let mechanism = StrBytes::from_string(user.mechanism.to_string());
    let request = SaslHandshakeRequest::default().with_mechanism(mechanism);
    let answer = handshake.call(&request, served).await?;
    if answer.error_code != 0 {
        let enabled: Vec<&str> = answer.mechanisms.iter().map(StrBytes::as_str).collect();
        return Err(CallError::SaslRefused {
            reason: format!(
                "the broker does not accept {}; it accepts {}",
                user.mechanism,
                enabled.join(", ")
            ),
        });
    }
    match user.mechanism {
        SaslMechanism::Plain => {
            let message = format!("\0{}\0{}", user.username, user.password.0);
            send(handshake, served, message.into()).await?;
        }
        SaslMechanism::ScramSha256 | SaslMechanism::ScramSha512 => {
            let scram = Scram::begin(user)?;
            let first = send(handshake, served, scram.first_message().into()).await?;
            let (last, scram) = scram.answer(&first)?;
            let last = send(handshake, served, last.into()).await?;
            scram.verify(&last)?;
        }
    }
    Ok(())
}

async fn send(
    handshake: &mut Handshake,
    served: &ServedVersions,
    message: Bytes,
) -> Result<Bytes, CallError> {
    let request = SaslAuthenticateRequest::default().with_auth_bytes(message);
    let answer = handshake.call(&request, served).await?;
    match answer.error_code {
        0 => Ok(answer.auth_bytes),
        code => Err(CallError::SaslRefused {
            reason: answer
                .error_message
                .map_or_else(|| format!("error {code}"), |message| message.to_string()),
        }),
    }
}
