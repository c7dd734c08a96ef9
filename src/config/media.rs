//! `[media]`: the addresses and ports of RTP.

use std::net::{IpAddr, Ipv4Addr};

use toml::Spanned;

use super::listen::Transport;
use super::ports::PortRange;
use super::sip::{SipConfig, advertise};
use super::source::Source;
use super::written::{self, OneOrMore};

const DEFAULT_PORTS: (u16, u16) = (10_000, 32_767);

/// The addresses and ports of RTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaConfig {
    /// The address of IPv4 media, if there is any; may be unspecified.
    pub ipv4: Option<IpAddr>,
    /// The address of IPv6 media, if there is any; may be unspecified.
    pub ipv6: Option<IpAddr>,
    /// The ports, for each address.
    pub ports: PortRange,
    /// The address that SDP shows to trunks of its family; `None`: the address itself, or that of
    /// the route to the trunk when it is unspecified.
    pub advertise: Option<IpAddr>,
}

impl MediaConfig {
    /// The address for a target of this family; `None` when media has none of it.
    pub fn address_for(&self, target: IpAddr) -> Option<IpAddr> {
        if target.is_ipv4() { self.ipv4 } else { self.ipv6 }
    }

    pub(super) fn check(
        written: written::Media,
        sip: Option<&SipConfig>,
        source: &mut Source,
    ) -> Option<MediaConfig> {
        let advertise = advertise(written.advertise, source);
        let addresses = match &written.address {
            None => Some((Some(IpAddr::from(Ipv4Addr::LOCALHOST)), None)),
            Some(list) => addresses(list, source),
        };
        let ports = match &written.ports {
            None => PortRange::new(DEFAULT_PORTS.0, DEFAULT_PORTS.1),
            Some(text) => ports(text, sip, source),
        };
        let (ipv4, ipv6) = addresses?;
        Some(MediaConfig { ipv4, ipv6, ports: ports?, advertise: advertise? })
    }
}

/// Sorts the addresses by family; each may occur once.
fn addresses(list: &Spanned<OneOrMore>, source: &mut Source) -> Option<(Option<IpAddr>, Option<IpAddr>)> {
    const REMEDY: &str = "Write for example \"127.0.0.1\" or [\"203.0.113.7\", \"2001:db8::7\"]";
    let (mut ipv4, mut ipv6) = (None, None);
    for text in &list.get_ref().0 {
        let ip = match text.parse::<IpAddr>() {
            Ok(ip) if !ip.is_multicast() => ip,
            Ok(_) | Err(_) => {
                return source.refuse(
                    list.span(),
                    format!("`address` has \"{text}\", expected an IP address"),
                    REMEDY,
                );
            }
        };
        let family = if ip.is_ipv4() { &mut ipv4 } else { &mut ipv6 };
        if family.replace(ip).is_some() {
            return source.refuse(
                list.span(),
                "`address` has two of one family, expected at most one a family",
                REMEDY,
            );
        }
    }
    if ipv4.is_none() && ipv6.is_none() {
        return source.refuse(list.span(), "`address` is empty, expected an IP address", REMEDY);
    }
    Some((ipv4, ipv6))
}

/// Reads the range, which must leave our own SIP ports alone.
fn ports(text: &Spanned<String>, sip: Option<&SipConfig>, source: &mut Source) -> Option<PortRange> {
    let Some(range) = PortRange::parse(text.get_ref()) else {
        return source.refuse(
            text.span(),
            format!("`ports` is \"{}\", expected FIRST-LAST from 1024 to 65535 with an even port and the next one in it", text.get_ref()),
            "Write for example \"10000-32767\": a call takes two ports",
        );
    };
    let listeners = sip.map_or(&[][..], |sip| &sip.listen);
    let udp = listeners.iter().filter(|listen| listen.transport == Transport::Udp);
    match udp.map(|listen| listen.address.port()).find(|&port| range.contains(port)) {
        Some(port) => source.refuse(
            text.span(),
            format!("`ports` {range} holds the SIP port {port}"),
            "Choose a range beside it",
        ),
        None => Some(range),
    }
}
