//! A guard over the processes of functions: a small shell that kills them when this process ends, however it ends.
//!
//! A process that is killed cannot clean up, and safe code cannot ask the system to do it. The shell reads the ids of the groups from a
//! pipe, and the end of the pipe, which comes with the end of this process, is its signal.

use rustix::process::Pid;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keeps the last line, and kills its groups when there is no further line. The signals of a terminal are not for it.
const SCRIPT: &str = "trap '' HUP INT TERM; while read -r line; do groups=$line; done; for group in $groups; do kill -s KILL -- \"-$group\"; done";

/// A guard over process groups. Clones are the same guard; the shell runs while there are groups to watch.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    groups: BTreeSet<i32>,
    shell: Option<Child>,
    /// Set once the absence of a shell has been logged.
    has_failed: bool,
}

/// A group that is watched, until dropped.
#[derive(Debug)]
pub(super) struct GuardedGroup {
    guard: Guard,
    group: i32,
}

impl Guard {
    /// Watches a group.
    pub(super) fn watch(&self, group: Pid) -> GuardedGroup {
        let group = group.as_raw_pid();
        let mut state = self.state();
        state.groups.insert(group);
        state.tell();
        GuardedGroup {
            guard: self.clone(),
            group,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete when the lock is released, so a panic of another holder leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for GuardedGroup {
    fn drop(&mut self) {
        let mut state = self.guard.state();
        state.groups.remove(&self.group);
        state.tell();
    }
}

impl State {
    /// Tells the shell which groups there are, and starts or ends it as needed.
    fn tell(&mut self) {
        if self.groups.is_empty() {
            return self.end_shell();
        }
        let line = self.groups.iter().map(ToString::to_string);
        let line = line.collect::<Vec<_>>().join(" ") + "\n";
        // The second attempt is for a shell that has been killed.
        for _ in 0..2 {
            if self.shell.is_none() {
                match start_shell() {
                    Ok(shell) => self.shell = Some(shell),
                    Err(error) if self.has_failed => return tracing::debug!(%error, "no guard"),
                    Err(error) => {
                        self.has_failed = true;
                        return tracing::warn!(
                            %error,
                            "cannot start sh: if this process is killed, the processes of its functions go on"
                        );
                    }
                }
            }
            let told = self
                .shell
                .as_mut()
                .and_then(|shell| shell.stdin.as_mut()?.write_all(line.as_bytes()).ok());
            if told.is_some() {
                return;
            }
            self.end_shell();
        }
    }

    fn end_shell(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            // Killed before its pipe ends: the end of the pipe would make it kill the groups.
            let _ = shell.kill();
            let _ = shell.wait();
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.end_shell();
    }
}

fn start_shell() -> std::io::Result<Child> {
    let shell = Command::new("sh")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Not in the group of this process, which a terminal's Ctrl-C goes to.
        .process_group(0)
        .spawn()?;
    if let Some(stdin) = &shell.stdin {
        // A shell that does not read must not hold up the engine. It is replaced.
        rustix::io::ioctl_fionbio(stdin, true)?;
    }
    Ok(shell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::process::ChildStdout;

    /// A process in a group of its own that ends with the pipe that is returned.
    fn sleeper() -> (Child, ChildStdout) {
        let mut child = Command::new("sleep")
            .arg("600")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        (child, stdout)
    }

    fn group(child: &Child) -> Pid {
        Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
    }

    #[test]
    fn the_end_of_the_pipe_kills_the_groups_that_are_watched() {
        let [(mut first, mut first_output), (mut second, mut second_output)] = [sleeper(), sleeper()];
        let guard = Guard::default();
        let watched = [guard.watch(group(&first)), guard.watch(group(&second))];
        // As if this process had ended: the pipe is closed, and nothing else is done.
        drop(guard.state().shell.as_mut().unwrap().stdin.take());
        // Their output ends with them.
        let mut rest = Vec::new();
        first_output.read_to_end(&mut rest).unwrap();
        second_output.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"");
        first.wait().unwrap();
        second.wait().unwrap();
        drop(watched);
    }

    #[test]
    fn a_guard_that_is_no_longer_needed_kills_nothing() {
        let (mut child, _output) = sleeper();
        let guard = Guard::default();
        drop(guard.watch(group(&child)));
        assert!(guard.state().shell.is_none());
        drop(guard);
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
