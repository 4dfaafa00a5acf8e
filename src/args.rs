//! The command line: its options, their values, and their help texts.

use clap::{Args, Parser, Subcommand, ValueEnum};
use esmeralda::broker::{Advertised, AdvertisedHost};
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
    /// The command; `serve` if none is given.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The options of `serve`, the default command.
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a cluster, the Lambda API for mappings, and the engine (the default)
    Serve(Box<ServeArgs>),
    /// Show a spike of records drain through three ways of scaling, in half a minute
    Demo(DemoArgs),
    /// Simulate how mappings scale, in virtual time
    Simulate(Box<SimulateArgs>),
    /// Find the cheapest pollers, batch size and window that drain a scenario in time
    Plan(Box<PlanArgs>),
}

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
    /// Number of brokers [default: the number of addresses in --kafka]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) brokers: Option<u16>,
    /// Address of the Lambda API, /metrics and /healthz
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8092")]
    pub(crate) http: ListenAddress,
    /// Host that Kafka clients are told to connect to, and the first broker's port; each
    /// further broker has the next port [default: the address that each broker listens on]
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "advertised")]
    pub(crate) advertised_host: Option<AdvertisedHost>,
    /// Address that Kafka clients are told to connect to without --advertised-host. `reflect`
    /// tells each client the address of this machine that its connection came in on. A port
    /// mapping (docker -p, kubectl port-forward, ssh -L) hides the address that the client
    /// used; if the client cannot connect to the one behind it, give --advertised-host
    #[arg(long, value_name = "HOW", value_enum, default_value_t = AdvertisedArg::Listened)]
    pub(crate) advertised: AdvertisedArg,
    /// Create a topic when a client first names it (auto.create.topics.enable)
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) auto_create_topics: bool,
    /// Number of partitions of a topic created without one (num.partitions)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) default_partitions: u32,
    /// Any broker config by Kafka's name; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) properties: Vec<Property>,
    /// Limit of the memory for records, requests, answers, groups and payloads:
    /// bytes, or a number with K, M or G [default: 3/4 of the machine's or container's memory]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory_limit: Option<ByteSize>,
    /// TOML file that declares topics, functions and mappings
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// URL at which functions without a config entry are invoked; without a path,
    /// /2015-03-31/functions/NAME/invocations is added
    #[arg(long, value_name = "URL")]
    pub(crate) lambda_endpoint: Option<String>,
    /// Longest time, in seconds, that in-flight invocations may take when stopping
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) shutdown_timeout: u64,
    #[command(flatten)]
    pub(crate) scaling: ScalingArgs,
    /// Speed of the engine's time relative to real time. It applies to evaluations, pauses,
    /// batching windows, backoff and simulated functions, not to Kafka's protocol or real functions
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) time_scale: u32,
    /// AWS account in ARNs: 12 digits
    #[arg(long, value_name = "ID", default_value = "000000000000", value_parser = account_id)]
    pub(crate) account_id: String,
    /// AWS region in ARNs, for requests whose signature names none
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    pub(crate) region: String,
}

/// The choice of scaling constants.
#[derive(Clone, Debug, Args)]
pub(crate) struct ScalingArgs {
    /// Scaling profile: announcement-2024, current or instant
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileName>,
    /// Value that replaces a constant of the profile; repeatable. An unknown name
    /// is answered with the list of names
    #[arg(long = "scaling", value_name = "NAME=VALUE")]
    pub(crate) constants: Vec<Property>,
}

impl ScalingArgs {
    /// Returns `scaling` changed by the options that were given.
    ///
    /// # Errors
    /// A sentence with what is allowed.
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
    /// Scenario: a TOML file with topics, their workload, functions and variants of a mapping
    #[arg(
        value_name = "SCENARIO",
        required_unless_present = "reference",
        conflicts_with = "reference"
    )]
    pub(crate) scenario: Option<PathBuf>,
    /// Run the workload of AWS's announcement of provisioned mode, and compare with the figures that AWS published
    #[arg(long)]
    pub(crate) reference: bool,
    /// Write the outcome, with the whole trace, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write an HTML page with the figures and graphs
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Build the events, or compute only their sizes
    #[arg(long, value_name = "HOW", value_enum, default_value_t = PayloadsArg::Built)]
    pub(crate) payloads: PayloadsArg,
    /// Seed of all randomness [default: the scenario's]
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
    /// Scenario: a TOML file as for `simulate`. Each setting runs, and is charged, for its run_for_s;
    /// without run_for_s, until the last record has arrived and --within has passed
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// Longest time that a record may wait between arrival and commit; for a backlog, the time to drain it
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) within: Duration,
    /// Variant of the scenario whose other members all settings share [default: the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Values of MinimumPollers to try [default: 1, 2, 5, 10, 20, 50, 100, 200, up to the number of
    /// partitions, and that number]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    pub(crate) minimum: Vec<u32>,
    /// Values of MaximumPollers to try [default: the minimum, 10, 20, 50, 100, and AWS's default of 200,
    /// or the number of partitions if it is less]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    pub(crate) maximum: Vec<u32>,
    /// Values of BatchSize to try [default: the scenario's]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    pub(crate) batch_size: Vec<u32>,
    /// Values of MaximumBatchingWindowInSeconds to try [default: the scenario's]
    #[arg(long, value_name = "SECONDS,...", value_delimiter = ',')]
    pub(crate) window: Vec<u32>,
    /// Write every setting with its figures as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) scaling: ScalingArgs,
}

