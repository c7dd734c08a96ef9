//! Digest credentials for 401 and 407 (RFC 3261 §22, RFC 7616, RFC 8760; RFC 2617 where no qop is offered).
//!
//! Deviation: RFC 7616 §3.4: qop `auth-int` and `userhash` are not used; a challenge that offers nothing
//! but `auth-int` cannot be answered.

use super::message::{Challenge, HeaderError, Method, Name, Request, Response, Status, quote};
use data_encoding::HEXLOWER;
use md5::Md5;
use rand::Rng;
use sha2::{Digest as _, Sha256};
use std::fmt;
use thiserror::Error;

/// A user name and its password, which never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    username: String,
    password: String,
}

impl Credentials {
    /// The pair.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Why a challenge cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DigestError {
    /// The response is neither 401 nor 407.
    #[error("the response is no challenge")]
    NoChallenge,
    /// The challenge header is missing or malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// No challenge is Digest with an algorithm and a qop that we know, a realm and a nonce.
    #[error("no challenge is supported")]
    Unsupported,
    /// Our credentials for this realm were refused (RFC 3261 §22.2: not to be tried again).
    #[error("the credentials were refused")]
    Refused,
    /// More realms or more stale nonces than any honest path has.
    #[error("too many challenges")]
    TooMany,
}

/// Realms that one request can need credentials for: a proxy each and the UAS.
const MAX_REALMS: usize = 8;

/// Stale nonces answered for one realm; a server past it renews for ever.
const MAX_RENEWALS: u32 = 8;

/// Answers the challenges of one call. It remembers a nonce for each realm, so that later requests of the
/// dialog carry credentials at once, with a rising nonce count (RFC 7616 §3.4).
#[derive(Debug, Clone)]
pub struct Authenticator {
    credentials: Credentials,
    sessions: Vec<Session>,
}

/// Who asked (RFC 3261 §22.2, §22.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// 401.
    Server,
    /// 407.
    Proxy,
}

/// The digest in use with one realm.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Session {
    asker: Asker,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether the challenge named its algorithm; MD5 is meant where it did not (RFC 7616 §3.3).
    names_algorithm: bool,
    /// Whether qop `auth` was offered; without any qop RFC 2617's older form is spoken.
    qop_auth: bool,
    stale: bool,
    /// Kept for the nonce's life, so that a server computes the same `-sess` key whether it takes the
    /// first or the latest.
    cnonce: String,
    nonce_count: u32,
    renewals: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Md5Sess,
    Sha256,
    Sha256Sess,
}

impl Authenticator {
    /// Without any challenge yet.
    #[must_use]
    pub const fn new(credentials: Credentials) -> Self {
        Self { credentials, sessions: Vec::new() }
    }

    /// Takes the challenges of a 401 or 407; afterwards [`Self::authorize`] answers them.
    ///
    /// # Errors
    /// Nothing can be answered, or our credentials were refused: the request is not to be repeated.
    pub fn handle_challenge(&mut self, response: &Response, rng: &mut impl Rng) -> Result<(), DigestError> {
        let asker = Asker::of(response.status).ok_or(DigestError::NoChallenge)?;
        let challenges = response.headers.challenges(asker.challenge_name())?;
        let mut realms: Vec<&str> = Vec::new();
        let mut chosen: Vec<Session> = Vec::new();
        for challenge in &challenges {
            let Some(session) = Session::new(asker, challenge, rng) else { continue };
            // RFC 8760 §2.4: for each realm the topmost challenge that is supported.
            let realm = challenge.get("realm").unwrap_or_default();
            if !realms.contains(&realm) {
                realms.push(realm);
                chosen.push(session);
            }
        }
        if chosen.is_empty() {
            return Err(DigestError::Unsupported);
        }
        chosen.into_iter().try_for_each(|session| self.take(session))
    }

    /// Puts credentials for every realm known so far into a request, in place of any it has. Each call
    /// raises the nonce counts; an ACK copies the header of its INVITE instead (RFC 3261 §22.1).
    pub fn authorize(&mut self, request: &mut Request) {
        request.headers.remove(Name::Authorization);
        request.headers.remove(Name::ProxyAuthorization);
        let uri = request.uri.to_string();
        for session in &mut self.sessions {
            let value = session.authorization(&self.credentials, &request.method, &uri);
            request.headers.push(session.asker.credentials_name(), value);
        }
    }

