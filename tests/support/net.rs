//! Networks of a test's own: with the whole port range free, tests run side by side on the same
//! addresses, and nothing can leave the machine. Needs root.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A named network namespace, removed when dropped.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// A new namespace with nothing but its loopback device.
    pub(crate) fn new() -> Namespace {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("octothorpe-{}-{number}", std::process::id());
        ip(&["netns", "add", &name]);
        ip(&["-n", &name, "link", "set", "lo", "up"]);
        Namespace { name }
    }

    /// Two namespaces joined by a wire: 10.99.7.1 (the peers) and 10.99.7.2 (the gateway). Some
    /// phones refuse loopback addresses for media.
    pub(crate) fn pair() -> (Namespace, Namespace) {
        let (peers, gateway) = (Namespace::new(), Namespace::new());
        ip(&[
            "-n",
            &peers.name,
            "link",
            "add",
            "wire",
            "type",
            "veth",
            "peer",
            "name",
            "wire",
            "netns",
            &gateway.name,
        ]);
        for (end, address) in [(&peers, "10.99.7.1/24"), (&gateway, "10.99.7.2/24")] {
            ip(&["-n", &end.name, "addr", "add", address, "dev", "wire"]);
            ip(&["-n", &end.name, "link", "set", "wire", "up"]);
        }
        (peers, gateway)
    }

    /// What `/etc/resolv.conf` and `/etc/hosts` hold for processes that [`exec`](Namespace::exec) starts.
    pub(crate) fn configure(&self, resolv_conf: &str, hosts: &str) {
        let directory = self.files();
        fs::create_dir_all(&directory).expect("root may write there");
        for (name, text) in [("resolv.conf", resolv_conf), ("hosts", hosts)] {
            fs::write(directory.join(name), text).expect("root may write there");
        }
    }

    /// A command in this network, with its own files under `/etc` (ip-netns(8)).
    pub(crate) fn exec(&self, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    fn files(&self) -> PathBuf {
        Path::new("/etc/netns").join(&self.name)
    }

    /// Moves the calling thread in; the threads and processes that it starts from now on follow.
    pub(crate) fn enter(&self) {
        let file = File::open(Path::new("/run/netns").join(&self.name)).expect("ip made this name");
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("root may enter a namespace");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Its processes keep it alive until they end; only the name goes now.
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
        let _ = fs::remove_dir_all(self.files());
    }
}

fn ip(arguments: &[&str]) {
    let output = Command::new("ip").args(arguments).output().expect("iproute2 is installed");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments:?} (root is needed): {error}");
}

/// Whether somebody in this thread's network has the UDP port, or listens on the TCP port.
pub(crate) fn is_bound(transport: &str, port: u16) -> bool {
    let suffix = format!(":{port:04X}");
    ["", "6"].iter().any(|family| {
        fs::read_to_string(format!("/proc/thread-self/net/{transport}{family}"))
            .unwrap_or_default()
            .lines()
            .filter_map(|line| {
                let mut fields = line.split_whitespace().skip(1);
                Some((fields.next()?, fields.nth(1)?))
            })
            // State 0A is LISTEN; UDP sockets are never in it.
            .any(|(local, state)| local.ends_with(&suffix) && (transport == "udp" || state == "0A"))
    })
}
