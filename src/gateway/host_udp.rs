//! UDP datagrams that the kernel threw away before any program saw them.
//!
//! A socket of a call admits its peer alone once that is sure, so a stranger's datagram finds no socket
//! and nobody in this process can count it; the kernel does, for the whole host (RFC 4113).

use std::path::Path;

use crate::report::snapshot::Counter;

/// Where the kernel tells of IPv4 and of IPv6.
const FILES: [&str; 2] = ["/proc/net/snmp", "/proc/net/snmp6"];

/// What was thrown away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Dropped {
    /// udpNoPorts.
    no_socket: u64,
    /// RcvbufErrors, the part of udpInErrors that is not the datagram's fault.
    no_room: u64,
}

/// The counts since a moment.
#[derive(Debug)]
pub(super) struct HostUdp {
    start: Dropped,
}

impl HostUdp {
    /// Counts from now on.
    pub(super) fn new() -> HostUdp {
        HostUdp { start: read() }
    }

    /// The counters for the front door.
    pub(super) fn counters(&self) -> [Counter; 2] {
        let now = read();
        [
            Counter {
                name: "host_udp_datagrams_dropped",
                help: HELP,
                label: Some(("why", "no_socket".to_owned())),
                value: now.no_socket.saturating_sub(self.start.no_socket),
            },
            Counter {
                name: "host_udp_datagrams_dropped",
                help: HELP,
                label: Some(("why", "no_room".to_owned())),
                value: now.no_room.saturating_sub(self.start.no_room),
            },
        ]
    }
}

const HELP: &str = "UDP datagrams that the kernel dropped since the start, of all programs in this host's \
    network: no_socket are those of strangers to the ports of calls and any to a closed port, no_room \
    those for which a socket's buffer was full";

/// Zeros where the kernel does not tell.
fn read() -> Dropped {
    let [ipv4, ipv6] = FILES.map(|file| std::fs::read_to_string(Path::new(file)).unwrap_or_default());
    let sum = |name: &str| in_table(&ipv4, name) + in_list(&ipv6, &format!("Udp6{name}"));
    Dropped { no_socket: sum("NoPorts"), no_room: sum("RcvbufErrors") }
}

/// A figure of `Udp:` in the form of `/proc/net/snmp`: a line of names and one of values.
fn in_table(text: &str, name: &str) -> u64 {
    let mut rows = text.lines().filter_map(|line| line.strip_prefix("Udp:"));
    let (Some(names), Some(values)) = (rows.next(), rows.next()) else { return 0 };
    let at = names.split_whitespace().position(|known| known == name);
    at.and_then(|at| values.split_whitespace().nth(at)?.parse().ok()).unwrap_or_default()
}

/// A figure in the form of `/proc/net/snmp6`: a name and a value a line.
fn in_list(text: &str, name: &str) -> u64 {
    let mut rows = text.lines().map(str::split_whitespace);
    rows.find_map(|mut row| row.next().filter(|known| *known == name).and(row.next()))
        .and_then(|value| value.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_kernel_are_read_and_nothing_is_made_up() {
        let table = "Ip: Forwarding\nIp: 1\nUdp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\n\
            Udp: 100 23 4 5 7\nUdpLite: InDatagrams NoPorts\nUdpLite: 9 9\n";
        assert_eq!((in_table(table, "NoPorts"), in_table(table, "RcvbufErrors")), (23, 7));
        assert_eq!(in_table(table, "MemErrors"), 0);
        let list = "Udp6InDatagrams \t120\nUdp6NoPorts    \t17\n";
        assert_eq!((in_list(list, "Udp6NoPorts"), in_list(list, "Udp6RcvbufErrors")), (17, 0));
        for text in ["", "Udp:", "Udp: NoPorts", "Udp: NoPorts\nUdp: many\n", "Udp6NoPorts"] {
            assert_eq!((in_table(text, "NoPorts"), in_list(text, "Udp6NoPorts")), (0, 0), "{text:?}");
        }
    }
}