    fn take(&mut self, mut session: Session) -> Result<(), DigestError> {
        let is_full = self.sessions.len() >= MAX_REALMS;
        let known = self.sessions.iter_mut().find(|s| s.asker == session.asker && s.realm == session.realm);
        match known {
            // RFC 7616 §3.3: stale tells that only the nonce was too old, so the same password is tried.
            Some(old) if session.stale => {
                session.renewals = old.renewals + 1;
                if session.renewals > MAX_RENEWALS {
                    return Err(DigestError::TooMany);
                }
                *old = session;
            }
            // A nonce for which nothing was sent yet was not refused.
            Some(old) if old.nonce_count == 0 => *old = session,
            Some(_) => return Err(DigestError::Refused),
            None if is_full => return Err(DigestError::TooMany),
            None => self.sessions.push(session),
        }
        Ok(())
    }
}

impl Asker {
    const fn of(status: Status) -> Option<Self> {
        match status {
            Status::UNAUTHORIZED => Some(Self::Server),
            Status::PROXY_AUTHENTICATION_REQUIRED => Some(Self::Proxy),
            _ => None,
        }
    }

    const fn challenge_name(self) -> Name {
        match self {
            Self::Server => Name::WwwAuthenticate,
            Self::Proxy => Name::ProxyAuthenticate,
        }
    }

    const fn credentials_name(self) -> Name {
        match self {
            Self::Server => Name::Authorization,
            Self::Proxy => Name::ProxyAuthorization,
        }
    }
}

impl Session {
    /// The session that a challenge begins, or `None` where it cannot be answered.
    fn new(asker: Asker, challenge: &Challenge, rng: &mut impl Rng) -> Option<Self> {
        if !challenge.scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let qop = challenge.get("qop");
        let offers_auth = |list: &str| list.split(',').any(|qop| qop.trim().eq_ignore_ascii_case("auth"));
        if qop.is_some_and(|list| !offers_auth(list)) {
            return None;
        }
        let algorithm = challenge.get("algorithm");
        Some(Self {
            asker,
            realm: challenge.get("realm")?.to_owned(),
            nonce: challenge.get("nonce")?.to_owned(),
            opaque: challenge.get("opaque").map(str::to_owned),
            algorithm: Algorithm::of(algorithm)?,
            names_algorithm: algorithm.is_some(),
            qop_auth: qop.is_some(),
            stale: challenge.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            cnonce: format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64()),
            nonce_count: 0,
            renewals: 0,
        })
    }

    /// The value of Authorization or Proxy-Authorization (RFC 3261 §22.4, RFC 7616 §3.4).
    fn authorization(&mut self, credentials: &Credentials, method: &Method, uri: &str) -> String {
        self.nonce_count = self.nonce_count.saturating_add(1);
        let response = self.response(credentials, method, uri);
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quote(&credentials.username),
            quote(&self.realm),
            quote(&self.nonce),
            quote(uri),
        );
        if self.names_algorithm {
            value.push_str(", algorithm=");
            value.push_str(self.algorithm.as_str());
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(", opaque=");
            value.push_str(&quote(opaque));
        }
        if self.qop_auth || self.algorithm.is_session() {
            value.push_str(", cnonce=");
            value.push_str(&quote(&self.cnonce));
        }
        if self.qop_auth {
            // RFC 7616 §3.4: qop is a token here and nc has eight hexadecimal digits, neither quoted.
            value.push_str(&format!(", qop=auth, nc={:08x}", self.nonce_count));
        }
        value
    }

    /// RFC 7616 §3.4.1 and, without qop, RFC 2617 §3.2.2.1.
    fn response(&self, credentials: &Credentials, method: &Method, uri: &str) -> String {
        let hash = |text: &str| self.algorithm.hash(text);
        let Credentials { username, password } = credentials;
        let mut ha1 = hash(&format!("{username}:{}:{password}", self.realm));
        if self.algorithm.is_session() {
            // RFC 7616 §3.4.2.
            ha1 = hash(&format!("{ha1}:{}:{}", self.nonce, self.cnonce));
        }
        let ha2 = hash(&format!("{method}:{uri}"));
        let Self { nonce, cnonce, nonce_count, .. } = self;
        if self.qop_auth {
            hash(&format!("{ha1}:{nonce}:{nonce_count:08x}:{cnonce}:auth:{ha2}"))
        } else {
            hash(&format!("{ha1}:{nonce}:{ha2}"))
        }
    }
}

