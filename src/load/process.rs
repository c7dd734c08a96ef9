//! What this process has used, as the kernel counts it.

use std::fs;

/// CPU time, memory and threads at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Usage {
    /// User and system time, in seconds.
    pub(super) cpu_s: f64,
    /// Resident memory, in KiB.
    pub(super) resident_kib: u64,
    /// Threads.
    pub(super) threads: u64,
}

/// What was used before the run, at its peak (with the calls that were up then), and after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usages {
    pub(super) before: Usage,
    pub(super) peak: (Usage, u64),
    pub(super) after: Usage,
}

impl Usage {
    /// Reads them; zeros where the kernel tells none.
    pub(super) fn now() -> Usage {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Usage {
            cpu_s: ticks(&stat) as f64 / rustix::param::clock_ticks_per_second() as f64,
            resident_kib: field(&status, "VmRSS:"),
            threads: field(&status, "Threads:"),
        }
    }
}

/// utime and stime: fields 14 and 15 of proc_pid_stat(5), counted behind the command's bracket.
fn ticks(stat: &str) -> u64 {
    let behind = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    behind.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_brackets_and_spaces_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 90 0 0 0 250 50 0 0 20 0 4";
        assert_eq!(ticks(stat), 300);
        assert_eq!(field("Name:\tx\nThreads:\t12\n", "Threads:"), 12);
    }
}
