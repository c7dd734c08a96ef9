//! A 2xx of ours that waits for its ACK: RFC 3261 §13.3.1.4.

use std::time::Instant;

use bytes::Bytes;

use super::output::{Outbox, Peer};
use crate::sip::transaction::Deadline;
use crate::sip::transaction::timer::{Retransmission, T1_X64, T2};

/// A 2xx that is sent again until the ACK comes.
#[derive(Debug)]
pub(super) struct Accepting {
    /// The CSeq number of the INVITE, which its ACK bears.
    pub(super) cseq: u32,
    /// Whether the 2xx bore our offer, so that the ACK is to bring the answer.
    pub(super) offered: bool,
    /// Whether it answers the INVITE that made the dialog.
    pub(super) initial: bool,
    response: Bytes,
    peer: Peer,
    repeat: Retransmission,
    give_up: Instant,
}

/// What a moment in the life of an [`Accepting`] comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// The ACK may still come.
    On,
    /// RFC 3261 §13.3.1.4: "If the server retransmits the 2xx response for 64*T1 seconds without
    /// receiving an ACK, the dialog is confirmed, but the session SHOULD be terminated" with a BYE.
    InVain,
}

impl Accepting {
    pub(super) fn start(now: Instant, cseq: u32, offered: bool, response: Bytes, peer: Peer) -> Accepting {
        // RFC 3261 §13.3.1.4: the interval "starts at T1 seconds and doubles for each
        // retransmission until it reaches T2 seconds", on every transport, since a hop may be UDP.
        let repeat = Retransmission::start(now, T2);
        Accepting { cseq, offered, initial: false, response, peer, repeat, give_up: now + T1_X64 }
    }

    /// The same for the 2xx that made the dialog.
    pub(super) fn initial(self) -> Accepting {
        Accepting { initial: true, ..self }
    }

    pub(super) fn poll_timeout(&self) -> Deadline {
        if self.repeat.due() < self.give_up {
            (self.repeat.due(), "repeat the 2xx until its ACK")
        } else {
            (self.give_up, "no ACK to our 2xx")
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Waited {
        if self.give_up <= now {
            return Waited::InVain;
        }
        if self.repeat.due() <= now {
            self.repeat = self.repeat.next(now);
            out.transmit(&self.peer, self.response.clone());
        }
        Waited::On
    }
}
