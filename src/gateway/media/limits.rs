//! How many lines the machine's limits allow.

/// Open files for all that is no call: listeners, connections, the store, the terminal.
const FILES_FOR_OTHERS: u64 = 256;
/// Sockets of one line: RTP and RTCP.
const FILES_A_LINE: u64 = 2;

/// Lines that this many open files and pairs of ports allow at one time.
pub fn capacity(open_files: u64, port_pairs: usize) -> usize {
    let by_files = open_files.saturating_sub(FILES_FOR_OTHERS) / FILES_A_LINE;
    port_pairs.min(usize::try_from(by_files).unwrap_or(usize::MAX))
}

/// Raises the soft limit of open files to the hard one and tells what holds now.
pub(super) fn raise_open_files() -> u64 {
    let raised = rlimit::increase_nofile_limit(u64::MAX);
    raised.or_else(|_| rlimit::Resource::NOFILE.get().map(|(soft, _)| soft)).unwrap_or(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tighter_limit_counts() {
        assert_eq!(capacity(1_024, 11_384), 384);
        assert_eq!(capacity(1 << 20, 11_384), 11_384);
        assert_eq!(capacity(100, 11_384), 0);
    }
}
