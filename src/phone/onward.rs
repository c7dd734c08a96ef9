//! The call from an attendant to an extension: addresses and media of its leg.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::line::Edge;
use crate::gateway::legs::{USER_AGENT, wire};
use crate::gateway::transport::route_to;
use crate::gateway::transport_of;
use crate::leg::Codec;
use crate::leg::signal::{MediaSetup, OutgoingSetup, Peer, Target, Us};
use crate::sip::message::{Host, NameAddr, SipUri, Transport, Uri};

/// How long an extension rings.
const RINGS: Duration = Duration::from_secs(40);
/// Who calls it.
const ATTENDANT: &str = "attendant";

/// The leg to a phone; `None` where it has no address that we can send to, or no port is free.
pub(super) fn setup(phone: &SipUri, line: u64, seed: u64, edge: &mut Edge<'_>) -> Option<OutgoingSetup> {
    let Host::Address(ip) = phone.host else { return None };
    let transport = phone.transport().unwrap_or(Transport::Udp);
    let address = SocketAddr::new(ip, phone.port.unwrap_or(transport.default_port()));
    let by = transport_of(&transport)?;
    let local = edge.sockets.local_address(by, address)?;
    let rtp = edge.media.open(line, address.is_ipv4()).ok()?.rtp;
    let media_ip = if rtp.ip().is_unspecified() { route_to(address).unwrap_or(rtp.ip()) } else { rtp.ip() };
    let us = SipUri::new(local.ip().into()).with_user(ATTENDANT).with_port(Some(local.port()));
    let contact = NameAddr::new(Uri::Sip(us.clone()));
    let us = Us { contact: contact.clone(), sent_by: local, user_agent: USER_AGENT.to_owned() };
    let peer = Peer { transport: wire(by), address };
    Some(OutgoingSetup {
        request_uri: Uri::Sip(phone.clone()),
        from: contact,
        to: NameAddr::new(Uri::Sip(phone.clone())),
        asserted_identity: None,
        targets: vec![Target { peer, us: Arc::new(us), local }],
        credentials: None,
        media: MediaSetup {
            address: SocketAddr::new(media_ip, rtp.port()),
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            events: true,
        },
        ring_timeout: RINGS,
        ringing_means_183: false,
        seed,
    })
}
