//! The memory that a process and its descendants occupy, read from `/proc` where there is one.

use rustix::process::Pid;
use std::fs;

/// The number of processes that are looked at. A function that starts more is over any limit soon.
const MAX_PROCESSES: usize = 256;

/// Returns the resident memory, in bytes, of a process and its descendants; `None` where it cannot be read.
///
/// Memory that several of them share counts for each.
pub(super) fn resident_bytes(process: Pid) -> Option<u64> {
    let mut pending = vec![process.as_raw_pid()];
    let mut total = None;
    let mut seen = 0;
    while let Some(id) = pending.pop() {
        seen += 1;
        // A process that has ended in the meantime occupies nothing.
        if let Some(bytes) = resident(id) {
            total = Some(total.unwrap_or(0) + bytes);
        }
        if seen < MAX_PROCESSES {
            pending.extend(children(id));
        }
    }
    total
}

fn resident(id: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Returns the children that the main thread of a process started, which the kernel lists if it was built to.
fn children(id: i32) -> Vec<i32> {
    let text = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    text.split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn the_memory_of_descendants_counts() {
        let own = resident_bytes(rustix::process::getpid()).unwrap();
        assert!(own > 1 << 20, "{own}");
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 60 & wait"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let id = Pid::from_raw(i32::try_from(shell.id()).unwrap()).unwrap();
        while children(id.as_raw_pid()).is_empty() {
            std::thread::yield_now();
        }
        let [alone, all] = [resident(id.as_raw_pid()), resident_bytes(id)];
        assert!(all > alone, "{all:?} {alone:?}");
        for child in children(id.as_raw_pid()) {
            let child = Pid::from_raw(child).unwrap();
            rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
        }
        shell.wait().unwrap();
        assert_eq!(resident_bytes(id), None);
    }
}
