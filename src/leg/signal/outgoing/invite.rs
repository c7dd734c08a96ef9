//! One INVITE of an attempt: drafted, recorded, sent, timed.

use std::time::Instant;

use bytes::Bytes;

use super::cancel::Cancelling;
use super::{Outgoing, Phase};
use crate::leg::record::{LegRecord, RecordStage, SipRecord};
use crate::leg::signal::cause;
use crate::leg::signal::facts::note;
use crate::leg::signal::output::{Outbox, RecordRequest, TargetNews};
use crate::leg::signal::setup::{Target, Us};
use crate::leg::signal::usage::SDP;
use crate::leg::{CauseKind, Stage};
use crate::sip::endpoint::ALLOW;
use crate::sip::message::{Method, Name, Request, Via, WriteError};
use crate::sip::transaction::{ClientKey, Deadline, Effects, Inform, InviteClient, NonInviteClient, earlier};

/// An INVITE that waits for its record.
#[derive(Debug)]
pub(super) struct Draft {
    request: Request,
    bytes: Bytes,
    via: Via,
    target: Target,
}

/// An INVITE that left, with its CANCEL if there is one.
#[derive(Debug)]
pub(super) struct Invite {
    pub(super) request: Request,
    pub(super) cseq: u32,
    pub(super) branch: Via,
    pub(super) target: Target,
    pub(super) machine: InviteClient,
    pub(super) cancel: Option<NonInviteClient>,
}

impl Invite {
    pub(super) fn key(&self, method: Method) -> ClientKey {
        ClientKey::of_request(&self.branch, method)
    }

    /// Lets go of what no ACK and no dialog repeats: a final answer came, and the leg may linger for
    /// longer than its call lasted.
    pub(super) fn slim(&mut self) {
        const KEPT: [Name; 8] = [
            Name::Via,
            Name::From,
            Name::To,
            Name::CallId,
            Name::CSeq,
            Name::Route,
            Name::Authorization,
            Name::ProxyAuthorization,
        ];
        let mut slim = Request::new(Method::Invite, self.request.uri.clone());
        for name in KEPT {
            slim.headers.copy(name, &self.request.headers);
        }
        self.request = slim;
    }

    pub(super) fn is_ended(&self) -> bool {
        self.machine.is_ended() && self.cancel.as_ref().is_none_or(NonInviteClient::is_ended)
    }

    pub(super) fn poll_timeout(&self) -> Option<Deadline> {
        let cancel = self.cancel.as_ref().and_then(NonInviteClient::poll_timeout);
        earlier(self.machine.poll_timeout(), cancel)
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Effects {
        if let Some(cancel) = &mut self.cancel {
            let effects = cancel.handle_timeout(now);
            out.carry_out(&self.target.peer, &effects);
        }
        let effects = self.machine.handle_timeout(now);
        out.carry_out(&self.target.peer, &effects);
        effects
    }
}

impl Outgoing {
    /// Drafts the INVITE for the target in turn and asks for its record.
    ///
    /// Deviation: RFC 3261 §18.1.1 would move a request of more than 1,300 bytes from UDP to TCP; a trunk
    /// that is configured for UDP often has no TCP, and takes fragments.
    pub(super) fn draft(&mut self, now: Instant) {
        let Some(target) = self.setup.targets.get(self.target).cloned() else {
            let stage = self.facts.stage();
            return self.end(now, cause::ours(CauseKind::Transport, stage, "no target"));
        };
        let branch = self.tokens.branch();
        let via = Via::new(target.peer.transport.clone(), target.us.sent_by, &branch);
        let request = self.compose(&via, &target.us);
        match request.write() {
            Ok(bytes) => {
                let record = self.record(&request, &via, &target, RecordStage::Inviting);
                self.out.record(RecordRequest::BeforeInvite(record));
                let draft = Draft { request, bytes: Bytes::copy_from_slice(&bytes), via, target };
                self.phase = Phase::Withheld(Box::new(draft));
            }
            Err(error) => self.refuse_to_write(now, error),
        }
    }

    fn refuse_to_write(&mut self, now: Instant, error: WriteError) {
        let text = format!("the INVITE cannot be written: {error}");
        self.end(now, cause::ours(CauseKind::Transport, Stage::Unsent, text));
    }

