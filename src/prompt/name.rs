//! The clips a pack may hold, by name.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::job::{ModeKind, Purpose};

/// One of the clips of a pack; its word in `pack.toml` is the name in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipName {
    /// Who calls, and that a sign-in is being confirmed.
    ContextSignIn,
    /// Who calls, and that a password reset is being confirmed.
    ContextPasswordReset,
    /// Who calls, and that a registration is being confirmed.
    ContextRegistration,
    /// Mode `confirm`: which key confirms and which one reports fraud.
    Instruction,
    /// Mode `challenge`: key the digits shown, then `#`; which keys report fraud.
    ChallengeInstruction,
    /// Mode `pin`: key the PIN, then `#`; which keys report fraud.
    PinInstruction,
    /// Mode `code`: press `#` to hear it; which keys report fraud.
    CodeInstruction,
    /// Before the code's digits.
    CodeIntro,
    /// Before the code's digits are said once more.
    CodeAgain,
    /// Said after keys that confirm nothing, before the prompt is said again.
    Invalid,
    /// After an entry that was not finished or not fully understood, before it is asked for again.
    EntryIncomplete,
    /// After wrong digits of the login screen, before they are asked for again.
    ChallengeWrong,
    /// After a wrong PIN, before it is asked for again.
    PinWrong,
    /// Opens the request for two spoken digits.
    SpokenAsk,
    /// Closes it: then the pound key.
    SpokenThen,
    /// Answer to an assistant that asks who calls and why.
    Screening,
    /// After a report of fraud: which key blocks calls, which do not.
    FraudQuestion,
    /// Farewell when calls are blocked.
    FraudBlocked,
    /// Farewell when they are not.
    FraudKept,
    /// Farewell after the confirming key or entry.
    Thanks,
    /// Farewell after a report of fraud without the question.
    FraudReported,
    /// Farewell when no key came, or none that counts.
    Goodbye,
    /// Farewell when the key came too late for the login page.
    Expired,
    /// Farewell after wrong keys in answer to the two spoken digits.
    SpokenWrong,
    /// Farewell after the last wrong PIN or challenge of the call.
    PinLocked,
    /// The same where they are locked: to try again in a few minutes.
    LockedMinutes,
    /// The same where they are locked: to try again in a quarter of an hour.
    LockedQuarterHour,
    /// The same where they are locked: to try again in half an hour.
    LockedHalfHour,
    /// The same where they are locked: to try again in an hour.
    LockedHour,
    /// The same where they are locked: to try again in a few hours.
    LockedHours,
    /// The same where they are locked: to try again in a day.
    LockedDay,
    /// Farewell after the code.
    CodeGoodbye,
    /// The digit 0.
    #[serde(rename = "digit_0")]
    Digit0,
    /// The digit 1.
    #[serde(rename = "digit_1")]
    Digit1,
    /// The digit 2.
    #[serde(rename = "digit_2")]
    Digit2,
    /// The digit 3.
    #[serde(rename = "digit_3")]
    Digit3,
    /// The digit 4.
    #[serde(rename = "digit_4")]
    Digit4,
    /// The digit 5.
    #[serde(rename = "digit_5")]
    Digit5,
    /// The digit 6.
    #[serde(rename = "digit_6")]
    Digit6,
    /// The digit 7.
    #[serde(rename = "digit_7")]
    Digit7,
    /// The digit 8.
    #[serde(rename = "digit_8")]
    Digit8,
    /// The digit 9.
    #[serde(rename = "digit_9")]
    Digit9,
}

impl ClipName {
    /// Every clip, in the order in which a call would say them; the digits last.
    pub const ALL: [ClipName; 42] = [
        ClipName::ContextSignIn,
        ClipName::ContextPasswordReset,
        ClipName::ContextRegistration,
        ClipName::Instruction,
        ClipName::ChallengeInstruction,
        ClipName::PinInstruction,
        ClipName::CodeInstruction,
        ClipName::CodeIntro,
        ClipName::CodeAgain,
        ClipName::Invalid,
        ClipName::EntryIncomplete,
        ClipName::ChallengeWrong,
        ClipName::PinWrong,
        ClipName::SpokenAsk,
        ClipName::SpokenThen,
        ClipName::Screening,
        ClipName::FraudQuestion,
        ClipName::FraudBlocked,
        ClipName::FraudKept,
        ClipName::Thanks,
        ClipName::FraudReported,
        ClipName::Goodbye,
        ClipName::Expired,
        ClipName::SpokenWrong,
        ClipName::PinLocked,
        ClipName::LockedMinutes,
        ClipName::LockedQuarterHour,
        ClipName::LockedHalfHour,
        ClipName::LockedHour,
        ClipName::LockedHours,
        ClipName::LockedDay,
        ClipName::CodeGoodbye,
        ClipName::Digit0,
        ClipName::Digit1,
        ClipName::Digit2,
        ClipName::Digit3,
        ClipName::Digit4,
        ClipName::Digit5,
        ClipName::Digit6,
        ClipName::Digit7,
        ClipName::Digit8,
        ClipName::Digit9,
    ];

    /// The ten digits, by their value.
    pub const DIGITS: [ClipName; 10] = [
        ClipName::Digit0,
        ClipName::Digit1,
        ClipName::Digit2,
        ClipName::Digit3,
        ClipName::Digit4,
        ClipName::Digit5,
        ClipName::Digit6,
        ClipName::Digit7,
        ClipName::Digit8,
        ClipName::Digit9,
    ];

