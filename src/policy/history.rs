//! The calls of one user or number in the last day, and what their ends in a row mean for the next.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::table::Fades;
use super::window;
use crate::config::{BackOffConfig, Rate};
use crate::job::UnixMs;
use crate::reason::{Reason, Verdict};

/// No window is longer.
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// How a call ended, as far as the next one hangs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// Still going on, or its end was lost with the process.
    Open,
    /// A person did what was asked.
    Confirmed,
    /// Somebody answered and pressed nothing.
    NoInput,
    /// It rang and nobody came, or the person refused it.
    Unanswered,
    /// A person reported fraud.
    Fraud,
    /// Anything else: it counts, and means nothing for the next call.
    Other,
}

impl Outcome {
    /// What this reason means for the next call.
    pub(super) fn of(reason: Reason) -> Outcome {
        match reason.verdict() {
            Verdict::Verified | Verdict::Delivered => Outcome::Confirmed,
            Verdict::Denied | Verdict::Unreached => Outcome::of_unconfirmed(reason),
            Verdict::Rejected | Verdict::Failed | Verdict::Unknown => Outcome::Other,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a further reason counts and means nothing more")]
    fn of_unconfirmed(reason: Reason) -> Outcome {
        match reason {
            Reason::FraudReported => Outcome::Fraud,
            Reason::NoInput => Outcome::NoInput,
            Reason::NoAnswer | Reason::Declined | Reason::HungUp | Reason::Voicemail => Outcome::Unanswered,
            _ => Outcome::Other,
        }
    }
}

/// One call that was dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Past {
    at: UnixMs,
    outcome: Outcome,
    /// Ordered from an address that the user is not known at.
    strange: bool,
}

/// Who orders a further call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Orderer {
    /// Somebody: every call counts.
    Anybody,
    /// The user, at an address from which a call of the same user was confirmed before. What others
    /// ordered and nobody confirmed is not held against them: who knows a name must not be able to lock
    /// its owner out.
    Familiar,
}

/// Windows up to this length count every call whoever ordered it: a phone rings no more often.
const COUNTS_ALL: Duration = Duration::from_secs(300);

/// The calls of the last day, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    calls: VecDeque<Past>,
}

/// What the calls in a row mean for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// Nothing.
    Open,
    /// It has to wait, after calls in which nobody pressed a key.
    Wait(Duration),
    /// Only a mode that an unwilling person cannot confirm by mistake.
    ChallengeOnly,
}

impl History {
    /// Notes a call. Calls may come in any order; `most` bounds what is remembered.
    pub(super) fn add(&mut self, at: UnixMs, outcome: Outcome, strange: bool, most: usize) {
        let place = self.calls.iter().rposition(|past| past.at <= at).map_or(0, |before| before + 1);
        self.calls.insert(place, Past { at, outcome, strange });
        let newest = self.calls.back().map_or(at, |past| past.at);
        let old = |past: &Past| past.at.plus(DAY) <= newest;
        while self.calls.len() > most.max(1) || self.calls.front().is_some_and(old) {
            self.calls.pop_front();
        }
    }

    /// Notes how the call of this moment ended.
    pub(super) fn end(&mut self, at: UnixMs, outcome: Outcome) {
        let open = |past: &&mut Past| past.at == at && past.outcome == Outcome::Open;
        if let Some(past) = self.calls.iter_mut().rev().find(open) {
            past.outcome = outcome;
        }
    }

    /// Takes a call back that was not made after all.
    pub(super) fn remove(&mut self, at: UnixMs) {
        let open = |past: &Past| past.at == at && past.outcome == Outcome::Open;
        if let Some(place) = self.calls.iter().rposition(open) {
            self.calls.remove(place);
        }
    }

    /// How long until a further call fits into every window.
    pub(super) fn wait(&self, rates: &[Rate], by: Orderer, now: UnixMs) -> Option<Duration> {
        let wait = |rate: &Rate| {
            let all = rate.within <= COUNTS_ALL;
            let counted = self.calls.iter().filter(|past| all || past.is_held_against(by));
            window::wait(&[*rate], counted.map(|past| &past.at), now)
        };
        rates.iter().filter_map(wait).max()
    }

    /// How many calls there were in this time.
    pub(super) fn count_within(&self, within: Duration, now: UnixMs) -> usize {
        self.calls.iter().rev().take_while(|past| past.at.plus(within) > now).count()
    }

    /// What the calls since the last confirmed one mean for the next.
    pub(super) fn guard(
        &self,
        back_off: &BackOffConfig,
        fatigue_after: u32,
        by: Orderer,
        now: UnixMs,
    ) -> Guard {
        let unconfirmed = || {
            let recent = self.calls.iter().rev().filter(|past| past.at.plus(DAY) > now);
            recent
                .filter(|past| past.is_held_against(by))
                .take_while(|past| past.outcome != Outcome::Confirmed)
        };
        let count = |wanted: Outcome| {
            u32::try_from(unconfirmed().filter(|past| past.outcome == wanted).count()).unwrap_or(u32::MAX)
        };
        if count(Outcome::Fraud) > 0 || count(Outcome::Unanswered) >= fatigue_after {
            return Guard::ChallengeOnly;
        }
        let no_input = count(Outcome::NoInput);
        let last = unconfirmed().find(|past| past.outcome == Outcome::NoInput);
        match (no_input.checked_sub(back_off.after), last) {
            (Some(over), Some(last)) => {
                let pause = back_off.first.saturating_mul(1 << over.min(16)).min(back_off.longest);
                let until = last.at.plus(pause);
                if until > now { Guard::Wait(until.since(now)) } else { Guard::Open }
            }
            (Some(_) | None, _) => Guard::Open,
        }
    }
}

