//! A proxy between the clients and the brokers. It passes requests and responses on, and cuts connections: at once, or half way in a request
//! or a response, which leaves the client without knowing what became of its request.

use std::collections::BTreeMap;
use std::io::Result;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

/// The size of the length before each request and response.
const PREFIX_BYTES: usize = 4;

/// The place at which a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// At once. Bytes that the proxy has read by then may still be passed on.
    Now,
    /// After so many thousandths of the next request.
    InRequest { permille: u64 },
    /// After so many thousandths of the next response. With 0, the request is carried out and its response is lost.
    InResponse { permille: u64 },
}

/// A running proxy. Dropping it cuts all connections.
pub(super) struct Proxy {
    links: Arc<Links>,
    _runtime: Runtime,
}

/// The open connections.
#[derive(Default)]
struct Links {
    open: Mutex<BTreeMap<u64, Arc<Order>>>,
    opened_count: AtomicU64,
    cut_count: AtomicU64,
}

/// The order to cut one connection.
#[derive(Default)]
struct Order {
    cut: Mutex<Option<Cut>>,
    now: Notify,
}

impl Proxy {
    /// Passes what connects to each listener on to the broker at the same place in `brokers`.
    pub(super) fn start(listeners: Vec<TcpListener>, brokers: Vec<String>) -> Result<Proxy> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let links = Arc::new(Links::default());
        for (listener, broker) in listeners.into_iter().zip(brokers) {
            listener.set_nonblocking(true)?;
            let listener = {
                let _inside = runtime.enter();
                tokio::net::TcpListener::from_std(listener)?
            };
            runtime.spawn(accept(listener, broker, Arc::clone(&links)));
        }
        Ok(Proxy {
            links,
            _runtime: runtime,
        })
    }

    /// Orders a cut of one of the open connections, which `choice` picks.
    pub(super) fn cut(&self, choice: u64, cut: Cut) {
        let open = self.links.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(index) = choice.checked_rem(open.len() as u64) else {
            return;
        };
        let order = open
            .values()
            .nth(index as usize)
            .expect("the index is below the length");
        *order.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
        order.now.notify_one();
    }

    /// Returns the number of connections that were cut.
    pub(super) fn cut_count(&self) -> u64 {
        self.links.cut_count.load(Ordering::Relaxed)
    }
}

impl Order {
    /// Returns the cut if it is of the kind that `kind` accepts, which fulfils the order.
    fn take<T>(&self, kind: impl Fn(Cut) -> Option<T>) -> Option<T> {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let found = (*cut).and_then(kind);
        if found.is_some() {
            *cut = None;
        }
        found
    }

