//! The runner of the test binary: it selects the cases, runs two at a time and reports their outcomes.
//!
//! This module owns arguments (the usual ones of libtest), order, limits and the report. It knows nothing of the steps of a case.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use crate::case::{Case, CaseSteps};
use crate::context::Context;
use crate::setup::{SKIP_VARIABLE, Setup, Toolchain};
use crate::{clients, process, product};

/// The variable that, if it is set and not empty, makes a skipped case fail the run. CI sets it, because there nothing may be missing.
pub const REQUIRE_ALL_VARIABLE: &str = "ESMERALDA_REQUIRE_ALL_CLIENTS";

/// The longest duration of a case. A case that takes longer has failed, and its processes are killed.
const CASE_LIMIT: Duration = Duration::from_secs(60);
/// The time by which the waits within a case end earlier, because they can report what they waited for.
const WAITS_END_BEFORE: Duration = Duration::from_secs(2);
/// Number of cases that run at once. With more, clients would miss heartbeats on two cores.
const CASES_AT_ONCE: usize = 2;
/// Number of lines of each log that a failure shows.
const LOG_TAIL_LINES: usize = 25;

enum CaseOutcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// Runs the cases that the arguments select. `target_tmpdir` is cargo's `CARGO_TARGET_TMPDIR`, below the target directory.
pub fn run(mut cases: Vec<Case>, target_tmpdir: &str) -> ExitCode {
    let selection = Selection::from_arguments(std::env::args().skip(1));
    cases.retain(|case| selection.holds(&case.name));
    if selection.list {
        cases.iter().for_each(|case| println!("{}: test", case.name));
        println!("\n{} tests, 0 benchmarks", cases.len());
        return ExitCode::SUCCESS;
    }
    end_children_when_interrupted();
    let target_dir = Path::new(target_tmpdir)
        .parent()
        .expect("cargo's directory is below the target directory");
    match run_cases(cases, target_dir) {
        Ok(counts) => counts.report(),
        Err(problem) => {
            println!("{problem}\n\n0 passed, 1 failed, 0 skipped");
            ExitCode::FAILURE
        }
    }
}

fn run_cases(cases: Vec<Case>, target_dir: &Path) -> Result<Counts, String> {
    let left_out = left_out()?;
    let setup = Setup::below(target_dir.join("protocol-tests"));
    println!("\nrunning {} tests", cases.len());
    let (skipped, chosen): (Vec<Case>, Vec<Case>) = cases
        .into_iter()
        .partition(|case| why_skipped(case, &left_out).is_some());
    let counts = Mutex::new(Counts::default());
    for case in &skipped {
        let reason = why_skipped(case, &left_out).expect("a skipped case has a reason");
        counts.lock().expect("no panic under this lock").add(
            &case.name,
            Duration::ZERO,
            CaseOutcome::Skipped(reason),
        );
    }
    if chosen.is_empty() {
        return Ok(counts.into_inner().expect("no panic under this lock"));
    }
    let toolchains: BTreeSet<Toolchain> = chosen.iter().flat_map(|case| case.toolchains()).collect();
    let (product, problems) = prepare(&setup, &toolchains, target_dir);
    let product = product?;
    let queue = Mutex::new(VecDeque::from(chosen));
    remember_panics();
    std::thread::scope(|scope| {
        for _ in 0..CASES_AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = next_case(&queue) {
                    let started = Instant::now();
                    let outcome = match case
                        .toolchains()
                        .iter()
                        .find_map(|toolchain| problems.get(toolchain))
                    {
                        Some(problem) => CaseOutcome::Failed(problem.clone()),
                        None => run_one(&case.name, case.run, &product, &setup),
                    };
                    counts.lock().expect("no panic under this lock").add(
                        &case.name,
                        started.elapsed(),
                        outcome,
                    );
                }
            });
        }
    });
    Ok(counts.into_inner().expect("no panic under this lock"))
}

fn next_case(queue: &Mutex<VecDeque<Case>>) -> Option<Case> {
    queue.lock().expect("no panic under this lock").pop_front()
}

/// Builds the product and sets up the toolchains, all at once.
pub(crate) fn prepare(
    setup: &Setup,
    toolchains: &BTreeSet<Toolchain>,
    target_dir: &Path,
) -> (Result<PathBuf, String>, BTreeMap<Toolchain, String>) {
    std::thread::scope(|scope| {
        let running: Vec<_> = toolchains
            .iter()
            .map(|&toolchain| (toolchain, scope.spawn(move || setup.prepare(toolchain))))
            .collect();
        let product = product::build(target_dir);
        let problems = running
            .into_iter()
            .filter_map(|(toolchain, thread)| {
                let result = thread
                    .join()
                    .unwrap_or_else(|_| Err("the set-up panicked".to_owned()));
                result.err().map(|problem| (toolchain, problem))
            })
            .collect();
        (product, problems)
    })
}

