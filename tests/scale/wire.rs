//! A client that writes its requests by hand, so that thousands of them cost little.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection with one request in flight at a time.
pub(crate) struct Connection {
    stream: TcpStream,
}

/// The body of a request.
#[derive(Default)]
pub(crate) struct Body(pub(crate) Vec<u8>);

impl Body {
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.extend((text.len() as i16).to_be_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self = self.int(bytes.len() as i32);
        self.0.extend(bytes);
        self
    }

    pub(crate) fn short(mut self, number: i16) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn int(mut self, number: i32) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn long(mut self, number: i64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn byte(mut self, number: u8) -> Self {
        self.0.push(number);
        self
    }
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the product listens");
        stream.set_nodelay(true).expect("it is a TCP socket");
        Self { stream }
    }

    /// Sends a request and returns the body of the answer.
    pub(crate) async fn ask(&mut self, key: i16, version: i16, body: Body) -> Vec<u8> {
        let header = Body::default().short(key).short(version).int(1).text("scale");
        let length = (header.0.len() + body.0.len()) as i32;
        let frame = [&length.to_be_bytes()[..], &header.0, &body.0].concat();
        self.stream.write_all(&frame).await.expect("the product reads");
        let length = self.stream.read_i32().await.expect("the product answers");
        let mut answer = vec![0; length as usize];
        self.stream
            .read_exact(&mut answer)
            .await
            .expect("the answer is whole");
        answer.split_off(4)
    }

    /// Creates a topic with one replica.
    pub(crate) async fn create_topic(&mut self, name: &str, partition_count: i32) {
        let topic = Body::default().int(1).text(name).int(partition_count);
        let topic = topic.short(1).int(0).int(0).int(30_000).byte(0);
        let answer = self.ask(19, 2, topic).await;
        // The throttle time, the number of topics, and the name come before the code.
        assert_eq!(short(&answer, 4 + 4 + 2 + name.len()), 0, "{name}");
    }

    /// Deletes a topic.
    pub(crate) async fn delete_topic(&mut self, name: &str) {
        let answer = self
            .ask(20, 1, Body::default().int(1).text(name).int(30_000))
            .await;
        assert_eq!(short(&answer, 4 + 4 + 2 + name.len()), 0, "{name}");
    }

    /// Looks up the coordinator of a group.
    pub(crate) async fn find_coordinator(&mut self, group: &str) {
        let answer = self.ask(10, 0, Body::default().text(group)).await;
        assert_eq!(short(&answer, 0), 0, "{group}");
    }

    /// Asks for the partitions of a topic.
    pub(crate) async fn describe(&mut self, topic: &str) -> usize {
        self.ask(3, 1, Body::default().int(1).text(topic)).await.len()
    }

    /// Joins a group as its only member, and takes everything. Returns the member's id and generation.
    pub(crate) async fn join(&mut self, group: &str) -> (String, i32) {
        let join = Body::default().text(group).int(30_000).int(60_000).text("");
        let join = join
            .text("consumer")
            .int(1)
            .text("range")
            .bytes(b"\0\0\0\0\0\0\xff\xff\xff\xff");
        let joined = self.ask(11, 2, join).await;
        assert_eq!(short(&joined, 4), 0, "{group}");
        let generation = i32::from_be_bytes(joined[6..10].try_into().expect("four bytes"));
        let (_, rest) = text(&joined[10..]);
        let (_, rest) = text(rest);
        let (member, _) = text(rest);
        let sync = Body::default().text(group).int(generation).text(member).int(1);
        let sync = sync.text(member).bytes(b"\0\0\0\0\0\0\xff\xff\xff\xff");
        let synced = self.ask(14, 1, sync).await;
        assert_eq!(short(&synced, 4), 0, "{group}");
        (member.to_owned(), generation)
    }

    /// Commits an offset of partition 0.
    pub(crate) async fn commit(&mut self, group: &str, (member, generation): &(String, i32), topic: &str) {
        let commit = Body::default().text(group).int(*generation).text(member).long(-1);
        let commit = commit.int(1).text(topic).int(1).int(0).long(7).text("");
        let answer = self.ask(8, 2, commit).await;
        assert_eq!(short(&answer, answer.len() - 2), 0, "{group}");
    }

    /// Appends a batch to partition 0.
    pub(crate) async fn produce(&mut self, topic: &str, batch: &[u8]) {
        let produce = Body::default().short(-1).short(-1).int(30_000);
        let produce = produce.int(1).text(topic).int(1).int(0).bytes(batch);
        let answer = self.ask(0, 3, produce).await;
        assert_eq!(short(&answer, 4 + 2 + topic.len() + 4 + 4), 0);
    }
}

fn short(answer: &[u8], at: usize) -> i16 {
    i16::from_be_bytes([answer[at], answer[at + 1]])
}

fn text(rest: &[u8]) -> (&str, &[u8]) {
    let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
    let (text, rest) = rest[2..].split_at(length);
    (std::str::from_utf8(text).expect("a name"), rest)
}
