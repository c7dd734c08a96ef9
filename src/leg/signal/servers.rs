//! The server transactions of one dialog: requests received, their responses, their repeats.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::output::{Cx, Outbox, Peer, wire};
use crate::sip::endpoint::response_target;
use crate::sip::message::{Method, Request, Response};
use crate::sip::transaction::{Deadline, Effects, InviteServer, NonInviteServer, ServerKey, earlier};

/// As many transactions as a dialog keeps: twenty keys by INFO and some pings within Timer J. Past it
/// the oldest goes; a repeat of its request is then out of order and earns a 500.
const MAX_SERVERS: usize = 48;

/// The server transactions of one dialog; bounded.
#[derive(Debug, Default)]
pub(super) struct Servers(VecDeque<Server>);

#[derive(Debug)]
struct Server {
    key: ServerKey,
    peer: Peer,
    machine: Machine,
}

#[derive(Debug)]
enum Machine {
    Invite(InviteServer),
    Other(NonInviteServer),
}

impl Servers {
    /// Takes a repeated request, or the ACK to a refusal; whether it was one.
    pub(super) fn absorb(&mut self, now: Instant, request: &Request, out: &mut Outbox) -> bool {
        let key = ServerKey::of_request(request);
        let Some(server) = self.0.iter_mut().find(|server| Some(&server.key) == key.as_ref()) else {
            return false;
        };
        let effects = match &mut server.machine {
            Machine::Invite(machine) if request.method == Method::Ack => machine.handle_ack(now),
            Machine::Invite(machine) => machine.handle_retransmission(),
            Machine::Other(machine) => machine.handle_retransmission(),
        };
        out.carry_out(&server.peer, &effects);
        self.prune();
        true
    }

    /// Whether a CANCEL is about an INVITE that we still know.
    pub(super) fn knows_cancelled(&self, cancel: &Request) -> bool {
        let key = ServerKey::of_request(cancel).map(|key| key.cancelled());
        self.0.iter().any(|server| Some(&server.key) == key.as_ref())
    }

    /// Opens a transaction for a request just received and gives it its final response. The bytes and
    /// where they went, for a user who has to repeat a 2xx.
    pub(super) fn answer(
        &mut self,
        cx: &mut Cx<'_>,
        request: &Request,
        source: &Peer,
        response: &Response,
    ) -> (Bytes, Peer) {
        let (bytes, peer) = routed(response, source);
        let Some(key) = ServerKey::of_request(request) else {
            return (bytes, peer);
        };
        if self.0.len() >= MAX_SERVERS {
            self.0.pop_front();
        }
        let reliable = peer.transport.is_reliable();
        let (status, sent) = (response.status.code(), bytes.clone());
        let (machine, effects) = if request.method == Method::Invite {
            let mut machine = InviteServer::new(reliable);
            let effects = machine.respond(cx.now, status, sent);
            (Machine::Invite(machine), effects)
        } else {
            let mut machine = NonInviteServer::new(reliable);
            let effects = machine.respond(cx.now, status, sent);
            (Machine::Other(machine), effects)
        };
        cx.out.carry_out(&peer, &effects);
        if !effects.ended {
            self.0.reserve_exact(1);
            self.0.push_back(Server { key, peer: peer.clone(), machine });
        }
        (bytes, peer)
    }

    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        self.0.iter().map(|server| server.machine.poll_timeout()).fold(None, earlier)
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) {
        for server in &mut self.0 {
            let effects = server.machine.handle_timeout(now);
            out.carry_out(&server.peer, &effects);
        }
        self.prune();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn prune(&mut self) {
        self.0.retain(|server| !server.machine.is_ended());
    }
}

impl Machine {
    fn poll_timeout(&self) -> Option<Deadline> {
        match self {
            Machine::Invite(machine) => machine.poll_timeout(),
            Machine::Other(machine) => machine.poll_timeout(),
        }
    }

    fn handle_timeout(&mut self, now: Instant) -> Effects {
        match self {
            Machine::Invite(machine) => machine.handle_timeout(now),
            Machine::Other(machine) => machine.handle_timeout(now),
        }
    }

    fn is_ended(&self) -> bool {
        match self {
            Machine::Invite(machine) => machine.is_ended(),
            Machine::Other(machine) => machine.is_ended(),
        }
    }
}

/// A response's bytes and where they go, for a request that came from `source`.
pub(super) fn routed(response: &Response, source: &Peer) -> (Bytes, Peer) {
    let address = response_target(response, &source.transport, source.address);
    (wire(response.write()), Peer { transport: source.transport.clone(), address })
}
