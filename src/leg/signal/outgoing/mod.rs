//! One attempt as the caller: INVITE with its repeats, forks, CANCEL, the call, BYE.

mod cancel;
mod forks;
mod invite;
mod refused;
mod responses;

use std::time::Instant;

use super::cause;
use super::facts::Facts;
use super::info;
use super::output::{Cx, Outbox, Peer, RecordRequest, TargetNews, Transmit};
use super::setup::OutgoingSetup;
use super::tokens::Tokens;
use super::usage::Usage;
use crate::leg::key::Distrust;
use crate::leg::{Cause, CauseKind, SignalEvent};
use crate::sdp::Session;
use crate::sip::digest::Authenticator;
use crate::sip::endpoint::reply;
use crate::sip::message::{Message, Method, NameAddr, Request, Status, Transport};
use crate::sip::transaction::{Deadline, earlier};
use cancel::{Cancelling, Why};
use invite::{Draft, Invite};

/// One attempt towards one trunk, sans-IO: its INVITE, the repeats of it, and the call it leads to.
///
/// Every INVITE is withheld until [`handle_recorded`](Outgoing::handle_recorded) says that the record
/// which could end the leg after a crash is durable.
#[derive(Debug)]
pub struct Outgoing {
    setup: OutgoingSetup,
    tokens: Tokens,
    out: Outbox,
    facts: Facts,
    phase: Phase,
    /// Our From with its tag, the same in every repeat (RFC 3261 §8.1.3.5).
    from: NameAddr,
    cseq: u32,
    auth: Option<Authenticator>,
    /// Our side of offer and answer, right after it made the offer that is out.
    offering: Session,
    offer: String,
    /// Whether the one lesser offer was made (488, 606).
    reoffered: bool,
    /// Which of the trunk's targets is tried.
    target: usize,
    /// What became known of it last.
    target_news: Option<TargetNews>,
    /// The last is the one that counts; the others outwait their Timer D.
    invites: Vec<Invite>,
    usages: Vec<Usage>,
}

/// Where the attempt stands.
#[derive(Debug)]
enum Phase {
    Unsent,
    /// An INVITE waits for its record.
    Withheld(Box<Draft>),
    /// An INVITE is out and has no final response.
    Calling {
        ring_deadline: Instant,
        cancelling: Cancelling,
    },
    /// The call is up, in the dialog with this remote tag.
    Answered {
        tag: String,
    },
    /// The end was told; transactions may linger.
    Over,
}

impl Outgoing {
    /// An attempt that has not begun.
    pub fn new(setup: OutgoingSetup) -> Outgoing {
        let mut tokens = Tokens::new(setup.seed);
        let mut offering = setup.media.session(tokens.session_id());
        let offer = offering.offer();
        let facts = Facts { call_id: tokens.call_id(), ..Facts::default() };
        Outgoing {
            from: setup.from.clone().with_tag(&tokens.tag()),
            auth: setup.credentials.clone().map(Authenticator::new),
            setup,
            tokens,
            out: Outbox::default(),
            facts,
            phase: Phase::Unsent,
            cseq: 1,
            offering,
            offer,
            reoffered: false,
            target: 0,
            target_news: None,
            invites: Vec::new(),
            usages: Vec::new(),
        }
    }

    /// The Call-ID, by which the gateway finds this attempt.
    pub fn call_id(&self) -> &str {
        &self.facts.call_id
    }

    /// The transport of the target that is tried, or was last.
    pub fn transport(&self) -> Option<&Transport> {
        self.setup.targets.get(self.target).map(|target| &target.peer.transport)
    }