impl Past {
    fn is_held_against(&self, by: Orderer) -> bool {
        match by {
            Orderer::Anybody => true,
            Orderer::Familiar => !self.strange || self.outcome == Outcome::Confirmed,
        }
    }
}

impl Fades for History {
    fn needed_until(&self) -> UnixMs {
        self.calls.back().map_or(UnixMs(0), |past| past.at.plus(DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;
    const START: UnixMs = UnixMs(100 * 86_400_000);

    fn minute(n: u64) -> UnixMs {
        UnixMs(START.0 + n * MINUTE)
    }

    fn history(outcomes: &[Outcome]) -> History {
        let mut history = History::default();
        for (n, outcome) in (0..).zip(outcomes) {
            history.add(minute(n), Outcome::Open, false, 100);
            history.end(minute(n), *outcome);
        }
        history
    }

    fn guard(outcomes: &[Outcome], at: UnixMs) -> Guard {
        history(outcomes).guard(&BackOffConfig::default(), 5, Orderer::Anybody, at)
    }

    /// "The first five ring whatever they end with, except after a fraud report."
    #[test]
    fn guards_begin_with_the_sixth_call_or_with_a_report_of_fraud() {
        for outcome in [Outcome::NoInput, Outcome::Unanswered, Outcome::Other] {
            for n in 0..5 {
                assert_eq!(guard(&vec![outcome; n], minute(10)), Guard::Open, "{outcome:?} {n}");
            }
        }
        assert_eq!(guard(&[Outcome::Unanswered; 5], minute(10)), Guard::ChallengeOnly);
        assert_eq!(guard(&[Outcome::NoInput; 5], minute(10)), Guard::Wait(Duration::from_secs(240)));
        assert_eq!(guard(&[Outcome::Other; 9], minute(10)), Guard::Open);
        assert_eq!(guard(&[Outcome::Fraud], minute(10)), Guard::ChallengeOnly);
    }

    #[test]
    fn each_further_call_without_a_key_doubles_the_pause_up_to_the_longest() {
        for (calls, pause_min) in [(5, 10), (6, 20), (7, 40), (8, 60), (20, 60)] {
            let last = minute(calls - 1);
            let outcomes = vec![Outcome::NoInput; usize::try_from(calls).unwrap()];
            assert_eq!(guard(&outcomes, last), Guard::Wait(Duration::from_secs(pause_min * 60)), "{calls}");
        }
    }

    #[test]
    fn a_confirmed_call_ends_every_guard_and_so_does_a_day() {
        let mut outcomes = vec![Outcome::Unanswered; 9];
        assert_eq!(guard(&outcomes, START.plus(DAY).plus(Duration::from_secs(3_600))), Guard::Open);
        outcomes.push(Outcome::Confirmed);
        assert_eq!(guard(&outcomes, minute(10)), Guard::Open);
    }

    #[test]
    fn calls_told_newest_first_after_a_restart_stand_in_their_order() {
        let mut history = History::default();
        for n in (0..6).rev() {
            history.add(minute(n), Outcome::Other, false, 5);
        }
        let rates = [Rate::new(5, 300)];
        assert_eq!(
            history.wait(&rates, Orderer::Anybody, minute(5)),
            Some(Duration::from_secs(60)),
            "the oldest went"
        );
        history.remove(minute(3));
        assert_eq!(
            history.wait(&rates, Orderer::Anybody, minute(5)),
            Some(Duration::from_secs(60)),
            "it had ended"
        );
    }

    /// A stranger's calls at night do not lock the owner of the name out in the morning.
    #[test]
    fn what_strangers_ordered_is_not_held_against_the_user_at_a_known_address() {
        let mut history = History::default();
        for n in 0..20 {
            history.add(minute(n * 7), Outcome::Unanswered, true, 100);
        }
        let (rates, morning) = ([Rate::new(5, 300), Rate::new(20, 86_400)], minute(300));
        let guard = |by| history.guard(&BackOffConfig::default(), 5, by, morning);
        assert!(history.wait(&rates, Orderer::Anybody, morning).is_some());
        assert_eq!(history.wait(&rates, Orderer::Familiar, morning), None);
        assert_eq!((guard(Orderer::Anybody), guard(Orderer::Familiar)), (Guard::ChallengeOnly, Guard::Open));
        // The phone rings no more than five times in five minutes all the same.
        for n in 0..5 {
            history.add(UnixMs(morning.0 - n), Outcome::Unanswered, true, 100);
        }
        assert!(history.wait(&rates, Orderer::Familiar, morning).is_some());
    }
}
