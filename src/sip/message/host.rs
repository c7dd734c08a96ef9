//! The host of a URI or of a Via (RFC 3261 §19.1.1, §25.1).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host: a name or an address. Names compare without regard to case (RFC 3261 §19.1.4).
#[derive(Debug, Clone)]
pub enum Host {
    /// A DNS name, as written.
    Name(String),
    /// An address. IPv6 prints in brackets.
    Address(IpAddr),
}

impl Host {
    /// Reads a host as it stands in a URI; IPv6 needs its brackets.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix('[') {
            let address: Ipv6Addr = rest.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let valid = !text.is_empty()
            && text.len() <= MAX_HOST_LEN
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        valid.then(|| Self::Name(text.to_owned()))
    }

    /// The address, if it is one.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) => None,
        }
    }
}

/// RFC 1035 §2.3.4: a name has at most 255 octets.
pub(super) const MAX_HOST_LEN: usize = 255;

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            (Self::Address(a), Self::Address(b)) => a == b,
            (Self::Name(_), Self::Address(_)) | (Self::Address(_), Self::Name(_)) => false,
        }
    }
}

impl Eq for Host {}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}
