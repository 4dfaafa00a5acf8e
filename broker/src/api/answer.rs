//! The answer to a request of any API, given now or later.

pub(super) mod fetch;
pub(super) mod produce;

use super::errors::ErrorCounts;
use crate::pool::Charge;
use crate::wire::Outgoing;
use fetch::FetchAnswer;
use kafka_protocol::protocol::Encodable;
use produce::ProduceAnswer;
use std::fmt::{self, Debug, Formatter};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The answer to one request. It is encoded only when it is written, at the version of the request.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The time that the client has to wait before its next request (KIP-219), in milliseconds. It is written into every response that
    /// has the field at its version.
    pub(crate) throttle_time_ms: i32,
    /// The way in which the client gets the answer.
    pub(crate) delivery: Delivery,
    response: Response,
}

/// The way in which a client gets an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The response is written.
    Response,
    /// Nothing is written: the client does not wait for a response (Produce with `acks=0`).
    Nothing,
    /// The connection is closed, because the client does not wait for a response in which an error could be named.
    ClosedConnection,
    /// Nothing is written, now or later, although the client waits: Kafka fails or forgets to answer, and reads nothing more from the
    /// connection.
    Never,
}

#[derive(Debug)]
enum Response {
    /// A message of Kafka. It is boxed, because any answer would otherwise have the size of the largest one.
    Message(Box<dyn AnyMessage>),
    /// Produce and Fetch are answered most often. They are encoded by hand and without dynamic dispatch.
    Produce(ProduceAnswer),
    Fetch(FetchAnswer),
}

/// A response that is built as a message of Kafka. Each api file implements it for its response.
pub(crate) trait ResponseMessage: Encodable + Debug + Send + 'static {
    /// Returns the field of the throttle time, which is encoded in the versions that have it.
    fn throttle_time_ms(&mut self) -> &mut i32;

    /// Counts the error codes of the response: Kafka's `AbstractResponse.errorCounts`.
    fn error_counts(&self) -> ErrorCounts;
}

/// A response of Kafka that has no field for the throttle time in any version.
pub(crate) trait UnthrottledMessage: Encodable + Debug + Send + 'static {
    /// Counts the error codes of the response: Kafka's `AbstractResponse.errorCounts`.
    fn error_counts(&self) -> ErrorCounts;
}

/// Wraps an [`UnthrottledMessage`] as an answer.
#[derive(Debug)]
pub(crate) struct Unthrottled<M>(pub(crate) M);

/// A [`ResponseMessage`] or an [`UnthrottledMessage`] of any type.
trait AnyMessage: Debug + Send {
    fn write(&mut self, out: &mut Vec<u8>, version: i16, throttle_time_ms: i32);
    fn error_counts(&self) -> ErrorCounts;
}

impl<M: ResponseMessage> AnyMessage for M {
    fn write(&mut self, out: &mut Vec<u8>, version: i16, throttle_time_ms: i32) {
        *self.throttle_time_ms() = throttle_time_ms;
        self.encode(out, version)
            .expect("an answer has only fields that its version can carry");
    }

    fn error_counts(&self) -> ErrorCounts {
        ResponseMessage::error_counts(self)
    }
}

impl<M: UnthrottledMessage> AnyMessage for Unthrottled<M> {
    fn write(&mut self, out: &mut Vec<u8>, version: i16, _throttle_time_ms: i32) {
        self.0
            .encode(out, version)
            .expect("an answer has only fields that its version can carry");
    }

    fn error_counts(&self) -> ErrorCounts {
        self.0.error_counts()
    }
}

impl Answer {
    fn new(response: Response) -> Self {
        Self {
            throttle_time_ms: 0,
            delivery: Delivery::Response,
            response,
        }
    }

    /// Returns the answer with another way of delivery.
    pub(crate) fn delivered_as(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }

    /// Writes the body of the response at `version`.
    pub(crate) fn write(self, out: &mut Outgoing, version: i16) {
        match self.response {
            // The message is encoded straight behind the answers that wait, which saves a buffer and a copy.
            Response::Message(mut message) => message.write(out.copied(), version, self.throttle_time_ms),
            Response::Produce(answer) => answer.write(out.copied(), version, self.throttle_time_ms),
            Response::Fetch(answer) => answer.write(out, version, self.throttle_time_ms),
        }
    }

    /// Returns the body of the response at `version`.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn into_bytes(self, version: i16) -> bytes::Bytes {
        let mut out = Outgoing::default();
        self.write(&mut out, version);
        out.to_vec().into()
    }

    /// Counts the error codes of the response: Kafka's `AbstractResponse.errorCounts`.
    pub(crate) fn error_counts(&self) -> ErrorCounts {
        match &self.response {
            Response::Message(message) => message.error_counts(),
            Response::Produce(answer) => answer.error_counts(),
            Response::Fetch(answer) => answer.error_counts(),
        }
    }
}

impl<M: ResponseMessage> From<M> for Answer {
    fn from(message: M) -> Self {
        Self::new(Response::Message(Box::new(message)))
    }
}

impl<M: UnthrottledMessage> From<Unthrottled<M>> for Answer {
    fn from(message: Unthrottled<M>) -> Self {
        Self::new(Response::Message(Box::new(message)))
    }
}

impl From<ProduceAnswer> for Answer {
    fn from(answer: ProduceAnswer) -> Self {
        Self::new(Response::Produce(answer))
    }
}

impl From<FetchAnswer> for Answer {
    fn from(answer: FetchAnswer) -> Self {
        Self::new(Response::Fetch(answer))
    }
}

/// The result of a handler: the answer, or a future of it. A handler chooses for each request, so that a request that need not wait costs
/// no allocation for a future.
#[derive(Debug)]
pub(crate) enum Answering {
    /// The answer is ready.
    Now(Answer),
    /// The answer depends on other requests, or on time.
    Later(Waiting),
}

impl Answering {
    /// Answers when `work` completes.
    pub(crate) fn later(work: impl Future<Output = Answer> + Send + 'static) -> Self {
        Self::Later(Waiting {
            // Boxed, so that a connection does not reserve memory for the largest handler.
            work: Box::pin(work),
            _elements: None,
        })
    }

    /// Keeps the memory of the request's elements charged until it is answered.
    pub(super) fn holding(mut self, elements: Option<Charge>) -> Self {
        // For an answer that is ready the request is dropped already, and its elements with it.
        if let Self::Later(waiting) = &mut self {
            waiting._elements = elements;
        }
        self
    }

    /// Waits for the answer.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) async fn done(self) -> Answer {
        match self {
            Self::Now(answer) => answer,
            Self::Later(waiting) => waiting.await,
        }
    }
}

impl<M: ResponseMessage> From<M> for Answering {
    fn from(message: M) -> Self {
        Self::Now(message.into())
    }
}

impl<M: UnthrottledMessage> From<Unthrottled<M>> for Answering {
    fn from(message: Unthrottled<M>) -> Self {
        Self::Now(message.into())
    }
}

/// A request that waits for its answer. Dropping it cancels the request.
pub(crate) struct Waiting {
    work: Pin<Box<dyn Future<Output = Answer> + Send>>,
    _elements: Option<Charge>,
}

impl Debug for Waiting {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Waiting").finish_non_exhaustive()
    }
}

impl Future for Waiting {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        self.work.as_mut().poll(context)
    }
}
