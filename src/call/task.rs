//! What the person has to do in this call: a job's mode, as the script knows it.

use subtle::ConstantTimeEq;

use super::effect::Conclusion;
use super::pin::PinCheck;
use crate::leg::key::Digit;

/// Tries of a challenge in one call (contract §2).
pub const CHALLENGE_TRIES: u8 = 2;

/// The mode of a call with all that its answer is held against. Secrets print masked.
#[derive(Debug, Clone)]
pub enum Task {
    /// Press a lone `#`.
    Confirm,
    /// Key these digits, then `#`.
    Challenge {
        /// The digits that the login screen shows.
        digits: Vec<Digit>,
    },
    /// Key the PIN, then `#`.
    Pin {
        /// What the PIN is held against.
        check: PinCheck,
        /// Wrong PINs that end the call.
        tries: u8,
    },
    /// Press a lone `#` and listen.
    Code {
        /// The digits to be read out.
        digits: Vec<Digit>,
        /// How often.
        repeat: u8,
    },
}

/// An entry that was wrong, for whoever counts them across calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailedEntry {
    /// A challenge.
    Challenge,
    /// A PIN.
    Pin,
}

impl FailedEntry {
    /// What the call comes to by it.
    pub(super) fn conclusion(self) -> Conclusion {
        match self {
            FailedEntry::Challenge => Conclusion::ChallengeWrong,
            FailedEntry::Pin => Conclusion::PinWrong,
        }
    }
}

impl Task {
    /// Which entry this mode asks for; `None` where a lone `#` is the answer.
    pub(super) fn entry(&self) -> Option<FailedEntry> {
        match self {
            Task::Challenge { .. } => Some(FailedEntry::Challenge),
            Task::Pin { .. } => Some(FailedEntry::Pin),
            Task::Confirm | Task::Code { .. } => None,
        }
    }

    /// Wrong entries that end the call.
    pub(super) fn tries(&self) -> u8 {
        match self {
            Task::Pin { tries, .. } => *tries,
            Task::Challenge { .. } | Task::Confirm | Task::Code { .. } => CHALLENGE_TRIES,
        }
    }

    /// Whether an entry is the one wanted; the time it takes does not tell how much of it is.
    pub(super) fn is_answered_by(&self, entry: &[Digit]) -> bool {
        match self {
            Task::Challenge { digits } => same(digits, entry),
            Task::Pin { check, .. } => check.matches(entry),
            Task::Confirm | Task::Code { .. } => false,
        }
    }
}

/// Whether two entries are the same, in constant time.
pub(super) fn same(wanted: &[Digit], entry: &[Digit]) -> bool {
    let octets = |keys: &[Digit]| -> Vec<u8> { keys.iter().map(|key| key.as_char() as u8).collect() };
    octets(wanted).ct_eq(&octets(entry)).into()
}
