//! The INVITE usage of one dialog (RFC 5057 §3): what both ends of a call do once they share a dialog.
//!
//! The caller's early dialogs, its answered one and the losing forks are each a [`Usage`], and so is
//! the answering phone's side.

mod clients;
mod offers;
mod requests;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;

use super::accepting::{Accepting, Waited};
use super::cause;
use super::media::Media;
use super::output::{Cx, Outbox, Peer, wire};
use super::servers::Servers;
use super::setup::Us;
use crate::leg::{Cause, CauseKind, Stage};
use crate::sip::dialog::Dialog;
use crate::sip::digest::Authenticator;
use crate::sip::message::{Name, Request, Transport, Uri, Via};
use crate::sip::transaction::{Deadline, earlier};
use clients::Client;

pub(super) use offers::{Body, SDP, body, not_acceptable, wrong_type};

/// One dialog with its media and its transactions.
#[derive(Debug)]
pub(super) struct Usage {
    us: Arc<Us>,
    pub(super) dialog: Dialog,
    pub(super) media: Media,
    /// Whether an UPDATE has moved the media since the INVITE, so that an answer in the 2xx is old.
    pub(super) updated: bool,
    standing: Standing,
    /// Whether the INVITE that made the dialog was ours.
    caller: bool,
    /// Where messages go whose next hop is a name: the address that took or sent the INVITE.
    ///
    /// Deviation: RFC 3263 §4 would look the name up; the trunk's proxy knows the way as well.
    peer: Peer,
    auth: Option<Authenticator>,
    ack: Option<(Peer, Bytes)>,
    servers: Servers,
    accepting: Option<Accepting>,
    clients: Vec<Client>,
}

/// How a dialog stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Made by a provisional answer.
    Early,
    /// Made or confirmed by a 2xx.
    Confirmed,
    /// We want to leave, and wait for the ACK that RFC 3261 §15 has the callee wait for.
    Leaving,
    /// A BYE went one way or the other.
    Left,
}

impl Usage {
    /// A dialog that a provisional answer made.
    pub(super) fn early(us: &Arc<Us>, dialog: Dialog, media: Media, peer: Peer) -> Usage {
        Usage {
            us: Arc::clone(us),
            dialog,
            media,
            updated: false,
            standing: Standing::Early,
            caller: true,
            peer,
            auth: None,
            ack: None,
            servers: Servers::default(),
            accepting: None,
            clients: Vec::new(),
        }
    }

    /// A dialog that an INVITE received may become.
    pub(super) fn answering(us: &Arc<Us>, dialog: Dialog, media: Media, peer: Peer) -> Usage {
        Usage { caller: false, ..Usage::early(us, dialog, media, peer) }
    }

    /// Answers challenges from now on with these credentials.
    pub(super) fn sign_with(&mut self, auth: Option<&Authenticator>) {
        self.auth = auth.cloned();
    }

    /// Whether no 2xx has come for this dialog yet.
    pub(super) fn is_early(&self) -> bool {
        self.standing == Standing::Early
    }

    /// Whether the far end has hung up, or we have.
    pub(super) fn is_left(&self) -> bool {
        self.standing == Standing::Left
    }

