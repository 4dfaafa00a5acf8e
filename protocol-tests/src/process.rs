//! A child process in a process group of its own: JSON lines on its stdout, commands on its stdin, and its end.
//!
//! This module owns the life of a child and of every process that the child starts. It knows nothing of the meaning of the lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

/// The process groups of this run. Neither an interrupted run nor a case that has timed out may leave a process behind.
static GROUPS: Mutex<ProcessGroups> = Mutex::new(ProcessGroups {
    running: BTreeMap::new(),
    timed_out: BTreeSet::new(),
});

struct ProcessGroups {
    /// The running groups by id, each with the log directory of the case that started it.
    running: BTreeMap<i32, PathBuf>,
    /// The log directories of the cases that have timed out.
    timed_out: BTreeSet<PathBuf>,
}

fn groups() -> MutexGuard<'static, ProcessGroups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills every process group of this run that is still running.
pub fn kill_all() {
    for group in std::mem::take(&mut groups().running).into_keys() {
        kill(group, Signal::KILL);
    }
}

/// Kills every process group of the case that logs below `log_dir`, and any that it starts from now on.
pub fn kill_all_of(log_dir: &Path) {
    let mut groups = groups();
    groups.timed_out.insert(log_dir.to_owned());
    for (group, _) in groups.running.iter().filter(|(_, owner)| *owner == log_dir) {
        kill(*group, Signal::KILL);
    }
}

fn kill(group: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(group) {
        // An error means that the group has ended already.
        let _ = kill_process_group(pid, signal);
    }
}

/// A child in a process group of its own; dropping it kills the whole group.
struct ProcessGroup {
    child: Child,
}

impl ProcessGroup {
    /// Starts `command`, for the case that logs below `log_dir`.
    fn spawn(command: &mut Command, log_dir: &Path) -> std::io::Result<ProcessGroup> {
        let group = ProcessGroup {
            child: command.process_group(0).spawn()?,
        };
        let mut groups = groups();
        groups.running.insert(group.id(), log_dir.to_owned());
        if groups.timed_out.contains(log_dir) {
            kill(group.id(), Signal::KILL);
        }
        drop(groups);
        Ok(group)
    }

