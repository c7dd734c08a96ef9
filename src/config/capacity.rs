//! How many calls ports and open files allow at one time.

use super::ports::PortRange;

/// A call holds a socket for RTP and one for RTCP.
const FILES_PER_CALL: u64 = 2;
/// Files that are no call's: the store, signalling, connections of the front door, the process's own.
const FILES_APART: u64 = 256;

/// How many calls ports and open files allow at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Calls that the port range carries.
    pub by_ports: usize,
    /// Calls that the limit of open files carries.
    pub by_files: usize,
}

impl Capacity {
    /// Reckons from the port range and the limit of open files (`RLIMIT_NOFILE`) that will hold.
    pub fn new(ports: PortRange, open_files: u64) -> Capacity {
        let calls = open_files.saturating_sub(FILES_APART) / FILES_PER_CALL;
        Capacity { by_ports: ports.pairs(), by_files: usize::try_from(calls).unwrap_or(usize::MAX) }
    }

    /// Calls at one time.
    pub fn calls(self) -> usize {
        self.by_ports.min(self.by_files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scarcer_of_ports_and_files_decides() {
        let ports = PortRange::new(10_000, 10_199).unwrap();
        assert_eq!(Capacity::new(ports, 1_048_576).calls(), 100);
        assert_eq!(Capacity::new(ports, 300).calls(), 22);
        assert_eq!(Capacity::new(ports, 100).calls(), 0, "too few files for any call");
    }
}
