//! One call taken by the answering phone: INVITE received, ringing, the call, BYE.

use std::time::{Duration, Instant};

use super::accepting::Accepting;
use super::cause;
use super::facts::{Facts, note};
use super::media::Media;
use super::output::{Cx, Outbox, Peer, Transmit};
use super::servers::routed;
use super::setup::IncomingSetup;
use super::tokens::Tokens;
use super::usage::{Body, SDP, Usage, body, not_acceptable, wrong_type};
use crate::leg::key::Digit;
use crate::leg::{Cause, CauseKind, SignalEvent};
use crate::sip::dialog::Dialog;
use crate::sip::endpoint::{ALLOW, reply, unsupported};
use crate::sip::message::{Message, Method, Name, Request, Response, Status};
use crate::sip::transaction::{Deadline, Effects, Inform, InviteServer, ServerKey, earlier};

/// One call as its answering side, sans-IO. What it does next (ring, answer, refuse) is its owner's to
/// say; what the far end does comes as events.
#[derive(Debug)]
pub struct Incoming {
    setup: IncomingSetup,
    tokens: Tokens,
    out: Outbox,
    facts: Facts,
    phase: Phase,
    invite: Request,
    key: ServerKey,
    source: Peer,
    machine: InviteServer,
    usage: Usage,
    /// Our answer to the INVITE's offer, or our offer where it had none; the same in 183 and 200.
    description: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not answered yet.
    Ringing,
    /// Answered.
    Answered,
    /// The end was told; transactions may linger.
    Over,
}

impl Incoming {
    /// Takes an INVITE outside any dialog, and answers it 100 at once.
    ///
    /// # Errors
    /// The final response to send statelessly, without a To tag: 420, 415, 488, or 400 where no dialog
    /// can be made of the INVITE.
    pub fn new(
        now: Instant,
        mut invite: Request,
        source: &Peer,
        setup: IncomingSetup,
    ) -> Result<Incoming, Box<Response>> {
        invite.headers.stamp_source(source.address);
        let mut tokens = Tokens::new(setup.seed);
        let media = Media::new(setup.media.session(tokens.session_id()));
        check(&invite, &media)?;
        let bad = || Box::new(reply(&invite, Status::BAD_REQUEST));
        let key = ServerKey::of_request(&invite).ok_or_else(bad)?;
        let dialog = Dialog::of_request(&invite, &tokens.tag()).map_err(|_| bad())?;
        let call_id = invite.headers.call_id().map_err(|_| bad())?.to_owned();
        let mut incoming = Incoming {
            machine: InviteServer::new(source.transport.is_reliable()),
            usage: Usage::answering(&setup.us, dialog, media, source.clone()),
            setup,
            tokens,
            out: Outbox::default(),
            facts: Facts { call_id, invited: Some(now), tried: Some(now), ..Facts::default() },
            phase: Phase::Ringing,
            invite,
            key,
            source: source.clone(),
            description: None,
        };
        incoming.respond(now, &reply(&incoming.invite, Status::TRYING));
        Ok(incoming)
    }

    /// The Call-ID, by which the gateway finds this call.
    pub fn call_id(&self) -> &str {
        &self.facts.call_id
    }

    /// What is known of the call so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The INVITE, for whoever decides how to answer it.
    pub fn invite(&self) -> &Request {
        &self.invite
    }

    /// Rings: 180.
    pub fn ring(&mut self, now: Instant) {
        if self.phase == Phase::Ringing {
            note(&mut self.facts.rang, now);
            let response = self.compose(Status::RINGING);
            self.respond(now, &response);
        }
    }

    /// Plays to the caller before the answer: 183 with our answer, if the INVITE had an offer.
    pub fn progress(&mut self, now: Instant) {
        if self.phase != Phase::Ringing {
            return;
        }
        let mut response = self.compose(Status::SESSION_PROGRESS);
        if self.has_offer()
            && let Some(description) = self.describe()
        {
            response.set_body(SDP, description);
            let format = self.usage.media.format().cloned();
            self.out.events_extend(format.map(SignalEvent::EarlyMedia));
        }
        self.respond(now, &response);
    }