    fn id(&self) -> i32 {
        self.child.id() as i32
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // The group is removed before the wait: afterwards another process may get its id.
        groups().running.remove(&self.id());
        kill(self.id(), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Runs `command` to its end, for the case that logs below `log_dir`, and returns its output.
///
/// # Panics
/// If the program cannot be started.
pub fn output(command: &mut Command, log_dir: &Path) -> Output {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut group = ProcessGroup::spawn(command, log_dir)
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let (stdout, stderr) = (group.child.stdout.take(), group.child.stderr.take());
    // Both pipes are read at once: a child that fills a pipe that is not read would never end.
    let (stdout, stderr) = std::thread::scope(|scope| {
        let stderr = scope.spawn(|| read_all(stderr));
        (read_all(stdout), stderr.join().unwrap_or_default())
    });
    let status = group.child.wait().expect("the child can be waited for");
    Output {
        status,
        stdout,
        stderr,
    }
}

fn read_all(from: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        // After an error, the bytes that were read before it are returned.
        let _ = from.read_to_end(&mut bytes);
    }
    bytes
}

/// A child process that reports JSON lines. Dropping it kills its whole process group.
pub struct Process {
    name: String,
    group: ProcessGroup,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    stderr: PathBuf,
}

impl Process {
    /// Starts `command` as the leader of a new process group. Its output is written below `log_dir`, to `NAME.out` (which is also parsed,
    /// one JSON object per line) and `NAME.err`.
    ///
    /// # Panics
    /// If the program cannot be started.
    pub fn start(name: &str, command: &mut Command, log_dir: &Path) -> Process {
        let path_of = |ending: &str| log_dir.join(format!("{name}.{ending}"));
        let log = |ending: &str| {
            let path = path_of(ending);
            File::create(&path).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()))
        };
        let mut copy = log("out");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log("err"));
        let mut group = ProcessGroup::spawn(command, log_dir)
            .unwrap_or_else(|error| panic!("cannot start {name} ({command:?}): {error}"));
        let stdin = group.child.stdin.take();
        let stdout = BufReader::new(group.child.stdout.take().expect("stdout was piped"));
        let (sender, lines) = channel();
        // The thread ends with the child's stdout, which the end of the group closes.
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = writeln!(copy, "{line}");
                // Other lines come from libraries. They only go to the log.
                if let Ok(value @ Value::Object(_)) = serde_json::from_str(&line)
                    && sender.send(value).is_err()
                {
                    break;
                }
            }
        });
        Process {
            name: name.to_owned(),
            group,
            stdin,
            lines,
            stderr: path_of("err"),
        }
    }

    /// Returns the name that the child was started with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes one line to the child's stdin.
    ///
    /// # Panics
    /// If the child no longer reads.
    pub fn send(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin was piped");
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .unwrap_or_else(|error| panic!("{} no longer reads its stdin: {error}", self.name));
    }

    /// Closes the child's stdin.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Returns the next JSON line; `None` if there is none within `patience`.
    ///
    /// # Panics
    /// If the child reports an error, or has closed its stdout: then it has ended, and its log has the reason.
    pub fn poll(&mut self, patience: Duration) -> Option<Value> {
        match self.lines.recv_timeout(patience) {
            Ok(event) => {
                assert!(event["event"] != "error", "{} reports {event}", self.name);
                Some(event)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                panic!("{} ended ({:?})", self.name, self.group.child.wait())
            }
        }
    }

    /// Returns the next JSON line, whose `event` must be `event`.
    ///
    /// # Panics
    /// If another event is reported, or none before `deadline`.
    pub fn expect(&mut self, event: &str, deadline: Instant) -> Value {
        let patience = deadline.saturating_duration_since(Instant::now());
        let seen = self
            .poll(patience)
            .unwrap_or_else(|| panic!("{}: no {event:?} in time", self.name));
        assert_eq!(seen["event"], event, "{} reports {seen}", self.name);
        seen
    }

    /// Returns the JSON lines that were not returned yet, and the exit status: with it, the lines are all that there will be.
    pub fn reports(&mut self) -> (Vec<Value>, Option<ExitStatus>) {
        let status = self.status();
        let lines = match status {
            Some(_) => self.lines.iter().collect(),
            None => self.lines.try_iter().collect(),
        };
        (lines, status)
    }

    /// Waits for the end of the child and returns all JSON lines.
    ///
    /// # Panics
    /// If the child reports an error, does not end before `deadline`, or ends with a status other than 0.
    pub fn finish(mut self, deadline: Instant) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(event) => {
                    assert!(event["event"] != "error", "{} reports {event}", self.name);
                    events.push(event);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("{} did not end in time, after {events:?}", self.name)
                }
            }
        }
        let status = self.wait(deadline);
        assert!(status.success(), "{} ended with {status}", self.name);
        events
    }

    /// Returns everything that the child has written to stderr so far.
    ///
    /// # Panics
    /// If the log cannot be read.
    pub fn stderr(&self) -> String {
        let bytes = std::fs::read(&self.stderr);
        let bytes = bytes.unwrap_or_else(|error| panic!("cannot read {}: {error}", self.stderr.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Sends SIGTERM, which asks the child to stop.
    pub fn terminate(&self) {
        kill(self.group.id(), Signal::TERM);
    }

    /// Lets the child stand still.
    pub fn pause(&self) {
        kill(self.group.id(), Signal::STOP);
    }

    /// Lets a child that stands still go on.
    pub fn resume(&self) {
        kill(self.group.id(), Signal::CONT);
    }

    /// Returns the exit status; `None` while the child runs.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.group.child.try_wait().expect("the child can be waited for")
    }

    /// Waits for the end of the child and returns its exit status.
    ///
    /// # Panics
    /// If the child does not end before `deadline`.
    pub fn wait(&mut self, deadline: Instant) -> ExitStatus {
        loop {
            if let Some(status) = self.status() {
                return status;
            }
            assert!(Instant::now() < deadline, "{} does not end", self.name);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Returns the last lines of every log below `log_dir`, for the report of a failed case.
pub fn log_tails(log_dir: &Path, line_count: usize) -> String {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(log_dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let mut text = String::new();
    for path in paths {
        let content = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        let lines: Vec<&str> = content.lines().collect();
        if !lines.is_empty() {
            text.push_str(&format!("  --- {}\n", path.display()));
            for line in &lines[lines.len().saturating_sub(line_count)..] {
                // Lines are cut, because a payload may have megabytes.
                text.push_str(&format!("  {}\n", line.chars().take(400).collect::<String>()));
            }
        }
    }
    text
}
