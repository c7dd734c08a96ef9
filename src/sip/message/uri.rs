//! URIs: `sip:`, `sips:`, `tel:` and any other (RFC 3261 §19.1, RFC 3966).

use super::uri_reader::{self, Bounds};
use super::{Cursor, HeaderFlaw, Host, Params, Transport};
use std::fmt;

/// A URI. An unknown scheme is kept, never an error (RFC 4475 §3.3.2 to §3.3.4).
///
/// `==` compares as written; [`Uri::is_equivalent`] compares as RFC 3261 §19.1.4 says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uri {
    /// `sip:` and `sips:`.
    Sip(SipUri),
    /// `tel:` (RFC 3966).
    Tel(TelUri),
    /// Any other scheme.
    Other(OtherUri),
}

/// A `sip:` or `sips:` URI (RFC 3261 §19.1.1). Its text parts are kept as written, `%` escapes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipUri {
    /// `sips:`.
    pub secure: bool,
    /// What stands before the `@`, with user parameters such as `;npdi`, without the password.
    pub user: Option<String>,
    /// What stands between the user's `:` and the `@`.
    pub password: Option<String>,
    /// The host.
    pub host: Host,
    /// The port, if named.
    pub port: Option<u16>,
    /// `;transport=`, `;lr` and the others.
    pub params: Params,
    /// What stands behind the `?`.
    pub headers: Option<String>,
}

/// A `tel:` URI (RFC 3966 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelUri {
    /// The number as written, visual separators included.
    pub number: String,
    /// `;phone-context=`, `;ext=` and the others.
    pub params: Params,
}

/// A URI of another scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherUri {
    /// The scheme, in lower case.
    pub scheme: String,
    /// Everything behind the colon.
    pub rest: String,
}

impl SipUri {
    /// A `sip:` URI of a host alone.
    #[must_use]
    pub const fn new(host: Host) -> Self {
        Self {
            secure: false,
            user: None,
            password: None,
            host,
            port: None,
            params: Params::new(),
            headers: None,
        }
    }

    /// The same with a user. The caller escapes what RFC 3261 §25.1 does not allow there.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The same with a port.
    #[must_use]
    pub const fn with_port(mut self, port: Option<u16>) -> Self {
        self.port = port;
        self
    }

    /// The `transport` parameter, or what RFC 3263 §4.1 leaves without one: `None`.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        self.params.get("transport").map(Transport::from_token)
    }

    /// Whether the element behind it is a loose router (RFC 3261 §16.4).
    #[must_use]
    pub fn is_loose_router(&self) -> bool {
        self.params.has("lr")
    }
}

impl Uri {
    /// Reads a whole URI, as it stands in a start line or in a configuration file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, HeaderFlaw> {
        let mut cursor = Cursor::new(text);
        let uri = uri_reader::read(&mut cursor, Bounds::Whole)?;
        if cursor.at_end() { Ok(uri) } else { Err(cursor.unexpected()) }
    }

    /// The SIP URI, if it is one.
    #[must_use]
    pub const fn sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            Self::Tel(_) | Self::Other(_) => None,
        }
    }

    /// The scheme in lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        match self {
            Self::Sip(uri) if uri.secure => "sips",
            Self::Sip(_) => "sip",
            Self::Tel(_) => "tel",
            Self::Other(uri) => &uri.scheme,
        }
    }

    /// The user of a SIP URI or the number of a `tel:` URI, as written.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Sip(uri) => uri.user.as_deref(),
            Self::Tel(uri) => Some(&uri.number),
            Self::Other(_) => None,
        }
    }

    /// The host of a SIP URI.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        self.sip().map(|uri| &uri.host)
    }

    /// The port of a SIP URI, if named.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.sip().and_then(|uri| uri.port)
    }

    /// The URI's own parameters.
    #[must_use]
    pub const fn params(&self) -> Option<&Params> {
        match self {
            Self::Sip(uri) => Some(&uri.params),
            Self::Tel(uri) => Some(&uri.params),
            Self::Other(_) => None,
        }
    }

    /// For logs: the user shows its first two and last two characters, a password and `?` headers nothing.
    #[must_use]
    pub const fn masked(&self) -> Masked<'_> {
        Masked(self)
    }

    /// Whether both name the same resource (RFC 3261 §19.1.4). A `tel:` or other URI is compared as
    /// written, without regard to the case of its scheme.
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(a), Self::Sip(b)) => a.is_equivalent(b),
            (Self::Tel(_) | Self::Other(_) | Self::Sip(_), _) => self == other,
        }
    }
}

impl SipUri {
    /// Whether both name the same resource (RFC 3261 §19.1.4).
    ///
    /// Deviation: §19.1.4 compares `?` headers by each header's own rules; here they compare as written.
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.secure == other.secure
            && same_part(self.user.as_deref(), other.user.as_deref())
            && same_part(self.password.as_deref(), other.password.as_deref())
            && self.host == other.host
            && self.port == other.port
            && self.headers == other.headers
            && params_agree(&self.params, &other.params)
            && params_agree(&other.params, &self.params)
    }
}