    /// What is known of the attempt so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Begins: asks for the record of the first INVITE.
    pub fn start(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Unsent) {
            self.draft(now);
        }
    }

    /// The record last asked for is durable: the INVITE leaves.
    pub fn handle_recorded(&mut self, now: Instant) {
        self.send_invite(now);
    }

    /// Takes a message with this attempt's Call-ID.
    pub fn handle_message(&mut self, now: Instant, message: Message, source: &Peer) {
        match message {
            Message::Response(response) => self.handle_response(now, &response),
            Message::Request(mut request) => {
                request.headers.stamp_source(source.address);
                self.handle_request(now, &request, source);
            }
        }
        self.prune();
    }

    /// The transport could not deliver what was sent last (RFC 3261 §18.4).
    pub fn handle_transport_error(&mut self, now: Instant, text: &str) {
        for usage in &mut self.usages {
            usage.handle_transport_error();
        }
        self.fail_invite(now, text);
        self.prune();
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.time_invites(now);
        self.time_cancelling(now);
        let mut causes = Vec::new();
        for usage in &mut self.usages {
            let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
            let cause = usage.handle_timeout(cx);
            causes.extend(cause.map(|cause| (usage.dialog.remote_tag().to_owned(), cause)));
        }
        for (tag, cause) in causes {
            self.part(now, &tag, cause);
        }
        self.prune();
    }

    /// Ends the attempt: withholds what has not left, cancels what rings, hangs up what is up.
    ///
    /// Of a call that is up the end is told as soon as the BYE is on its way; one that rings ends with
    /// its final response, or 64·T1 after the CANCEL.
    pub fn hang_up(&mut self, now: Instant) {
        match &self.phase {
            Phase::Unsent | Phase::Withheld(_) => self.end_by_us(now),
            Phase::Calling { .. } => self.cancel(now, Why::HangUp),
            Phase::Answered { tag } => {
                let chosen = self.usages.iter_mut().find(|usage| usage.dialog.remote_tag() == tag);
                if let Some(usage) = chosen {
                    usage.hang_up(&mut Cx { now, tokens: &mut self.tokens, out: &mut self.out });
                }
                self.end_by_us(now);
            }
            Phase::Over => {}
        }
    }

    /// The next message to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.poll_transmit()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<SignalEvent> {
        self.out.poll_event()
    }

    /// The next record to store.
    pub fn poll_record(&mut self) -> Option<RecordRequest> {
        self.out.poll_record()
    }

    /// What became known of a target since the last poll: at most one thing a step.
    pub fn poll_target(&mut self) -> Option<TargetNews> {
        self.target_news.take()
    }

    /// When `handle_timeout` wants to be called, and why.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let invites = self.invites.iter().map(Invite::poll_timeout).fold(None, earlier);
        let usages = self.usages.iter().map(Usage::poll_timeout).fold(None, earlier);
        earlier(earlier(invites, usages), self.cancelling_deadline())
    }

    /// Whether the far end knows that it is over, as far as that can be known: what lingers only
    /// absorbs repeats. A gateway that shuts down waits for no more.
    pub fn has_parted(&self) -> bool {
        matches!(self.phase, Phase::Over) && self.usages.iter().all(Usage::has_parted) && self.out.is_empty()
    }

    /// Whether the end was told, everything was polled and no transaction lingers: free it.
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Over)
            && self.invites.is_empty()
            && self.usages.is_empty()
            && self.out.is_empty()
    }

    fn handle_request(&mut self, now: Instant, request: &Request, source: &Peer) {
        let usage = self.usages.iter_mut().find(|usage| usage.dialog.matches(&request.headers));
        let Some(usage) = usage else {
            if let Some(event) = info::untrusted(now, request, Distrust::ForeignSource) {
                self.out.event(event);
            }
            return self.answer_stray(request, source);
        };
        let tag = usage.dialog.remote_tag().to_owned();
        let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
        if let Some(cause) = usage.handle_request(cx, request, source) {
            self.part(now, &tag, cause);
        }
    }

    /// A request that bears our Call-ID but the tags of no dialog of ours (RFC 3261 §12.2.2), or none
    /// at all: our own INVITE come back to us (§8.2.2.2).
    fn answer_stray(&mut self, request: &Request, source: &Peer) {
        if request.method == Method::Ack {
            return;
        }
        let outside = request.headers.to_tag().is_none();
        let looped = outside && request.method == Method::Invite;
        let status = LOOP_DETECTED.filter(|_| looped).unwrap_or(Status::CALL_DOES_NOT_EXIST);
        let mut response = reply(request, status);
        response.set_to_tag(self.from.tag().unwrap_or_default());
        let (bytes, peer) = super::servers::routed(&response, source);
        self.out.transmit(&peer, bytes);
    }

    /// A dialog ended; if it was the call, the leg has.
    fn part(&mut self, now: Instant, tag: &str, cause: Cause) {
        if matches!(&self.phase, Phase::Answered { tag: chosen } if chosen == tag) {
            self.end(now, cause);
        }
    }

    fn end_by_us(&mut self, now: Instant) {
        self.end(now, cause::ours(CauseKind::HungUpByUs, self.facts.stage(), ""));
    }

    fn end(&mut self, now: Instant, cause: Cause) {
        self.phase = Phase::Over;
        // Early dialogs end with the leg; one that is answered all the same is made anew and hung up.
        self.usages.retain(|usage| !usage.is_early());
        self.offering = self.setup.media.session(0);
        self.facts.ended = Some(now);
        self.facts.q850 = cause.q850.or(self.facts.q850);
        self.out.end(cause);
    }

    fn prune(&mut self) {
        self.invites.retain(|invite| !invite.is_ended());
        self.usages.retain(|usage| !usage.is_ended());
    }
}

/// 482 Loop Detected (RFC 3261 §21.4.20).
const LOOP_DETECTED: Option<Status> = Status::new(482);
