//! The connections of the HTTP port: accepted, given a limited time for the headers of each request, and ended in order.

use super::definers::Peer;
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::{debug, warn};

/// The longest time for the headers of a request, and for an idle connection between two requests. A client sends headers at once, and a
/// connection without a request costs a descriptor.
pub(super) const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause after a connection that could not be accepted. Without descriptors the next attempt fails too, and must not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` on every connection of `listener` until `stopped`; then ends idle connections, and returns when the requests in work
/// are answered. A connection whose request headers take longer than `header_timeout` is closed without an answer.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    header_timeout: Duration,
    stopped: impl Future<Output = ()>,
) {
    // Not axum::serve, which has no limit for headers: a client that sent half of them held its connection for ever.
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_timeout);
    let graceful = GracefulShutdown::new();
    // Owned here, so that connections do not outlive this future.
    let mut connections = JoinSet::new();
    let mut stopped = pin!(stopped);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stopped => break,
            // Connections that have ended are taken out, or the set would grow with each that was ever accepted.
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer_address)) => {
                let routes = TowerToHyperService::new(router.clone());
                let service = service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(Peer(peer_address));
                    routes.call(request)
                });
                let serving = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
                connections.spawn(async move {
                    if let Err(error) = serving.await {
                        debug!(%error, %peer_address, "an HTTP connection ended early");
                    }
                });
            }
            Err(error) => {
                warn!(%error, "cannot accept an HTTP connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Closed first, so that new clients are refused at once instead of waiting for a server that ends.
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

    /// Serves `hello` until the sender is dropped.
    async fn start(header_timeout: Duration) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let router = Router::new().route("/", get(|| async { "hello" }));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, router, header_timeout, async {
            let _ = stopped.await;
        }));
        (address, stop, task)
    }

    /// Everything that the server sends until it closes the connection.
    async fn rest(mut stream: TcpStream) -> String {
        let mut text = String::new();
        stream
            .read_to_string(&mut text)
            .await
            .expect("it closes the connection");
        text
    }

    #[tokio::test]
    async fn headers_that_do_not_end_in_time_close_the_connection() {
        let (address, _stop, _task) = start(Duration::from_millis(50)).await;
        let mut slow = TcpStream::connect(address).await.expect("it listens");
        slow.write_all(b"GET / HTTP/1.1\r\nHost: ")
            .await
            .expect("it reads");
        assert_eq!(rest(slow).await, "");
        let silent = TcpStream::connect(address).await.expect("it listens");
        assert_eq!(rest(silent).await, "");
    }

    #[tokio::test]
    async fn the_time_for_headers_does_not_end_a_request_that_is_in_time() {
        let (address, _stop, _task) = start(Duration::from_millis(50)).await;
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(REQUEST.as_bytes()).await.expect("it reads");
        // The connection is kept alive after the answer, and closed when no second request comes.
        let text = rest(stream).await;
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\nhello"), "{text}");
    }

    #[tokio::test]
    async fn a_stop_ends_idle_connections() {
        let (address, stop, task) = start(Duration::from_secs(3_600)).await;
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(REQUEST.as_bytes()).await.expect("it reads");
        let mut first = [0; 8];
        stream.read_exact(&mut first).await.expect("it answers");
        drop(stop);
        let text = rest(stream).await;
        assert!(text.ends_with("\r\n\r\nhello"), "{text}");
        task.await.expect("it does not panic");
    }
}
