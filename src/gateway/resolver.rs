//! A trunk's target -> addresses, at each attempt.

use std::net::SocketAddr;

use crate::config::{Host, Target};

/// The port of SIP over UDP and TCP (RFC 3261 §19.1.2).
const SIP_PORT: u16 = 5060;
/// Addresses of one name that are tried; a longer list is a mistake or an attack.
const MOST_ADDRESSES: usize = 8;

/// The addresses of a target, in the order in which they are tried.
///
/// Deviation: RFC 3263 §4.1, §4.2: NAPTR and SRV records are not asked for; a host name is looked
/// up as the system does it, A and AAAA.
///
/// # Errors
/// What the system says of a name that it cannot resolve.
pub(super) async fn resolve(target: &Target) -> std::io::Result<Vec<SocketAddr>> {
    let port = target.port.unwrap_or(SIP_PORT);
    match &target.host {
        Host::Ip(ip) => Ok(vec![SocketAddr::new(*ip, port)]),
        Host::Name(name) => {
            let found = tokio::net::lookup_host((name.as_str(), port)).await?;
            let addresses: Vec<SocketAddr> = found.take(MOST_ADDRESSES).collect();
            match addresses.is_empty() {
                true => Err(std::io::Error::other(format!("{name} has no address"))),
                false => Ok(addresses),
            }
        }
    }
}
