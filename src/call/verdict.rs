//! Facts of one attempt -> its reason. The tables of contract section 4.

use super::effect::Conclusion;
use crate::leg::{Cause, CauseKind, Stage};
use crate::reason::Reason;
use crate::report::record::AnsweredBy;

/// Why we ended a call ourselves before anything was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The job was withdrawn.
    Withdrawn,
    /// The gateway stops and was told twice.
    Drain,
}

/// All that the verdict on one attempt depends on.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Why the leg ended; `None` while our own BYE is under way.
    pub cause: Option<&'a Cause>,
    /// Whether we were told to end it.
    pub order: Option<Order>,
    /// Whether the phone rang or was answered.
    pub rung: bool,
    /// What the script made of an answered call; `None` if nobody answered.
    pub conclusion: Option<Conclusion>,
    /// Whether any RTP, RTCP or key came.
    pub media_heard: bool,
    /// Who or what picked up, as far as can be told.
    pub answered_by: Option<AnsweredBy>,
    /// Whether it was answered as a call screener's question is, and put nobody on.
    pub screened: bool,
}

/// The reason of an attempt that has ended.
pub fn reason(facts: &Facts<'_>) -> Reason {
    match facts.conclusion {
        Some(conclusion) => answered(conclusion, facts),
        None => unanswered(facts),
    }
}

/// The reason of a conclusion that stands at once, at the key; `None` where the end of the call has
/// a say (was there any media at all, who hung up).
pub fn reason_at_the_key(conclusion: Conclusion) -> Option<Reason> {
    match conclusion {
        Conclusion::Confirmed => Some(Reason::KeyPressed),
        Conclusion::ChallengeMatched => Some(Reason::ChallengeMatched),
        Conclusion::PinMatched => Some(Reason::PinMatched),
        Conclusion::SpokenMatched => Some(Reason::SpokenMatched),
        Conclusion::Delivered => Some(Reason::CodeDelivered),
        Conclusion::FraudReported => Some(Reason::FraudReported),
        Conclusion::TooLate => Some(Reason::Expired),
        Conclusion::ChallengeWrong | Conclusion::PinWrong => tried(conclusion),
        Conclusion::Incomplete
        | Conclusion::PinMissing
        | Conclusion::Invalid
        | Conclusion::Untrusted
        | Conclusion::Nobody
        | Conclusion::Engaged
        | Conclusion::NoInput => None,
    }
}

/// The reason of an answer that was tried and fell short: whoever hangs up after it has answered.
fn tried(conclusion: Conclusion) -> Option<Reason> {
    match conclusion {
        Conclusion::ChallengeWrong => Some(Reason::ChallengeWrong),
        Conclusion::PinWrong => Some(Reason::PinWrong),
        Conclusion::PinMissing => Some(Reason::PinMissing),
        Conclusion::Incomplete => Some(Reason::EntryIncomplete),
        Conclusion::Untrusted => Some(Reason::InputUntrusted),
        Conclusion::Confirmed
        | Conclusion::ChallengeMatched
        | Conclusion::PinMatched
        | Conclusion::SpokenMatched
        | Conclusion::Delivered
        | Conclusion::FraudReported
        | Conclusion::TooLate
        | Conclusion::Invalid
        | Conclusion::Nobody
        | Conclusion::Engaged
        | Conclusion::NoInput => None,
    }
}

/// Of an answered call. What was decided at a key was told then, and stays.
fn answered(conclusion: Conclusion, facts: &Facts<'_>) -> Reason {
    let tried = tried(conclusion);
    if let (Some(reason), None) = (reason_at_the_key(conclusion), tried) {
        return reason;
    }
    if let Some(order) = facts.order {
        return ordered(order);
    }
    if let Some(reason) = tried {
        reason
    } else if !facts.media_heard {
        Reason::NoMedia
    } else if conclusion == Conclusion::Nobody {
        // Whoever hung up was the attendant.
        Reason::NoAnswer
    } else if conclusion == Conclusion::Engaged {
        Reason::Busy
    } else if let Some(reason) = nobody(facts).filter(|_| conclusion == Conclusion::NoInput) {
        reason
    } else if is_hung_up_by_far(facts) {
        Reason::HungUp
    } else if conclusion == Conclusion::Invalid {
        Reason::InvalidInput
    } else {
        Reason::NoInput
    }
}

