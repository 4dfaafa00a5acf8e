//! A new connection: TCP, TLS, the versions that the broker serves, and SASL, in the order of Kafka's clients.
//! Source: Kafka's `NetworkClient` and `SaslClientAuthenticator`.

use super::connection::{Connection, Stream};
use super::endpoint::Endpoint;
use super::error::CallError;
use super::handshake::Handshake;
use super::{RemoteSettings, sasl};
use crate::Clock;
use kafka_protocol::protocol::StrBytes;
use std::time::Duration;
use tokio::net::TcpStream;

/// The time that a connection may take: Kafka's `socket.connection.setup.timeout.ms`.
const DIAL_LIMIT: Duration = Duration::from_secs(10);

/// Returns a connection that is ready for any request.
pub(super) async fn dial(
    to: &Endpoint,
    settings: &RemoteSettings,
    client_id: &StrBytes,
) -> Result<Connection, CallError> {
    let connected = connect(to, settings, client_id);
    let connected = Clock::within_real_time(DIAL_LIMIT, connected).await;
    connected.unwrap_or(Err(CallError::TimedOut { limit: DIAL_LIMIT }))
}

async fn connect(
    to: &Endpoint,
    settings: &RemoteSettings,
    client_id: &StrBytes,
) -> Result<Connection, CallError> {
    let unreachable = |error: std::io::Error| CallError::Unreachable {
        reason: error.to_string(),
    };
    // Before the connection is made, so that a wrong certificate is told even while the cluster is away.
    let authentication = settings.authentication();
    let tls = authentication.tls.clone()?;
    let stream = TcpStream::connect((to.host.as_str(), to.port))
        .await
        .map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    let stream: Box<dyn Stream> = match tls {
        Some(tls) => Box::new(tls.connect(&to.host, stream).await?),
        None => Box::new(stream),
    };
    let mut handshake = Handshake::new(stream, client_id.clone(), settings.memory.clone());
    let served = handshake.served_versions().await?;
    if let Some(user) = &authentication.sasl {
        sasl::authenticate(&mut handshake, &served, user).await?;
    }
    Ok(handshake.finish(served))
}
