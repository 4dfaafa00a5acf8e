//! The check of who may create functions over HTTP. A function is a command of this machine, so whoever can create one can do anything here.

use crate::CreateFunctions;
use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use esmeralda_esm::ApiError;
use std::net::SocketAddr;

/// The address of the client that sent a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Checks that a client may create a function or change its command.
///
/// # Errors
/// 403 AccessDeniedException with what would allow it.
pub(super) fn check_may_define(
    allowed: CreateFunctions,
    peer: Option<Peer>,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    // A browser names the page that sends a request, and any page can send one to this port. AWS's clients have no such header.
    if headers.contains_key(ORIGIN) {
        return Err(ApiError::access_denied(
            "A web page cannot create or change functions, which are commands of this machine.",
        ));
    }
    let is_local = peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    match allowed {
        CreateFunctions::Always => Ok(()),
        CreateFunctions::Loopback if is_local => Ok(()),
        CreateFunctions::Loopback => Err(ApiError::access_denied(
            "Functions are commands of the machine that Esmeralda runs on, so only clients of that machine can create or change them. \
             Start it with --create-functions always to allow it to every client.",
        )),
        CreateFunctions::Never => Err(ApiError::access_denied(
            "Functions cannot be created or changed: Esmeralda was started with --create-functions never.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn may(allowed: CreateFunctions, address: &str) -> bool {
        let peer = Peer(address.parse().expect("an address"));
        check_may_define(allowed, Some(peer), &HeaderMap::new()).is_ok()
    }

    #[test]
    fn clients_of_this_machine_may_define_functions_unless_it_is_said_otherwise() {
        use CreateFunctions::{Always, Loopback, Never};
        for local in ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(
                [Loopback, Always, Never].map(|allowed| may(allowed, local)),
                [true, true, false]
            );
        }
        let remote = "172.17.0.1:1";
        assert_eq!(
            [Loopback, Always, Never].map(|allowed| may(allowed, remote)),
            [false, true, false]
        );
    }

    #[test]
    fn a_page_in_a_browser_may_not() {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_static("http://127.0.0.1:8092"));
        let peer = Peer("127.0.0.1:1".parse().expect("an address"));
        let refused = check_may_define(CreateFunctions::Always, Some(peer), &headers);
        assert_eq!(refused.expect_err("a page").status, 403);
    }
}
