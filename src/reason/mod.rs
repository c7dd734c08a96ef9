//! Why a job ended: verdict, reason, whose fault it was, and the one table that joins them.

mod message;
mod plural;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a consumer acts on. Only [`Verdict::Verified`] lets anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The person confirmed.
    Verified,
    /// A person refused or failed, or a key came that must not count.
    Denied,
    /// The code was spoken; the core checks it.
    Delivered,
    /// No person was reached.
    Unreached,
    /// Stopped by policy, deadline or order.
    Rejected,
    /// The trunk or the gateway failed.
    Failed,
    /// We cannot say whether a person was asked.
    Unknown,
}

/// Whose side the cause lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nobody's: the job did what it was to do.
    None,
    /// The person called, or the person's line.
    Callee,
    /// The trunk or the network behind it.
    Trunk,
    /// This gateway.
    Gateway,
    /// A rule of this installation.
    Policy,
    /// The order itself, or the one who gave it.
    Job,
    /// It cannot be told.
    Unknown,
}

/// The one word that says why; each belongs to exactly one [`Verdict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A lone `#` was pressed after the gate.
    KeyPressed,
    /// The digits of the login screen were keyed.
    ChallengeMatched,
    /// The digits spoken in the call were keyed.
    SpokenMatched,
    /// The PIN was keyed.
    PinMatched,
    /// The fraud key was pressed.
    FraudReported,
    /// The PIN did not match.
    PinWrong,
    /// `#` came without a PIN.
    PinMissing,
    /// The digits did not match those of the login screen.
    ChallengeWrong,
    /// Digits came, the closing `#` did not.
    EntryIncomplete,
    /// Answered, and no key came.
    NoInput,
    /// Only keys came that mean nothing here.
    InvalidInput,
    /// Only keys came that must not count.
    InputUntrusted,
    /// The person hung up before a verdict.
    HungUp,
    /// The phone rang and the call was refused.
    Declined,
    /// The code was read out.
    CodeDelivered,
    /// The line was busy.
    Busy,
    /// It rang and nobody answered.
    NoAnswer,
    /// The phone is switched off or out of reach.
    Unreachable,
    /// No such number, or one no longer served.
    NotInService,
    /// The line is forwarded elsewhere.
    Forwarded,
    /// A carrier blocked the call.
    CarrierBlocked,
    /// A mailbox answered.
    Voicemail,
    /// A call screener answered.
    CallScreening,
    /// A menu or an operator's machine answered.
    Ivr,
    /// A fax answered.
    Fax,
    /// The number is not valid by the numbering plan.
    NumberInvalid,
    /// The office extension cannot be dialled.
    ExtensionInvalid,
    /// The message is no job.
    JobInvalid,
    /// The user is blocked.
    UserBlocked,
    /// The number is blocked.
    NumberBlocked,
    /// The country is not opened.
    CountryBlocked,
    /// The number's prefix is stopped as risky.
    PrefixRisk,
    /// A limit on calls was reached.
    Throttled,
    /// Quiet hours at the callee.
    QuietHours,
    /// Too many wrong PINs.
    PinLocked,
    /// The mode is not allowed to this tenant or user.
    MethodNotAllowed,
    /// A call to this person is up already.
    InProgress,
    /// The budget is used up.
    BudgetExceeded,
    /// The caller id is not in the pool.
    CallerIdRejected,
    /// The order was withdrawn.
    Cancelled,
    /// The deadline passed.
    Expired,
    /// The trunk failed.
    TrunkFailed,
    /// The trunk refused our credentials.
    TrunkAuth,
    /// The trunk has no channel free.
    TrunkCapacity,
    /// No trunk leads to this number.
    NoRoute,
    /// No codec in common, or no usable SDP.
    MediaMismatch,
    /// The required encryption was not offered.
    SecurityUnmet,
    /// Neither RTP, RTCP nor a key came during the whole call.
    NoMedia,
    /// The prompt could not be played.
    PromptMissing,
    /// The gateway was shutting down.
    Draining,
    /// A fault of our own.
    Internal,
    /// The gateway died after the INVITE left and before a verdict was durable.
    OutcomeUnknown,
}

/// One line of the table.
struct Row {
    verdict: Verdict,
    fault: Fault,
    retryable: bool,
    microsoft: Option<&'static str>,
}

const fn row(verdict: Verdict, fault: Fault, retryable: bool, microsoft: Option<&'static str>) -> Row {
    Row { verdict, fault, retryable, microsoft }
}

/// What is wrong with a number that ends a job as [`Reason::NumberInvalid`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFault {
    /// No country has this code.
    UnknownCountryCode,
    /// Fewer digits than any number of that country.
    TooShort,
    /// More digits than any number of that country.
    TooLong,
    /// A possible length, but no such range is in use.
    NotInUse,
    /// The callee earns by the call.
    Premium,
    /// A satellite or another global network.
    Satellite,
}

impl NumberFault {
    /// One plain sentence for the person, in the language of `locale` or else in English.
    pub fn message(self, locale: Option<&str>) -> String {
        message::of_number(self, locale).to_owned()
    }
}

