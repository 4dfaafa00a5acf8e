//! The options of `serve`.

use super::destinations::DestinationArgs;
use super::scaling::ScalingArgs;
use super::values::{
    ByteSize, ListenAddress, Property, account_id, advertised_host, cluster_id, given_once, small_number,
    whole_number,
};
use clap::{Args, ValueEnum};
use esmeralda::broker::{Advertised, AdvertisedHost, Release};
use esmeralda::{CreateFunctions, Credentials};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The options of `serve`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServeArgs {
    /// Addresses that the brokers listen on, separated by commas. With one address,
    /// N brokers use N ports from its port on; port 0 takes free ports
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:9092",
        value_delimiter = ','
    )]
    pub(crate) kafka: Vec<ListenAddress>,
    /// Number of brokers. Their ids are 1, 2, ..., or count up from N with --set node.id=N
    /// [default: the number of addresses in --kafka]
    #[arg(long, value_name = "N", value_parser = small_number(1..=64))]
    pub(crate) brokers: Option<u16>,
    /// Id of the cluster: 1 to 255 characters
    #[arg(long, value_name = "ID", default_value = "esmeralda", value_parser = cluster_id)]
    pub(crate) cluster_id: String,
    /// Release of Apache Kafka to pass for. An earlier one than 4.4 advertises and answers only the
    /// versions of requests that it had, and has its features
    #[arg(long, value_name = "RELEASE", value_enum, default_value_t = ReleaseArg::V4_4)]
    pub(crate) as_version: ReleaseArg,
    /// Rack of each broker, such as its availability zone, separated by commas: as many as brokers.
    /// With --set broker.rack=NAME all brokers are in one rack
    #[arg(long, value_name = "RACK,...", value_delimiter = ',')]
    pub(crate) racks: Vec<String>,
    /// Address of the Lambda API, /metrics, /client-metrics and /healthz
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8092")]
    pub(crate) http: ListenAddress,
    /// Host that Kafka clients are told to connect to, and the first broker's port; each
    /// further broker has the next port [default: the address that each broker listens on]
    #[arg(long, value_name = "HOST[:PORT]", value_parser = advertised_host, conflicts_with = "advertised")]
    pub(crate) advertised_host: Option<AdvertisedHost>,
    /// Address that Kafka clients are told to connect to without --advertised-host. `reflect`
    /// tells each client the address of this machine that its connection came in on. A port
    /// mapping (docker -p, kubectl port-forward, ssh -L) hides the address that the client
    /// used; if the client cannot connect to the one behind it, give --advertised-host
    #[arg(long, value_name = "HOW", value_enum, default_value_t = AdvertisedArg::Listened)]
    pub(crate) advertised: AdvertisedArg,
    /// Create a topic when a client first names it (auto.create.topics.enable) [default: true]
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
    pub(crate) auto_create_topics: Option<bool>,
    /// Answer the Metadata request that creates a topic with UNKNOWN_TOPIC_OR_PARTITION, the first
    /// FindCoordinator with COORDINATOR_NOT_AVAILABLE, and the first InitProducerId with
    /// COORDINATOR_LOAD_IN_PROGRESS, as Kafka does. Without it the topic, the coordinator or the
    /// producer id is in that answer, and the client need not ask again
    #[arg(long)]
    pub(crate) unknown_until_created: bool,
    /// Begin producer ids at 0, as a new cluster of Kafka does. Without it they begin at a random
    /// one, so that a producer that outlives a restart never meets its own id again
    #[arg(long)]
    pub(crate) producer_ids_from_zero: bool,
    /// Number of partitions of a topic created without one (num.partitions) [default: 1]
    #[arg(long, value_name = "N", value_parser = whole_number(1..=100_000))]
    pub(crate) default_partitions: Option<u32>,
    /// Any broker config by Kafka's name; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) properties: Vec<Property>,
    /// Limit of the memory for records, requests, answers, groups and payloads:
    /// bytes, or a number with K, M or G [default: 3/4 of the machine's or container's memory]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory_limit: Option<ByteSize>,
    /// Most memory that is kept for reuse while nobody needs it; the rest goes back to the system
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub(crate) spare_memory: ByteSize,
    /// TOML file that declares topics, functions and mappings
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// URL at which functions without a config entry are invoked; without a path,
    /// /2015-03-31/functions/NAME/invocations is added
    #[arg(long, value_name = "URL")]
    pub(crate) lambda_endpoint: Option<String>,
    /// Number of invocations that may run at once of each function at --lambda-endpoint; more
    /// are throttled. A runtime interface emulator takes one [default: no limit]
    #[arg(long, value_name = "N", requires = "lambda_endpoint", value_parser = whole_number(0..=u32::MAX))]
    pub(crate) lambda_concurrency: Option<u32>,
    /// Longest time, in seconds, that an invocation of a function may take, unless the function's own
    /// timeout says otherwise. Simulated functions and closures have none. A mapping refuses a function
    /// with more than 840, as Lambda does
    #[arg(long, value_name = "SECONDS", default_value_t = 840, value_parser = whole_number(1..=900))]
    pub(crate) function_timeout: u32,
    #[command(flatten)]
    pub(crate) destinations: DestinationArgs,
    /// Clients that may create functions, which are commands of this machine, or change their
    /// commands with the Lambda API
    #[arg(long, value_name = "WHO", value_enum, default_value_t = CreateFunctionsArg::Loopback)]
    pub(crate) create_functions: CreateFunctionsArg,
    /// Longest time, in seconds, that in-flight invocations may take when stopping
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = whole_number(0..=u32::MAX))]
    pub(crate) shutdown_timeout: u32,
    #[command(flatten)]
    pub(crate) scaling: ScalingArgs,
    /// Speed of the engine's time relative to real time. It applies to evaluations, pauses,
    /// batching windows, backoff and simulated functions, not to Kafka's protocol or real functions
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole_number(1..=10_000))]
    pub(crate) time_scale: u32,
    /// Least time, in milliseconds of the engine's time, for which a mapping shows a state such as
    /// Creating or Updating. On AWS it can be minutes
    #[arg(long, value_name = "MS", default_value_t = 50, value_parser = whole_number(0..=3_600_000))]
    pub(crate) transition_delay_ms: u32,
    /// File that the events of mappings' system logs (LoggingConfig) are appended to as lines of JSON;
    /// - is standard output. The CloudWatch Logs API has them in any case
    #[arg(long, value_name = "FILE")]
    pub(crate) system_log: Option<PathBuf>,
    /// AWS account in ARNs: 12 digits
    #[arg(long, value_name = "ID", default_value = "000000000000", value_parser = account_id)]
    pub(crate) account_id: String,
    /// Credentials that requests to the Lambda and CloudWatch APIs must be signed with; repeatable. Without
    /// any here or in the config file, every request is accepted, signed or not
    #[arg(long = "require-credentials", value_name = "ACCESS_KEY:SECRET")]
    pub(crate) credentials: Vec<Credentials>,
    /// AWS region in ARNs, for requests whose signature names none
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    pub(crate) region: String,
}

