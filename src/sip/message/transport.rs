//! The transport in a Via (RFC 3261 §20.42) and in a URI's `transport` parameter (§19.1.1).

use std::fmt;

/// A transport protocol, compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// SCTP (RFC 4168).
    Sctp,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS (RFC 7118).
    Wss,
    /// Any other token, in upper case.
    Other(String),
}

impl Transport {
    /// The transport that a token names.
    #[must_use]
    pub fn from_token(token: &str) -> Self {
        const KNOWN: [(&str, Transport); 6] = [
            ("UDP", Transport::Udp),
            ("TCP", Transport::Tcp),
            ("TLS", Transport::Tls),
            ("SCTP", Transport::Sctp),
            ("WS", Transport::Ws),
            ("WSS", Transport::Wss),
        ];
        KNOWN
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(token))
            .map_or_else(|| Self::Other(token.to_ascii_uppercase()), |(_, known)| known)
    }

    /// The token as it stands in a Via.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sctp => "SCTP",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(token) => token,
        }
    }

    /// Whether the transport itself delivers, so that transactions need not retransmit (RFC 3261 §17).
    #[must_use]
    pub const fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp | Self::Other(_))
    }

    /// The port used where none is named (RFC 3261 §19.1.2, RFC 7118 §9).
    #[must_use]
    pub const fn default_port(&self) -> u16 {
        match self {
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
            Self::Udp | Self::Tcp | Self::Sctp | Self::Other(_) => 5060,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
