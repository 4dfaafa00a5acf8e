//! A minimal client: a socket and `kafka-protocol`.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::RequestHeader;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The client id of all requests.
pub(crate) const CLIENT_ID: &str = "wire-client";

/// The longest wait for an answer or for the end of a connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a broker.
pub(crate) struct Client {
    stream: TcpStream,
    correlation_id: i32,
}

impl Client {
    pub(crate) async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            correlation_id: 40,
        }
    }

    /// Sends the request and decodes its answer to the last byte.
    pub(crate) async fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        self.correlation_id += 1;
        self.send(&frame(self.correlation_id, version, request)).await;
        let mut answer = self
            .receive()
            .await
            .expect("the connection was closed instead of an answer");
        assert_eq!(answer.get_i32(), self.correlation_id);
        if R::Response::header_version(version) >= 1 {
            assert_eq!(answer.get_u8(), 0, "tagged fields in the answer's header");
        }
        let response = R::Response::decode(&mut answer, version).unwrap();
        assert!(
            answer.is_empty(),
            "{} bytes after the answer: {answer:?}",
            answer.len()
        );
        response
    }

    /// Sends a frame with any content.
    pub(crate) async fn send(&mut self, frame: &[u8]) {
        let length = i32::try_from(frame.len()).unwrap();
        self.send_raw(&[&length.to_be_bytes()[..], frame].concat()).await;
    }

    /// Sends bytes as they are. Ignores an error, because the broker may have closed the connection already.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Closes the sending half of the connection.
    pub(crate) async fn finish_sending(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Reads the next frame; `None` if the connection was closed.
    pub(crate) async fn receive(&mut self) -> Option<Bytes> {
        let receive = async {
            let length = self.stream.read_i32().await.ok()?;
            let mut frame = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut frame).await.ok()?;
            Some(Bytes::from(frame))
        };
        timeout(PATIENCE, receive)
            .await
            .expect("neither an answer nor a closed connection")
    }

    /// Returns whether the connection is closed without another byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.receive().await.is_none()
    }
}

/// Returns the header and body of a request.
pub(crate) fn frame<R: Request>(correlation_id: i32, version: i16, request: &R) -> BytesMut {
    let mut frame = BytesMut::new();
    RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation_id)
        .with_client_id(Some(StrBytes::from_static_str(CLIENT_ID)))
        .encode(&mut frame, R::header_version(version))
        .unwrap();
    request.encode(&mut frame, version).unwrap();
    frame
}