/// The value of `--advertised`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AdvertisedArg {
    /// The host and port that each broker listens on, localhost for a wildcard
    Listened,
    /// The address of this machine that the client's connection came in on
    Reflect,
}

/// The value of `--create-functions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CreateFunctionsArg {
    /// Those on this machine
    Loopback,
    /// All that reach the HTTP port
    Always,
    /// None
    Never,
}

impl From<CreateFunctionsArg> for CreateFunctions {
    fn from(who: CreateFunctionsArg) -> Self {
        match who {
            CreateFunctionsArg::Loopback => Self::Loopback,
            CreateFunctionsArg::Always => Self::Always,
            CreateFunctionsArg::Never => Self::Never,
        }
    }
}

/// The value of `--as-version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReleaseArg {
    /// With ZooKeeper
    #[value(name = "2.8")]
    V2_8,
    /// With KRaft
    #[value(name = "3.9")]
    V3_9,
    #[value(name = "4.1")]
    V4_1,
    #[value(name = "4.4")]
    V4_4,
}

impl From<ReleaseArg> for Release {
    fn from(release: ReleaseArg) -> Self {
        match release {
            ReleaseArg::V2_8 => Self::Kafka2_8,
            ReleaseArg::V3_9 => Self::Kafka3_9,
            ReleaseArg::V4_1 => Self::Kafka4_1,
            ReleaseArg::V4_4 => Self::Kafka4_4,
        }
    }
}

impl ServeArgs {
    fn broker_count(&self) -> usize {
        self.brokers.map_or(self.kafka.len(), usize::from)
    }

