//! The cluster of a run, and the proxy before it.

use std::net::TcpListener;

use super::cast::TIMEOUT;
use super::plan::{ClusterPlan, Plan};
use super::proxy::Proxy;
use crate::context::Context;
use crate::server::Server;

const BROKER_COUNT: usize = 3;

/// A cluster that clients reach through a proxy.
pub(super) struct Cluster {
    /// The value of `bootstrap.servers` for clients: the addresses of the proxy.
    pub(super) bootstrap_servers: String,
    pub(super) proxy: Proxy,
    _product: Option<Server>,
}

impl Cluster {
    /// Starts the proxy, and the product if the plan has no other cluster.
    pub(super) fn start(context: &Context, plan: &Plan) -> Cluster {
        match &plan.cluster {
            ClusterPlan::Product => start_product(context),
            ClusterPlan::Running { address, advertised } => {
                let listener = TcpListener::bind(advertised)
                    .unwrap_or_else(|error| panic!("cannot listen on {advertised}: {error}"));
                let proxy = Proxy::start(vec![listener], vec![address.clone()]);
                Cluster {
                    bootstrap_servers: advertised.clone(),
                    proxy: proxy.expect("the proxy starts"),
                    _product: None,
                }
            }
        }
    }
}

fn start_product(context: &Context) -> Cluster {
    let proxies = neighbours(BROKER_COUNT);
    let first = proxies[0]
        .local_addr()
        .expect("the listener is bound")
        .to_string();
    let brokers: Vec<String> = (0..BROKER_COUNT).map(|_| free_address()).collect();
    let mut arguments = vec!["--advertised-host".to_owned(), first];
    for (key, value) in settings() {
        arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let server = Server::start_at(context, &brokers.join(","), &arguments);
    Cluster {
        bootstrap_servers: server.bootstrap_servers.clone(),
        proxy: Proxy::start(proxies, brokers).expect("the proxy starts"),
        _product: Some(server),
    }
}

/// Returns the settings of the brokers: sessions and transactions that pauses outlast.
fn settings() -> [(&'static str, u128); 7] {
    let timeout = TIMEOUT.as_millis();
    [
        ("group.initial.rebalance.delay.ms", 0),
        ("group.min.session.timeout.ms", timeout),
        ("group.consumer.min.session.timeout.ms", timeout),
        ("group.consumer.session.timeout.ms", timeout),
        ("group.consumer.min.heartbeat.interval.ms", timeout / 10),
        ("group.consumer.heartbeat.interval.ms", timeout / 10),
        (
            "transaction.abort.timed.out.transaction.cleanup.interval.ms",
            timeout / 10,
        ),
    ]
}

/// Returns listeners on ports that follow one another, as the brokers' advertised ports do.
fn neighbours(count: usize) -> Vec<TcpListener> {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = first.local_addr().expect("the listener is bound").port();
        let others = (1..count).map(|distance| {
            let port = port.checked_add(distance as u16)?;
            TcpListener::bind(("127.0.0.1", port)).ok()
        });
        if let Some(others) = others.collect::<Option<Vec<_>>>() {
            return std::iter::once(first).chain(others).collect();
        }
    }
}

/// Returns an address whose port is free now.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("the listener is bound").to_string()
}