fn run_one(name: &str, run: CaseSteps, product: &Path, setup: &Setup) -> CaseOutcome {
    let log_dir = setup.root().join("logs").join(name.replace("::", "."));
    let _ = std::fs::remove_dir_all(&log_dir);
    if let Err(error) = std::fs::create_dir_all(&log_dir) {
        return CaseOutcome::Failed(format!("cannot create {}: {error}", log_dir.display()));
    }
    let context = Context {
        product: product.to_owned(),
        setup: setup.clone(),
        log_dir,
        deadline: Instant::now() + (CASE_LIMIT - WAITS_END_BEFORE),
    };
    run_within(CASE_LIMIT, run, context)
}

/// Runs a case on a thread of its own. After `limit` the case has failed and its processes are killed; the thread, which may be stuck, is
/// left behind.
fn run_within(limit: Duration, run: CaseSteps, context: Context) -> CaseOutcome {
    let log_dir = context.log_dir.clone();
    let (sender, ended) = channel();
    std::thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| run(&context)));
        let message = LAST_PANIC.take();
        // After the limit there is no receiver any more.
        let _ = sender.send(match result {
            Ok(()) => Ok(()),
            Err(_) => Err(message.unwrap_or_else(|| "the case panicked without a message".to_owned())),
        });
    });
    let problem = match ended.recv_timeout(limit) {
        Ok(Ok(())) => return CaseOutcome::Passed,
        Ok(Err(message)) => message,
        Err(_) => format!("the case did not end within {limit:?}: its processes were killed"),
    };
    let tails = process::log_tails(&log_dir, LOG_TAIL_LINES);
    // The processes are killed before the case is reported, so that only two cases run at once.
    process::kill_all_of(&log_dir);
    CaseOutcome::Failed(format!("{problem}\n{tails}"))
}

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps a panic's message for the report instead of printing it between the lines of other cases.
fn remember_panics() {
    std::panic::set_hook(Box::new(|panic| LAST_PANIC.set(Some(panic.to_string()))));
}

/// Kills all processes and ends this one when a signal asks for its end.
pub(crate) fn end_children_when_interrupted() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if runtime
            .and_then(|runtime| runtime.block_on(interrupted()))
            .is_ok()
        {
            process::kill_all();
            std::process::exit(130);
        }
    });
}

/// Waits until a signal asks this process to end.
async fn interrupted() -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        biased;
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Returns the names in [`SKIP_VARIABLE`].
fn left_out() -> Result<BTreeSet<String>, String> {
    let text = std::env::var(SKIP_VARIABLE).unwrap_or_default();
    let names: BTreeSet<String> = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let known: BTreeSet<&str> = clients::ALL
        .iter()
        .flat_map(|client| [client.name, client.toolchain.name()])
        .chain([
            "apache-kafka",
            "awslambdaric",
            "boto3",
            "aws-cli",
            "lambda_runtime",
            "node-runtime",
            "history",
            "kafkajs-schema-registry",
            "kafka-tests",
            "java-apps",
            "rust-function",
            "typed-events",
        ])
        .chain(["kafka-streams", "connect", "mirrormaker"])
        .collect();
    match names.iter().find(|name| !known.contains(name.as_str())) {
        Some(name) => Err(format!(
            "unknown name {name:?} in {SKIP_VARIABLE}: must be one of {known:?}, joined by commas"
        )),
        None => Ok(names),
    }
}

fn why_skipped(case: &Case, left_out: &BTreeSet<String>) -> Option<String> {
    let names = case
        .clients
        .iter()
        .copied()
        .chain(case.toolchains().into_iter().map(Toolchain::name));
    if let Some(name) = names.into_iter().find(|name| left_out.contains(*name)) {
        return Some(format!("{SKIP_VARIABLE} names {name}"));
    }
    case.toolchains()
        .into_iter()
        .find_map(Toolchain::why_absent_is_fine)
}

#[derive(Default)]
struct Counts {
    passed: usize,
    skipped: usize,
    failures: Vec<(String, String)>,
}