    /// Waits for the order to cut at once.
    async fn now(&self) {
        while self.take(|cut| (cut == Cut::Now).then_some(())).is_none() {
            self.now.notified().await;
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, broker: String, links: Arc<Links>) {
    while let Ok((client, _)) = listener.accept().await {
        let broker = broker.clone();
        let links = Arc::clone(&links);
        tokio::spawn(async move {
            // Without a broker the client's connection is closed.
            if let Ok(server) = TcpStream::connect(&broker).await {
                let number = links.opened_count.fetch_add(1, Ordering::Relaxed);
                let order = Arc::new(Order::default());
                links.open().insert(number, Arc::clone(&order));
                if pass(client, server, &order).await == Ended::Cut {
                    links.cut_count.fetch_add(1, Ordering::Relaxed);
                }
                links.open().remove(&number);
            }
        });
    }
}

impl Links {
    fn open(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Order>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reason for which a connection has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// One of its ends has closed it.
    Closed,
    /// It was cut.
    Cut,
}

/// Passes requests and responses on until the connection is closed or cut.
async fn pass(client: TcpStream, server: TcpStream, order: &Order) -> Ended {
    for stream in [&client, &server] {
        // An error means that it is closed, which the first read shows.
        let _ = stream.set_nodelay(true);
    }
    let (requests, to_client) = client.into_split();
    let (responses, to_server) = server.into_split();
    let in_request = |cut| match cut {
        Cut::InRequest { permille } => Some(permille),
        _ => None,
    };
    let in_response = |cut| match cut {
        Cut::InResponse { permille } => Some(permille),
        _ => None,
    };
    tokio::select! {
        biased;
        () = order.now() => Ended::Cut,
        ended = pump(requests, to_server, || order.take(in_request)) => ended,
        ended = pump(responses, to_client, || order.take(in_response)) => ended,
    }
}

/// Passes on what is read, one length and its bytes after the other. `cut` is asked before each; what it returns is the part that is passed.
async fn pump(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    cut: impl Fn() -> Option<u64>,
) -> Ended {
    let mut from = BufReader::with_capacity(1 << 16, from);
    let mut prefix = [0; PREFIX_BYTES];
    while from.read_exact(&mut prefix).await.is_ok() {
        let length = u64::from(u32::from_be_bytes(prefix));
        let part = cut().map(|permille| (length * permille / 1000, permille));
        if part.is_some_and(|(_, permille)| permille == 0) {
            return Ended::Cut;
        }
        let passed = part.map_or(length, |(passed, _)| passed);
        let copied = async {
            to.write_all(&prefix).await?;
            tokio::io::copy_buf(&mut (&mut from).take(passed), &mut to).await?;
            to.flush().await
        };
        match copied.await {
            Ok(()) if part.is_some() => return Ended::Cut,
            Ok(()) => {}
            Err(_) => return Ended::Closed,
        }
    }
    Ended::Closed
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    const REQUEST: &[u8] = b"\0\0\0\x08request1";
    const RESPONSE: &[u8] = b"\0\0\0\x0aresponse01";

    /// Sends a request through a proxy with that order and returns what the broker reads of it, and what the client reads of the response.
    fn exchange(cut: Cut) -> (Vec<u8>, Vec<u8>, u64) {
        let broker = TcpListener::bind("127.0.0.1:0").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Proxy::start(vec![listener], vec![broker.local_addr().unwrap().to_string()]).unwrap();
        let mut client = std::net::TcpStream::connect(address).unwrap();
        let (mut server, _) = broker.accept().unwrap();
        while proxy.links.open().is_empty() {
            std::thread::yield_now();
        }
        proxy.cut(5, cut);
        // The proxy passes on what it has read before it sees the order, so nothing is sent before the cut has happened.
        while cut == Cut::Now && proxy.cut_count() == 0 {
            std::thread::yield_now();
        }
        // An error means that the connection is cut already.
        let _ = client.write_all(REQUEST);
        let mut request = vec![0; REQUEST.len()];
        let length = read(&mut server, &mut request);
        request.truncate(length);
        if length == REQUEST.len() {
            let _ = server.write_all(RESPONSE);
        }
        let mut response = vec![0; RESPONSE.len()];
        let length = read(&mut client, &mut response);
        response.truncate(length);
        while proxy.cut_count() == 0 && length < RESPONSE.len() {
            std::thread::yield_now();
        }
        (request, response, proxy.cut_count())
    }

    /// Reads until the buffer is full or the connection ends, and returns the number of bytes.
    fn read(from: &mut std::net::TcpStream, buffer: &mut [u8]) -> usize {
        let mut length = 0;
        while length < buffer.len() {
            match from.read(&mut buffer[length..]) {
                Ok(0) | Err(_) => break,
                Ok(count) => length += count,
            }
        }
        length
    }

    #[test]
    fn a_connection_is_cut_where_the_order_says() {
        let whole = REQUEST.to_vec();
        assert_eq!(exchange(Cut::Now), (vec![], vec![], 1));
        assert_eq!(exchange(Cut::InRequest { permille: 0 }), (vec![], vec![], 1));
        let half = (b"\0\0\0\x08requ".to_vec(), vec![], 1);
        assert_eq!(exchange(Cut::InRequest { permille: 500 }), half);
        assert_eq!(
            exchange(Cut::InResponse { permille: 0 }),
            (whole.clone(), vec![], 1)
        );
        let half = (whole, b"\0\0\0\x0arespo".to_vec(), 1);
        assert_eq!(exchange(Cut::InResponse { permille: 500 }), half);
    }
}
