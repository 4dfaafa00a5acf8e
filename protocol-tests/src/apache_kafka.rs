//! Apache Kafka itself, as a cluster of one broker: a listener without authentication, one for SASL over TLS, and one for client
//! certificates.
//!
//! Its libraries are set up with those of Kafka's applications. The certificates are those of `certificates/`.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::context::Context;
use crate::kafka;
use crate::process::{self, Process};
use crate::setup::Toolchain;
use crate::wait::until;

/// The user that every mechanism knows, and the password.
pub const USER: (&str, &str) = ("alice", "alice-secret");

/// The certificate of the authority that signed the others, as PEM.
pub const AUTHORITY: &str = include_str!("../certificates/authority.pem");

/// The certificate of a client and its key, as PEM.
pub const CLIENT: (&str, &str) = (
    include_str!("../certificates/client.pem"),
    include_str!("../certificates/client.key"),
);

/// The certificate of the broker and its key, as PEM.
const BROKER: (&str, &str) = (
    include_str!("../certificates/broker.pem"),
    include_str!("../certificates/broker.key"),
);

/// A running broker. Dropping it kills it.
pub struct ApacheKafka {
    process: Option<Process>,
    /// The addresses that it listens on.
    pub listeners: Listeners,
}

/// The addresses of a broker, each `HOST:PORT`.
#[derive(Clone)]
pub struct Listeners {
    /// The address without authentication.
    pub plain: String,
    /// The address for SASL over TLS.
    pub sasl: String,
    /// The address for clients with a certificate.
    pub mutual: String,
    controller: String,
}

impl Listeners {
    /// Returns addresses whose ports are free now.
    fn free() -> Listeners {
        let bound = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").expect("loopback has a free port"));
        let [plain, sasl, mutual, controller] =
            bound.map(|listener| listener.local_addr().expect("the listener is bound").to_string());
        Listeners {
            plain,
            sasl,
            mutual,
            controller,
        }
    }
}

impl ApacheKafka {
    /// Starts a broker and waits until it answers.
    ///
    /// # Panics
    /// If it does not answer before the case's deadline.
    pub fn start(context: &Context) -> ApacheKafka {
        let directory = context.log_dir.join("kafka");
        std::fs::create_dir_all(&directory).expect("the log directory is writable");
        let listeners = Listeners::free();
        let (certificate, key) = BROKER;
        write(&directory.join("broker.pem"), &format!("{key}{certificate}"));
        write(&directory.join("authority.pem"), AUTHORITY);
        write(
            &directory.join("server.properties"),
            &properties(&listeners, &directory),
        );
        format(context, &directory);
        let mut broker = ApacheKafka {
            process: None,
            listeners,
        };
        broker.start_again(context);
        broker.wait_until_it_answers(context);
        broker
    }

    /// Kills the broker.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts the broker again, with its data and at its addresses, and does not wait for it.
    pub fn start_again(&mut self, context: &Context) {
        self.process = Some(serve(context));
    }

    /// Waits until the broker answers.
    ///
    /// # Panics
    /// If it does not answer before the case's deadline.
    pub fn wait_until_it_answers(&self, context: &Context) {
        let plain = &self.listeners.plain;
        until(
            context.deadline,
            || format!("Kafka at {plain}"),
            || kafka::answers(plain),
        );
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

fn properties(listeners: &Listeners, directory: &Path) -> String {
    let Listeners {
        plain,
        sasl,
        mutual,
        controller,
    } = listeners;
    let (user, password) = USER;
    let directory = directory.display();
    let login = "org.apache.kafka.common.security";
    let listener = "listener.name.sasl_ssl";
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@{controller}\n\
         listeners=PLAINTEXT://{plain},SASL_SSL://{sasl},SSL://{mutual},CONTROLLER://{controller}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT\n\
         controller.listener.names=CONTROLLER\n\
         log.dirs={directory}/log\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=3\n\
         group.initial.rebalance.delay.ms=0\n\
         ssl.keystore.type=PEM\n\
         ssl.keystore.location={directory}/broker.pem\n\
         ssl.truststore.type=PEM\n\
         ssl.truststore.location={directory}/authority.pem\n\
         listener.name.ssl.ssl.client.auth=required\n\
         sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n\
         {listener}.plain.sasl.jaas.config={login}.plain.PlainLoginModule required user_{user}=\"{password}\";\n\
         {listener}.scram-sha-256.sasl.jaas.config={login}.scram.ScramLoginModule required;\n\
         {listener}.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;\n"
    )
}

/// Returns the command that starts a class of Kafka's.
fn java(context: &Context, class: &str) -> Command {
    let mut command = context.setup.command(Toolchain::JavaApps, class);
    command.env("JDK_JAVA_OPTIONS", "-Xmx400m -XX:+UseSerialGC");
    command
}

/// Writes the cluster's first metadata, with the user of SCRAM.
fn format(context: &Context, directory: &Path) {
    let (user, password) = USER;
    let mut command = java(context, "kafka.tools.StorageTool");
    command
        .args(["format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c"])
        .arg(directory.join("server.properties"));
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let credential = format!("{mechanism}=[name={user},password={password}]");
        command.args(["--add-scram", &credential]);
    }
    let ended = process::output(&mut command, &context.log_dir);
    assert!(
        ended.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
}

fn serve(context: &Context) -> Process {
    let mut command = java(context, "kafka.Kafka");
    command.arg(context.log_dir.join("kafka/server.properties"));
    Process::start("kafka", &mut command, &context.log_dir)
}
