//! A Kafka producer over one TCP connection, so that the demo's records arrive as those of any outside client do.
//!
//! It speaks three requests at their last versions without tagged fields. Source: Apache Kafka's protocol guide, ApiVersions 0,
//! Metadata 1 and Produce 3.

use bytes::{Buf, BufMut, Bytes};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CLIENT_ID: &str = "esmeralda-demo";
/// Kafka's `acks=all`: the answer comes when the records are kept.
const ACKS_ALL: i16 = -1;
const PRODUCE_TIMEOUT_MS: i32 = 30_000;

/// A request of Kafka's protocol, at the one version that the producer speaks.
#[derive(Clone, Copy, Debug)]
struct Api {
    name: &'static str,
    key: i16,
    version: i16,
}

const PRODUCE: Api = Api {
    name: "Produce",
    key: 0,
    version: 3,
};
const METADATA: Api = Api {
    name: "Metadata",
    key: 3,
    version: 1,
};
const API_VERSIONS: Api = Api {
    name: "ApiVersions",
    key: 18,
    version: 0,
};

/// The reason why a request of the producer failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProducerError {
    /// The connection failed.
    #[error("the Kafka connection to {address}: {source}")]
    Connection {
        /// The broker's address.
        address: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The broker answered with one of Kafka's error codes.
    #[error("{api} was answered with error code {code}")]
    Refused {
        /// The request.
        api: &'static str,
        /// Kafka's code.
        code: i16,
    },
    /// The answer is shorter than its version's schema.
    #[error("the answer to {api} ends early")]
    Truncated {
        /// The request.
        api: &'static str,
    },
}

/// A connected producer.
#[derive(Debug)]
pub(super) struct Producer {
    address: String,
    stream: TcpStream,
    correlation_id: i32,
}

impl Producer {
    /// Connects to the broker at `address`, `host:port`.
    ///
    /// # Errors
    /// [`ProducerError::Connection`].
    pub(super) async fn connect(address: &str) -> Result<Self, ProducerError> {
        let connected = TcpStream::connect(address).await;
        Ok(Self {
            stream: connected.map_err(|source| ProducerError::Connection {
                address: address.to_owned(),
                source,
            })?,
            address: address.to_owned(),
            correlation_id: 0,
        })
    }

    /// Returns the client's end of the connection.
    ///
    /// # Errors
    /// [`ProducerError::Connection`].
    pub(super) fn local_address(&self) -> Result<SocketAddr, ProducerError> {
        self.stream.local_addr().map_err(|source| self.broken(source))
    }

    /// Asks which APIs the broker serves, and returns their number.
    ///
    /// # Errors
    /// [`ProducerError`].
    pub(super) async fn api_count(&mut self) -> Result<usize, ProducerError> {
        let mut answer = self.request(API_VERSIONS, &[]).await?;
        answer.error_code()?;
        answer.count()
    }

    /// Asks for the topic's metadata, and returns the number of its partitions.
    ///
    /// # Errors
    /// [`ProducerError`]; with the topic's code, such as 3 for one that does not exist.
    pub(super) async fn partition_count(&mut self, topic: &str) -> Result<usize, ProducerError> {
        let mut body = Vec::new();
        body.put_i32(1);
        put_string(&mut body, topic);
        let mut answer = self.request(METADATA, &body).await?;
        for _broker in 0..answer.count()? {
            answer.skip(4)?; // node id
            answer.skip_string()?; // host
            answer.skip(4)?; // port
            answer.skip_string()?; // rack
        }
        answer.skip(4)?; // controller id
        answer.count()?; // topics: the one that was asked for
        answer.error_code()?;
        answer.skip_string()?; // its name
        answer.skip(1)?; // is internal
        answer.count()
    }

    /// Produces a batch to each of some partitions of `topic`, and returns when the broker has acknowledged all of them.
    ///
    /// # Errors
    /// [`ProducerError`]; with the first partition's code that is not 0.
    pub(super) async fn produce(
        &mut self,
        topic: &str,
        batches: &[(i32, Bytes)],
    ) -> Result<(), ProducerError> {
        let records_bytes: usize = batches.iter().map(|(_, batch)| batch.len() + 8).sum();
        let mut body = Vec::with_capacity(records_bytes + 64);
        body.put_i16(-1); // no transactional id
        body.put_i16(ACKS_ALL);
        body.put_i32(PRODUCE_TIMEOUT_MS);
        body.put_i32(1);
        put_string(&mut body, topic);
        body.put_i32(batches.len() as i32);
        for (partition, batch) in batches {
            body.put_i32(*partition);
            body.put_i32(batch.len() as i32);
            body.put_slice(batch);
        }
        let mut answer = self.request(PRODUCE, &body).await?;
        answer.count()?; // topics: the one that was produced to
        answer.skip_string()?;
        for _partition in 0..answer.count()? {
            answer.skip(4)?; // its index
            answer.error_code()?;
            answer.skip(8 + 8)?; // base offset, log append time
        }
        Ok(())
    }