    fn compose(&mut self, via: &Via, us: &Us) -> Request {
        let setup = &self.setup;
        let (uri, to, call_id) = (setup.request_uri.clone(), &setup.to, &self.facts.call_id);
        let mut request = Request::with_basics(Method::Invite, uri, via, &self.from, to, call_id, self.cseq);
        let headers = &mut request.headers;
        headers.push(Name::Contact, us.contact.to_string());
        if let Some(identity) = &setup.asserted_identity {
            headers.push(Name::PAssertedIdentity, identity.to_string());
        }
        headers.push(Name::Allow, ALLOW);
        headers.push(Name::Accept, SDP);
        headers.push(Name::UserAgent, &*us.user_agent);
        request.set_body(SDP, self.offer.as_str());
        if let Some(auth) = &mut self.auth {
            auth.authorize(&mut request);
        }
        request
    }

    pub(super) fn record(
        &self,
        request: &Request,
        via: &Via,
        target: &Target,
        stage: RecordStage,
    ) -> LegRecord {
        LegRecord::Sip(SipRecord {
            stage,
            request_uri: request.uri.to_string(),
            route: request.headers.all(Name::Route).map(str::to_owned).collect(),
            via: via.to_string(),
            call_id: self.facts.call_id.clone(),
            from: self.from.to_string(),
            to: self.setup.to.to_string(),
            cseq: self.cseq,
            transport: target.peer.transport.to_string(),
            destination: target.peer.address,
            local: target.local,
        })
    }

    /// Lets the INVITE go whose record is durable; without effect if it was called off meanwhile.
    pub(super) fn send_invite(&mut self, now: Instant) {
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        let Phase::Withheld(draft) = phase else {
            self.phase = phase;
            return;
        };
        let Draft { request, bytes, via, target } = *draft;
        let reliable = target.peer.transport.is_reliable();
        let (machine, effects) = InviteClient::start(now, bytes, reliable);
        self.out.carry_out(&target.peer, &effects);
        note(&mut self.facts.invited, now);
        let (cseq, branch) = (self.cseq, via);
        self.invites.reserve_exact(1);
        self.invites.push(Invite { request, cseq, branch, target, machine, cancel: None });
        let ring_deadline = now + self.setup.ring_timeout;
        self.phase = Phase::Calling { ring_deadline, cancelling: Cancelling::No };
    }

    pub(super) fn time_invites(&mut self, now: Instant) {
        let mut silent = false;
        for invite in &mut self.invites {
            let effects = invite.handle_timeout(now, &mut self.out);
            silent |= effects.inform == Some(Inform::Timeout);
        }
        if silent {
            self.invite_failed(now, CauseKind::TimedOut, "no response to INVITE");
        }
    }

    pub(super) fn fail_invite(&mut self, now: Instant, text: &str) {
        let mut failed = false;
        for invite in &mut self.invites {
            if let Some(cancel) = &mut invite.cancel {
                // The wait after the CANCEL ends the leg in any case.
                let _ = cancel.handle_transport_error();
            }
            let effects = invite.machine.handle_transport_error();
            failed |= effects.inform == Some(Inform::TransportError);
        }
        if failed {
            self.invite_failed(now, CauseKind::Transport, text);
        }
    }

    /// Nothing came back, not even a provisional answer: the next target is tried (RFC 3263 §4.3), or
    /// the leg ends.
    fn invite_failed(&mut self, now: Instant, kind: CauseKind, text: &str) {
        let Phase::Calling { cancelling, .. } = self.phase else { return };
        self.target_news =
            self.setup.targets.get(self.target).map(|target| TargetNews::Failed(target.peer.clone()));
        if cancelling == Cancelling::No && self.try_next_target(now) {
            return;
        }
        let kind = if cancelling.is_hang_up() { CauseKind::HungUpByUs } else { kind };
        self.end(now, cause::ours(kind, self.facts.stage(), text));
    }

    /// Turns to the trunk's next target, if there is one. Call-ID, CSeq and tags stay (RFC 3263 §4.3),
    /// so that whoever got both copies takes the second for a merged request and rings once.
    pub(super) fn try_next_target(&mut self, now: Instant) -> bool {
        if self.target + 1 >= self.setup.targets.len() {
            return false;
        }
        self.target += 1;
        self.draft(now);
        true
    }
}
