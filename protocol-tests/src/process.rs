//! A child process in a group of its own: its JSON lines on stdout, commands on its stdin, and its end.
//!
//! Owns the life of a child and of whatever that child starts. Refuses to know what the lines mean.

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

/// The process groups of this run, so that neither an interrupted run nor a case whose time is over leaves anything behind.
static GROUPS: Mutex<Groups> = Mutex::new(Groups {
    alive: BTreeMap::new(),
    over: BTreeSet::new(),
});

struct Groups {
    /// Each with the log directory of the case that started it.
    alive: BTreeMap<i32, PathBuf>,
    /// The cases whose time is over, by log directory.
    over: BTreeSet<PathBuf>,
}

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends every process group that this run started and that is still alive.
pub fn kill_all() {
    for group in std::mem::take(&mut groups().alive).into_keys() {
        kill(group, Signal::KILL);
    }
}

/// Ends every process group of the case that logs below `log_dir`, and any that it starts from now on.
pub fn kill_all_of(log_dir: &Path) {
    let mut groups = groups();
    groups.over.insert(log_dir.to_owned());
    for (group, _) in groups.alive.iter().filter(|(_, owner)| *owner == log_dir) {
        kill(*group, Signal::KILL);
    }
}

fn kill(group: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(group) {
        // A group that has ended already is what was wanted.
        let _ = kill_process_group(pid, signal);
    }
}

/// A child in a process group of its own; dropping it kills the whole group.
struct Group {
    child: Child,
}

impl Group {
    /// Starts `command`, for the case that logs below `log_dir`.
    fn spawn(command: &mut Command, log_dir: &Path) -> std::io::Result<Group> {
        let group = Group {
            child: command.process_group(0).spawn()?,
        };
        let mut groups = groups();
        groups.alive.insert(group.id(), log_dir.to_owned());
        if groups.over.contains(log_dir) {
            kill(group.id(), Signal::KILL);
        }
        drop(groups);
        Ok(group)
    }

    fn id(&self) -> i32 {
        self.child.id() as i32
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Removed before the child is waited for: afterwards its number may be somebody else's.
        groups().alive.remove(&self.id());
        kill(self.id(), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Runs `command` to its end, for the case that logs below `log_dir`; what it printed.
///
/// # Panics
/// When the program cannot be started.
pub fn output(command: &mut Command, log_dir: &Path) -> Output {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut group =
        Group::spawn(command, log_dir).unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let (stdout, stderr) = (group.child.stdout.take(), group.child.stderr.take());
    // Both at once: a child that fills the one nobody reads would never end.
    let (stdout, stderr) = std::thread::scope(|scope| {
        let stderr = scope.spawn(|| read_all(stderr));
        (read_all(stdout), stderr.join().unwrap_or_default())
    });
    let status = group.child.wait().expect("it is our child");
    Output {
        status,
        stdout,
        stderr,
    }
}

fn read_all(from: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut from) = from {
        // What came before it broke is what there is to show.
        let _ = from.read_to_end(&mut bytes);
    }
    bytes
}

/// One child process that talks; dropping it kills its whole group.
pub struct Process {
    name: String,
    group: Group,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    stderr: PathBuf,
}

impl Process {
    /// Starts `command` as the leader of a new process group. What it writes goes below `log_dir`:
    /// `NAME.out` (also parsed, a JSON object per line) and `NAME.err`.
    ///
    /// # Panics
    /// When the program cannot be started: the panic names it.
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
        let mut group = Group::spawn(command, log_dir)
            .unwrap_or_else(|error| panic!("cannot start {name} ({command:?}): {error}"));
        let stdin = group.child.stdin.take();
        let stdout = BufReader::new(group.child.stdout.take().expect("stdout was piped"));
        let (sender, lines) = channel();
        // Ends with the child's stdout, which the group's end closes.
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = writeln!(copy, "{line}");
                // Anything else on stdout is a library's chatter: it stays in the log.
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

    /// The name it was started under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes one line to the child's stdin.
    ///
    /// # Panics
    /// When the child no longer reads.
    pub fn send(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin was piped");
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .unwrap_or_else(|error| panic!("{} does not read its stdin any more: {error}", self.name));
    }

    /// Closes the child's stdin: it has been told all.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// The next JSON line if one comes within `patience`.
    ///
    /// # Panics
    /// When the child has closed its stdout: it ended, and its log says why. When it reports an error of its own.
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

    /// The next JSON line, whose `event` must be `event`.
    ///
    /// # Panics
    /// When another event comes, or none until `deadline`.
    pub fn expect(&mut self, event: &str, deadline: Instant) -> Value {
        let patience = deadline.saturating_duration_since(Instant::now());
        let seen = self
            .poll(patience)
            .unwrap_or_else(|| panic!("{}: no {event:?} in time", self.name));
        assert_eq!(seen["event"], event, "{} reports {seen}", self.name);
        seen
    }

    /// All JSON lines until the child ends.
    ///
    /// # Panics
    /// When it reports an error, does not end until `deadline`, or ends with a status other than 0.
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
                    panic!("{} did not end in time, having said {events:?}", self.name)
                }
            }
        }
        let status = self.wait(deadline);
        assert!(status.success(), "{} ended with {status}", self.name);
        events
    }

    /// All that the child has written to stderr so far.
    ///
    /// # Panics
    /// When its log is gone.
    pub fn stderr(&self) -> String {
        let bytes = std::fs::read(&self.stderr);
        let bytes = bytes.unwrap_or_else(|error| panic!("cannot read {}: {error}", self.stderr.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Asks the child to stop, as Ctrl-C at a terminal would.
    pub fn terminate(&self) {
        kill(self.group.id(), Signal::TERM);
    }

    /// The status that the child has ended with; `None` while it lives.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.group.child.try_wait().expect("it is our child")
    }

    /// The status that the child ends with.
    ///
    /// # Panics
    /// When it does not end until `deadline`.
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

/// The last lines of every log below `log_dir`, for a person who reads why a case failed.
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
                // A payload of megabytes helps nobody.
                text.push_str(&format!("  {}\n", line.chars().take(400).collect::<String>()));
            }
        }
    }
    text
}
