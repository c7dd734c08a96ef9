//! Locating a SIP server (RFC 3263 §4) without I/O: a host in, questions for the DNS out, their
//! answers in, and in the end where a request may go, in the order in which it is tried.

mod error;
mod naptr;
mod search;
mod srv;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use super::message::Transport;
pub use error::NotFound;
pub use naptr::Naptr;
pub use search::Search;
pub use srv::Srv;

/// Next hops that are kept; a longer list is a mistake or an attack.
pub const MOST_HOPS: usize = 8;

/// One way out of ours: a transport that we listen on, in one family of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The transport.
    pub transport: Transport,
    /// The family: IPv4, else IPv6.
    pub is_ipv4: bool,
}

/// What is sought: the parts of a SIP URI that say where it leads, named as RFC 3263 §4 does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// TARGET: a domain, without a dot at its end.
    pub domain: String,
    /// The port, if the URI has one.
    pub port: Option<u16>,
    /// The transport, if the URI names one.
    pub transport: Option<Transport>,
    /// Whether this machine itself knows the name, so that the DNS has no services for it.
    pub is_local: bool,
}

/// Where a request may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// By which transport.
    pub transport: Transport,
    /// To which address.
    pub address: SocketAddr,
    /// Which records led there, for people; empty for an address that the URI itself names.
    pub found_by: String,
}

/// What the DNS is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The NAPTR records of a domain.
    Naptr(String),
    /// The SRV records under a name.
    Srv(String),
    /// The addresses of a host, in these families.
    Addresses {
        /// The host.
        host: String,
        /// Whether IPv4 addresses serve.
        ipv4: bool,
        /// Whether IPv6 addresses serve.
        ipv6: bool,
    },
}

/// The SRV records of one transport: `_sip._udp.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Service {
    transport: Transport,
    name: String,
}

impl Service {
    /// RFC 3263 §4.1: "queries are done using the service identifier … "_sip" for SIP URIs".
    fn of(transport: &Transport, domain: &str) -> Service {
        let name = format!("_sip._{}.{domain}", transport.as_str().to_ascii_lowercase());
        Service { transport: transport.clone(), name }
    }
}
