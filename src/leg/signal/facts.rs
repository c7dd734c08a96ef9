//! What is known of an attempt besides its events, for the record of the attempt.

use std::time::{Duration, Instant};

use crate::leg::Stage;

/// Moments and answers of one attempt so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The Call-ID.
    pub call_id: String,
    /// When the first INVITE left.
    pub invited: Option<Instant>,
    /// When the network first took the call: any provisional answer.
    pub tried: Option<Instant>,
    /// When anything told of the phone first: a 18x or a 2xx (RFC 6076 §4.2 has the same end points).
    pub progressed: Option<Instant>,
    /// When the phone first rang.
    pub rang: Option<Instant>,
    /// When the network first said that it leads the call elsewhere.
    pub diverted: Option<Instant>,
    /// When the first 2xx came.
    pub answered: Option<Instant>,
    /// When the leg ended.
    pub ended: Option<Instant>,
    /// The last final status of an INVITE.
    pub sip_status: Option<u16>,
    /// Its reason phrase.
    pub sip_reason: Option<String>,
    /// The Q.850 cause of the last final answer or of the far end's BYE (RFC 3326).
    pub q850: Option<u8>,
}

impl Facts {
    /// Whether a phone may have rung: it did, or the call was answered (contract, section 1).
    pub fn rung(&self) -> bool {
        self.rang.is_some() || self.answered.is_some()
    }

    /// Post-dial delay: from the first INVITE to the first sign of the phone.
    pub fn pdd(&self) -> Option<Duration> {
        Some(self.progressed? - self.invited?)
    }

    /// How long the phone rang: until the answer, the end, or `now`.
    pub fn ringing(&self, now: Instant) -> Option<Duration> {
        let until = self.answered.or(self.ended).unwrap_or(now);
        Some(until.saturating_duration_since(self.rang?))
    }

    /// How far the leg has come.
    pub fn stage(&self) -> Stage {
        if self.answered.is_some() {
            Stage::Answered
        } else if self.rang.is_some() {
            Stage::Ringing
        } else if self.tried.is_some() {
            Stage::Trying
        } else if self.invited.is_some() {
            Stage::Sent
        } else {
            Stage::Unsent
        }
    }
}

/// Notes a moment unless it is known.
pub(super) fn note(moment: &mut Option<Instant>, now: Instant) -> bool {
    let new = moment.is_none();
    moment.get_or_insert(now);
    new
}