    /// Answers: 200 with our answer, or with our offer where the INVITE had none.
    pub fn answer(&mut self, now: Instant) {
        if self.phase != Phase::Ringing {
            return;
        }
        let Some(description) = self.describe() else {
            return self.reject(now, Status::NOT_ACCEPTABLE_HERE);
        };
        let mut response = self.compose(Status::OK);
        response.set_body(SDP, description);
        let (bytes, peer) = self.respond(now, &response);
        let cseq = self.invite.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let accepting = Accepting::start(now, cseq, !self.has_offer(), bytes, peer);
        self.usage.accepted(accepting.initial());
        self.phase = Phase::Answered;
        note(&mut self.facts.answered, now);
        if self.has_offer() {
            let format = self.usage.media.format().cloned();
            self.out.events_extend(format.map(SignalEvent::Answered));
            self.usage.media.tell_hold(&mut self.out);
        }
    }

    /// Refuses with a final status other than 2xx.
    pub fn reject(&mut self, now: Instant, status: Status) {
        if self.phase == Phase::Ringing {
            let response = self.compose(status);
            self.respond(now, &response);
            let stage = self.facts.stage();
            self.end(now, cause::ours(CauseKind::HungUpByUs, stage, status.phrase()));
        }
    }

    /// Hangs up: 480 before the answer, BYE after it.
    pub fn hang_up(&mut self, now: Instant) {
        match self.phase {
            Phase::Ringing => self.reject(now, Status::TEMPORARILY_UNAVAILABLE),
            Phase::Answered => {
                let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
                self.usage.hang_up(cx);
                self.end(now, cause::ours(CauseKind::HungUpByUs, self.facts.stage(), ""));
            }
            Phase::Over => {}
        }
    }

    /// Presses a key by SIP INFO, with [`DTMF_RELAY`](super::DTMF_RELAY) or [`DTMF`](super::DTMF) as
    /// the body; without effect unless the call is up.
    pub fn press_info(&mut self, now: Instant, media_type: &str, digit: Digit, held: Duration) {
        let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
        self.usage.press_info(cx, media_type, digit, held);
    }

    /// Takes a message with this call's Call-ID.
    pub fn handle_message(&mut self, now: Instant, message: Message, source: &Peer) {
        match message {
            Message::Response(response) => self.handle_response(now, &response),
            Message::Request(mut request) => {
                request.headers.stamp_source(source.address);
                self.handle_request(now, &request, source);
            }
        }
    }