impl Algorithm {
    /// The algorithm that a challenge names, MD5 where it names none.
    fn of(name: Option<&str>) -> Option<Self> {
        let Some(name) = name else { return Some(Self::Md5) };
        [Self::Md5, Self::Md5Sess, Self::Sha256, Self::Sha256Sess]
            .into_iter()
            .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
        }
    }

    const fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess)
    }

    /// The hash in lower-case hexadecimal.
    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 | Self::Md5Sess => HEXLOWER.encode(&Md5::digest(text)),
            Self::Sha256 | Self::Sha256Sess => HEXLOWER.encode(&Sha256::digest(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::Uri;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    fn rng() -> SmallRng {
        SmallRng::seed_from_u64(1)
    }

    fn challenged(status: Status, values: &[&str]) -> Response {
        let request = Request::new(Method::Invite, Uri::parse("sip:1@h").unwrap());
        let mut response = request.response(status, "");
        let name = Asker::of(status).unwrap().challenge_name();
        values.iter().for_each(|&value| response.headers.push(name, value));
        response
    }

    fn invite() -> Request {
        Request::new(Method::Invite, Uri::parse("sip:+14255550100@192.0.2.1").unwrap())
    }

    fn authenticator() -> Authenticator {
        Authenticator::new(Credentials::new("Mufasa", "Circle of Life"))
    }

    /// The credentials that answer one challenge for a GET of the RFCs' page, with their cnonce.
    fn published(challenge: &str, credentials: &Credentials, cnonce: &str) -> String {
        let response = challenged(Status::UNAUTHORIZED, &[challenge]);
        let challenge = response.headers.challenges(Name::WwwAuthenticate).unwrap().remove(0);
        let mut session = Session::new(Asker::Server, &challenge, &mut rng()).unwrap();
        session.cnonce = cnonce.to_owned();
        session.authorization(credentials, &Method::from_token("GET"), "/dir/index.html")
    }

    #[test]
    fn rfc_7616_section_3_9_1() {
        let challenge = |algorithm: &str| {
            format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            )
        };
        let credentials = Credentials::new("Mufasa", "Circle of Life");
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (algorithm, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let value = published(&challenge(algorithm), &credentials, cnonce);
            assert!(value.contains(&format!("response=\"{expected}\"")), "{value}");
            assert!(value.contains(&format!("algorithm={algorithm},")), "{value}");
            assert!(value.ends_with("qop=auth, nc=00000001"), "{value}");
            assert!(value.contains("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""));
        }
    }

    #[test]
    fn rfc_2617_section_3_5() {
        let value = published(
            "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
            &Credentials::new("Mufasa", "Circle Of Life"),
            "0a4f113b",
        );
        assert!(value.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{value}");
        assert!(!value.contains("algorithm"), "RFC 2617 §3.2.2: only echoed where it was named");
    }

    #[test]
    fn session_algorithms_and_the_form_without_qop() {
        // Computed apart from this code, with Python's hashlib, by the formulas of RFC 7616 §3.4.2 and
        // RFC 2617 §3.2.2.1.
        let credentials = Credentials::new("bob", "zanzibar");
        let challenge = |more: &str| format!("Digest realm=\"biloxi.com\", nonce=\"dcd98b\"{more}");
        for (more, expected) in SESSION_VECTORS {
            let value = published(&challenge(more), &credentials, "0a4f113b");
            assert!(value.contains(&format!("response=\"{expected}\"")), "{more}: {value}");
        }
        let legacy = published(&challenge(""), &credentials, "0a4f113b");
        assert!(!legacy.contains("qop") && !legacy.contains("nc=") && !legacy.contains("cnonce"));
    }

    const SESSION_VECTORS: [(&str, &str); 4] = [
        (", qop=\"auth\", algorithm=MD5-sess", "4b51e3332af1799bf88120871b232135"),
        (
            ", qop=\"auth\", algorithm=SHA-256-sess",
            "b7decc7575eef80ec65e35220cbf7ea9c0b8eabec19238d5c4f70db7c0b2d22c",
        ),
        ("", "a97262c87ffb55b70e33b304631dae07"),
        (", algorithm=\"md5-SESS\"", "0f9c5ce819577a8d08a972d5e49fa464"),
    ];

    #[test]
    fn the_topmost_supported_challenge_of_each_realm_is_answered() {
        // RFC 8760 §2.4.
        let mut authenticator = authenticator();
        let response = challenged(
            Status::PROXY_AUTHENTICATION_REQUIRED,
            &[
                "Digest realm=\"a\", nonce=\"0\", algorithm=SHA-512-256, qop=\"auth\"",
                "Basic realm=\"a\", Digest realm=\"a\", nonce=\"1\", algorithm=SHA-256, qop=\"auth\"",
                "Digest realm=\"a\", nonce=\"2\", algorithm=MD5, qop=\"auth\"",
                "Digest realm=\"b\", nonce=\"3\", qop=\"auth-int\"",
                "Digest realm=\"b\", nonce=\"4\", stale=FALSE, qop=\"auth-int,auth\"",
            ],
        );
        authenticator.handle_challenge(&response, &mut rng()).unwrap();
        let mut request = invite();
        authenticator.authorize(&mut request);
        let values: Vec<_> = request.headers.all(Name::ProxyAuthorization).collect();
        assert_eq!(values.len(), 2);
        assert!(values[0].contains("nonce=\"1\"") && values[0].contains("algorithm=SHA-256,"));
        assert!(values[1].contains("nonce=\"4\""));
        assert!(request.headers.get(Name::Authorization).is_none());
    }

    #[test]
    fn a_nonce_counts_up_and_a_stale_one_is_renewed() {
        // RFC 7616 §3.4: nc counts the requests sent with this nonce.
        let mut authenticator = authenticator();
        let first = challenged(Status::UNAUTHORIZED, &["Digest realm=\"a\", nonce=\"1\", qop=\"auth\""]);
        authenticator.handle_challenge(&first, &mut rng()).unwrap();
        for count in 1..=17 {
            let mut request = invite();
            authenticator.authorize(&mut request);
            let value = request.headers.get(Name::Authorization).unwrap();
            assert!(value.ends_with(&format!("nc={count:08x}")), "{value}");
        }
        let stale = ["Digest realm=\"a\", nonce=\"2\", qop=\"auth\", stale=true"];
        let stale = challenged(Status::UNAUTHORIZED, &stale);
        authenticator.handle_challenge(&stale, &mut rng()).unwrap();
        let mut request = invite();
        authenticator.authorize(&mut request);
        let value = request.headers.get(Name::Authorization).unwrap();
        assert!(value.contains("nonce=\"2\"") && value.ends_with("nc=00000001"));
    }

    #[test]
    fn refused_credentials_are_not_tried_again() {
        // RFC 3261 §22.2: credentials that were rejected must not be tried again.
        let mut authenticator = authenticator();
        let challenge = ["Digest realm=\"a\", nonce=\"1\""];
        let response = challenged(Status::UNAUTHORIZED, &challenge);
        authenticator.handle_challenge(&response, &mut rng()).unwrap();
        authenticator.authorize(&mut invite());
        assert_eq!(authenticator.handle_challenge(&response, &mut rng()), Err(DigestError::Refused));
        // The same realm at a proxy is another protection space.
        let proxy = challenged(Status::PROXY_AUTHENTICATION_REQUIRED, &challenge);
        assert_eq!(authenticator.handle_challenge(&proxy, &mut rng()), Ok(()));
    }

    #[test]
    fn a_server_that_is_stale_for_ever_ends() {
        let mut authenticator = authenticator();
        let stale = challenged(Status::UNAUTHORIZED, &["Digest realm=\"a\", nonce=\"1\", stale=true"]);
        let rounds = (0..100).take_while(|_| authenticator.handle_challenge(&stale, &mut rng()).is_ok());
        assert_eq!(rounds.count(), 1 + 8);
    }

    #[test]
    fn what_cannot_be_answered_is_told() {
        let mut authenticator = authenticator();
        let mut refuse = |values: &[&str]| {
            authenticator.handle_challenge(&challenged(Status::UNAUTHORIZED, values), &mut rng())
        };
        assert_eq!(refuse(&[]), Err(DigestError::Unsupported));
        assert_eq!(refuse(&["Basic realm=\"a\""]), Err(DigestError::Unsupported));
        assert_eq!(refuse(&["Digest realm=\"a\""]), Err(DigestError::Unsupported));
        assert!(matches!(refuse(&["Digest realm=\"a"]), Err(DigestError::Header(_))));
        let ok = invite().response(Status::OK, "OK");
        assert_eq!(authenticator.handle_challenge(&ok, &mut rng()), Err(DigestError::NoChallenge));
    }

    #[test]
    fn quotes_in_a_realm_or_name_stay_inside_their_string() {
        let mut authenticator = Authenticator::new(Credentials::new("a\"b", "p"));
        let response = challenged(Status::UNAUTHORIZED, &["Digest realm=\"x\\\"y\\\\\", nonce=\"1\""]);
        authenticator.handle_challenge(&response, &mut rng()).unwrap();
        let mut request = invite();
        authenticator.authorize(&mut request);
        let value = request.headers.get(Name::Authorization).unwrap();
        assert!(
            value.starts_with("Digest username=\"a\\\"b\", realm=\"x\\\"y\\\\\", nonce=\"1\""),
            "{value}"
        );
    }

    #[test]
    fn a_password_never_prints() {
        assert!(!format!("{:?}", authenticator()).contains("Circle"));
    }
}
