//! A name server that others wrote, and far ends whose names it knows.

use std::process::Command;
use std::time::Duration;

use super::net::{Namespace, is_bound};
use super::process::Process;
use super::scratch::Scratch;
use super::site::binary;
use super::wait_until;

/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// dnsmasq at 127.0.0.1, which knows nothing but what it is told.
#[derive(Debug)]
pub(crate) struct Dnsmasq {
    _process: Process,
}

impl Dnsmasq {
    /// Serves these records, written as dnsmasq's own options, in the network of the calling thread, and
    /// has the network's processes ask it.
    pub(crate) fn start(network: &Namespace, scratch: &Scratch, records: &[&str]) -> Dnsmasq {
        network.configure("nameserver 127.0.0.1\n", "127.0.0.1 localhost\n");
        let mut command = Command::new("dnsmasq");
        command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--user=root"]);
        command.args(["--listen-address=127.0.0.1", "--bind-interfaces"]);
        command.args(["--no-resolv", "--no-hosts", "--local=/example/"]);
        let process = Process::start(command.args(records), &scratch.path().join("dnsmasq.err"));
        let up = wait_until(START, || is_bound("udp", 53));
        assert!(up, "dnsmasq does not start: {}", scratch.read("dnsmasq.err"));
        Dnsmasq { _process: process }
    }
}

/// `octothorpe phone` on UDP and TCP at `address` in the network of the calling thread.
pub(crate) fn phone(scratch: &Scratch, address: &str, arguments: &[&str]) -> Process {
    let mut command = Command::new(binary());
    command.args(["phone", "--listen", address]).args(arguments);
    let process = Process::start(&mut command, &scratch.path().join("phone.err"));
    let port = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("ADDRESS:PORT");
    let up = wait_until(START, || is_bound("udp", port) && is_bound("tcp", port));
    assert!(up, "the phone does not start: {}", scratch.read("phone.err"));
    process
}
