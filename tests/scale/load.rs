//! Many partitions, connections and groups, one kind after the other, with the memory and the time of each.

use crate::product::Product;
use crate::wire::Connection;
use std::time::Duration;
use tokio::time::Instant;

/// The numbers of what is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// In topics of 100 partitions.
    pub(crate) partitions: usize,
    pub(crate) connections: usize,
    /// Each with one member and one committed offset.
    pub(crate) groups: usize,
}

/// The memory and time that one kind took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) kind: &'static str,
    pub(crate) count: usize,
    pub(crate) resident_bytes: usize,
    pub(crate) elapsed: Duration,
}

impl Taken {
    /// Returns the memory of one of them.
    pub(crate) fn bytes_each(&self) -> usize {
        self.resident_bytes / self.count
    }
}

const TOPIC_PARTITIONS: usize = 100;

/// The number of connections that are opened at the same time, which the queue of the listener has to hold.
const AT_ONCE: usize = 64;

impl Load {
    /// Makes everything, each kind while those before stay, and returns what each kind took. In the end all connections ask once more at the
    /// same time.
    pub(crate) async fn measure(self, product: &Product) -> Vec<Taken> {
        let mut measured = Measured {
            product,
            taken: Vec::new(),
        };
        measured
            .step("partitions", self.partitions, self.make_topics(product))
            .await;
        let connections = measured.step("connections", self.connections, self.connect(product));
        let connections = connections.await;
        let groups = measured.step("groups", self.groups, self.make_groups(connections));
        let connections = groups.await;
        // The connections stay open until the last figure has been read.
        let _connections = measured
            .step("answers", self.connections, ask_all(connections))
            .await;
        measured.taken
    }

    async fn make_topics(self, product: &Product) {
        let mut admin = Connection::open(&product.address).await;
        for topic in 0..self.partitions / TOPIC_PARTITIONS {
            admin
                .create_topic(&format!("topic-{topic}"), TOPIC_PARTITIONS as i32)
                .await;
        }
    }

    async fn connect(self, product: &Product) -> Vec<Connection> {
        let mut connections = Vec::with_capacity(self.connections);
        while connections.len() < self.connections {
            let missing = self.connections - connections.len();
            let opening = (0..missing.min(AT_ONCE)).map(|_| {
                let address = product.address.clone();
                async move {
                    let mut connection = Connection::open(&address).await;
                    connection.describe("topic-0").await;
                    connection
                }
            });
            connections.extend(all(opening).await);
        }
        connections
    }

    async fn make_groups(self, mut connections: Vec<Connection>) -> Vec<Connection> {
        connections[0].find_coordinator("group-0").await;
        let count = connections.len();
        let places = (0..count).map(move |place| (place..self.groups).step_by(count));
        let making = connections.into_iter().zip(places);
        let making = making.map(|(mut connection, groups)| async move {
            for group in groups {
                let group = format!("group-{group}");
                let member = connection.join(&group).await;
                connection.commit(&group, &member, "topic-0").await;
            }
            connection
        });
        all(making).await
    }
}

struct Measured<'a> {
    product: &'a Product,
    taken: Vec<Taken>,
}

impl Measured<'_> {
    async fn step<T>(&mut self, kind: &'static str, count: usize, making: impl Future<Output = T>) -> T {
        let (before, began) = (self.product.resident_bytes(), Instant::now());
        let made = making.await;
        let elapsed = began.elapsed();
        self.taken.push(Taken {
            kind,
            count,
            resident_bytes: self.product.resident_bytes().saturating_sub(before),
            elapsed,
        });
        made
    }
}

async fn ask_all(connections: Vec<Connection>) -> Vec<Connection> {
    let asking = connections.into_iter().map(|mut connection| async move {
        connection.describe("topic-0").await;
        connection
    });
    all(asking).await
}

/// Runs the futures at the same time, and returns their results in order.
async fn all<T: Send + 'static>(
    futures: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = futures.map(tokio::spawn).collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.expect("it does not panic"));
    }
    results
}
