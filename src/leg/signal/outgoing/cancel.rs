//! Calling off an INVITE: RFC 3261 §9.1.

use std::time::Instant;

use super::{Outgoing, Phase};
use crate::leg::CauseKind;
use crate::leg::signal::cause;
use crate::leg::signal::output::wire;
use crate::sip::dialog;
use crate::sip::transaction::timer::T1_X64;
use crate::sip::transaction::{Deadline, NonInviteClient};

/// How far the calling off has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancelling {
    /// Nobody wants it.
    No,
    /// Wanted, but no provisional answer has come yet. RFC 3261 §9.1: "If no provisional response has
    /// been received, the CANCEL request MUST NOT be sent".
    Wanted(Why),
    /// Sent. RFC 3261 §9.1: without a final response in 64·T1 "the client SHOULD then consider the
    /// original transaction cancelled".
    Sent { why: Why, give_up: Instant },
}

/// Who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    HangUp,
    RingTimeout,
}

impl Cancelling {
    pub(super) fn is_hang_up(self) -> bool {
        match self {
            Cancelling::No => false,
            Cancelling::Wanted(why) | Cancelling::Sent { why, .. } => why == Why::HangUp,
        }
    }
}

impl Outgoing {
    /// Calls the INVITE off, now or at its first provisional answer.
    pub(super) fn cancel(&mut self, now: Instant, why: Why) {
        let Phase::Calling { cancelling, .. } = &mut self.phase else { return };
        if *cancelling != Cancelling::No {
            return;
        }
        *cancelling = Cancelling::Wanted(why);
        self.send_wanted_cancel(now);
    }

    /// Sends the CANCEL that is wanted, if it may leave.
    pub(super) fn send_wanted_cancel(&mut self, now: Instant) {
        let Phase::Calling { cancelling, .. } = &mut self.phase else { return };
        let Cancelling::Wanted(why) = *cancelling else { return };
        let current = self.invites.last_mut().filter(|invite| invite.machine.is_proceeding());
        let Some(invite) = current else { return };
        // The INVITE is ours and was written: everything that a CANCEL repeats is there.
        let Ok(request) = dialog::cancel(&invite.request) else { return };
        let reliable = invite.target.peer.transport.is_reliable();
        let (machine, effects) = NonInviteClient::start(now, wire(request.write()), reliable);
        self.out.carry_out(&invite.target.peer, &effects);
        invite.cancel = Some(machine);
        *cancelling = Cancelling::Sent { why, give_up: now + T1_X64 };
    }

    /// The kind of end of a call that was called off.
    pub(super) fn cancelled_kind(&self, why: Why) -> CauseKind {
        match why {
            Why::RingTimeout if !self.facts.rung() => CauseKind::TimedOut,
            Why::RingTimeout | Why::HangUp => CauseKind::HungUpByUs,
        }
    }

    /// The ringing limit runs from the INVITE, but nothing can be cancelled before a provisional
    /// answer: until then Timer B is the limit.
    pub(super) fn cancelling_deadline(&self) -> Option<Deadline> {
        let Phase::Calling { ring_deadline, cancelling } = &self.phase else { return None };
        match cancelling {
            Cancelling::No => {
                let proceeding = self.invites.last()?.machine.is_proceeding();
                proceeding.then_some((*ring_deadline, "ringing limit"))
            }
            Cancelling::Wanted(_) => None,
            Cancelling::Sent { give_up, .. } => Some((*give_up, "no final response after CANCEL")),
        }
    }

    pub(super) fn time_cancelling(&mut self, now: Instant) {
        if self.cancelling_deadline().is_none_or(|(due, _)| due > now) {
            return;
        }
        let Phase::Calling { cancelling, .. } = self.phase else { return };
        match cancelling {
            Cancelling::No => self.cancel(now, Why::RingTimeout),
            Cancelling::Wanted(_) => {}
            Cancelling::Sent { why, .. } => {
                self.invites.pop();
                let kind = self.cancelled_kind(why);
                let text = "no final response after CANCEL";
                self.end(now, cause::ours(kind, self.facts.stage(), text));
            }
        }
    }
}
