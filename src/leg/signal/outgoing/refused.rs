//! Final answers other than 2xx: a repeat that may do better, or the end.

use std::time::Instant;

use super::cancel::Cancelling;
use super::invite::Invite;
use super::{Outgoing, Phase};
use crate::leg::signal::cause;
use crate::leg::{Cause, CauseKind};
use crate::sip::digest::DigestError;
use crate::sip::message::{Response, Status};

impl Outgoing {
    pub(super) fn handle_refusal(&mut self, now: Instant, response: &Response) {
        self.facts.sip_status = Some(response.status.code());
        self.facts.sip_reason = Some(response.reason.clone());
        self.facts.q850 = cause::q850(&response.headers);
        self.invites.iter_mut().for_each(Invite::slim);
        // RFC 3261 §13.2.2.3: the early dialogs end with a final answer other than 2xx.
        self.usages.retain(|usage| !usage.is_early());
        let Phase::Calling { cancelling, .. } = self.phase else { return };
        match cancelling {
            Cancelling::No => self.repeat_or_end(now, response),
            // The network was faster than our CANCEL: the end is its own, and nothing is repeated.
            Cancelling::Wanted(_) if !is_repeatable(response.status) => {
                self.end_with(now, CauseKind::Refused, response);
            }
            Cancelling::Wanted(why) | Cancelling::Sent { why, .. } => {
                self.end_with(now, self.cancelled_kind(why), response);
            }
        }
    }

    fn repeat_or_end(&mut self, now: Instant, response: &Response) {
        match response.status.code() {
            401 | 407 => self.answer_challenge(now, response),
            488 | 606 if !self.reoffered && self.setup.media.events => self.reoffer(now),
            // RFC 3263 §4.3 turns to the next target at a 503; not once there was a sign of the phone.
            503 if self.facts.progressed.is_none() && self.try_next_target(now) => {}
            _ => self.end_with(now, CauseKind::Refused, response),
        }
    }

    /// RFC 3261 §22.2, §22.3: the INVITE again with credentials, CSeq one higher.
    fn answer_challenge(&mut self, now: Instant, response: &Response) {
        let outcome = match &mut self.auth {
            Some(auth) => auth.handle_challenge(response, self.tokens.rng()).map_err(Some),
            None => Err(None),
        };
        match outcome {
            Ok(()) => self.repeat(now),
            Err(error) => {
                let cause = self.cause_of(CauseKind::Unauthorised, response);
                let text = match error {
                    Some(DigestError::Refused) | None => cause.text.clone(),
                    Some(error) => format!("{}; {error}", cause.text),
                };
                self.end(now, Cause { text, ..cause });
            }
        }
    }

    /// A lesser offer, once: without telephone-event, which is what old gateways stumble over. Its
    /// `ptime` is 20 as before.
    fn reoffer(&mut self, now: Instant) {
        self.reoffered = true;
        self.offering.drop_events();
        self.offer = self.offering.offer();
        self.repeat(now);
    }

    fn repeat(&mut self, now: Instant) {
        self.cseq += 1;
        self.draft(now);
    }

    fn end_with(&mut self, now: Instant, kind: CauseKind, response: &Response) {
        let cause = self.cause_of(kind, response);
        self.end(now, cause);
    }

    fn cause_of(&self, kind: CauseKind, response: &Response) -> Cause {
        cause::of_response(kind, self.facts.stage(), response)
    }
}

/// Answers that tell of our request and not of the phone.
fn is_repeatable(status: Status) -> bool {
    matches!(status.code(), 401 | 407 | 488 | 503 | 606)
}