    /// Whether our ACK has gone out, so that a further 2xx is a repeat.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.ack.is_some()
    }

    /// Whether the dialog is over at both ends: no request of ours awaits its answer.
    pub(super) fn has_parted(&self) -> bool {
        self.is_left() && !self.clients.iter().any(Client::is_pending)
    }

    /// Whether nothing is left to be sent or awaited.
    pub(super) fn is_ended(&self) -> bool {
        self.is_left() && self.clients.is_empty() && self.servers.is_empty() && self.accepting.is_none()
    }

    /// The caller's part at a 2xx: the ACK (RFC 3261 §13.2.2.4), and the way to sign later requests.
    pub(super) fn acknowledge(&mut self, cx: &mut Cx<'_>, invite: &Request, auth: Option<&Authenticator>) {
        if self.is_early() {
            self.standing = Standing::Confirmed;
        }
        self.sign_with(auth);
        let hop = self.hop();
        let via = self.via(cx, &hop);
        let cseq = invite.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let mut ack = self.dialog.ack(&via, cseq);
        // RFC 3261 §13.2.2.4: "the ACK MUST contain the same credentials as the INVITE".
        ack.headers.copy(Name::Authorization, &invite.headers);
        ack.headers.copy(Name::ProxyAuthorization, &invite.headers);
        ack.headers.push(Name::UserAgent, &*self.us.user_agent);
        self.ack = Some((hop, wire(ack.write())));
        self.repeat_ack(cx.out);
    }

    /// RFC 3261 §13.2.2.4: the ACK is passed to the transport "every time a retransmission of the 2xx
    /// final response that triggered the ACK arrives".
    pub(super) fn repeat_ack(&self, out: &mut Outbox) {
        if let Some((peer, bytes)) = &self.ack {
            out.transmit(peer, bytes.clone());
        }
    }

    /// The answering side's part once its 2xx is sent: repeat it until the ACK comes.
    pub(super) fn accepted(&mut self, accepting: Accepting) {
        self.standing = Standing::Confirmed;
        self.accepting = Some(accepting);
    }

    /// Hangs up: BYE now, or as soon as RFC 3261 §15 allows.
    pub(super) fn hang_up(&mut self, cx: &mut Cx<'_>) {
        let waits = self.accepting.as_ref().is_some_and(|accepting| accepting.initial);
        match self.standing {
            // RFC 3261 §15: "the callee's UA MUST NOT send a BYE on a confirmed dialog until it has
            // received an ACK for its 2xx response or until the server transaction times out."
            Standing::Confirmed if waits => self.standing = Standing::Leaving,
            Standing::Early | Standing::Confirmed => self.send_bye(cx),
            Standing::Leaving | Standing::Left => {}
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        let accepting = self.accepting.as_ref().map(Accepting::poll_timeout);
        let clients = self.clients.iter().map(Client::poll_timeout).fold(None, earlier);
        earlier(earlier(self.servers.poll_timeout(), accepting), clients)
    }

    /// Does what is due; the cause if that ended the call.
    pub(super) fn handle_timeout(&mut self, cx: &mut Cx<'_>) -> Option<Cause> {
        self.servers.handle_timeout(cx.now, cx.out);
        let cause = self.time_clients(cx);
        let waited = self.accepting.as_mut().map(|accepting| accepting.handle_timeout(cx.now, cx.out));
        match waited {
            Some(Waited::InVain) => self.give_up_on_ack(cx),
            Some(Waited::On) | None => cause,
        }
    }

    fn give_up_on_ack(&mut self, cx: &mut Cx<'_>) -> Option<Cause> {
        self.accepting = None;
        let told = self.standing == Standing::Leaving;
        self.send_bye(cx);
        (!told).then(|| cause::ours(CauseKind::TimedOut, Stage::Answered, "no ACK to our 2xx"))
    }

    /// The dialog is over; its transactions may linger.
    fn leave(&mut self) {
        self.standing = Standing::Left;
        self.accepting = None;
        self.media.forget();
    }

    /// Where the next request goes.
    fn hop(&self) -> Peer {
        address_of(self.dialog.next_hop(), &self.peer).unwrap_or_else(|| self.peer.clone())
    }

    fn via(&self, cx: &mut Cx<'_>, hop: &Peer) -> Via {
        Via::new(hop.transport.clone(), self.us.sent_by, &cx.tokens.branch())
    }
}

/// The address that a URI names, if it names one rather than a host (RFC 3263 §4.1, §4.2: without a
/// `transport` the one in use stays, so that NAT bindings and connections hold).
fn address_of(uri: &Uri, peer: &Peer) -> Option<Peer> {
    let sip = uri.sip()?;
    let address = sip.host.address().filter(|address| is_reachable(*address, peer))?;
    let transport = match sip.transport() {
        Some(named @ (Transport::Udp | Transport::Tcp)) => named,
        Some(_) | None => peer.transport.clone(),
    };
    let port = sip.port.unwrap_or_else(|| transport.default_port());
    Some(Peer { transport, address: (address, port).into() })
}

/// Whether an address of a Contact can be one of a peer that we reached: some phones write 0.0.0.0 there,
/// and an address of the other family would never get our BYE.
fn is_reachable(address: IpAddr, peer: &Peer) -> bool {
    let same_family = address.is_ipv4() == peer.address.is_ipv4();
    same_family && !address.is_unspecified() && !address.is_multicast()
}