/// The options of every simulation.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// Number of variants that run at once; the result does not depend on it [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub(crate) threads: Option<u16>,
    /// Limit of the memory for the records and events of one variant [default: 16G]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory_limit: Option<ByteSize>,
}

/// The value of `--advertised`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AdvertisedArg {
    /// The host and port that each broker listens on, localhost for a wildcard
    Listened,
    /// The address that the client has connected to
    Reflect,
}

/// The value of `--payloads`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PayloadsArg {
    /// Build the events that Lambda sends; the simulated function reads and checks them
    Built,
    /// Compute only their sizes; faster
    Measure,
}

/// The options of `demo`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// Number of records in the spike
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) records: u32,
    /// Speed of the engine's time relative to real time; a slow machine keeps pauses
    /// and evaluations on time only with less
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) time_scale: u32,
}

/// A `host:port` to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenAddress {
    /// A name or an address; an IPv6 address stands in brackets.
    pub(crate) host: String,
    /// 0 takes a free port.
    pub(crate) port: u16,
}

impl std::str::FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be HOST:PORT, such as 127.0.0.1:9092".to_owned();
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

/// A `key=value` pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Property {
    /// The key; not empty.
    pub(crate) key: String,
    /// The value; may be empty.
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
            _ => Err("must be KEY=VALUE, such as num.partitions=4".to_owned()),
        }
    }
}

/// A number of bytes, 16 MiB or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteSize(pub(crate) usize);

impl std::str::FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be a size of at least 16M, such as 512M or 2G".to_owned();
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

/// Reads a number of seconds above 0, which may be a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().ok().filter(|seconds| *seconds > 0.0);
    let time = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero())
        .ok_or_else(|| "must be a number above 0, such as 600 or 1.5".to_owned())
}

fn account_id(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("must have 12 digits".to_owned())
    }
}

impl ServeArgs {
    /// Returns the address that each broker listens on.
    ///
    /// # Errors
    /// A sentence if `--brokers` contradicts `--kafka`, or a port would exceed 65535.
    pub(crate) fn broker_addresses(&self) -> Result<Vec<ListenAddress>, String> {
        let count = usize::from(self.brokers.unwrap_or(self.kafka.len() as u16));
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

    /// Returns the host and port that Kafka clients are told to connect to.
    pub(crate) fn advertised(&self) -> Advertised {
        match (&self.advertised_host, self.advertised) {
            (Some(host), _) => Advertised::Host(host.clone()),
            (None, AdvertisedArg::Listened) => Advertised::Listened,
            (None, AdvertisedArg::Reflect) => Advertised::Reflected,
        }
    }

    /// Returns how long a stop may take.
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
        assert!(error.contains("has 2 addresses for 3 brokers"), "{error}");
    }

    #[test]
    fn ports_do_not_run_over_the_end() {
        let error = addresses(&["--kafka", "a:65535", "--brokers", "2"]).expect_err("no such port");
        assert!(error.contains("needs ports above 65535"), "{error}");
    }

    #[test]
    fn seconds_are_more_than_none() {
        assert_eq!(seconds("600"), Ok(Duration::from_secs(600)));
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1_500)));
        for wrong in ["0", "-1", "NaN", "inf", "1e30", "1e-12", "10m", ""] {
            let expected = "must be a number above 0, such as 600 or 1.5".to_owned();
            assert_eq!(seconds(wrong), Err(expected), "{wrong}");
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

    /// Returns the row of one option: its name with its value, its default, and its help.
    fn option_row(option: &clap::Arg) -> String {
        let takes_value = option.get_action().takes_values();
        let name = option
            .get_long()
            .map(|long| format!("--{long}"))
            .unwrap_or_default();
        let value = match option.get_value_names() {
            Some([value]) if takes_value => format!(" {value}"),
            _ => String::new(),
        };
        let help = option.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.replace('\n', " ");
        let fixed = option.get_default_values().first().filter(|_| takes_value);
        let fixed = fixed
            .map(|value| value.to_string_lossy().into_owned())
            .unwrap_or_default();
        // A default that depends on something else stands in the help.
        let (help, default) = match help
            .strip_suffix(']')
            .and_then(|help| help.split_once(" [default: "))
        {
            Some((help, default)) => (help, default),
            None => (help.as_str(), fixed.as_str()),
        };
        let name = format!("{name}{value}");
        format!("| `{}` | {default} | {help} |", name.trim())
    }

    #[test]
    fn the_options_page_lists_every_option() {
        let mut command = <Cli as clap::CommandFactory>::command();
        command.build();
        let mut page = String::new();
        for subcommand in command.get_subcommands().filter(|one| one.get_name() != "help") {
            page += &format!("\n## esmeralda {}\n\n", subcommand.get_name());
            page += &format!(
                "{}.\n\n",
                subcommand.get_about().expect("each command says what it does")
            );
            page += "| option | default | meaning |\n| --- | --- | --- |\n";
            let options = subcommand
                .get_arguments()
                .filter(|option| option.get_id() != "help");
            for option in options {
                page += &format!("{}\n", option_row(option));
            }
        }
        page.push('\n');
        let (_, written) = include_str!("../docs/options.md")
            .split_once("<!-- options: kept equal to the code's list by a test -->\n")
            .expect("the marker before the tables");
        let (written, _) = written
            .split_once("<!-- /options -->")
            .expect("the marker after the tables");
        assert_eq!(written, page, "docs/options.md should have these tables:\n{page}");
    }
}
