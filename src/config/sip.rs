//! `[sip]`: the addresses of signalling.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

use toml::Spanned;

use super::listen::{Listen, ListenError, Transport};
use super::source::Source;
use super::written;

/// More addresses than this are a mistake; each costs a socket and a task.
const MOST_LISTENERS: usize = 16;

/// The addresses of signalling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipConfig {
    /// Where we listen; never empty, no address twice.
    pub listen: Vec<Listen>,
    /// The address that Via and Contact show to trunks of its family; `None`: that of the route to
    /// the trunk.
    pub advertise: Option<IpAddr>,
}

impl Default for SipConfig {
    fn default() -> SipConfig {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        SipConfig { listen: vec![Listen { transport: Transport::Udp, address }], advertise: None }
    }
}

impl SipConfig {
    /// Whether a trunk on this transport, and in this family where that is known, can be reached.
    pub fn serves(&self, transport: Transport, target: Option<IpAddr>) -> bool {
        self.listen.iter().any(|listen| {
            listen.transport == transport && target.is_none_or(|ip| ip.is_ipv4() == listen.address.is_ipv4())
        })
    }

    pub(super) fn check(written: written::Sip, source: &mut Source) -> Option<SipConfig> {
        let advertise = advertise(written.advertise, source);
        let listen = match written.listen {
            None => Some(SipConfig::default().listen),
            Some(list) => listeners(&list, source),
        };
        Some(SipConfig { listen: listen?, advertise: advertise? })
    }
}

/// Reads every address, telling all that are wrong.
fn listeners(list: &[Spanned<String>], source: &mut Source) -> Option<Vec<Listen>> {
    let Some(first) = list.first() else {
        // An empty list has no element whose place could be told.
        return source.refuse(
            0..0,
            "`[sip] listen` is empty, expected at least one address",
            "Write for example [\"udp:127.0.0.1:5060\"]",
        );
    };
    if list.len() > MOST_LISTENERS {
        return source.refuse(
            first.span(),
            format!("`listen` has {} addresses, expected at most {MOST_LISTENERS}", list.len()),
            "",
        );
    }
    let mut seen = HashSet::new();
    let checked: Vec<Option<Listen>> = list.iter().map(|text| listener(text, &mut seen, source)).collect();
    checked.into_iter().collect()
}

fn listener(text: &Spanned<String>, seen: &mut HashSet<Listen>, source: &mut Source) -> Option<Listen> {
    let at: Range<usize> = text.span();
    match Listen::parse(text.get_ref()) {
        Ok(listen) if listen.address.port() != 0 && !seen.insert(listen) => {
            source.refuse(at, format!("`listen` names {listen} twice"), "Remove one of them")
        }
        Ok(listen) => Some(listen),
        Err(ListenError::NotBuilt) => source.refuse(
            at,
            format!("`listen` \"{}\": TLS is not in this version", text.get_ref()),
            "Write \"tcp:…\" or \"udp:…\"",
        ),
        Err(ListenError::Malformed) => source.refuse(
            at,
            format!("`listen` has \"{}\", expected a transport, an IP address and a port", text.get_ref()),
            "Write for example \"udp:127.0.0.1:5060\", \"tcp:127.0.0.1:5060\" or \"udp:[::1]:5060\"",
        ),
    }
}

/// An address to show to others: a single one, so never an unspecified one.
pub(super) fn advertise(written: Option<Spanned<String>>, source: &mut Source) -> Option<Option<IpAddr>> {
    let Some(text) = written else { return Some(None) };
    match text.get_ref().parse::<IpAddr>() {
        Ok(ip) if !ip.is_unspecified() && !ip.is_multicast() => Some(Some(ip)),
        Ok(_) | Err(_) => source.refuse(
            text.span(),
            format!(
                "`advertise` is \"{}\", expected the IP address that the far end can reach",
                text.get_ref()
            ),
            "Write for example \"203.0.113.7\"",
        ),
    }
}
