//! Via (RFC 3261 §20.42, RFC 3581).

use super::params::Place;
use super::{Cursor, HeaderFlaw, HeaderValue, Host, Params, Transport, uri_reader};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// One hop of a request's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The transport that the hop used.
    pub transport: Transport,
    /// The sent-by host.
    pub host: Host,
    /// The sent-by port, if named.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport` and the others.
    pub params: Params,
}

/// What a Via says about `rport` (RFC 3581 §3, §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rport {
    /// Not there: the response goes to the sent-by port.
    Absent,
    /// There without a value: the client asks for the source port.
    Asked,
    /// The source port, filled in by the server.
    Port(u16),
}

/// What the branch of every RFC 3261 request begins with (§8.1.1.7).
const MAGIC_COOKIE: &str = "z9hG4bK";

impl Via {
    /// Our own Via, asking for the source port (RFC 3581 §3). `branch` is given without its cookie.
    #[must_use]
    pub fn new(transport: Transport, sent_by: SocketAddr, branch: &str) -> Self {
        let branch = format!("{MAGIC_COOKIE}{branch}");
        let params = Params::new().with("branch", Some(&branch)).with("rport", None);
        Self { transport, host: sent_by.ip().into(), port: Some(sent_by.port()), params }
    }

    /// The branch with its cookie.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch")
    }

    /// Whether the branch names the transaction by itself: the cookie with something behind it
    /// (RFC 3261 §17.2.3, RFC 4475 §3.2.1).
    #[must_use]
    pub fn has_rfc3261_branch(&self) -> bool {
        self.branch().is_some_and(|branch| {
            branch.len() > MAGIC_COOKIE.len()
                && branch.get(..MAGIC_COOKIE.len()).is_some_and(|b| b.eq_ignore_ascii_case(MAGIC_COOKIE))
        })
    }

    /// The address that the server saw, with or without brackets around IPv6.
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        text.parse().ok()
    }

    /// The `rport` parameter; one that is no port counts as absent.
    #[must_use]
    pub fn rport(&self) -> Rport {
        if !self.params.has("rport") {
            return Rport::Absent;
        }
        match self.params.get("rport") {
            None => Rport::Asked,
            Some(text) => text.parse().map_or(Rport::Absent, Rport::Port),
        }
    }

    /// The sent-by port, or the transport's own (RFC 3261 §18.1.1).
    #[must_use]
    pub fn sent_by_port(&self) -> u16 {
        self.port.unwrap_or_else(|| self.transport.default_port())
    }

    /// Writes down where the request came from (RFC 3261 §18.2.1, RFC 3581 §4).
    ///
    /// `received` is set whenever the source differs from sent-by or the client asked for `rport`.
    pub fn stamp(&mut self, source: SocketAddr) {
        let asked = self.rport() != Rport::Absent;
        if asked || self.host.address() != Some(source.ip()) {
            self.params.set("received", Some(&source.ip().to_string()));
        }
        if asked {
            self.params.set("rport", Some(&source.port().to_string()));
        }
    }

    /// Where a response goes on an unreliable transport (RFC 3261 §18.2.2, RFC 3581 §4): `None` where
    /// only a host name is known.
    ///
    /// Deviation: `maddr` is not followed; it would let a request aim our responses at anybody.
    #[must_use]
    pub fn response_target(&self) -> Option<SocketAddr> {
        let ip = self.received().or_else(|| self.host.address())?;
        let port = match self.rport() {
            Rport::Port(port) => port,
            Rport::Absent | Rport::Asked => self.sent_by_port(),
        };
        Some(SocketAddr::new(ip, port))
    }

    /// Reads `SIP / 2.0 / UDP host:port`, without parameters.
    fn sent(cursor: &mut Cursor<'_>) -> Result<(Transport, Host, Option<u16>), HeaderFlaw> {
        cursor.token()?;
        slash(cursor)?;
        cursor.token()?;
        slash(cursor)?;
        let transport = Transport::from_token(cursor.token()?);
        if !cursor.skip_lws() {
            return Err(cursor.unexpected());
        }
        let host = uri_reader::host(cursor)?;
        cursor.skip_lws();
        let port = if cursor.eat(b':') {
            cursor.skip_lws();
            Some(uri_reader::port(cursor)?)
        } else {
            None
        };
        Ok((transport, host, port))
    }

    /// Whether a value begins with a sent-by, so that a response could find its way by it though the
    /// rest is malformed (RFC 4475 §3.1.2.1).
    pub(super) fn begins_well(cursor: &mut Cursor<'_>) -> bool {
        cursor.skip_lws();
        Self::sent(cursor).is_ok()
    }
}

/// RFC 3261 §25.1: SLASH may have spaces around it.
fn slash(cursor: &mut Cursor<'_>) -> Result<(), HeaderFlaw> {
    cursor.skip_lws();
    cursor.expect(b'/')?;
    cursor.skip_lws();
    Ok(())
}

impl HeaderValue for Via {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, HeaderFlaw> {
        let (transport, host, port) = Self::sent(cursor)?;
        let params = Params::read(cursor, Place::Header)?;
        Ok(Self { transport, host, port, params })
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}