impl Reason {
    /// Every reason, in the order of the contract's table.
    pub const ALL: [Reason; 52] = [
        Reason::KeyPressed,
        Reason::ChallengeMatched,
        Reason::SpokenMatched,
        Reason::PinMatched,
        Reason::FraudReported,
        Reason::PinWrong,
        Reason::PinMissing,
        Reason::ChallengeWrong,
        Reason::EntryIncomplete,
        Reason::NoInput,
        Reason::InvalidInput,
        Reason::InputUntrusted,
        Reason::HungUp,
        Reason::Declined,
        Reason::CodeDelivered,
        Reason::Busy,
        Reason::NoAnswer,
        Reason::Unreachable,
        Reason::NotInService,
        Reason::Forwarded,
        Reason::CarrierBlocked,
        Reason::Voicemail,
        Reason::CallScreening,
        Reason::Ivr,
        Reason::Fax,
        Reason::NumberInvalid,
        Reason::ExtensionInvalid,
        Reason::JobInvalid,
        Reason::UserBlocked,
        Reason::NumberBlocked,
        Reason::CountryBlocked,
        Reason::PrefixRisk,
        Reason::Throttled,
        Reason::QuietHours,
        Reason::PinLocked,
        Reason::MethodNotAllowed,
        Reason::InProgress,
        Reason::BudgetExceeded,
        Reason::CallerIdRejected,
        Reason::Cancelled,
        Reason::Expired,
        Reason::TrunkFailed,
        Reason::TrunkAuth,
        Reason::TrunkCapacity,
        Reason::NoRoute,
        Reason::MediaMismatch,
        Reason::SecurityUnmet,
        Reason::NoMedia,
        Reason::PromptMissing,
        Reason::Draining,
        Reason::Internal,
        Reason::OutcomeUnknown,
    ];

    /// The verdict that this reason belongs to.
    pub fn verdict(self) -> Verdict {
        self.row().verdict
    }

    /// Whose side the cause lies on.
    pub fn fault(self) -> Fault {
        self.row().fault
    }

    /// Whether the same order under a new id can do better.
    pub fn retryable(self) -> bool {
        self.row().retryable
    }

    /// One or two plain sentences for the person at the login page, in the language of `locale` or else
    /// in English; `retry_after` is filled in where the sentence says how long to wait.
    pub fn message(self, locale: Option<&str>, retry_after: Option<Duration>) -> String {
        message::sentence(self, locale, retry_after)
    }

