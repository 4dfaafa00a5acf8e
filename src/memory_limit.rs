//! The memory of the machine, or of the container around the process.

use std::path::Path;

/// Returns the default of `--memory-limit`: three quarters of the memory of the machine or its cgroup, whichever has less; of 4 GiB if
/// neither is known. The last quarter is for what the limit does not count, such as stacks and the allocator's own.
pub(crate) fn default_bytes() -> usize {
    let machine = read("/proc/meminfo").and_then(|text| meminfo_total(&text));
    // Version 2 of cgroups, then version 1. Without a limit, version 2 has the word `max`, which is no number, and version 1 a number
    // above any machine's memory.
    let cgroup = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]
    .into_iter()
    .find_map(|path| read(path).and_then(|text| text.trim().parse().ok()));
    let available = [machine, cgroup].into_iter().flatten().min().unwrap_or(4 << 30);
    usize::try_from(available / 4 * 3).unwrap_or(usize::MAX)
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(path)).ok()
}

fn meminfo_total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_meminfo() {
        assert_eq!(
            meminfo_total("MemTotal:       24576 kB\nMemFree: 1 kB\n"),
            Some(25_165_824)
        );
        assert_eq!(meminfo_total("MemFree: 1 kB\n"), None);
    }
}