    /// The farewells that tell when PINs and challenges are taken again, each with the longest wait that it
    /// is said for: none is told less than is left.
    pub const LOCKED: [(Duration, ClipName); 6] = [
        (Duration::from_secs(5 * 60), ClipName::LockedMinutes),
        (Duration::from_secs(15 * 60), ClipName::LockedQuarterHour),
        (Duration::from_secs(30 * 60), ClipName::LockedHalfHour),
        (Duration::from_secs(60 * 60), ClipName::LockedHour),
        (Duration::from_secs(6 * 60 * 60), ClipName::LockedHours),
        (Duration::from_secs(24 * 60 * 60), ClipName::LockedDay),
    ];

    /// The context that opens a saying for this purpose.
    pub fn context_for(purpose: Purpose) -> ClipName {
        match purpose {
            Purpose::SignIn => ClipName::ContextSignIn,
            Purpose::PasswordReset => ClipName::ContextPasswordReset,
            Purpose::Registration => ClipName::ContextRegistration,
        }
    }

    /// What tells a person in this mode which keys to press.
    pub fn instruction_for(mode: ModeKind) -> ClipName {
        match mode {
            ModeKind::Confirm => ClipName::Instruction,
            ModeKind::Challenge => ClipName::ChallengeInstruction,
            ModeKind::Pin => ClipName::PinInstruction,
            ModeKind::Code => ClipName::CodeInstruction,
        }
    }

    /// The clips without which a pack does not serve a mode, besides the contexts.
    pub fn needed_by(mode: ModeKind) -> impl Iterator<Item = ClipName> {
        let code: &[ClipName] = match mode {
            ModeKind::Code => &[ClipName::CodeIntro, ClipName::CodeAgain],
            ModeKind::Confirm | ModeKind::Challenge | ModeKind::Pin => &[],
        };
        let digits = if code.is_empty() { &[][..] } else { &ClipName::DIGITS };
        [ClipName::instruction_for(mode)].into_iter().chain(code.iter().chain(digits).copied())
    }

    /// The clips without which an unclean call cannot be asked for two digits.
    pub fn needed_to_ask() -> impl Iterator<Item = ClipName> {
        [ClipName::SpokenAsk, ClipName::SpokenThen].into_iter().chain(ClipName::DIGITS)
    }

    /// The word for it in `pack.toml` and in results.
    pub fn as_str(self) -> &'static str {
        match self {
            ClipName::ContextSignIn => "context_sign_in",
            ClipName::ContextPasswordReset => "context_password_reset",
            ClipName::ContextRegistration => "context_registration",
            ClipName::Instruction => "instruction",
            ClipName::ChallengeInstruction => "challenge_instruction",
            ClipName::PinInstruction => "pin_instruction",
            ClipName::CodeInstruction => "code_instruction",
            ClipName::CodeIntro => "code_intro",
            ClipName::CodeAgain => "code_again",
            ClipName::Invalid => "invalid",
            ClipName::EntryIncomplete => "entry_incomplete",
            ClipName::ChallengeWrong => "challenge_wrong",
            ClipName::PinWrong => "pin_wrong",
            ClipName::SpokenAsk => "spoken_ask",
            ClipName::SpokenThen => "spoken_then",
            ClipName::Screening => "screening",
            ClipName::FraudQuestion => "fraud_question",
            ClipName::FraudBlocked => "fraud_blocked",
            ClipName::FraudKept => "fraud_kept",
            ClipName::Thanks => "thanks",
            ClipName::FraudReported => "fraud_reported",
            ClipName::Goodbye => "goodbye",
            ClipName::Expired => "expired",
            ClipName::SpokenWrong => "spoken_wrong",
            ClipName::PinLocked => "pin_locked",
            ClipName::LockedMinutes => "locked_minutes",
            ClipName::LockedQuarterHour => "locked_quarter_hour",
            ClipName::LockedHalfHour => "locked_half_hour",
            ClipName::LockedHour => "locked_hour",
            ClipName::LockedHours => "locked_hours",
            ClipName::LockedDay => "locked_day",
            ClipName::CodeGoodbye => "code_goodbye",
            ClipName::Digit0 => "digit_0",
            ClipName::Digit1 => "digit_1",
            ClipName::Digit2 => "digit_2",
            ClipName::Digit3 => "digit_3",
            ClipName::Digit4 => "digit_4",
            ClipName::Digit5 => "digit_5",
            ClipName::Digit6 => "digit_6",
            ClipName::Digit7 => "digit_7",
            ClipName::Digit8 => "digit_8",
            ClipName::Digit9 => "digit_9",
        }
    }

    /// Whether it opens a saying.
    pub fn is_context(self) -> bool {
        [ClipName::ContextSignIn, ClipName::ContextPasswordReset, ClipName::ContextRegistration]
            .contains(&self)
    }

    /// Whether it tells what to press, right behind the context.
    pub fn is_instruction(self) -> bool {
        [
            ClipName::Instruction,
            ClipName::ChallengeInstruction,
            ClipName::PinInstruction,
            ClipName::CodeInstruction,
        ]
        .contains(&self)
    }

    /// Whether a pack may leave it out. Where it is only polite, nothing is said in its place; what a
    /// mode cannot do without takes that mode from the pack, and no more. What a person has to know in
    /// order to answer the plainest call is never optional.
    pub fn is_optional(self) -> bool {
        !self.is_context() && self != ClipName::Instruction
    }
}

impl fmt::Display for ClipName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_the_manifest_is_the_word_in_results() {
        for name in ClipName::ALL {
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
    }
}
