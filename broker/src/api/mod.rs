//! The wire's side of each operation: one thin file per Kafka API that translates messages to values and back. It never locks,
//! spawns, or decides a rule, and never calls another api file. Here is THE list of APIs, from which the version gate,
//! ApiVersions, the README's table and the every-version test derive.

use crate::cluster::Cluster;
use crate::operations::RequestContext;
use kafka_protocol::protocol::Request;
use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::Arc;

pub(crate) mod errors;

/// One Kafka API: which versions are served, and how a request becomes an answer.
pub(crate) trait Api {
    /// The request, which names the API's key and its response.
    type Request: Request;

    /// The versions that are really served.
    const VERSIONS: RangeInclusive<i16>;

    /// Answers one request of a version within [`Self::VERSIONS`].
    fn handle(
        cluster: &Arc<Cluster>,
        context: &RequestContext,
        version: i16,
        request: Self::Request,
    ) -> impl Future<Output = Reply<<Self::Request as Request>::Response>> + Send;
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Reply<R> {
    /// An answer, encoded at the request's version.
    Message(R),
    /// No answer is due (Produce with `acks=0`).
    Silence,
    /// The connection is closed without an answer.
    Close,
}

impl<R> From<R> for Reply<R> {
    fn from(message: R) -> Self {
        Self::Message(message)
    }
}