/// RFC 3261 §19.1.4: a parameter in both must match; `user`, `ttl`, `method` and `maddr` must be in both
/// or neither (and `transport`, by its example), any other may be in one alone.
fn params_agree(ours: &Params, theirs: &Params) -> bool {
    const IN_BOTH: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
    ours.iter().all(|(name, value)| {
        if theirs.has(name) {
            match (value, theirs.get(name)) {
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            }
        } else {
            !IN_BOTH.iter().any(|kept| kept.eq_ignore_ascii_case(name))
        }
    })
}

/// RFC 3261 §19.1.4: a character outside the reserved set equals its `%` escape.
fn same_part(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Unescape(a.as_bytes()).eq(Unescape(b.as_bytes())),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Yields the bytes of a part, each with whether it is an escaped reserved character, which keeps its
/// meaning apart from the plain one.
struct Unescape<'a>(&'a [u8]);

impl Iterator for Unescape<'_> {
    type Item = (u8, bool);

    fn next(&mut self) -> Option<Self::Item> {
        if let [b'%', high, low, rest @ ..] = self.0
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            self.0 = rest;
            let byte = high * 16 + low;
            return Some((byte, b";/?:@&=+$,".contains(&byte)));
        }
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some((byte, false))
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(f),
            Self::Tel(uri) => write!(f, "tel:{}{}", uri.number, uri.params),
            Self::Other(uri) => write!(f, "{}:{}", uri.scheme, uri.rest),
        }
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            f.write_str("@")?;
        }
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        if let Some(headers) = &self.headers {
            write!(f, "?{headers}")?;
        }
        Ok(())
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Self::Sip(uri)
    }
}

/// A URI that prints without what identifies a person; see [`Uri::masked`].
#[derive(Clone, Copy)]
pub struct Masked<'a>(&'a Uri);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Uri::Sip(uri) => {
                write!(f, "{}:", self.0.scheme())?;
                if let Some(user) = &uri.user {
                    write!(f, "{}@", mask(user))?;
                }
                write!(f, "{}", uri.host)?;
                uri.port.map_or(Ok(()), |port| write!(f, ":{port}"))
            }
            Uri::Tel(uri) => write!(f, "tel:{}", mask(&uri.number)),
            Uri::Other(uri) => write!(f, "{}:***", uri.scheme),
        }
    }
}

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The first two and the last two characters; nothing of what is shorter than seven.
fn mask(user: &str) -> String {
    let characters: Vec<char> = user.chars().collect();
    let Some(hidden) = characters.len().checked_sub(4).filter(|&hidden| hidden > 2) else {
        return "***".to_owned();
    };
    let shown_first = characters.iter().take(2);
    let shown_last = characters.iter().skip(2 + hidden);
    shown_first.chain(std::iter::repeat_n(&'*', hidden)).chain(shown_last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    #[test]
    fn ipv6_tel_and_unknown_schemes_read_and_print() {
        for text in [
            "sip:+14255550100@[2001:db8::1]:5070;transport=tcp",
            "sips:alice:secret@example.com?subject=x",
            "tel:+1-425-555-0100;ext=12",
            "tel:7042;phone-context=example.com",
            "urn:service:sos",
            "sip:192.0.2.1",
        ] {
            assert_eq!(uri(text).to_string(), text);
        }
        assert_eq!(
            uri("sip:a@[2001:db8::1]").host().unwrap().address(),
            Some("2001:db8::1".parse().unwrap())
        );
    }

    #[test]
    fn malformed_uris_are_refused() {
        for text in [
            "",
            "sip:",
            "sip",
            "sip:@h",
            "sip:a@",
            "sip:a@h:99999",
            "sip:a@h:",
            "sip:a@[1]",
            "1x:y",
            "sip:a@h;",
            "sip:a b@h",
            "<sip:a@h>",
            "tel:",
        ] {
            assert!(Uri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn equivalence_follows_rfc_3261_section_19_1_4() {
        // The examples of the section.
        for (a, b) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        ] {
            assert!(uri(a).is_equivalent(&uri(b)), "{a} {b}");
        }
        for (a, b) in [
            ("sip:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:a%3Bb@example.com", "sip:a;b@example.com"),
        ] {
            assert!(!uri(a).is_equivalent(&uri(b)), "{a} {b}");
        }
    }

    #[test]
    fn a_log_shows_no_phone_number() {
        assert_eq!(
            uri("sip:+14255550100:pw@example.com;x=y?h=v").masked().to_string(),
            "sip:+1********00@example.com"
        );
        assert_eq!(uri("tel:+14255550100").masked().to_string(), "tel:+1********00");
        assert_eq!(uri("sip:12345@example.com").masked().to_string(), "sip:***@example.com");
    }
}