    /// The transport could not deliver what was sent last (RFC 3261 §18.4).
    pub fn handle_transport_error(&mut self, now: Instant, text: &str) {
        self.usage.handle_transport_error();
        let effects = self.machine.handle_transport_error();
        if effects.inform == Some(Inform::TransportError) && self.phase == Phase::Ringing {
            let stage = self.facts.stage();
            self.end(now, cause::ours(CauseKind::Transport, stage, text));
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        let effects = self.machine.handle_timeout(now);
        self.carry_out(&effects);
        let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
        let cause = self.usage.handle_timeout(cx);
        self.part(now, cause);
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.poll_transmit()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<SignalEvent> {
        self.out.poll_event()
    }

    /// When `handle_timeout` wants to be called, and why.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        earlier(self.machine.poll_timeout(), self.usage.poll_timeout())
    }

    /// Whether the end was told, everything was polled and no transaction lingers: free it.
    pub fn is_finished(&self) -> bool {
        let quiet = self.machine.is_ended() || self.machine.is_pending();
        let parted = self.usage.is_early() || self.usage.is_ended();
        self.phase == Phase::Over && quiet && parted && self.out.is_empty()
    }

    fn handle_request(&mut self, now: Instant, request: &Request, source: &Peer) {
        let key = ServerKey::of_request(request);
        if key.as_ref() == Some(&self.key) {
            return self.handle_repeat(now, request);
        }
        let cancels = request.method == Method::Cancel;
        if cancels && key.is_some_and(|key| key.cancelled() == self.key) {
            return self.handle_cancel(now, request, source);
        }
        if self.usage.dialog.matches(&request.headers) {
            let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
            let cause = self.usage.handle_request(cx, request, source);
            self.part(now, cause);
            self.handle_early_bye(now, request);
        } else if request.method != Method::Ack {
            let mut response = reply(request, Status::CALL_DOES_NOT_EXIST);
            response.set_to_tag(self.usage.dialog.local_tag());
            let (bytes, peer) = routed(&response, source);
            self.out.transmit(&peer, bytes);
        }
    }

    /// The INVITE again, or the ACK to our refusal of it.
    fn handle_repeat(&mut self, now: Instant, request: &Request) {
        let effects = if request.method == Method::Ack {
            self.machine.handle_ack(now)
        } else {
            self.machine.handle_retransmission()
        };
        self.carry_out(&effects);
    }

    /// RFC 3261 §9.2: the CANCEL is answered 200, the INVITE 487 unless it has its final answer.
    fn handle_cancel(&mut self, now: Instant, request: &Request, source: &Peer) {
        let mut response = reply(request, Status::OK);
        // §9.2: "the To tag of the response to the CANCEL and the To tag in the response to the
        // original request SHOULD be the same."
        response.set_to_tag(self.usage.dialog.local_tag());
        let (bytes, peer) = routed(&response, source);
        self.out.transmit(&peer, bytes);
        self.terminate(now, request);
    }

    /// RFC 3261 §15.1.2: a BYE before the answer ends the INVITE with 487 too.
    fn handle_early_bye(&mut self, now: Instant, request: &Request) {
        if self.usage.is_left() {
            self.terminate(now, request);
        }
    }

    fn terminate(&mut self, now: Instant, request: &Request) {
        if self.phase != Phase::Ringing {
            return;
        }
        let response = self.compose(Status::REQUEST_TERMINATED);
        self.respond(now, &response);
        let stage = self.facts.stage();
        self.end(now, Cause { stage, ..cause::of_bye(&request.headers) });
    }

    fn handle_response(&mut self, now: Instant, response: &Response) {
        let Some(key) = crate::sip::transaction::ClientKey::of_response(response) else { return };
        let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
        let cause = self.usage.handle_response(cx, &key, response);
        self.part(now, cause);
    }

    fn part(&mut self, now: Instant, cause: Option<Cause>) {
        if let Some(cause) = cause.filter(|_| self.phase == Phase::Answered) {
            self.end(now, cause);
        }
    }

    fn end(&mut self, now: Instant, cause: Cause) {
        self.phase = Phase::Over;
        self.facts.ended = Some(now);
        self.facts.q850 = cause.q850;
        self.out.end(cause);
    }

    fn has_offer(&self) -> bool {
        matches!(body(&self.invite.headers, &self.invite.body), Body::Sdp(_))
    }

    /// Our answer or offer, made once.
    fn describe(&mut self) -> Option<String> {
        if self.description.is_none() {
            self.description = match body(&self.invite.headers, &self.invite.body) {
                Body::Sdp(offer) => self.usage.media.handle_offer(offer).ok().map(|(text, _)| text),
                Body::None => Some(self.usage.media.offer()),
                Body::Other => None,
            };
        }
        self.description.clone()
    }

    fn compose(&self, status: Status) -> Response {
        let mut response = reply(&self.invite, status);
        response.set_to_tag(self.usage.dialog.local_tag());
        if !status.is_final() || status.is_success() {
            response.headers.push(Name::Contact, self.setup.us.contact.to_string());
            response.headers.push(Name::Allow, ALLOW);
        }
        response.headers.push(Name::Server, &*self.setup.us.user_agent);
        response
    }

    fn respond(&mut self, now: Instant, response: &Response) -> (bytes::Bytes, Peer) {
        let (bytes, peer) = routed(response, &self.source);
        let effects = self.machine.respond(now, response.status.code(), bytes.clone());
        self.out.carry_out(&peer, &effects);
        (bytes, peer)
    }

    fn carry_out(&mut self, effects: &Effects) {
        let (_, peer) = routed(&reply(&self.invite, Status::TRYING), &self.source);
        self.out.carry_out(&peer, effects);
    }
}

/// What refuses an INVITE at once.
fn check(invite: &Request, media: &Media) -> Result<(), Box<Response>> {
    if let Some(refusal) = unsupported(invite) {
        return Err(Box::new(refusal));
    }
    match body(&invite.headers, &invite.body) {
        Body::None => Ok(()),
        Body::Sdp(offer) => match media.clone().handle_offer(offer) {
            Ok(_) => Ok(()),
            Err(error) => Err(Box::new(not_acceptable(invite, error))),
        },
        Body::Other => Err(Box::new(wrong_type(invite))),
    }
}
