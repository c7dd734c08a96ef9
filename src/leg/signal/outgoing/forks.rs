//! 2xx and early dialogs: one INVITE may reach several phones (RFC 3261 §13.2.2.4).

use std::sync::Arc;
use std::time::Instant;

use super::cancel::Cancelling;
use super::{Outgoing, Phase};
use crate::leg::record::RecordStage;
use crate::leg::signal::cause;
use crate::leg::signal::facts::note;
use crate::leg::signal::media::Media;
use crate::leg::signal::output::{Cx, RecordRequest};
use crate::leg::signal::usage::{Body, Usage, body};
use crate::leg::{CauseKind, MediaFormat, SignalEvent, Stage};
use crate::sdp::SdpError;
use crate::sip::dialog::Dialog;
use crate::sip::message::Response;

/// Dialogs that one INVITE may lead to. Past it a provisional answer rings without one; a 2xx takes
/// the place of an early one.
const MAX_FORKS: usize = 16;

impl Outgoing {
    /// The place of the dialog that a response names by its To tag, made if it is new.
    pub(super) fn find_or_make_usage(&mut self, response: &Response) -> Option<usize> {
        let invite = self.invites.last()?;
        let tag = response.headers.to_tag().unwrap_or_default();
        let known = self.usages.iter().position(|usage| usage.dialog.remote_tag() == tag);
        if known.is_some() {
            return known;
        }
        if self.usages.len() >= MAX_FORKS {
            if !response.status.is_success() {
                return None;
            }
            let early = self.usages.iter().position(Usage::is_early)?;
            self.usages.remove(early);
        }
        let dialog = Dialog::of_response(&invite.request, response).ok()?;
        let media = Media::new(self.offering.clone());
        self.usages.reserve_exact(1);
        self.usages.push(Usage::early(&invite.target.us, dialog, media, invite.target.peer.clone()));
        Some(self.usages.len() - 1)
    }

    /// Takes a 2xx: ACK, and then the call if it is the first, a BYE if it is another or too late.
    pub(super) fn handle_success(&mut self, now: Instant, invite: usize, response: &Response) {
        let Some(at) = self.find_or_make_usage(response) else { return };
        let usage = &mut self.usages[at];
        if usage.is_acknowledged() {
            return usage.repeat_ack(&mut self.out);
        }
        usage.dialog.confirm(&response.headers);
        let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
        usage.acknowledge(cx, &self.invites[invite].request, self.auth.as_ref());
        if note(&mut self.facts.answered, now) {
            self.note_answer(now, at, invite, response);
            self.invites[invite].slim();
            self.offer = String::new();
        }
        match self.phase {
            Phase::Calling { cancelling: Cancelling::No, .. } => self.choose(now, at, response),
            Phase::Calling { .. } => {
                // RFC 3261 §9.1: the 200 crossed our CANCEL, or came before one could leave.
                self.leave(now, at);
                self.end_by_us(now);
            }
            // RFC 3261 §13.2.2.4: another phone answered too; it is hung up on.
            Phase::Answered { .. } | Phase::Over | Phase::Unsent | Phase::Withheld(_) => {
                self.leave(now, at);
            }
        }
    }

    fn note_answer(&mut self, now: Instant, at: usize, invite: usize, response: &Response) {
        note(&mut self.facts.progressed, now);
        self.facts.sip_status = Some(response.status.code());
        self.facts.sip_reason = Some(response.reason.clone());
        let dialog = &self.usages[at].dialog;
        let stage = RecordStage::Answered {
            to_tag: dialog.remote_tag().to_owned(),
            remote_target: dialog.remote_target().to_string(),
            route_set: dialog.route_set().iter().map(ToString::to_string).collect(),
        };
        let invite = &self.invites[invite];
        let record = self.record(&invite.request, &invite.branch, &invite.target, stage);
        self.out.record(RecordRequest::Answered(record));
    }

    /// The first 2xx of a call that is wanted: the call is up if we can hear and be heard.
    fn choose(&mut self, now: Instant, at: usize, response: &Response) {
        let tag = self.usages[at].dialog.remote_tag().to_owned();
        if self.usages[at].is_left() {
            // Its BYE overtook the 2xx.
            let text = "BYE before the answer";
            return self.end(now, cause::ours(CauseKind::HungUpByFar, Stage::Answered, text));
        }
        match self.agree(at, response) {
            Ok(format) => {
                self.usages.retain(|usage| !usage.is_early());
                self.phase = Phase::Answered { tag: tag.clone() };
                self.out.event(SignalEvent::Answered(format));
                let chosen = self.usages.iter_mut().find(|usage| usage.dialog.remote_tag() == tag);
                if let Some(usage) = chosen {
                    usage.media.tell_hold(&mut self.out);
                }
            }
            Err(error) => {
                self.leave(now, at);
                let code = Some(response.status.code());
                let kind = CauseKind::NoUsableMedia;
                let cause = cause::ours(kind, Stage::Answered, error.to_string());
                self.end(now, crate::leg::Cause { code, ..cause });
            }
        }
    }

    /// What holds with this 2xx: its own SDP, else what its dialog agreed before.
    fn agree(&mut self, at: usize, response: &Response) -> Result<Arc<MediaFormat>, SdpError> {
        let usage = &mut self.usages[at];
        match body(&response.headers, &response.body) {
            Body::Sdp(answer) if !usage.updated => usage.media.handle_answer_anew(&self.offering, answer),
            Body::Sdp(_) | Body::None | Body::Other => usage.media.format().cloned().ok_or(SdpError::NoAudio),
        }
    }

    fn leave(&mut self, now: Instant, at: usize) {
        let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
        self.usages[at].hang_up(cx);
    }
}
