//! The requests on a new connection, one by one and without a task: ApiVersions, and those of SASL.
//! Source: KIP-511 for brokers that do not know the version of ApiVersions.

use super::connection::{Connection, Stream, exchange_frames};
use super::error::CallError;
use super::frame::{self, Heading};
use super::versions::{ServedVersions, Supported};
use crate::MemoryPool;
use bytes::{Buf as _, Bytes};
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::StrBytes;

/// UNSUPPORTED_VERSION.
const UNSUPPORTED_VERSION: i16 = 35;

/// A stream whose handshake goes on: requests go out one by one, without a task.
pub(super) struct Handshake {
    stream: Box<dyn Stream>,
    client_id: StrBytes,
    memory: MemoryPool,
    last_correlation_id: i32,
}

impl Handshake {
    pub(super) fn new(stream: Box<dyn Stream>, client_id: StrBytes, memory: MemoryPool) -> Self {
        Self {
            stream,
            client_id,
            memory,
            last_correlation_id: 0,
        }
    }

    /// Returns the connection, whose broker serves these versions.
    pub(super) fn finish(self, served: ServedVersions) -> Connection {
        Connection::start(self.stream, served, self.client_id, self.memory)
    }

    /// Sends a request and returns its answer.
    pub(super) async fn call<R: Supported>(
        &mut self,
        request: &R,
        served: &ServedVersions,
    ) -> Result<R::Response, CallError> {
        let version = served.latest::<R>()?;
        let frame = self.exchange(request, version).await?;
        frame::decode::<R>(frame, version, self.last_correlation_id)
    }

    async fn exchange<R: Supported>(&mut self, request: &R, version: i16) -> Result<Bytes, CallError> {
        self.last_correlation_id += 1;
        let heading = Heading {
            version,
            correlation_id: self.last_correlation_id,
            client_id: self.client_id.clone(),
        };
        let request = frame::encode(request, heading)?;
        exchange_frames(&mut *self.stream, &request, &self.memory).await
    }

    /// Asks for the versions that the broker serves.
    pub(super) async fn served_versions(&mut self) -> Result<ServedVersions, CallError> {
        let (_, latest) = ApiVersionsRequest::SUPPORTED;
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("esmeralda"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let mut version = latest;
        let mut frame = self.exchange(&request, version).await?;
        // A broker that does not know the version answers in version 0.
        if error_code(&frame) == Some(UNSUPPORTED_VERSION) {
            version = 0;
            frame = self.exchange(&ApiVersionsRequest::default(), version).await?;
        }
        let answer: ApiVersionsResponse =
            frame::decode::<ApiVersionsRequest>(frame, version, self.last_correlation_id)?;
        match answer.error_code {
            0 => Ok(answer.into()),
            code => Err(CallError::Malformed {
                reason: format!("the broker answers ApiVersions with error {code}"),
            }),
        }
    }
}

/// Returns the error code of an answer to ApiVersions, which stands at the same place in each version: after the correlation id.
fn error_code(frame: &Bytes) -> Option<i16> {
    let mut frame = frame.clone();
    frame.try_get_i32().ok()?;
    frame.try_get_i16().ok()
}