impl Counts {
    fn add(&mut self, name: &str, took: Duration, outcome: CaseOutcome) {
        let word = match outcome {
            CaseOutcome::Passed => {
                self.passed += 1;
                "ok".to_owned()
            }
            CaseOutcome::Failed(problem) => {
                self.failures.push((name.to_owned(), problem));
                "FAILED".to_owned()
            }
            CaseOutcome::Skipped(reason) => {
                self.skipped += 1;
                format!("skipped: {reason}")
            }
        };
        println!("test {name} ... {word} ({:.1} s)", took.as_secs_f64());
        let _ = std::io::stdout().flush();
    }

    fn report(self) -> ExitCode {
        for (name, problem) in &self.failures {
            println!("\n---- {name} ----\n{problem}");
        }
        let all_required = std::env::var_os(REQUIRE_ALL_VARIABLE).is_some_and(|value| !value.is_empty());
        if all_required && self.skipped > 0 {
            println!("\n{REQUIRE_ALL_VARIABLE} is set, so a skipped case fails the run.");
        }
        println!(
            "\n{} passed, {} failed, {} skipped",
            self.passed,
            self.failures.len(),
            self.skipped
        );
        let good = self.failures.is_empty() && !(all_required && self.skipped > 0);
        if good {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// The cases that the arguments select, by name as in libtest.
#[derive(Default)]
struct Selection {
    list: bool,
    exact: bool,
    filters: Vec<String>,
    skipped: Vec<String>,
}

impl Selection {
    fn from_arguments(arguments: impl Iterator<Item = String>) -> Selection {
        let mut selection = Selection::default();
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => selection.list = true,
                "--exact" => selection.exact = true,
                "--skip" => selection.skipped.extend(arguments.next()),
                // These options of libtest have a value. They are ignored, because `cargo test -- OPTION` passes them to every test
                // binary.
                "--test-threads" | "--format" | "--color" | "--logfile" | "-Z" => {
                    arguments.next();
                }
                option if option.starts_with('-') => {}
                name => selection.filters.push(name.to_owned()),
            }
        }
        selection
    }

    fn holds(&self, name: &str) -> bool {
        let matches = |filter: &String| {
            if self.exact {
                name == filter
            } else {
                name.contains(filter.as_str())
            }
        };
        (self.filters.is_empty() || self.filters.iter().any(matches)) && !self.skipped.iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use crate::process::Process;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn context(name: &str) -> Context {
        let log_dir = std::env::temp_dir().join(format!("esmeralda-runner-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&log_dir).expect("the temporary directory is writable");
        Context {
            product: PathBuf::new(),
            setup: Setup::below(log_dir.clone()),
            log_dir,
            deadline: Instant::now() + PATIENCE,
        }
    }

    /// Starts a shell with a child of its own, which keeps the shell's stdout open.
    fn start_with_child(context: &Context) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & echo '{\"event\":\"ready\"}'; wait"]);
        Process::start("shell", &mut command, &context.log_dir)
    }

    #[test]
    fn a_stuck_case_fails_at_its_limit_and_its_whole_process_group_is_killed() {
        let context = context("stuck");
        let log_dir = context.log_dir.clone();
        let (sender, started) = channel();
        let stuck: CaseSteps = Box::new(move |context| {
            let mut process = start_with_child(context);
            process.expect("ready", context.deadline);
            sender.send(process).expect("the test receives the process");
            loop {
                std::thread::park();
            }
        });
        let CaseOutcome::Failed(problem) = run_within(Duration::from_secs(2), stuck, context) else {
            panic!("the case did not fail");
        };
        let first_line = problem.lines().next().expect("a first line");
        assert_eq!(
            first_line,
            "the case did not end within 2s: its processes were killed"
        );
        // The shell's stdout closes after the last process of its group has ended.
        let mut process = started.recv().expect("the process was started");
        let ended = catch_unwind(AssertUnwindSafe(|| process.poll(PATIENCE))).expect_err("stdout is closed");
        let said = ended.downcast_ref::<String>().expect("a panic has a message");
        assert_eq!(said, "shell ended (Ok(ExitStatus(unix_wait_status(9))))");
        let _ = std::fs::remove_dir_all(log_dir);
    }

    #[test]
    fn a_process_that_starts_after_the_limit_is_killed_at_once() {
        let context = context("late");
        process::kill_all_of(&context.log_dir);
        let mut process = start_with_child(&context);
        assert_eq!(process.wait(context.deadline).signal(), Some(9));
        let _ = std::fs::remove_dir_all(&context.log_dir);
    }

    #[test]
    fn a_case_that_ends_in_time_passes() {
        let outcome = run_within(PATIENCE, Box::new(|_| ()), context("good"));
        assert!(matches!(outcome, CaseOutcome::Passed));
    }
}