    /// Returns the address that each broker listens on.
    ///
    /// # Errors
    /// A sentence if `--brokers` contradicts `--kafka`, or a port would exceed 65535.
    pub(crate) fn broker_addresses(&self) -> Result<Vec<ListenAddress>, String> {
        let count = self.broker_count();
        if self.kafka.len() == count {
            return Ok(self.kafka.clone());
        }
        let [first] = self.kafka.as_slice() else {
            return Err(format!(
                "--kafka has {} addresses for {count} brokers: must be one address, or one per broker",
                self.kafka.len()
            ));
        };
        (0..count)
            .map(|place| {
                let port = match first.port {
                    0 => Some(0),
                    port => u16::try_from(usize::from(port) + place).ok(),
                };
                let port = port
                    .ok_or_else(|| format!("--kafka {first} with {count} brokers needs ports above 65535"))?;
                Ok(ListenAddress {
                    host: first.host.clone(),
                    port,
                })
            })
            .collect()
    }

    /// Returns the rack of each broker; none if no broker has one of its own.
    ///
    /// # Errors
    /// A sentence if there are not as many racks as brokers, or one is empty.
    pub(crate) fn broker_racks(&self) -> Result<Vec<String>, String> {
        let count = self.broker_count();
        if !self.racks.is_empty() && self.racks.len() != count {
            return Err(format!(
                "--racks has {} racks for {count} brokers: must be one per broker",
                self.racks.len()
            ));
        }
        if self.racks.iter().any(String::is_empty) {
            return Err("--racks has an empty rack: must be a name for each broker".to_owned());
        }
        Ok(self.racks.clone())
    }

    /// Returns the host and port that Kafka clients are told to connect to.
    ///
    /// # Errors
    /// A sentence if a broker's port would exceed 65535.
    pub(crate) fn advertised(&self) -> Result<Advertised, String> {
        let Some(advertised) = &self.advertised_host else {
            return Ok(match self.advertised {
                AdvertisedArg::Listened => Advertised::Listened,
                AdvertisedArg::Reflect => Advertised::Reflected,
            });
        };
        let AdvertisedHost { host, port } = advertised;
        let count = self.broker_count();
        match port {
            Some(port) if usize::from(*port) + count > usize::from(u16::MAX) + 1 => Err(format!(
                "--advertised-host {host} with port {port} and {count} brokers needs ports above 65535"
            )),
            _ => Ok(Advertised::Host(advertised.clone())),
        }
    }

    /// Returns the broker configs that the options set, by Kafka's names.
    ///
    /// # Errors
    /// A sentence if one is set twice: one of the two would do nothing.
    pub(crate) fn properties(&self) -> Result<BTreeMap<String, String>, String> {
        let mut properties = given_once("--set", &self.properties)?;
        let partitions = self.default_partitions.map(|number| number.to_string());
        let auto_create = self.auto_create_topics.map(|is_on| is_on.to_string());
        for (option, key, value) in [
            ("--default-partitions", "num.partitions", partitions),
            ("--auto-create-topics", "auto.create.topics.enable", auto_create),
        ] {
            let Some(value) = value else { continue };
            if let Some(set) = properties.insert(key.to_owned(), value) {
                return Err(format!(
                    "{option} and --set {key}={set} set the same config: must be one of them"
                ));
            }
        }
        Ok(properties)
    }

    /// Returns the timeout of functions that have none of their own.
    pub(crate) fn function_timeout(&self) -> Duration {
        Duration::from_secs(self.function_timeout.into())
    }

    /// Returns how long a stop may take.
    pub(crate) fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_timeout.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::Parser as _;

    fn serve(arguments: &[&str]) -> ServeArgs {
        let typed = std::iter::once("esmeralda").chain(arguments.iter().copied());
        Cli::try_parse_from(typed).expect("valid arguments").serve
    }

    fn addresses(arguments: &[&str]) -> Result<Vec<String>, String> {
        Ok(serve(arguments)
            .broker_addresses()?
            .iter()
            .map(ToString::to_string)
            .collect())
    }

