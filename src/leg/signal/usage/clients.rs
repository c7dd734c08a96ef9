//! Requests of ours in a dialog: BYE and INFO.

use std::time::Duration;

use super::{Standing, Usage};
use crate::leg::key::Digit;
use crate::leg::signal::cause;
use crate::leg::signal::info;
use crate::leg::signal::output::{Cx, Peer, wire};
use crate::leg::{Cause, CauseKind, Stage};
use crate::sip::message::{Method, Name, Request, Response};
use crate::sip::transaction::{ClientKey, Deadline, Inform, NonInviteClient};

/// One request of ours that waits for its final response.
#[derive(Debug)]
pub(super) struct Client {
    key: ClientKey,
    peer: Peer,
    machine: NonInviteClient,
    method: Method,
}

impl Client {
    pub(super) fn is_pending(&self) -> bool {
        self.machine.is_pending()
    }

    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        self.machine.poll_timeout()
    }
}

impl Usage {
    /// Presses a key by SIP INFO; without effect outside a confirmed dialog.
    pub(in crate::leg::signal) fn press_info(
        &mut self,
        cx: &mut Cx<'_>,
        media_type: &str,
        digit: Digit,
        held: Duration,
    ) {
        if self.standing != Standing::Confirmed {
            return;
        }
        let hop = self.hop();
        let via = self.via(cx, &hop);
        let mut request = self.dialog.request(Method::Info, &via);
        request.set_body(media_type, info::write(media_type, digit, held));
        self.send(cx, hop, request);
    }

    pub(super) fn send_bye(&mut self, cx: &mut Cx<'_>) {
        self.leave();
        self.bye(cx);
    }

    fn bye(&mut self, cx: &mut Cx<'_>) {
        let hop = self.hop();
        let via = self.via(cx, &hop);
        let request = self.dialog.request(Method::Bye, &via);
        self.send(cx, hop, request);
    }

    fn send(&mut self, cx: &mut Cx<'_>, peer: Peer, mut request: Request) {
        request.headers.push(Name::UserAgent, &*self.us.user_agent);
        if let Some(auth) = &mut self.auth {
            auth.authorize(&mut request);
        }
        let Ok(via) = request.headers.top_via() else { return };
        let method = request.method.clone();
        let key = ClientKey::of_request(&via, method.clone());
        let reliable = peer.transport.is_reliable();
        let (machine, effects) = NonInviteClient::start(cx.now, wire(request.write()), reliable);
        cx.out.carry_out(&peer, &effects);
        self.clients.reserve_exact(1);
        self.clients.push(Client { key, peer, machine, method });
    }

    /// Takes a response to a request of this dialog; the cause if it ends the call.
    pub(in crate::leg::signal) fn handle_response(
        &mut self,
        cx: &mut Cx<'_>,
        key: &ClientKey,
        response: &Response,
    ) -> Option<Cause> {
        let client = self.clients.iter_mut().find(|client| client.key == *key)?;
        let effects = client.machine.handle_response(cx.now, response.status.code());
        let new = effects.inform == Some(Inform::Message) && response.status.is_final();
        let method = client.method.clone();
        self.prune_clients();
        if !new {
            return None;
        }
        if method != Method::Bye {
            return self.handle_info_outcome(cx, response);
        }
        // A BYE is over with any final answer (RFC 3261 §15.1.1), but for one that wants credentials.
        if cause::is_challenge(response.status) && self.can_answer(cx, response) {
            self.bye(cx);
        }
        None
    }

    fn can_answer(&mut self, cx: &mut Cx<'_>, challenge: &Response) -> bool {
        let auth = self.auth.as_mut();
        auth.is_some_and(|auth| auth.handle_challenge(challenge, cx.tokens.rng()).is_ok())
    }

    fn handle_info_outcome(&mut self, cx: &mut Cx<'_>, response: &Response) -> Option<Cause> {
        // RFC 3261 §12.2.1.2: "If the response for a request within a dialog is a 481 … or a 408
        // …, the UAC SHOULD terminate the dialog."
        let lost = matches!(response.status.code(), 408 | 481);
        let stands = matches!(self.standing, Standing::Confirmed);
        (lost && stands).then(|| {
            self.send_bye(cx);
            cause::of_response(CauseKind::Refused, Stage::Answered, response)
        })
    }

    pub(super) fn time_clients(&mut self, cx: &mut Cx<'_>) -> Option<Cause> {
        let mut silent = false;
        for client in &mut self.clients {
            let effects = client.machine.handle_timeout(cx.now);
            cx.out.carry_out(&client.peer, &effects);
            silent |= effects.inform == Some(Inform::Timeout) && client.method != Method::Bye;
        }
        self.prune_clients();
        // RFC 3261 §12.2.1.2: no response at all counts as a 408.
        (silent && self.standing == Standing::Confirmed).then(|| {
            self.send_bye(cx);
            cause::ours(CauseKind::TimedOut, Stage::Answered, "no response in the dialog")
        })
    }

    /// Ends the requests that the transport could not deliver.
    pub(in crate::leg::signal) fn handle_transport_error(&mut self) {
        for client in &mut self.clients {
            // Nothing is to be told: a BYE is over, and a key by INFO is lost.
            let _ = client.machine.handle_transport_error();
        }
        self.prune_clients();
    }

    fn prune_clients(&mut self) {
        self.clients.retain(|client| !client.machine.is_ended());
    }
}
