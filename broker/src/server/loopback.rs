//! Disables TCP pacing between two processes of one machine.
//!
//! A host may use BBR, which paces packets by timers at the rate that it estimates for the path. Loopback has no such rate: there, pacing
//! halves a consumer's throughput and gains nothing. Reno does not pace, and Linux lets any process choose it. Listeners that other
//! machines can reach keep the host's setting.

use socket2::SockRef;
use std::io;
use tokio::net::TcpListener;

/// Disables TCP pacing on connections accepted by a loopback listener. Accepted sockets inherit the setting on Linux, so it costs a
/// connection nothing.
///
/// # Errors
/// The system's error. The listener works without the setting.
pub(super) fn send_unpaced(listener: &TcpListener) -> io::Result<()> {
    if listener.local_addr()?.ip().is_loopback() {
        choose(&SockRef::from(listener))?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn choose(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_congestion(b"reno")
}

/// Does nothing: only Linux paces by default.
#[cfg(not(target_os = "linux"))]
fn choose(_: &SockRef<'_>) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use tokio::net::TcpStream;

    async fn accepted_by(address: &str, is_set: bool) -> String {
        let listener = TcpListener::bind(address).await.unwrap();
        if is_set {
            send_unpaced(&listener).unwrap();
        }
        let port = listener.local_addr().unwrap().port();
        let _client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let name = SockRef::from(&accepted).tcp_congestion().unwrap();
        String::from_utf8_lossy(&name).trim_end_matches('\0').to_owned()
    }

    #[tokio::test]
    async fn only_loopback_listeners_are_unpaced() {
        assert_eq!(accepted_by("127.0.0.1:0", true).await, "reno");
        let usual = accepted_by("0.0.0.0:0", false).await;
        assert_eq!(accepted_by("0.0.0.0:0", true).await, usual);
    }
}
