//! The long run: `run-history`, a command of the test binary.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::plan::PROGRAMS;
use super::{ClusterPlan, Plan, run};
use crate::context::Context;
use crate::runner;
use crate::setup::Setup;

/// The first argument of the command.
const NAME: &str = "run-history";

/// The options of a long run.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    seed: u64,
    records: u64,
    records_per_second: u64,
    gap_ms: u64,
    minutes: u64,
    cluster: Option<String>,
    advertised: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            seed: fastrand::u64(..) >> 32,
            records: 2_000_000,
            records_per_second: 2_000,
            gap_ms: 100,
            minutes: 30,
            cluster: None,
            advertised: None,
        }
    }
}

/// Returns the arguments after the command's name; `None` if the test binary is to run its cases.
pub fn arguments() -> Option<Vec<String>> {
    let mut arguments = std::env::args().skip(1);
    (arguments.next()? == NAME).then(|| arguments.collect())
}

/// Runs the command. `target_tmpdir` is cargo's `CARGO_TARGET_TMPDIR`, below the target directory.
pub fn start(arguments: &[String], target_tmpdir: &str) -> ExitCode {
    let options = match parse(arguments) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let target_dir = Path::new(target_tmpdir)
        .parent()
        .expect("cargo's directory is below the target directory");
    let setup = Setup::below(target_dir.join("protocol-tests"));
    let toolchains = PROGRAMS.iter().map(|program| program.toolchain).collect();
    let (product, problems) = runner::prepare(&setup, &toolchains, target_dir);
    let product = match (product, problems.into_values().next()) {
        (Ok(product), None) => product,
        (Err(problem), _) | (_, Some(problem)) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    runner::end_children_when_interrupted();
    println!("seed {}", options.seed);
    let log_dir = setup.root().join("logs").join(NAME);
    let _ = std::fs::remove_dir_all(&log_dir);
    let context = Context {
        product,
        setup,
        log_dir,
        deadline: Instant::now() + Duration::from_secs(60 * options.minutes),
    };
    let figures = run(&context, &options.plan());
    println!("{figures}");
    if figures.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    for pair in arguments.chunks(2) {
        let [name, value] = pair else {
            return Err(format!("{} has no value", pair[0]));
        };
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("invalid {name} {value:?}: must be a number"))
        };
        match name.as_str() {
            "--seed" => options.seed = number()?,
            "--records" => options.records = number()?,
            "--records-per-second" => options.records_per_second = number()?.max(1),
            "--gap-ms" => options.gap_ms = number()?,
            "--minutes" => options.minutes = number()?,
            "--cluster" => options.cluster = Some(value.clone()),
            "--advertised" => options.advertised = Some(value.clone()),
            _ => {
                return Err(format!(
                    "unknown option {name:?}: must be --seed, --records, --records-per-second, --gap-ms, --minutes, --cluster or \
                     --advertised"
                ));
            }
        }
    }
    if options.cluster.is_some() != options.advertised.is_some() {
        return Err("--cluster and --advertised belong together".to_owned());
    }
    Ok(options)
}

impl Options {
    fn plan(self) -> Plan {
        let cluster = match (self.cluster, self.advertised) {
            (Some(address), Some(advertised)) => ClusterPlan::Running { address, advertised },
            _ => ClusterPlan::Product,
        };
        Plan {
            seed: self.seed,
            record_count: self.records,
            records_per_second: self.records_per_second,
            mean_gap: Duration::from_millis(self.gap_ms),
            has_all_groups: true,
            cluster,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn options_replace_what_is_preset() {
        let expected = Options {
            seed: 7,
            records: 100,
            cluster: Some("127.0.0.1:9092".to_owned()),
            advertised: Some("127.0.0.1:9192".to_owned()),
            ..Options::default()
        };
        let line = "--seed 7 --records 100 --cluster 127.0.0.1:9092 --advertised 127.0.0.1:9192";
        assert_eq!(parsed(line), Ok(expected));
    }

    #[test]
    fn an_invalid_option_is_named() {
        let cases = [
            ("--seed", "--seed has no value"),
            ("--seed x", "invalid --seed \"x\": must be a number"),
            ("--cluster a:1", "--cluster and --advertised belong together"),
        ];
        for (line, problem) in cases {
            assert_eq!(parsed(line), Err(problem.to_owned()));
        }
        assert!(parsed("--seeds 7").is_err_and(|problem| problem.starts_with("unknown option \"--seeds\"")));
    }
}
