//! A trunk's `target`: the SIP URI that its calls go to (RFC 3261 §19.1.1).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::listen::Transport;

/// A host: an address, or a name that is resolved at each attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// An IP address; IPv6 stands in brackets in the URI.
    Ip(IpAddr),
    /// A DNS name, in lower case.
    Name(String),
}

impl Host {
    /// Reads an address (IPv6 in brackets) or a host name (RFC 3261 §25.1, `hostname`).
    pub(super) fn parse(text: &str) -> Option<Host> {
        if let Some(inner) = text.strip_prefix('[') {
            let ip: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
            return Some(Host::Ip(ip.into()));
        }
        if let Ok(ip) = text.parse::<std::net::Ipv4Addr>() {
            return Some(Host::Ip(ip.into()));
        }
        let labels_fit = text.split('.').all(is_label);
        // A last label of digits would be an address that was mistyped.
        let named =
            text.rsplit('.').next().is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
        (text.len() <= 253 && labels_fit && named).then(|| Host::Name(text.to_ascii_lowercase()))
    }

    /// The address, where it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Ip(ip) => Some(*ip),
            Host::Name(_) => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Host::Name(name) => f.write_str(name),
        }
    }
}

/// Where a trunk's calls go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host of the Request-URI.
    pub host: Host,
    /// The port, if the URI names one (RFC 3263 §4.2 treats a missing one differently).
    pub port: Option<u16>,
    /// What carries it, if the URI says so; else the DNS does, or it is UDP (RFC 3263 §4.1).
    pub transport: Option<Transport>,
}

/// Why a `target` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetError {
    /// `sips:` or `transport=tls`.
    NotBuilt,
    /// A user part: the user is the number that is dialled.
    User,
    /// Anything else.
    Malformed,
}

impl Target {
    /// Reads `sip:HOST[:PORT][;transport=udp|tcp]`.
    pub(super) fn parse(text: &str) -> Result<Target, TargetError> {
        let (scheme, rest) = text.split_once(':').ok_or(TargetError::Malformed)?;
        match scheme.to_ascii_lowercase().as_str() {
            "sip" => {}
            "sips" => return Err(TargetError::NotBuilt),
            _ => return Err(TargetError::Malformed),
        }
        if rest.contains('@') {
            return Err(TargetError::User);
        }
        let (hostport, parameters) =
            rest.split_once(';').map_or((rest, None), |(host, rest)| (host, Some(rest)));
        let (host, port) = split_port(hostport).ok_or(TargetError::Malformed)?;
        let host = Host::parse(host).ok_or(TargetError::Malformed)?;
        let transport = parameters.map(transport).transpose()?;
        Ok(Target { host, port, transport })
    }

    /// What carries it, where that is certain before the DNS is asked. RFC 3263 §4.1: without a
    /// transport, for a numeric host or a port, "the client SHOULD use UDP".
    pub fn certain_transport(&self) -> Option<Transport> {
        let asks = self.host.ip().is_none() && self.port.is_none();
        self.transport.or((!asks).then_some(Transport::Udp))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sip:{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        match self.transport {
            Some(transport) => write!(f, ";transport={}", transport.name()),
            None => Ok(()),
        }
    }
}

/// The one parameter that a target may have.
fn transport(parameters: &str) -> Result<Transport, TargetError> {
    match parameters.to_ascii_lowercase().as_str() {
        "transport=udp" => Ok(Transport::Udp),
        "transport=tcp" => Ok(Transport::Tcp),
        "transport=tls" => Err(TargetError::NotBuilt),
        _ => Err(TargetError::Malformed),
    }
}

/// Splits `HOST[:PORT]`; the colons of an address in brackets are its own.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let colon = match text.rfind(']') {
        Some(bracket) => text[bracket..].find(':').map(|offset| bracket + offset),
        None => text.find(':'),
    };
    let Some(colon) = colon else { return Some((text, None)) };
    let port: u16 = text[colon + 1..].parse().ok()?;
    (port != 0).then_some((&text[..colon], Some(port)))
}

/// Letters, digits and inner hyphens, at most 63 (RFC 1123 §2.1).
fn is_label(label: &str) -> bool {
    let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_host_port_and_transport() {
        for (text, told) in [
            ("sip:127.0.0.1:5070;transport=udp", "sip:127.0.0.1:5070;transport=udp"),
            ("sip:carrier.example.net", "sip:carrier.example.net"),
            ("SIP:Carrier.Example.NET:5080;Transport=TCP", "sip:carrier.example.net:5080;transport=tcp"),
            ("sip:[2001:db8::1]:5060", "sip:[2001:db8::1]:5060"),
            ("sip:[::1];transport=tcp", "sip:[::1];transport=tcp"),
        ] {
            assert_eq!(Target::parse(text).map(|target| target.to_string()), Ok(told.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_name_alone_leaves_the_transport_to_the_dns() {
        for (text, certain) in [
            ("sip:carrier.example.net", None),
            ("sip:carrier.example.net;transport=tcp", Some(Transport::Tcp)),
            ("sip:carrier.example.net:5060", Some(Transport::Udp)),
            ("sip:192.0.2.1", Some(Transport::Udp)),
        ] {
            assert_eq!(Target::parse(text).unwrap().certain_transport(), certain, "{text}");
        }
    }

    #[test]
    fn what_is_no_target_is_refused_for_its_own_reason() {
        assert_eq!(Target::parse("sips:carrier.example.net"), Err(TargetError::NotBuilt));
        assert_eq!(Target::parse("sip:carrier.example.net;transport=tls"), Err(TargetError::NotBuilt));
        assert_eq!(Target::parse("sip:gateway@carrier.example.net"), Err(TargetError::User));
        for text in [
            "",
            "sip",
            "sip:",
            "carrier.example.net",
            "tel:+14255550100",
            "sip:10.0.0.256",
            "sip:10.0.0.1:0",
            "sip:10.0.0.1:65536",
            "sip:::1",
            "sip:[::1",
            "sip:a..b",
            "sip:-a.example",
            "sip:a;lr",
            "sip:a b",
            "sip:a;transport=sctp",
            "sip:a?Route=b",
            "sip:a\r\nb",
            "sip:[::1]x:5060",
        ] {
            assert_eq!(Target::parse(text), Err(TargetError::Malformed), "{text:?}");
        }
    }
}