    #[test]
    fn clients_are_told_one_host_or_the_address_that_they_connected_to() {
        let host = |text: &str| Advertised::Host(text.parse().expect("a host"));
        for (typed, expected) in [
            (&[][..], Advertised::Listened),
            (&["--advertised", "reflect"], Advertised::Reflected),
            (&["--advertised-host", "example:1234"], host("example:1234")),
            (&["--advertised-host", "[::1]"], host("[::1]")),
        ] {
            assert_eq!(serve(typed).advertised(), Ok(expected));
        }
        for (typed, reason) in [
            (
                "--advertised-host 0.0.0.0",
                "clients cannot dial the wildcard address",
            ),
            ("--advertised-host a --advertised reflect", "cannot be used with"),
        ] {
            let typed = std::iter::once("esmeralda").chain(typed.split(' '));
            let error = Cli::try_parse_from(typed).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn the_default_is_one_broker_on_9092() {
        assert_eq!(addresses(&[]), Ok(vec!["127.0.0.1:9092".to_owned()]));
    }

    #[test]
    fn several_brokers_count_up_from_one_port() {
        let expected = ["localhost:7000", "localhost:7001", "localhost:7002"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(
            addresses(&["--kafka", "localhost:7000", "--brokers", "3"]),
            Ok(expected)
        );
    }

    #[test]
    fn port_zero_stays_zero_for_each_broker() {
        let expected = vec!["127.0.0.1:0".to_owned(); 2];
        assert_eq!(
            addresses(&["--kafka", "127.0.0.1:0", "--brokers", "2"]),
            Ok(expected)
        );
    }

    #[test]
    fn a_list_of_addresses_says_how_many_brokers() {
        let expected = ["a:1", "b:2"].map(str::to_owned).to_vec();
        assert_eq!(addresses(&["--kafka", "a:1,b:2"]), Ok(expected));
    }

    #[test]
    fn a_list_that_contradicts_the_count_is_refused() {
        let error = addresses(&["--kafka", "a:1,b:2", "--brokers", "3"]).expect_err("a contradiction");
        assert!(error.contains("has 2 addresses for 3 brokers"), "{error}");
    }

    #[test]
    fn each_broker_has_a_rack_or_none_has() {
        let racks = |typed: &[&str]| serve(typed).broker_racks();
        assert_eq!(racks(&["--brokers", "2"]), Ok(Vec::new()));
        let expected = ["a", "b"].map(str::to_owned).to_vec();
        assert_eq!(racks(&["--brokers", "2", "--racks", "a,b"]), Ok(expected));
        for (typed, reason) in [
            ("a", "--racks has 1 racks for 2 brokers: must be one per broker"),
            ("a,", "--racks has an empty rack: must be a name for each broker"),
        ] {
            let refused = racks(&["--brokers", "2", "--racks", typed]);
            assert_eq!(refused, Err(reason.to_owned()));
        }
    }

    #[test]
    fn advertised_ports_do_not_run_over_the_end() {
        let advertised = |typed| serve(&["--brokers", "3", "--advertised-host", typed]).advertised();
        let expected = Advertised::Host("a:65533".parse().expect("a host"));
        assert_eq!(advertised("a:65533"), Ok(expected));
        assert_eq!(
            advertised("a:65534"),
            Err("--advertised-host a with port 65534 and 3 brokers needs ports above 65535".to_owned())
        );
    }

    #[test]
    fn a_broker_config_is_set_once() {
        let properties = |typed: &[&str]| serve(typed).properties();
        assert_eq!(properties(&[]), Ok(BTreeMap::new()));
        let expected = [("auto.create.topics.enable", "false"), ("num.partitions", "4")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(
            properties(&["--set", "num.partitions=4", "--auto-create-topics", "false"]),
            Ok(BTreeMap::from(expected))
        );
        for (typed, expected) in [
            (
                ["--set", "num.partitions=4", "--default-partitions", "5"],
                "--default-partitions and --set num.partitions=4 set the same config: must be one of them",
            ),
            (
                ["--set", "num.partitions=4", "--set", "num.partitions=5"],
                "--set gives num.partitions twice: 4 and 5",
            ),
        ] {
            assert_eq!(properties(&typed), Err(expected.to_owned()));
        }
    }

    #[test]
    fn functions_have_a_timeout_and_those_at_the_endpoint_a_concurrency() {
        assert_eq!(serve(&[]).function_timeout(), Duration::from_secs(840));
        let typed = "--lambda-endpoint http://a --lambda-concurrency 1 --function-timeout 3";
        let args = serve(&typed.split(' ').collect::<Vec<_>>());
        assert_eq!(args.lambda_concurrency, Some(1));
        assert_eq!(args.function_timeout(), Duration::from_secs(3));
        for (typed, reason) in [
            ("--lambda-concurrency 1", "--lambda-endpoint <URL>"),
            ("--function-timeout 901", "must be a whole number from 1 to 900"),
        ] {
            let typed = std::iter::once("esmeralda").chain(typed.split(' '));
            let error = Cli::try_parse_from(typed).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn ports_do_not_run_over_the_end() {
        let error = addresses(&["--kafka", "a:65535", "--brokers", "2"]).expect_err("no such port");
        assert!(error.contains("needs ports above 65535"), "{error}");
    }
}
