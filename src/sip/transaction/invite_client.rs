//! The INVITE client transaction: RFC 3261 §17.1.1, figure 5, with `Accepted` of RFC 6026 §7.2.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::timer::{Retransmission, T1_X64, TIMER_D, unless_reliable};
use super::{Deadline, Effects, Inform};

/// One INVITE on its way to a final response.
#[derive(Debug)]
pub struct InviteClient {
    request: Bytes,
    reliable: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Calling { timer_a: Option<Retransmission>, timer_b: Instant },
    Proceeding,
    Completed { ack: Bytes, timer_d: Instant },
    Accepted { timer_m: Instant },
    Terminated,
}

impl InviteClient {
    /// Starts the transaction with the wire form of the INVITE; the effect sends it.
    pub fn start(now: Instant, request: Bytes, reliable: bool) -> (InviteClient, Effects) {
        // RFC 3261 §17.1.1.2: "If an unreliable transport is being used, the client transaction
        // MUST start timer A with a value of T1 … For any transport, the client transaction MUST
        // start timer B with a value of 64*T1 seconds."
        let timer_a = (!reliable).then(|| Retransmission::start(now, Duration::MAX));
        let state = State::Calling { timer_a, timer_b: now + T1_X64 };
        let effects = Effects::send(request.clone());
        (InviteClient { request, reliable, state }, effects)
    }

    /// Whether only a provisional response, or nothing, came so far.
    pub fn is_pending(&self) -> bool {
        matches!(self.state, State::Calling { .. } | State::Proceeding)
    }

    /// Whether a provisional response came and nothing final: a CANCEL may leave (RFC 3261 §9.1).
    pub fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding)
    }

    /// Whether the transaction is over.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Takes a response with this status. `ack` builds the ACK to it (RFC 3261 §17.1.1.3) and is
    /// called for the first final response other than 2xx only.
    pub fn handle_response(&mut self, now: Instant, status: u16, ack: impl FnOnce() -> Bytes) -> Effects {
        match (&self.state, status) {
            (State::Calling { .. } | State::Proceeding, 100..=199) => {
                // Nothing repeats the INVITE any more: its bytes are let go.
                self.request = Bytes::new();
                self.state = State::Proceeding;
                Effects::inform(Inform::Message)
            }
            (State::Calling { .. } | State::Proceeding, 200..=299) => {
                // RFC 6026 §7.2: a 2xx leads to Accepted and to the user, and sets Timer M to 64·T1.
                self.request = Bytes::new();
                self.state = State::Accepted { timer_m: now + T1_X64 };
                Effects::inform(Inform::Message)
            }
            (State::Calling { .. } | State::Proceeding, _) => self.complete(now, ack()),
            // RFC 3261 §17.1.1.2: "Any retransmissions of the final response that are received
            // while in the "Completed" state MUST cause the ACK to be re-passed to the transport
            // layer for retransmission".
            (State::Completed { ack, .. }, 300..) => Effects::send(ack.clone()),
            // RFC 6026 §7.2: further 2xx, from this branch or from forks, are the user's to ACK.
            (State::Accepted { .. }, 200..=299) => Effects::inform(Inform::Message),
            (State::Completed { .. } | State::Accepted { .. } | State::Terminated, _) => Effects::none(),
        }
    }

    fn complete(&mut self, now: Instant, ack: Bytes) -> Effects {
        // RFC 3261 §17.1.1.2: timer D is "at least 32 seconds for unreliable transports, and a
        // value of zero seconds for reliable transports".
        let effects = Effects::send(ack.clone()).and_inform(Inform::Message);
        self.request = Bytes::new();
        if self.reliable {
            self.state = State::Terminated;
            return effects.and_end();
        }
        let timer_d = now + unless_reliable(TIMER_D, self.reliable);
        self.state = State::Completed { ack, timer_d };
        effects
    }

    /// Takes a failure of the transport.
    pub fn handle_transport_error(&mut self) -> Effects {
        match self.state {
            State::Calling { .. } | State::Completed { .. } => {
                self.state = State::Terminated;
                Effects::inform(Inform::TransportError).and_end()
            }
            // RFC 6026 §7.2, figure 8: in Proceeding nothing of ours is on its way, and in Accepted
            // a lost ACK is the user's to repeat; what still comes must find us.
            State::Proceeding | State::Accepted { .. } | State::Terminated => Effects::none(),
        }
    }

    /// When the next timer fires: A, B, D or M.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        match &self.state {
            State::Calling { timer_a: Some(a), timer_b } if a.due() < *timer_b => {
                Some((a.due(), "Timer A: repeat the INVITE"))
            }
            State::Calling { timer_b, .. } => Some((*timer_b, "Timer B: no response to INVITE")),
            State::Completed { timer_d, .. } => Some((*timer_d, "Timer D: INVITE completed")),
            State::Accepted { timer_m } => Some((*timer_m, "Timer M: INVITE accepted")),
            State::Proceeding | State::Terminated => None,
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) -> Effects {
        match &mut self.state {
            State::Calling { timer_b, .. } if *timer_b <= now => {
                self.state = State::Terminated;
                Effects::inform(Inform::Timeout).and_end()
            }
            State::Calling { timer_a: Some(timer_a), .. } if timer_a.due() <= now => {
                // RFC 3261 §17.1.1.2: the timer is reset to 2·T1, 4·T1 and so on; for an INVITE
                // the interval has no upper limit.
                *timer_a = timer_a.next(now);
                Effects::send(self.request.clone())
            }
            State::Completed { timer_d: end, .. } | State::Accepted { timer_m: end } if *end <= now => {
                self.state = State::Terminated;
                Effects::end()
            }
            State::Calling { .. }
            | State::Proceeding
            | State::Completed { .. }
            | State::Accepted { .. }
            | State::Terminated => Effects::none(),
        }
    }
}
