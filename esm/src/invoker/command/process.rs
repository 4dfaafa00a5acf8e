//! The process of a function, as the leader of a process group of its own: its start, its end, and the end of all that it started.
//!
//! # Differs from Lambda
//! A process that a function starts in a session of its own (`setsid`) is not in the group, and may outlive it.

use super::guard::{Guard, GuardedGroup};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// The command line of a process, and its surroundings.
#[derive(Debug)]
pub(super) struct ProcessStart<'a> {
    /// The program and its arguments; not empty.
    pub(super) command: &'a [String],
    pub(super) directory: Option<&'a Path>,
    /// The variables that it has besides those of this process.
    pub(super) variables: &'a BTreeMap<String, String>,
    /// The variables of this process that it does not have.
    pub(super) hidden_variables: &'a [&'a str],
}

/// A process. Dropping it kills its whole group.
#[derive(Debug)]
pub(super) struct FunctionProcess {
    child: Child,
    group: Pid,
    /// Its end, once it is known. The id of a group whose leader was reaped may be another's.
    ended: Option<ExitStatus>,
    _guarded: GuardedGroup,
}

impl FunctionProcess {
    /// Starts a process. It has no standard input, and its output is in the pipes that are returned.
    ///
    /// # Errors
    /// The system's error, such as that there is no such program.
    pub(super) fn start(
        start: &ProcessStart<'_>,
        guard: &Guard,
    ) -> std::io::Result<(Self, ChildStdout, ChildStderr)> {
        let (program, arguments) = start
            .command
            .split_first()
            .ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(start.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own takes the processes that it starts along, and keeps it from the Ctrl-C that stops the engine in order.
            .process_group(0)
            .kill_on_drop(true);
        for name in start.hidden_variables {
            if !start.variables.contains_key(*name) {
                command.env_remove(OsStr::new(name));
            }
        }
        if let Some(directory) = start.directory {
            command.current_dir(directory);
        }
        let mut child = command.spawn()?;
        let lost = || std::io::Error::other("the process ended while it was started");
        let group = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
            .ok_or_else(lost)?;
        let (stdout, stderr) = child.stdout.take().zip(child.stderr.take()).ok_or_else(lost)?;
        let process = Self {
            child,
            group,
            ended: None,
            _guarded: guard.watch(group),
        };
        Ok((process, stdout, stderr))
    }

    /// Returns the id of the process, which is that of its group.
    pub(super) fn id(&self) -> Pid {
        self.group
    }

    /// Waits for the end of the process, and ends what it has started. Cancel safe.
    pub(super) async fn exited(&mut self) -> ExitStatus {
        if let Some(status) = self.ended {
            return status;
        }
        // The system's error cannot come up for a child that nobody else waits for.
        let status = self.child.wait().await.unwrap_or(ExitStatus::from_raw(0));
        self.end(status)
    }

    /// Whether the process has ended.
    pub(super) fn has_exited(&mut self) -> bool {
        if self.ended.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.end(status);
        }
        self.ended.is_some()
    }

    fn end(&mut self, status: ExitStatus) -> ExitStatus {
        self.kill_group();
        self.ended = Some(status);
        status
    }

    /// Kills the process and what it has started.
    pub(super) fn kill(&mut self) {
        if self.ended.is_none() {
            self.kill_group();
        }
    }

    fn kill_group(&self) {
        // A group without a process is as good as killed.
        let _ = kill_process_group(self.group, Signal::KILL);
    }
}

impl Drop for FunctionProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the end of a process in the words of Lambda, which are those of Go.
pub(super) fn exit_text(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, Some(signal)) => format!("Runtime exited with error: signal: {}", signal_text(signal)),
        (None, None) => "Runtime exited with error".to_owned(),
    }
}

/// Returns the name of a signal as Go prints it.
fn signal_text(signal: i32) -> String {
    let names = [
        (Signal::HUP, "hangup"),
        (Signal::INT, "interrupt"),
        (Signal::QUIT, "quit"),
        (Signal::ILL, "illegal instruction"),
        (Signal::ABORT, "aborted"),
        (Signal::BUS, "bus error"),
        (Signal::FPE, "floating point exception"),
        (Signal::KILL, "killed"),
        (Signal::SEGV, "segmentation fault"),
        (Signal::PIPE, "broken pipe"),
        (Signal::TERM, "terminated"),
    ];
    let name = names.iter().find(|(known, _)| known.as_raw() == signal);
    name.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_worded_as_lambda_words_them() {
        for (raw, expected) in [
            (0, "Runtime exited without providing a reason"),
            (127 << 8, "Runtime exited with error: exit status 127"),
            (9, "Runtime exited with error: signal: killed"),
            (11, "Runtime exited with error: signal: segmentation fault"),
        ] {
            assert_eq!(exit_text(ExitStatus::from_raw(raw)), expected);
        }
    }
}
