//! Responses received: whose they are, and what a provisional one says.

use std::time::Instant;

use super::Outgoing;
use crate::leg::SignalEvent;
use crate::leg::signal::facts::note;
use crate::leg::signal::output::{Cx, TargetNews, wire};
use crate::leg::signal::usage::{Body, body};
use crate::sip::dialog;
use crate::sip::message::{Method, Response, Status};
use crate::sip::transaction::{ClientKey, Inform};

impl Outgoing {
    pub(super) fn handle_response(&mut self, now: Instant, response: &Response) {
        let Some(key) = ClientKey::of_response(response) else { return };
        if let Some(at) = self.invites.iter().position(|i| i.key(Method::Invite) == key) {
            return self.handle_invite_response(now, at, response);
        }
        let cancels = self.invites.iter_mut().find(|invite| invite.key(Method::Cancel) == key);
        if let Some(invite) = cancels {
            if let Some(cancel) = &mut invite.cancel {
                let effects = cancel.handle_response(now, response.status.code());
                self.out.carry_out(&invite.target.peer, &effects);
            }
            return;
        }
        self.handle_dialog_response(now, &key, response);
    }

    fn handle_dialog_response(&mut self, now: Instant, key: &ClientKey, response: &Response) {
        let mut parted = None;
        for usage in &mut self.usages {
            let cx = &mut Cx { now, tokens: &mut self.tokens, out: &mut self.out };
            if let Some(cause) = usage.handle_response(cx, key, response) {
                parted = Some((usage.dialog.remote_tag().to_owned(), cause));
            }
        }
        if let Some((tag, cause)) = parted {
            self.part(now, &tag, cause);
        }
    }

    fn handle_invite_response(&mut self, now: Instant, at: usize, response: &Response) {
        let Some(invite) = self.invites.get_mut(at) else { return };
        if response.headers.cseq().is_ok_and(|cseq| cseq.number != invite.cseq) {
            return;
        }
        if !invite.machine.is_proceeding() {
            self.target_news = Some(TargetNews::Answered(invite.target.peer.clone()));
        }
        let request = &invite.request;
        let ack = || {
            let ack = dialog::ack_of_refusal(request, response);
            ack.map(|ack| wire(ack.write())).unwrap_or_default()
        };
        let effects = invite.machine.handle_response(now, response.status.code(), ack);
        self.out.carry_out(&invite.target.peer, &effects);
        if effects.inform != Some(Inform::Message) {
            return;
        }
        if tells_of_diversion(response) && note(&mut self.facts.diverted, now) {
            self.out.event(SignalEvent::Diverted);
        }
        if response.status.is_provisional() {
            self.handle_provisional(now, response);
        } else if response.status.is_success() {
            self.handle_success(now, at, response);
        } else {
            self.handle_refusal(now, response);
        }
    }

    fn handle_provisional(&mut self, now: Instant, response: &Response) {
        if note(&mut self.facts.tried, now) {
            self.out.event(SignalEvent::Trying);
        }
        self.send_wanted_cancel(now);
        if response.status == Status::TRYING {
            return;
        }
        note(&mut self.facts.progressed, now);
        let is_183 = response.status == Status::SESSION_PROGRESS;
        let rings = response.status == Status::RINGING || is_183 && self.setup.ringing_means_183;
        if rings && note(&mut self.facts.rang, now) {
            self.out.event(SignalEvent::Ringing);
        }
        self.take_early_media(response);
    }

    /// RFC 3261 §13.2.2.1: a provisional answer with a To tag makes an early dialog, each with its own
    /// answer. One that requires 100rel is used without PRACK (Deviation: RFC 3262 §4; we never said
    /// that we support it).
    fn take_early_media(&mut self, response: &Response) {
        let Some(at) = self.find_or_make_usage(response) else { return };
        let (usage, offering) = (&mut self.usages[at], &self.offering);
        let Body::Sdp(answer) = body(&response.headers, &response.body) else { return };
        if !usage.is_early() || usage.updated {
            return;
        }
        let before = usage.media.format().cloned();
        // An answer of no use in a provisional response is no end: the 2xx may bring a better one.
        if let Ok(format) = usage.media.handle_answer_anew(offering, answer)
            && before.as_ref() != Some(&format)
        {
            self.out.event(SignalEvent::EarlyMedia(format));
        }
    }
}

/// Whether the network led the call elsewhere: 181 Call Is Being Forwarded (RFC 3261 §21.1.3), a Diversion
/// header (RFC 5806), or a History-Info entry that says why or that the target is another user (RFC 4458
/// §2 `cause`, RFC 7044 §5.1 `mp`). An entry without these only records the way.
fn tells_of_diversion(response: &Response) -> bool {
    let retargeted = |value: &str| {
        let value = value.to_ascii_lowercase();
        ["cause=", "reason=", ";mp="].iter().any(|sign| value.contains(sign))
    };
    let headers = || response.headers.iter();
    response.status == Status::CALL_IS_BEING_FORWARDED
        || headers().any(|(name, _)| name.eq_ignore_ascii_case("Diversion"))
        || headers().any(|(name, value)| name.eq_ignore_ascii_case("History-Info") && retargeted(value))
}
