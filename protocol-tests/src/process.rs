//! A child process in a group of its own: its JSON lines on stdout, commands on its stdin, and its end.
//!
//! Owns the life of a child and of whatever that child starts. Refuses to know what the lines mean.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

/// The groups that are alive, so that an interrupted run leaves nothing behind.
static ALIVE: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Ends every process group that this run started and that is still alive.
pub fn kill_all() {
    for group in std::mem::take(&mut *ALIVE.lock().expect("no holder of this lock panics")) {
        kill(group, Signal::KILL);
    }
}

fn kill(group: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(group) {
        // A group that has ended already is what was wanted.
        let _ = kill_process_group(pid, signal);
    }
}

/// One child process; dropping it kills its whole group.
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
}

impl Process {
    /// Starts `command` as the leader of a new process group. What it writes goes below `log_dir`:
    /// `NAME.out` (also parsed, a JSON object per line) and `NAME.err`.
    ///
    /// # Panics
    /// When the program cannot be started: the panic names it.
    pub fn start(name: &str, command: &mut Command, log_dir: &Path) -> Process {
        let log = |ending: &str| {
            let path = log_dir.join(format!("{name}.{ending}"));
            File::create(&path).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()))
        };
        let mut copy = log("out");
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log("err"))
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name} ({command:?}): {error}"));
        ALIVE
            .lock()
            .expect("no holder of this lock panics")
            .insert(child.id() as i32);
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("stdout was piped"));
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
            child,
            stdin,
            lines,
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
            Err(RecvTimeoutError::Disconnected) => panic!("{} ended ({:?})", self.name, self.child.wait()),
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

    /// Asks the child to stop, as Ctrl-C at a terminal would.
    pub fn terminate(&self) {
        kill(self.child.id() as i32, Signal::TERM);
    }

    /// The status that the child ends with.
    ///
    /// # Panics
    /// When it does not end until `deadline`.
    pub fn wait(&mut self, deadline: Instant) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(Instant::now() < deadline, "{} does not end", self.name);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = self.child.id() as i32;
        // Removed before the child is waited for: afterwards its number may be somebody else's.
        ALIVE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .remove(&group);
        kill(group, Signal::KILL);
        let _ = self.child.wait();
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
