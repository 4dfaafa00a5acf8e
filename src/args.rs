//! What was typed on the command line, and what it means.

use clap::{Args, Parser, Subcommand, ValueEnum};
use esmeralda::broker::config::{Advertised, AdvertisedHost};
use esmeralda::declarations::Scaling;
use esmeralda::esm::ProfileName;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Kafka in memory, with AWS Lambda's Kafka event source mapping built in.
#[derive(Debug, Parser)]
#[command(
    name = "esmeralda",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// What to do; `serve` if nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The options of `serve`, which is the default command.
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a cluster, the Lambda API for mappings, and the engine (the default)
    Serve(Box<ServeArgs>),
    /// Show the product: a spike of records drains into a simulated function
    Demo(DemoArgs),
    /// Simulate how mappings scale, in virtual time
    Simulate(Box<SimulateArgs>),
    /// Find the cheapest pollers, batch size and window that drain a scenario in time
    Plan(Box<PlanArgs>),
}

/// The options of `serve`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where the brokers listen: one address, or one per broker by commas.
    /// With one port p, N brokers take p to p+N-1; port 0 takes free ones
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:9092",
        value_delimiter = ','
    )]
    pub(crate) kafka: Vec<ListenAddress>,
    /// How many brokers [default: as many as --kafka names]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) brokers: Option<u16>,
    /// Where the Lambda API, /metrics and /healthz are served
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8092")]
    pub(crate) http: ListenAddress,
    /// The host, and the port of the first broker, that Kafka clients are told to dial;
    /// each further broker has the next port [default: what each broker listens on]
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "advertised")]
    pub(crate) advertised_host: Option<AdvertisedHost>,
    /// Where Kafka clients are told to dial without --advertised-host. `reflect` tells each
    /// client the address of this machine that it has connected to. A mapping on the way
    /// (docker -p, kubectl port-forward, ssh -L) hides the address that was dialled: the
    /// client is told the one behind the mapping, which a Linux host can dial for its own
    /// containers, and everybody if it is the same one on both sides. If the port or the
    /// host differs, and cannot be dialled, give --advertised-host
    #[arg(long, value_name = "HOW", value_enum, default_value_t = AdvertisedArg::Listened)]
    pub(crate) advertised: AdvertisedArg,
    /// Create topics when clients first name them (auto.create.topics.enable)
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) auto_create_topics: bool,
    /// Partitions of topics created without a number (num.partitions)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) default_partitions: u32,
    /// Any broker config by Kafka's name; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) properties: Vec<Property>,
    /// What records, frames and payloads may hold: bytes, or with K, M, G
    /// [default: 3/4 of the machine's or the container's memory]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory_limit: Option<ByteSize>,
    /// A TOML file that declares topics, functions and mappings
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where functions that no config entry names are invoked; a URL without a path
    /// gets /2015-03-31/functions/NAME/invocations
    #[arg(long, value_name = "URL")]
    pub(crate) lambda_endpoint: Option<String>,
    /// How long in-flight invocations may take to finish when stopping, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) shutdown_timeout: u64,
    #[command(flatten)]
    pub(crate) scaling: ScalingArgs,
    /// How many times as fast the engine's time passes: evaluations, pauses,
    /// windows, backoff and simulated functions, not Kafka's protocol or real functions
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) time_scale: u32,
    /// The AWS account in ARNs: 12 digits
    #[arg(long, value_name = "ID", default_value = "000000000000", value_parser = account_id)]
    pub(crate) account_id: String,
    /// The AWS region in ARNs when a request's signature names none
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    pub(crate) region: String,
}

/// Which scaling constants hold.
#[derive(Clone, Debug, Args)]
pub(crate) struct ScalingArgs {
    /// The scaling profile: announcement-2024, current or instant
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileName>,
    /// Another value for a constant of the profile; may be repeated. A name that
    /// does not exist is answered with those that do
    #[arg(long = "scaling", value_name = "NAME=VALUE")]
    pub(crate) constants: Vec<Property>,
}

impl ScalingArgs {
    /// `scaling` with what was typed in its place.
    ///
    /// # Errors
    /// A sentence that names what would be right.
    pub(crate) fn apply(&self, scaling: Scaling) -> Result<Scaling, String> {
        let mut scaling = match self.profile {
            Some(name) => scaling.based_on(name),
            None => scaling,
        };
        for Property { key, value } in &self.constants {
            let set = scaling.set(key, value);
            set.map_err(|error| format!("--scaling {key}={value}: {error}"))?;
        }
        Ok(scaling)
    }
}

