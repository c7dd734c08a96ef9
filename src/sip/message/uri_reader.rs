//! Reads a URI in place, in a header, a bracket or a start line.

use super::cursor::{is_host, is_scheme, is_uri};
use super::host::MAX_HOST_LEN;
use super::params::Place;
use super::{Cursor, HeaderFlaw, Host, MAX_USER_LEN, OtherUri, Params, SipUri, TelUri, Uri};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What ends the URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounds {
    /// `>`: the URI stands in `<>`.
    Bracketed,
    /// `;` and `,` too: without `<>` they belong to the header (RFC 3261 §20.10).
    Bare,
    /// The end of the text.
    Whole,
}

impl Bounds {
    /// Whether a byte may still belong to the URI.
    const fn holds(self, b: u8) -> bool {
        is_uri(b)
            && match self {
                Self::Bare => !matches!(b, b';' | b',' | b'?'),
                Self::Bracketed | Self::Whole => true,
            }
    }
}

/// Reads a URI with its scheme.
pub(super) fn read(cursor: &mut Cursor<'_>, bounds: Bounds) -> Result<Uri, HeaderFlaw> {
    let scheme = cursor.take_while(is_scheme);
    read_after(cursor, scheme, bounds)
}

/// Reads what follows a scheme: its colon and the rest.
pub(super) fn read_after(cursor: &mut Cursor<'_>, scheme: &str, bounds: Bounds) -> Result<Uri, HeaderFlaw> {
    let well_formed =
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(is_scheme);
    if !well_formed || !cursor.eat(b':') {
        return Err(HeaderFlaw::Uri);
    }
    let uri = if scheme.eq_ignore_ascii_case("sip") {
        Uri::Sip(sip(cursor, false, bounds)?)
    } else if scheme.eq_ignore_ascii_case("sips") {
        Uri::Sip(sip(cursor, true, bounds)?)
    } else if scheme.eq_ignore_ascii_case("tel") {
        Uri::Tel(tel(cursor, bounds)?)
    } else {
        let rest = cursor.take_while(|b| bounds.holds(b));
        if rest.is_empty() {
            return Err(HeaderFlaw::Uri);
        }
        Uri::Other(OtherUri { scheme: scheme.to_ascii_lowercase(), rest: rest.to_owned() })
    };
    // RFC 3261 §20.10: a URI with a question mark must stand in angle brackets.
    if bounds == Bounds::Bare && cursor.peek() == Some(b'?') {
        return Err(HeaderFlaw::Unbracketed);
    }
    Ok(uri)
}

fn sip(cursor: &mut Cursor<'_>, secure: bool, bounds: Bounds) -> Result<SipUri, HeaderFlaw> {
    let (user, password) = user_info(cursor, bounds)?;
    let host = host(cursor)?;
    let port = if cursor.eat(b':') { Some(port(cursor)?) } else { None };
    let params = uri_params(cursor, bounds)?;
    let headers = if bounds != Bounds::Bare && cursor.eat(b'?') {
        Some(cursor.take_while(is_uri).to_owned())
    } else {
        None
    };
    Ok(SipUri { secure, user, password, host, port, params, headers })
}

type UserInfo = (Option<String>, Option<String>);

/// RFC 3261 §25.1: the user part may hold `;`, `?` and `:`, so only an `@` tells it from a host.
fn user_info(cursor: &mut Cursor<'_>, bounds: Bounds) -> Result<UserInfo, HeaderFlaw> {
    let start = cursor.position();
    let run = cursor.take_at_most(MAX_USER_LEN, |b| bounds.holds(b) && b != b'@');
    if cursor.peek() != Some(b'@') {
        cursor.rewind(start);
        return Ok((None, None));
    }
    let (user, password) = match run.split_once(':') {
        Some((user, password)) => (user, Some(password.to_owned())),
        None => (run, None),
    };
    if user.is_empty() {
        return Err(HeaderFlaw::Uri);
    }
    cursor.eat(b'@');
    Ok((Some(user.to_owned()), password))
}

/// Reads a host, IPv6 in brackets.
pub(super) fn host(cursor: &mut Cursor<'_>) -> Result<Host, HeaderFlaw> {
    if cursor.eat(b'[') {
        let address = cursor.take_at_most(MAX_IPV6_LEN, |b| b != b']');
        let address: Ipv6Addr = address.parse().map_err(|_| HeaderFlaw::Host)?;
        cursor.expect(b']')?;
        return Ok(Host::Address(address.into()));
    }
    let name = cursor.take_at_most(MAX_HOST_LEN, is_host);
    if name.is_empty() {
        return Err(HeaderFlaw::Host);
    }
    if name.starts_with(|first: char| first.is_ascii_digit())
        && let Ok(address) = name.parse::<Ipv4Addr>()
    {
        return Ok(Host::Address(address.into()));
    }
    Ok(Host::Name(name.to_owned()))
}

/// The longest text of an IPv6 address: eight groups, or six and a dotted quad.
const MAX_IPV6_LEN: usize = 45;

/// Reads the digits of a port, 1 to 65535.
pub(super) fn port(cursor: &mut Cursor<'_>) -> Result<u16, HeaderFlaw> {
    let number = cursor.number()?;
    u16::try_from(number).ok().filter(|&port| port != 0).ok_or(HeaderFlaw::Number)
}

fn tel(cursor: &mut Cursor<'_>, bounds: Bounds) -> Result<TelUri, HeaderFlaw> {
    let number = cursor.take_while(|b| bounds.holds(b) && !matches!(b, b';' | b'?' | b'@'));
    if number.is_empty() {
        return Err(HeaderFlaw::Uri);
    }
    Ok(TelUri { number: number.to_owned(), params: uri_params(cursor, bounds)? })
}

fn uri_params(cursor: &mut Cursor<'_>, bounds: Bounds) -> Result<Params, HeaderFlaw> {
    match bounds {
        Bounds::Bare => Ok(Params::new()),
        Bounds::Bracketed | Bounds::Whole => Params::read(cursor, Place::Uri),
    }
}