/// What picked up that was no person, where nobody took the prompt's call.
fn nobody(facts: &Facts<'_>) -> Option<Reason> {
    match facts.answered_by? {
        AnsweredBy::Machine => Some(Reason::Voicemail),
        AnsweredBy::Screening => Some(Reason::CallScreening),
        AnsweredBy::Ivr => Some(Reason::Ivr),
        AnsweredBy::Fax => Some(Reason::Fax),
        // A person who greets at length may hang up on us; what stays and says no more screened the call.
        AnsweredBy::Unknown if facts.screened && !is_hung_up_by_far(facts) => Some(Reason::CallScreening),
        AnsweredBy::Human | AnsweredBy::Unknown => None,
    }
}

fn is_hung_up_by_far(facts: &Facts<'_>) -> bool {
    facts.cause.is_some_and(|cause| cause.kind == CauseKind::HungUpByFar)
}

fn ordered(order: Order) -> Reason {
    match order {
        Order::Withdrawn => Reason::Cancelled,
        Order::Drain => Reason::Draining,
    }
}

fn unanswered(facts: &Facts<'_>) -> Reason {
    if let Some(order) = facts.order {
        return ordered(order);
    }
    let Some(cause) = facts.cause else { return Reason::Internal };
    match cause.kind {
        CauseKind::Refused => refused(cause, facts.rung),
        CauseKind::Unauthorised => Reason::TrunkAuth,
        CauseKind::TimedOut | CauseKind::HungUpByUs => timed_out(cause.stage, facts.rung),
        // A BYE to an early dialog (RFC 3261 §15): the far end gave the call up.
        CauseKind::HungUpByFar if facts.rung => Reason::NoAnswer,
        CauseKind::HungUpByFar => Reason::Unreachable,
        CauseKind::NoUsableMedia => Reason::MediaMismatch,
        CauseKind::Transport => Reason::TrunkFailed,
    }
}

fn timed_out(stage: Stage, rung: bool) -> Reason {
    match stage {
        _ if rung => Reason::NoAnswer,
        Stage::Unsent | Stage::Sent => Reason::TrunkFailed,
        Stage::Trying | Stage::Ringing | Stage::Answered => Reason::Unreachable,
    }
}

/// A final status other than 2xx. Statuses that speak for themselves decide; where the status is
/// a general one the Q.850 cause, if the network gave it, is nearer to what happened.
fn refused(cause: &Cause, rung: bool) -> Reason {
    let code = cause.code.unwrap_or(0);
    by_status(code, &cause.text, rung)
        .or_else(|| cause.q850.and_then(|q850| by_q850(q850, rung)))
        .unwrap_or_else(|| by_class(code, cause.retry_after.is_some(), rung))
}

fn by_status(code: u16, text: &str, rung: bool) -> Option<Reason> {
    match code {
        486 | 600 => Some(Reason::Busy),
        404 | 410 | 484 | 485 | 604 => Some(Reason::NotInService),
        608 => Some(Reason::CarrierBlocked),
        603 if text.to_ascii_lowercase().contains("network blocked") => Some(Reason::CarrierBlocked),
        603 | 607 => Some(declined(rung)),
        300..=399 => Some(Reason::Forwarded),
        401 | 407 => Some(Reason::TrunkAuth),
        415 | 488 | 606 => Some(Reason::MediaMismatch),
        _ => None,
    }
}

/// Causes of ITU-T Q.850, carried in a Reason header (RFC 3326).
fn by_q850(q850: u8, rung: bool) -> Option<Reason> {
    match q850 {
        17 => Some(Reason::Busy),
        18 | 19 => Some(Reason::NoAnswer),
        20 => Some(Reason::Unreachable),
        1 | 28 => Some(Reason::NotInService),
        21 => Some(declined(rung)),
        34 | 42 => Some(Reason::TrunkCapacity),
        _ => None,
    }
}