/// The options of `simulate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SimulateArgs {
    /// A scenario: a TOML file with topics, their workload, functions and variants of a mapping
    #[arg(
        value_name = "SCENARIO",
        required_unless_present = "reference",
        conflicts_with = "reference"
    )]
    pub(crate) scenario: Option<PathBuf>,
    /// Run the workload of AWS's announcement of provisioned mode, and set what AWS published beside it
    #[arg(long)]
    pub(crate) reference: bool,
    /// Write the outcome with its whole trace
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write a page with the figures drawn from the trace
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Whether the events' bytes are built, or only their sizes computed
    #[arg(long, value_name = "HOW", value_enum, default_value_t = PayloadsArg::Built)]
    pub(crate) payloads: PayloadsArg,
    /// What all randomness follows from [default: the scenario's]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) scaling: ScalingArgs,
}

/// The options of `plan`.
///
/// All of AWS's limits are checked where the settings are laid out.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlanArgs {
    /// A scenario: a TOML file as `simulate` takes it. Each setting runs, and is charged, for its
    /// run_for_s; without one until the last record has arrived and has had its time
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// The longest that a record may wait between arrival and commit; of a backlog, the time to drain it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) within: Duration,
    /// The variant of the scenario whose other members all settings share [default: its first one]
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// MinimumPollers to try [default: 1, 2, 5, 10, 20, 50, 100, 200, as far as the partitions go, and those]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    pub(crate) minimum: Vec<u32>,
    /// MaximumPollers to try [default: the minimum, 10, 20, 50, 100, and AWS's default: 200, or the partitions if fewer]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    pub(crate) maximum: Vec<u32>,
    /// BatchSize to try [default: the scenario's]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    pub(crate) batch_size: Vec<u32>,
    /// MaximumBatchingWindowInSeconds to try [default: the scenario's]
    #[arg(long, value_name = "SECONDS,...", value_delimiter = ',')]
    pub(crate) window: Vec<u32>,
    /// Write every setting with its figures
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) scaling: ScalingArgs,
}

/// How a simulation is run.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// How many variants are run at once; the result does not depend on it [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub(crate) threads: Option<u16>,
    /// What the records and events of one variant may hold [default: 16G]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory_limit: Option<ByteSize>,
}

/// `--advertised`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AdvertisedArg {
    /// The host and port that each broker listens on, localhost for a wildcard
    Listened,
    /// The address that the client has connected to
    Reflect,
}

/// `--payloads`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PayloadsArg {
    /// As Lambda sends them; the simulated function reads and checks them
    Built,
    /// Only sizes are computed: faster, for sweeps
    Measure,
}

/// The options of `demo`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// Records in the spike
    #[arg(long, value_name = "N", default_value_t = 120_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) records: u32,
    /// Partitions of the demo's topic
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) partitions: u32,
    /// Event pollers of the mapping (MinimumPollers)
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) pollers: u32,
    /// How long each invocation of the simulated function takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 20)]
    pub(crate) duration_ms: u64,
}

/// `host:port`, the port possibly 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenAddress {
    /// A name or an address; IPv6 in brackets.
    pub(crate) host: String,
    /// 0 takes a free port.
    pub(crate) port: u16,
}

impl std::str::FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not HOST:PORT, such as 127.0.0.1:9092");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let is_bare_ipv6 = host.contains(':') && text.parse::<SocketAddr>().is_err();
        if host.is_empty() || is_bare_ipv6 {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.parse().map_err(|_| wrong())?,
        })
    }
}

impl std::fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// One `key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Property {
    /// A broker config's name.
    pub(crate) key: String,
    /// Its value; may be empty.
    pub(crate) value: String,
}

impl std::str::FromStr for Property {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok(Self {
                key: key.trim().to_owned(),
                value: value.trim().to_owned(),
            }),
            _ => Err(format!("`{text}` is not KEY=VALUE, such as num.partitions=4")),
        }
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteSize(pub(crate) usize);

impl std::str::FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a size, such as 512M or 2G; the least is 16M");
        let (digits, shift) = match text.char_indices().last() {
            Some((at, 'K' | 'k')) => (&text[..at], 10),
            Some((at, 'M' | 'm')) => (&text[..at], 20),
            Some((at, 'G' | 'g')) => (&text[..at], 30),
            _ => (text, 0),
        };
        let bytes = digits
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_mul(1 << shift));
        bytes
            .filter(|bytes| *bytes >= 16 << 20)
            .map(Self)
            .ok_or_else(wrong)
    }
}

