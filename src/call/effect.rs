//! What a script decides, and what the call has to do for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::task::FailedEntry;
use super::transfer::Voice;
use crate::clip::Clip;
use crate::leg::PressOrder;
use crate::leg::key::{Distrust, KeyPath};

/// What the script decided about the person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// A lone `#` after the gate.
    Confirmed,
    /// The digits of the login screen.
    ChallengeMatched,
    /// The PIN.
    PinMatched,
    /// The two digits spoken in this call.
    SpokenMatched,
    /// The code was said once, whole.
    Delivered,
    /// The fraud key's digit, then `#`.
    FraudReported,
    /// A `#` after `answer_by`.
    TooLate,
    /// Wrong digits of the login screen.
    ChallengeWrong,
    /// A wrong PIN.
    PinWrong,
    /// Digits without their `#`, or not all of them heard.
    Incomplete,
    /// `#` where a PIN was wanted.
    PinMissing,
    /// Only entries that mean nothing here.
    Invalid,
    /// Only keys that must not count.
    Untrusted,
    /// Nobody came behind an office's attendant.
    Nobody,
    /// The extension behind it is engaged.
    Engaged,
    /// No key at all.
    NoInput,
}

impl Conclusion {
    /// How much it says of a call that ended without an answer: the greatest stands.
    pub(super) fn weight(self) -> u8 {
        match self {
            Conclusion::NoInput | Conclusion::Nobody | Conclusion::Engaged => 0,
            Conclusion::Untrusted => 1,
            Conclusion::Invalid => 2,
            Conclusion::PinMissing => 3,
            Conclusion::Incomplete => 4,
            Conclusion::ChallengeWrong | Conclusion::PinWrong => 5,
            Conclusion::Confirmed
            | Conclusion::ChallengeMatched
            | Conclusion::PinMatched
            | Conclusion::SpokenMatched
            | Conclusion::Delivered
            | Conclusion::FraudReported
            | Conclusion::TooLate => 6,
        }
    }
}

/// What the call has to do for the script.
#[derive(Debug, Clone)]
pub enum ScriptEffect {
    /// Say these clips.
    Play {
        /// Names the saying in `played`.
        saying: u32,
        /// Silence first.
        lead: Duration,
        /// One after the other.
        clips: Vec<Arc<Clip>>,
    },
    /// Press these keys: an attendant takes them.
    Dial(Vec<PressOrder>),
    /// Somebody is there behind the attendant: the impression of who answered begins anew.
    Met {
        /// When.
        at: Instant,
        /// By which voice, if by one.
        voice: Option<Voice>,
    },
    /// Say no more for now: the person is keying.
    Stop,
    /// The prompt begins.
    Prompting,
    /// The prompt is over; a key is waited for.
    Listening,
    /// A key whose press began at `began` must not count.
    Ignored {
        /// Why not.
        why: Distrust,
        /// Its onset.
        began: Instant,
        /// By which path it came, where no press was told.
        path: Option<KeyPath>,
    },
    /// Make a wrong entry durable, then call [`Script::handle_recorded`](super::script::Script::handle_recorded):
    /// nobody is told before.
    Failed(FailedEntry),
    /// The answer is known; `at` is when the deciding press began.
    Concluded {
        /// What was decided.
        conclusion: Conclusion,
        /// Onset of the key that decided it, if a key did.
        at: Option<Instant>,
    },
    /// Fraud was reported after the conclusion, which stays.
    FraudReported,
    /// Block calls to this person.
    Block,
    /// Nothing is left to say: hang up.
    HangUp,
}