    /// Sends one request and waits for its answer.
    async fn request(&mut self, api: Api, body: &[u8]) -> Result<Answer, ProducerError> {
        self.correlation_id += 1;
        let mut frame = Vec::with_capacity(body.len() + 32);
        frame.put_i32(0); // the length, which is known at the end
        frame.put_i16(api.key);
        frame.put_i16(api.version);
        frame.put_i32(self.correlation_id);
        put_string(&mut frame, CLIENT_ID);
        frame.put_slice(body);
        let length = (frame.len() - 4) as i32;
        frame[..4].copy_from_slice(&length.to_be_bytes());
        let answered = self.exchange(&frame).await;
        let body = answered.map_err(|source| self.broken(source))?;
        let mut answer = Answer { api: api.name, body };
        // One request is in flight at a time, so this is its own correlation id.
        answer.skip(4)?;
        Ok(answer)
    }

    async fn exchange(&mut self, frame: &[u8]) -> std::io::Result<Bytes> {
        self.stream.write_all(frame).await?;
        let length = self.stream.read_i32().await?;
        let mut answer = vec![0; usize::try_from(length).unwrap_or(0)];
        self.stream.read_exact(&mut answer).await?;
        Ok(Bytes::from(answer))
    }

    fn broken(&self, source: std::io::Error) -> ProducerError {
        ProducerError::Connection {
            address: self.address.clone(),
            source,
        }
    }
}

/// An answer that is read from its start to its end.
struct Answer {
    api: &'static str,
    body: Bytes,
}

impl Answer {
    /// Reads an array's length; a null array has none.
    fn count(&mut self) -> Result<usize, ProducerError> {
        let count = self.body.try_get_i32().map_err(|_| self.truncated())?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Reads an error code and fails with it unless it is 0.
    fn error_code(&mut self) -> Result<(), ProducerError> {
        match self.body.try_get_i16().map_err(|_| self.truncated())? {
            0 => Ok(()),
            code => Err(ProducerError::Refused { api: self.api, code }),
        }
    }

    fn skip_string(&mut self) -> Result<(), ProducerError> {
        let length = self.body.try_get_i16().map_err(|_| self.truncated())?;
        self.skip(usize::try_from(length).unwrap_or(0))
    }

    fn skip(&mut self, bytes: usize) -> Result<(), ProducerError> {
        if self.body.len() < bytes {
            return Err(self.truncated());
        }
        self.body.advance(bytes);
        Ok(())
    }

    fn truncated(&self) -> ProducerError {
        ProducerError::Truncated { api: self.api }
    }
}

fn put_string(out: &mut Vec<u8>, text: &str) {
    out.put_i16(text.len() as i16);
    out.put_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use esmeralda::Esmeralda;
    use esmeralda::broker::records::{NewRecord, encode_batch};
    use esmeralda::broker::{Compression, served_apis};
    use std::time::Duration;

    #[tokio::test]
    async fn records_reach_the_log_through_the_kafka_port() {
        let esmeralda = Esmeralda::start().await.expect("free ports");
        esmeralda
            .create_topic_with("orders", 3)
            .await
            .expect("a new topic");
        let mut producer = Producer::connect(&esmeralda.bootstrap_servers())
            .await
            .expect("it listens");
        // The two APIs of client metrics are listed from the first subscription on.
        assert_eq!(
            producer.api_count().await.expect("it answers"),
            served_apis().len() - 2
        );
        assert_eq!(producer.partition_count("orders").await.expect("it answers"), 3);
        let records = [NewRecord::default(); 5];
        let batches: Vec<(i32, Bytes)> = (0..3)
            .map(|partition| {
                (
                    partition,
                    encode_batch(&records[..=partition as usize], Compression::None),
                )
            })
            .collect();
        producer.produce("orders", &batches).await.expect("it is kept");
        for partition in 0..3 {
            // The next record's offset is the number of records that were produced.
            let next = esmeralda.produce("orders", partition, &["x"]).await;
            assert_eq!(next.map(|offset| offset.0), Ok(i64::from(partition) + 1));
        }
        esmeralda.stop(Duration::from_secs(5)).await;
    }

    #[tokio::test]
    async fn an_error_code_is_reported_with_its_api() {
        let esmeralda = Esmeralda::start().await.expect("free ports");
        esmeralda
            .create_topic_with("orders", 1)
            .await
            .expect("a new topic");
        let mut producer = Producer::connect(&esmeralda.bootstrap_servers())
            .await
            .expect("it listens");
        let refused = producer
            .produce("orders", &[(7, Bytes::from_static(b"no batch"))])
            .await;
        // 3 is UNKNOWN_TOPIC_OR_PARTITION.
        assert_eq!(
            refused.map_err(|error| error.to_string()),
            Err("Produce was answered with error code 3".to_owned())
        );
        esmeralda.stop(Duration::from_secs(5)).await;
    }
}