/// Seconds, fractions allowed, more than none.
fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok().filter(|seconds| *seconds > 0.0);
    let time = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero())
        .ok_or_else(|| format!("`{text}` is not a number of seconds above 0, such as 600 or 1.5"))
}

fn account_id(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an AWS account id has 12 digits".to_owned())
    }
}

impl ServeArgs {
    /// Where each broker listens.
    ///
    /// # Errors
    /// A sentence when `--brokers` contradicts `--kafka`, or the ports run out.
    pub(crate) fn broker_addresses(&self) -> Result<Vec<ListenAddress>, String> {
        let count = usize::from(self.brokers.unwrap_or(self.kafka.len() as u16));
        if self.kafka.len() == count {
            return Ok(self.kafka.clone());
        }
        let [first] = self.kafka.as_slice() else {
            return Err(format!(
                "--kafka names {} addresses and --brokers asks for {count}: give one address, or one per broker",
                self.kafka.len()
            ));
        };
        (0..count)
            .map(|place| {
                let port = match first.port {
                    0 => Some(0),
                    port => u16::try_from(usize::from(port) + place).ok(),
                };
                let port = port.ok_or_else(|| {
                    format!("--kafka {first} leaves no room for {count} brokers: ports end at 65535")
                })?;
                Ok(ListenAddress {
                    host: first.host.clone(),
                    port,
                })
            })
            .collect()
    }

    /// The host and port that Kafka clients are told to dial.
    pub(crate) fn advertised(&self) -> Advertised {
        match (&self.advertised_host, self.advertised) {
            (Some(host), _) => Advertised::Host(host.clone()),
            (None, AdvertisedArg::Listened) => Advertised::Listened,
            (None, AdvertisedArg::Reflect) => Advertised::Reflected,
        }
    }

    /// How long a stop may take.
    pub(crate) fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(serve(typed).advertised(), expected);
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
        assert!(
            error.contains("names 2 addresses and --brokers asks for 3"),
            "{error}"
        );
    }

    #[test]
    fn ports_do_not_run_over_the_end() {
        let error = addresses(&["--kafka", "a:65535", "--brokers", "2"]).expect_err("no such port");
        assert!(error.contains("ports end at 65535"), "{error}");
    }

    #[test]
    fn seconds_are_more_than_none() {
        assert_eq!(seconds("600"), Ok(Duration::from_secs(600)));
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1_500)));
        for wrong in ["0", "-1", "NaN", "inf", "1e30", "1e-12", "10m", ""] {
            let expected = format!("`{wrong}` is not a number of seconds above 0, such as 600 or 1.5");
            assert_eq!(seconds(wrong), Err(expected));
        }
    }

    #[test]
    fn what_a_plan_tries_is_listed_by_commas() {
        let typed =
            "esmeralda plan a.toml --within 60 --minimum 1,2 --maximum 5 --batch-size 10,100 --window 0,1";
        let Some(Command::Plan(plan)) = Cli::try_parse_from(typed.split(' '))
            .expect("it is right")
            .command
        else {
            panic!("a plan was asked for");
        };
        assert_eq!(plan.within, Duration::from_secs(60));
        let lists = [&plan.minimum, &plan.maximum, &plan.batch_size, &plan.window];
        assert_eq!(lists, [&vec![1, 2], &vec![5], &vec![10, 100], &vec![0, 1]]);
    }

    #[test]
    fn sizes_have_units_and_a_least_value() {
        assert_eq!("512M".parse(), Ok(ByteSize(512 << 20)));
        assert_eq!("2g".parse(), Ok(ByteSize(2 << 30)));
        assert_eq!("33554432".parse(), Ok(ByteSize(33_554_432)));
        for wrong in ["", "M", "1K", "many", "-1", "99999999999999G"] {
            assert!(wrong.parse::<ByteSize>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_need_a_host_and_a_port() {
        assert_eq!(
            "[::1]:9092".parse(),
            Ok(ListenAddress {
                host: "[::1]".to_owned(),
                port: 9092
            })
        );
        for wrong in ["9092", ":9092", "host", "host:", "host:99999", "::1:9092"] {
            assert!(wrong.parse::<ListenAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn properties_need_a_key() {
        let expected = Property {
            key: "a.b".to_owned(),
            value: "c=d".to_owned(),
        };
        assert_eq!("a.b=c=d".parse(), Ok(expected));
        assert!("=x".parse::<Property>().is_err());
    }
}
