//! No pacing between two processes of one machine.
//!
//! A host may send by BBR, which paces packets by timers at the rate that it believes the path has. Loopback has no rate to find: pacing
//! takes up to half of what a consumer could get there, and nothing is gained. Reno does not pace, and every Linux lets every process
//! choose it. A listener that other machines can reach sends as the host is set up.

use socket2::SockRef;
use std::io;
use tokio::net::TcpListener;

/// Has the connections that `listener` will accept sent to without pacing, if only this machine can reach it. Linux hands the
/// choice on to accepted sockets, so it costs a connection nothing, and none begins with BBR.
///
/// # Errors
/// What the system said. The listener serves as well without it.
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

/// Nothing to choose elsewhere: what paces by default is Linux's.
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
    async fn only_what_this_machine_alone_can_reach_is_unpaced() {
        assert_eq!(accepted_by("127.0.0.1:0", true).await, "reno");
        let usual = accepted_by("0.0.0.0:0", false).await;
        assert_eq!(accepted_by("0.0.0.0:0", true).await, usual);
    }
}