    /// Microsoft's published result code for the same event, where there is one.
    pub fn microsoft(self) -> Option<&'static str> {
        self.row().microsoft
    }

    /// The word as it stands in a result, for instance `key_pressed`.
    pub fn word(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            Ok(_) | Err(_) => unreachable!("a unit variant serialises as its name"),
        }
    }

    #[rustfmt::skip]
    fn row(self) -> Row {
        use Verdict::{Delivered, Denied, Failed, Rejected, Unreached, Verified};
        const CONFIG: Option<&str> = Some("CONFIG_ISSUE");
        const SERVER: Option<&str> = Some("FAILED_SERVER_ERROR");
        match self {
            Reason::KeyPressed => row(Verified, Fault::None, false, Some("SUCCESS_NO_PIN")),
            Reason::ChallengeMatched => row(Verified, Fault::None, false, None),
            Reason::SpokenMatched => row(Verified, Fault::None, false, None),
            Reason::PinMatched => row(Verified, Fault::None, false, Some("SUCCESS_WITH_PIN")),
            Reason::FraudReported => row(Denied, Fault::Callee, false, Some("FAILED_FRAUD_CODE_ENTERED")),
            Reason::PinWrong => row(Denied, Fault::Callee, true, None),
            Reason::PinMissing => row(Denied, Fault::Callee, true, None),
            Reason::ChallengeWrong => row(Denied, Fault::Callee, true, None),
            Reason::EntryIncomplete => row(Denied, Fault::Callee, true, Some("SUCCESS_WITH_PIN_BUT_TIMEOUT")),
            Reason::NoInput => row(Denied, Fault::Callee, true, Some("SUCCESS_NO_PIN_BUT_TIMEOUT")),
            Reason::InvalidInput => row(Denied, Fault::Callee, true, Some("SUCCESS_INVALID_INPUT")),
            Reason::InputUntrusted => row(Denied, Fault::Callee, true, None),
            Reason::HungUp => row(Denied, Fault::Callee, true, Some("FAILED_USER_HUNGUP_ON_US")),
            Reason::Declined => row(Denied, Fault::Callee, true, None),
            Reason::CodeDelivered => row(Delivered, Fault::None, false, None),
            Reason::Busy => row(Unreached, Fault::Callee, true, CONFIG),
            Reason::NoAnswer => row(Unreached, Fault::Callee, true, CONFIG),
            Reason::Unreachable => row(Unreached, Fault::Callee, true, CONFIG),
            Reason::NotInService => row(Unreached, Fault::Callee, false, CONFIG),
            Reason::Forwarded => row(Unreached, Fault::Callee, false, CONFIG),
            Reason::CarrierBlocked => row(Unreached, Fault::Trunk, false, CONFIG),
            Reason::Voicemail => row(Unreached, Fault::Callee, true, None),
            Reason::CallScreening => row(Unreached, Fault::Callee, true, None),
            Reason::Ivr => row(Unreached, Fault::Callee, false, None),
            Reason::Fax => row(Unreached, Fault::Callee, false, None),
            Reason::NumberInvalid => row(Rejected, Fault::Job, false, Some("FAILED_INVALID_PHONENUMBER")),
            Reason::ExtensionInvalid => row(Rejected, Fault::Job, false, Some("FAILED_INVALID_EXTENSION")),
            Reason::JobInvalid => row(Rejected, Fault::Job, false, None),
            Reason::UserBlocked => row(Rejected, Fault::Policy, false, Some("SUCCESS_USER_BLOCKED")),
            Reason::NumberBlocked => row(Rejected, Fault::Policy, false, None),
            Reason::CountryBlocked => row(Rejected, Fault::Policy, false, None),
            Reason::PrefixRisk => row(Rejected, Fault::Policy, false, None),
            Reason::Throttled => row(Rejected, Fault::Policy, true, Some("FAILED_AUTHENTICATION_THROTTLED")),
            Reason::QuietHours => row(Rejected, Fault::Policy, true, None),
            Reason::PinLocked => row(Rejected, Fault::Policy, false, None),
            Reason::MethodNotAllowed => row(Rejected, Fault::Policy, false, None),
            Reason::InProgress => row(Rejected, Fault::Policy, true, Some("FAILED_PHONE_BUSY")),
            Reason::BudgetExceeded => row(Rejected, Fault::Policy, false, None),
            Reason::CallerIdRejected => row(Rejected, Fault::Job, false, CONFIG),
            Reason::Cancelled => row(Rejected, Fault::Job, true, SERVER),
            Reason::Expired => row(Rejected, Fault::Job, true, Some("FAILED_AUTH_RESULT_TIMEOUT")),
            Reason::TrunkFailed => row(Failed, Fault::Trunk, true, SERVER),
            Reason::TrunkAuth => row(Failed, Fault::Trunk, false, SERVER),
            Reason::TrunkCapacity => row(Failed, Fault::Trunk, true, SERVER),
            Reason::NoRoute => row(Failed, Fault::Gateway, false, SERVER),
            Reason::MediaMismatch => row(Failed, Fault::Trunk, true, SERVER),
            Reason::SecurityUnmet => row(Failed, Fault::Trunk, false, SERVER),
            Reason::NoMedia => row(Failed, Fault::Trunk, true, None),
            Reason::PromptMissing => row(Failed, Fault::Gateway, false, SERVER),
            Reason::Draining => row(Failed, Fault::Gateway, true, SERVER),
            Reason::Internal => row(Failed, Fault::Gateway, true, SERVER),
            Reason::OutcomeUnknown => row(Verdict::Unknown, Fault::Gateway, true, SERVER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract §4, word for word.
    const CONTRACT: [(Verdict, &str); 7] = [
        (Verdict::Verified, "key_pressed challenge_matched spoken_matched pin_matched"),
        (
            Verdict::Denied,
            "fraud_reported pin_wrong pin_missing challenge_wrong entry_incomplete no_input \
             invalid_input input_untrusted hung_up declined",
        ),
        (Verdict::Delivered, "code_delivered"),
        (
            Verdict::Unreached,
            "busy no_answer unreachable not_in_service forwarded carrier_blocked voicemail \
             call_screening ivr fax",
        ),
        (
            Verdict::Rejected,
            "number_invalid extension_invalid job_invalid user_blocked number_blocked \
             country_blocked prefix_risk throttled quiet_hours pin_locked method_not_allowed \
             in_progress budget_exceeded caller_id_rejected cancelled expired",
        ),
        (
            Verdict::Failed,
            "trunk_failed trunk_auth trunk_capacity no_route media_mismatch security_unmet \
             no_media prompt_missing draining internal",
        ),
        (Verdict::Unknown, "outcome_unknown"),
    ];

    #[test]
    fn every_reason_of_the_contract_has_its_verdict_and_there_is_no_other() {
        let ours: Vec<_> = Reason::ALL.iter().map(|r| (r.verdict(), r.word())).collect();
        let theirs: Vec<_> = CONTRACT
            .iter()
            .flat_map(|(v, words)| words.split_whitespace().map(|w| (*v, w.to_owned())))
            .collect();
        assert_eq!(ours, theirs);
    }

    #[test]
    fn nobody_is_at_fault_exactly_when_the_job_did_what_it_was_to_do() {
        for reason in Reason::ALL {
            let done = matches!(reason.verdict(), Verdict::Verified | Verdict::Delivered);
            assert_eq!(reason.fault() == Fault::None, done, "{reason:?}");
            assert!(!(done && reason.retryable()), "{reason:?}");
        }
    }
}
