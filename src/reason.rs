//! Why a job ended: verdict, reason, whose fault it was, and the one table that joins them.

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
    message: &'static str,
}

/// Refusals by risk or block share this sentence, which does not say why: whoever is refused learns
/// nothing about the rule that stopped him.
const REFUSED: &str =
    "We are having trouble verifying your account by phone. Please use another way to sign in.";
/// Faults of trunk and gateway, which the person can do nothing about.
const OUR_TROUBLE: &str = "We could not place the call just now. Please try again in a moment.";

const fn row(
    verdict: Verdict,
    fault: Fault,
    retryable: bool,
    microsoft: Option<&'static str>,
    message: &'static str,
) -> Row {
    Row { verdict, fault, retryable, microsoft, message }
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

    /// One plain English sentence for the person at the login page.
    pub fn message(self) -> &'static str {
        self.row().message
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
            Reason::KeyPressed => row(Verified, Fault::None, false, Some("SUCCESS_NO_PIN"), "You confirmed by phone."),
            Reason::ChallengeMatched => row(Verified, Fault::None, false, None, "You confirmed by phone."),
            Reason::SpokenMatched => row(Verified, Fault::None, false, None, "You confirmed by phone."),
            Reason::PinMatched => row(Verified, Fault::None, false, Some("SUCCESS_WITH_PIN"), "You confirmed by phone."),
            Reason::FraudReported => row(Denied, Fault::Callee, false, Some("FAILED_FRAUD_CODE_ENTERED"), "This sign-in was reported as fraud by phone."),
            Reason::PinWrong => row(Denied, Fault::Callee, true, None, "The PIN that was keyed is not right."),
            Reason::PinMissing => row(Denied, Fault::Callee, true, None, "No PIN was keyed before the pound key."),
            Reason::ChallengeWrong => row(Denied, Fault::Callee, true, None, "The digits that were keyed are not those shown on your screen."),
            Reason::EntryIncomplete => row(Denied, Fault::Callee, true, Some("SUCCESS_WITH_PIN_BUT_TIMEOUT"), "The entry was not finished with the pound key."),
            Reason::NoInput => row(Denied, Fault::Callee, true, Some("SUCCESS_NO_PIN_BUT_TIMEOUT"), "The call was answered, but the pound key was not pressed."),
            Reason::InvalidInput => row(Denied, Fault::Callee, true, Some("SUCCESS_INVALID_INPUT"), "Another key than the pound key was pressed."),
            Reason::InputUntrusted => row(Denied, Fault::Callee, true, None, "The key press could not be trusted. Please listen to the message before you press the pound key."),
            Reason::HungUp => row(Denied, Fault::Callee, true, Some("FAILED_USER_HUNGUP_ON_US"), "The call was ended before the pound key was pressed."),
            Reason::Declined => row(Denied, Fault::Callee, true, None, "The call was declined."),
            Reason::CodeDelivered => row(Delivered, Fault::None, false, None, "The code was read out by phone. Please enter it."),
            Reason::Busy => row(Unreached, Fault::Callee, true, CONFIG, "Your line is busy. Please try again when it is free."),
            Reason::NoAnswer => row(Unreached, Fault::Callee, true, CONFIG, "Nobody answered the call."),
            Reason::Unreachable => row(Unreached, Fault::Callee, true, CONFIG, "Your phone could not be reached. Please check that it is on and has a signal."),
            Reason::NotInService => row(Unreached, Fault::Callee, false, CONFIG, "This phone number is not in service."),
            Reason::Forwarded => row(Unreached, Fault::Callee, false, CONFIG, "Calls to your number are forwarded, so we did not go on."),
            Reason::CarrierBlocked => row(Unreached, Fault::Trunk, false, CONFIG, "A phone company blocked our call to you."),
            Reason::Voicemail => row(Unreached, Fault::Callee, true, None, "A voicemail answered the call. Please pick up the phone yourself."),
            Reason::CallScreening => row(Unreached, Fault::Callee, true, None, "Your phone screened the call. Please accept it and listen."),
            Reason::Ivr => row(Unreached, Fault::Callee, false, None, "An automatic menu answered the call."),
            Reason::Fax => row(Unreached, Fault::Callee, false, None, "A fax machine answered the call."),
            Reason::NumberInvalid => row(Rejected, Fault::Job, false, Some("FAILED_INVALID_PHONENUMBER"), "This is not a valid phone number."),
            Reason::ExtensionInvalid => row(Rejected, Fault::Job, false, Some("FAILED_INVALID_EXTENSION"), "This is not a valid office extension."),
            Reason::JobInvalid => row(Rejected, Fault::Job, false, None, "The request to call you could not be understood."),
            Reason::UserBlocked => row(Rejected, Fault::Policy, false, Some("SUCCESS_USER_BLOCKED"), REFUSED),
            Reason::NumberBlocked => row(Rejected, Fault::Policy, false, None, REFUSED),
            Reason::CountryBlocked => row(Rejected, Fault::Policy, false, None, REFUSED),
            Reason::PrefixRisk => row(Rejected, Fault::Policy, false, None, REFUSED),
            Reason::Throttled => row(Rejected, Fault::Policy, true, Some("FAILED_AUTHENTICATION_THROTTLED"), "You have reached our limit on verification calls. Please wait a few minutes."),
            Reason::QuietHours => row(Rejected, Fault::Policy, true, None, "We do not call at this hour. Please use another way to sign in."),
            Reason::PinLocked => row(Rejected, Fault::Policy, false, None, "Too many wrong PINs were keyed. Your PIN is locked."),
            Reason::MethodNotAllowed => row(Rejected, Fault::Policy, false, None, "Verification in this way is not available to you."),
            Reason::InProgress => row(Rejected, Fault::Policy, true, Some("FAILED_PHONE_BUSY"), "We are calling you already. Please answer that call."),
            Reason::BudgetExceeded => row(Rejected, Fault::Policy, false, None, "Verification by phone is not available at the moment."),
            Reason::CallerIdRejected => row(Rejected, Fault::Job, false, CONFIG, "Verification by phone is not set up correctly."),
            Reason::Cancelled => row(Rejected, Fault::Job, true, SERVER, "The request to call you was withdrawn."),
            Reason::Expired => row(Rejected, Fault::Job, true, Some("FAILED_AUTH_RESULT_TIMEOUT"), "The request to call you expired. Please try again."),
            Reason::TrunkFailed => row(Failed, Fault::Trunk, true, SERVER, OUR_TROUBLE),
            Reason::TrunkAuth => row(Failed, Fault::Trunk, false, SERVER, OUR_TROUBLE),
            Reason::TrunkCapacity => row(Failed, Fault::Trunk, true, SERVER, OUR_TROUBLE),
            Reason::NoRoute => row(Failed, Fault::Gateway, false, SERVER, "We cannot call this number at the moment."),
            Reason::MediaMismatch => row(Failed, Fault::Trunk, true, SERVER, OUR_TROUBLE),
            Reason::SecurityUnmet => row(Failed, Fault::Trunk, false, SERVER, OUR_TROUBLE),
            Reason::NoMedia => row(Failed, Fault::Trunk, true, None, "There was no sound on the line. Please try again."),
            Reason::PromptMissing => row(Failed, Fault::Gateway, false, SERVER, OUR_TROUBLE),
            Reason::Draining => row(Failed, Fault::Gateway, true, SERVER, OUR_TROUBLE),
            Reason::Internal => row(Failed, Fault::Gateway, true, SERVER, OUR_TROUBLE),
            Reason::OutcomeUnknown => row(Verdict::Unknown, Fault::Gateway, true, SERVER, "We lost track of the call. Please try again."),
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
    fn refusals_by_risk_or_block_do_not_say_which_rule_stopped_them() {
        let told: Vec<_> =
            [Reason::UserBlocked, Reason::NumberBlocked, Reason::CountryBlocked, Reason::PrefixRisk]
                .iter()
                .map(|r| r.message())
                .collect();
        assert!(told.iter().all(|m| *m == told[0]), "{told:?}");
    }

    #[test]
    fn nobody_is_at_fault_exactly_when_the_job_did_what_it_was_to_do() {
        for reason in Reason::ALL {
            let done = matches!(reason.verdict(), Verdict::Verified | Verdict::Delivered);
            assert_eq!(reason.fault() == Fault::None, done, "{reason:?}");
            assert!(!(done && reason.retryable()), "{reason:?}");
        }
    }

    #[test]
    fn each_message_is_one_or_two_plain_sentences() {
        for reason in Reason::ALL {
            let message = reason.message();
            assert!(message.ends_with('.') && message.len() < 120, "{reason:?}: {message}");
        }
    }
}
