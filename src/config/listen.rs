//! A `listen` string of `[sip]`: a transport and a socket address.

use std::fmt;
use std::net::SocketAddr;

/// What carries SIP (RFC 3261 §18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
}

impl Transport {
    /// The word of `listen` and of a URI's `transport` parameter (RFC 3261 §19.1.1).
    pub fn name(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        }
    }
}

/// One address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Listen {
    /// Datagrams or a stream.
    pub transport: Transport,
    /// The address; port 0 takes a free one.
    pub address: SocketAddr,
}

/// Why a `listen` string is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListenError {
    /// A transport of the contract that this version does not have.
    NotBuilt,
    /// Anything else.
    Malformed,
}

impl Listen {
    /// Reads `udp:ADDRESS:PORT` or `tcp:ADDRESS:PORT`, an IPv6 address in brackets.
    pub(super) fn parse(text: &str) -> Result<Listen, ListenError> {
        let (transport, address) = text.split_once(':').ok_or(ListenError::Malformed)?;
        let transport = match transport {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            "tls" => return Err(ListenError::NotBuilt),
            _ => return Err(ListenError::Malformed),
        };
        let address = address.parse().map_err(|_| ListenError::Malformed)?;
        Ok(Listen { transport, address })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport.name(), self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_transports_and_families_are_read_and_written_alike() {
        for text in ["udp:127.0.0.1:5060", "tcp:0.0.0.0:5060", "udp:[::1]:5060", "tcp:[2001:db8::1]:0"] {
            assert_eq!(Listen::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_transport_and_address_is_refused() {
        for text in [
            "",
            "127.0.0.1:5060",
            "udp:localhost:5060",
            "udp:127.0.0.1",
            "udp:::1:5060",
            "udp:127.0.0.1:65536",
        ] {
            assert_eq!(Listen::parse(text), Err(ListenError::Malformed), "{text}");
        }
        assert_eq!(Listen::parse("tls:127.0.0.1:5061"), Err(ListenError::NotBuilt));
    }
}