fn by_class(code: u16, retry_after: bool, rung: bool) -> Reason {
    match code {
        // 408 from the network: the callee was not found in time (RFC 3261 §21.4.9).
        408 | 480 => Reason::Unreachable,
        // 487 without a CANCEL of ours: the network gave up.
        487 if rung => Reason::NoAnswer,
        487 => Reason::Unreachable,
        503 if retry_after => Reason::TrunkCapacity,
        600..=699 => declined(rung),
        _ => Reason::TrunkFailed,
    }
}

fn declined(rung: bool) -> Reason {
    if rung { Reason::Declined } else { Reason::Unreachable }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn refusal(code: u16, q850: Option<u8>, text: &str) -> Cause {
        Cause {
            kind: CauseKind::Refused,
            stage: Stage::Trying,
            code: Some(code),
            q850,
            text: text.into(),
            retry_after: None,
        }
    }

    fn of(cause: &Cause, rung: bool) -> Reason {
        let cause = Some(cause);
        reason(&Facts {
            cause,
            order: None,
            rung,
            conclusion: None,
            media_heard: false,
            answered_by: None,
            screened: false,
        })
    }

    #[test]
    fn every_row_of_the_contracts_table_of_answers() {
        let rows: &[(u16, Option<u8>, bool, Reason)] = &[
            (486, None, false, Reason::Busy),
            (600, None, true, Reason::Busy),
            (500, Some(17), false, Reason::Busy),
            (480, Some(18), true, Reason::NoAnswer),
            (480, Some(19), false, Reason::NoAnswer),
            (480, None, true, Reason::Unreachable),
            (480, Some(31), true, Reason::Unreachable),
            (500, Some(20), false, Reason::Unreachable),
            (404, None, false, Reason::NotInService),
            (410, None, false, Reason::NotInService),
            (484, None, false, Reason::NotInService),
            (604, None, false, Reason::NotInService),
            (503, Some(1), false, Reason::NotInService),
            (403, Some(28), false, Reason::NotInService),
            (603, None, true, Reason::Declined),
            (607, None, true, Reason::Declined),
            (603, None, false, Reason::Unreachable),
            (480, Some(21), true, Reason::Declined),
            (608, None, true, Reason::CarrierBlocked),
            (302, None, false, Reason::Forwarded),
            (407, None, false, Reason::TrunkAuth),
            (503, Some(34), false, Reason::TrunkCapacity),
            (500, Some(42), false, Reason::TrunkCapacity),
            (503, None, false, Reason::TrunkFailed),
            (500, None, false, Reason::TrunkFailed),
            (403, None, false, Reason::TrunkFailed),
            (421, None, false, Reason::TrunkFailed),
            (415, None, false, Reason::MediaMismatch),
            (488, None, false, Reason::MediaMismatch),
            (606, None, false, Reason::MediaMismatch),
        ];
        for &(code, q850, rung, expected) in rows {
            let cause = refusal(code, q850, "text");
            assert_eq!(of(&cause, rung), expected, "{code}, Q.850 {q850:?}, rung: {rung}");
        }
    }

    #[test]
    fn a_603_that_says_network_blocked_is_the_carriers_doing() {
        assert_eq!(of(&refusal(603, None, "Network Blocked"), true), Reason::CarrierBlocked);
    }

    #[test]
    fn a_503_with_retry_after_is_capacity() {
        let retry_after = Some(Duration::from_secs(5));
        let cause = Cause { retry_after, ..refusal(503, None, "Service Unavailable") };
        assert_eq!(of(&cause, false), Reason::TrunkCapacity);
    }

    #[test]
    fn silence_of_the_trunk_a_100_and_then_nothing_and_ringing_are_told_apart() {
        let silent = Cause {
            kind: CauseKind::TimedOut,
            stage: Stage::Sent,
            code: None,
            ..refusal(0, None, "no answer to INVITE")
        };
        assert_eq!(of(&silent, false), Reason::TrunkFailed);
        let trying = Cause { kind: CauseKind::HungUpByUs, stage: Stage::Trying, ..silent.clone() };
        assert_eq!(of(&trying, false), Reason::Unreachable);
        let rang = Cause { kind: CauseKind::HungUpByUs, stage: Stage::Ringing, ..silent };
        assert_eq!(of(&rang, true), Reason::NoAnswer);
    }

    #[test]
    fn hanging_up_undoes_no_key() {
        let cause = Cause { kind: CauseKind::HungUpByFar, stage: Stage::Answered, ..refusal(0, None, "") };
        let facts = |conclusion, media_heard| Facts {
            cause: Some(&cause),
            order: Some(Order::Withdrawn),
            rung: true,
            conclusion: Some(conclusion),
            media_heard,
            answered_by: None,
            screened: false,
        };
        assert_eq!(reason(&facts(Conclusion::Confirmed, true)), Reason::KeyPressed);
        assert_eq!(reason(&facts(Conclusion::FraudReported, true)), Reason::FraudReported);
        let unordered = |conclusion, heard| Facts { order: None, ..facts(conclusion, heard) };
        assert_eq!(reason(&unordered(Conclusion::NoInput, true)), Reason::HungUp);
        assert_eq!(reason(&unordered(Conclusion::Nobody, true)), Reason::NoAnswer);
        assert_eq!(reason(&unordered(Conclusion::Engaged, true)), Reason::Busy);
        let unknown = Facts {
            answered_by: Some(AnsweredBy::Unknown),
            screened: true,
            ..unordered(Conclusion::NoInput, true)
        };
        assert_eq!(reason(&unknown), Reason::HungUp, "a person may hang up on us");
        assert_eq!(reason(&unordered(Conclusion::NoInput, false)), Reason::NoMedia);
        assert_eq!(reason(&unordered(Conclusion::Untrusted, true)), Reason::InputUntrusted);
        assert_eq!(reason(&facts(Conclusion::NoInput, true)), Reason::Cancelled);
    }

    /// The label tells why nobody answered the prompt; it takes nothing from who did.
    #[test]
    fn who_picked_up_is_the_reason_only_where_nobody_pressed_anything() {
        let cause = Cause { kind: CauseKind::HungUpByUs, stage: Stage::Answered, ..refusal(0, None, "") };
        let told = |conclusion, answered_by, screened| {
            let (cause, answered_by) = (Some(&cause), Some(answered_by));
            let conclusion = Some(conclusion);
            let facts = Facts {
                cause,
                order: None,
                rung: true,
                conclusion,
                media_heard: true,
                answered_by,
                screened,
            };
            reason(&facts)
        };
        let of = |conclusion, answered_by| told(conclusion, answered_by, false);
        let rows = [
            (AnsweredBy::Machine, Reason::Voicemail),
            (AnsweredBy::Screening, Reason::CallScreening),
            (AnsweredBy::Ivr, Reason::Ivr),
            (AnsweredBy::Fax, Reason::Fax),
            (AnsweredBy::Human, Reason::NoInput),
            (AnsweredBy::Unknown, Reason::NoInput),
        ];
        for (answered_by, nobody) in rows {
            assert_eq!(of(Conclusion::NoInput, answered_by), nobody, "{answered_by:?}");
            assert_eq!(of(Conclusion::Confirmed, answered_by), Reason::KeyPressed, "{answered_by:?}");
            assert_eq!(of(Conclusion::SpokenMatched, answered_by), Reason::SpokenMatched, "{answered_by:?}");
            assert_eq!(of(Conclusion::Untrusted, answered_by), Reason::InputUntrusted, "{answered_by:?}");
        }
        // What was answered as a screener is, and put nobody on, was one, unless it was known better.
        assert_eq!(told(Conclusion::NoInput, AnsweredBy::Unknown, true), Reason::CallScreening);
        assert_eq!(told(Conclusion::NoInput, AnsweredBy::Machine, true), Reason::Voicemail);
        assert_eq!(told(Conclusion::NoInput, AnsweredBy::Human, true), Reason::NoInput);
        assert_eq!(told(Conclusion::Confirmed, AnsweredBy::Unknown, true), Reason::KeyPressed);
    }
}
