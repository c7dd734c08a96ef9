//! A line's order -> the setup of its signalling leg: addresses, identity, media.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use rand::RngExt;
use rand::rngs::StdRng;

use super::line::LineOrder;
use super::media::{MediaHandle, NoPort};
use super::transport::{Sockets, route_to};
use super::transport_of;
use crate::config::{self, Identity, MediaConfig, RingingSign, SipConfig, Transport, Trunk};
use crate::leg::Codec;
use crate::leg::record::LegRecord;
use crate::leg::signal::{Cleanup, MediaSetup, OutgoingSetup, Peer, Target, Us};
use crate::number::Number;
use crate::route;
use crate::sip::digest::Credentials;
use crate::sip::locate::Hop;
use crate::sip::message::{self, HeaderError, Host, NameAddr, SipUri, Uri};

/// The name in User-Agent and Server.
pub(crate) const USER_AGENT: &str = concat!("octothorpe/", env!("CARGO_PKG_VERSION"));
/// Clean-ups are numbered from here, so that they share the timers with lines.
const FIRST_CLEANUP: u64 = 1 << 62;

/// Makes legs. Its randomness comes from the system once.
pub(super) struct LegMaker {
    sip: SipConfig,
    media: MediaConfig,
    trunks: Vec<Trunk>,
    rng: StdRng,
    cleanups: u64,
}

impl LegMaker {
    pub(super) fn new(sip: SipConfig, media: MediaConfig, trunks: Vec<Trunk>) -> LegMaker {
        LegMaker { sip, media, trunks, rng: rand::make_rng(), cleanups: FIRST_CLEANUP }
    }

    pub(super) fn next_cleanup(&mut self) -> u64 {
        self.cleanups += 1;
        self.cleanups
    }

    /// What ends a leg of an earlier run, with the credentials of its trunk.
    pub(super) fn cleanup(&mut self, leg: &LegRecord, now: Instant) -> Result<Cleanup, HeaderError> {
        let LegRecord::Sip(record) = leg;
        let trunk = Uri::parse(&record.request_uri).ok().and_then(|uri| trunk_of(&uri, &self.trunks));
        let us = self.us(record.local, &message::Transport::from_token(&record.transport));
        Cleanup::new(now, leg, us, trunk.and_then(credentials), self.rng.random())
    }

    /// Who we are in a leg that leaves from this address.
    fn us(&self, local: SocketAddr, transport: &message::Transport) -> Arc<Us> {
        let shown = self.shown(local);
        let mut contact = SipUri::new(shown.ip().into()).with_port(Some(shown.port()));
        if *transport == message::Transport::Tcp {
            contact.params.set("transport", Some("tcp"));
        }
        let contact = NameAddr::new(Uri::Sip(contact));
        Arc::new(Us { contact, sent_by: shown, user_agent: USER_AGENT.to_owned() })
    }

    /// Opens the line's media ports and writes all addresses of its INVITE.
    pub(super) fn setup(
        &mut self,
        id: u64,
        order: &LineOrder,
        sockets: &Sockets,
        media: &MediaHandle,
    ) -> Result<OutgoingSetup, NoPort> {
        let first = order.hops[0].address;
        let targets = self.targets(&order.hops, sockets);
        let local = targets[0].local;
        let rtp = media.open(id, first.is_ipv4())?;
        let trunk = &order.trunk;
        let from_host = trunk.from_domain.as_ref().map_or_else(|| self.shown(local).ip().into(), host);
        let from = NameAddr::new(uri(&order.caller_id, from_host, None));
        let request_uri = uri(&order.request_user, host(&trunk.target.host), trunk.target.port);
        Ok(OutgoingSetup {
            to: NameAddr::new(request_uri.clone()),
            request_uri,
            asserted_identity: match trunk.identity {
                Identity::From => None,
                Identity::FromAndPai => Some(from.clone()),
            },
            from,
            targets,
            credentials: credentials(trunk),
            media: self.media_setup(rtp.rtp, first),
            ring_timeout: trunk.ring_timeout,
            ringing_means_183: trunk.ringing == RingingSign::Ringing180And183,
            seed: self.rng.random(),
        })
    }

    /// All hops in the family of the first: the media is opened for it.
    fn targets(&self, hops: &[Hop], sockets: &Sockets) -> Vec<Target> {
        let first = hops[0].address;
        let fits = |hop: &&Hop| hop.address.is_ipv4() == first.is_ipv4();
        hops.iter().filter(fits).map(|hop| self.target(hop, sockets)).collect()
    }

    fn target(&self, hop: &Hop, sockets: &Sockets) -> Target {
        let transport = transport_of(&hop.transport);
        let bound = transport.and_then(|transport| sockets.local_address(transport, hop.address));
        let local = bound.unwrap_or_else(|| unbound(hop.address));
        let peer = Peer { transport: hop.transport.clone(), address: hop.address };
        Target { peer, us: self.us(local, &hop.transport), local }
    }

    /// The address that Via and Contact show.
    fn shown(&self, local: SocketAddr) -> SocketAddr {
        let advertised = self.sip.advertise.filter(|ip| ip.is_ipv4() == local.is_ipv4());
        SocketAddr::new(advertised.unwrap_or(local.ip()), local.port())
    }

    fn media_setup(&self, rtp: SocketAddr, destination: SocketAddr) -> MediaSetup {
        let advertised = self.media.advertise.filter(|ip| ip.is_ipv4() == rtp.is_ipv4());
        let routed = || if rtp.ip().is_unspecified() { route_to(destination) } else { None };
        let ip = advertised.or_else(routed).unwrap_or(rtp.ip());
        MediaSetup {
            address: SocketAddr::new(ip, rtp.port()),
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            events: true,
        }
    }
}

/// The trunk by which an INVITE left: its Request-URI has the host of the trunk's target, be it a name or an
/// address.
fn trunk_of<'t>(request_uri: &Uri, trunks: &'t [Trunk]) -> Option<&'t Trunk> {
    let called = request_uri.host();
    trunks.iter().find(|trunk| Some(&host(&trunk.target.host)) == called)
}

/// The number that a leg called, if a trunk of now has written it so; less its extension.
pub(super) fn called(leg: &LegRecord, trunks: &[Trunk]) -> Option<Number> {
    let LegRecord::Sip(record) = leg;
    let uri = Uri::parse(&record.request_uri).ok()?;
    route::called_number(trunk_of(&uri, trunks)?, uri.user()?)
}

/// Our side of a target that no socket of ours can reach; sending to it fails.
fn unbound(destination: SocketAddr) -> SocketAddr {
    if destination.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() }
}

fn credentials(trunk: &Trunk) -> Option<Credentials> {
    let account = trunk.account.as_ref()?;
    let password = account.password.as_ref()?;
    Some(Credentials::new(&account.username, password.expose()))
}

/// The configuration's transport as a message names it.
pub(crate) fn wire(transport: Transport) -> message::Transport {
    match transport {
        Transport::Udp => message::Transport::Udp,
        Transport::Tcp => message::Transport::Tcp,
    }
}

fn host(host: &config::Host) -> Host {
    match host {
        config::Host::Ip(ip) => Host::Address(*ip),
        config::Host::Name(name) => Host::Name(name.clone()),
    }
}

fn uri(user: &str, host: Host, port: Option<u16>) -> Uri {
    Uri::Sip(SipUri::new(host).with_user(user).with_port(port))
}
