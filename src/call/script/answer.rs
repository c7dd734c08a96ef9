//! The person's answer: a lone `#`, or an entry.

use std::time::{Duration, Instant};

use super::{Ask, Conclusion, ConfirmKey, KEY_LATENCY, LONE, Script, ScriptEffect, State};
use crate::call::entry::{Entry, PAUSE};
use crate::call::task::{Task, same};
use crate::leg::key::{Digit, Distrust};

/// The key that begins an entry anew, as on a calculator.
const CLEAR: char = '*';

impl Script {
    /// A key while an answer is wanted.
    pub(super) fn take_answer(
        &mut self,
        now: Instant,
        digit: Digit,
        began: Instant,
        doubt: Option<Distrust>,
    ) {
        // While a wrong entry is made durable nobody was asked for the next one yet.
        if doubt.is_some() || matches!(self.state, State::Recording { .. }) {
            return;
        }
        let takes_entry = self.ask == Ask::Spoken || self.plan.task.entry().is_some();
        match (takes_entry, digit == Digit::HASH) {
            (true, false) => self.key_in(digit, began),
            (true, true) => self.close_entry(now, began),
            (false, true) => self.take_hash(now, began),
            // After the gate a digit is an entry of its own, and not the one wanted.
            (false, false) => self.note(Conclusion::Invalid),
        }
    }

    fn take_hash(&mut self, now: Instant, began: Instant) {
        if began > self.plan.answer_by {
            self.conclude(Conclusion::TooLate, Some(began));
        } else if !self.is_lone(began) {
            self.refuse_keys(now);
        } else {
            self.accept(now, began);
        }
    }

    fn is_lone(&self, hash: Instant) -> bool {
        let since = |at: &Instant| hash.saturating_duration_since(*at);
        let trace = |end: &Instant| (PAUSE..=LONE).contains(&since(end));
        !self.last_digit.iter().any(|digit| since(digit) <= LONE) && !self.traces.iter().any(trace)
    }

    fn refuse_keys(&mut self, now: Instant) {
        self.note(Conclusion::Invalid);
        if self.said < self.plan.limits.sayings {
            let invalid = self.plan.prompts.invalid.clone();
            self.say_prompt(now, Duration::ZERO, invalid);
        } else {
            self.conclude(Conclusion::Invalid, None);
        }
    }

    /// What was keyed settles the mode on a clean call; on an unclean one it leads to the spoken digits.
    fn accept(&mut self, now: Instant, began: Instant) {
        if self.ask == Ask::Task && self.is_not_enough(began) {
            let is_unclean = self.trust.is_unclean(began);
            self.note(if is_unclean { Conclusion::Untrusted } else { Conclusion::Incomplete });
            if is_unclean {
                self.effects.push_back(ScriptEffect::Ignored { why: Distrust::Unclean, began, path: None });
            }
            if !self.ask_spoken(now) {
                self.conclude(Conclusion::Untrusted, None);
            }
            return;
        }
        match (&self.plan.task, self.ask) {
            (Task::Code { .. }, _) => self.tell_code(now, began),
            (_, Ask::Spoken) => self.conclude(Conclusion::SpokenMatched, Some(began)),
            (Task::Confirm, Ask::Task) => self.conclude(Conclusion::Confirmed, Some(began)),
            (Task::Challenge { .. }, Ask::Task) => self.conclude(Conclusion::ChallengeMatched, Some(began)),
            (Task::Pin { .. }, Ask::Task) => self.conclude(Conclusion::PinMatched, Some(began)),
        }
    }

    /// A `#` proves a person only on a clean call, and nowhere if the tenant says so; what the login screen
    /// shows and what the person remembers prove more, but not to a recording that was made of them.
    fn is_not_enough(&self, began: Instant) -> bool {
        let always = self.plan.limits.confirm_key == ConfirmKey::Spoken && self.plan.task.entry().is_none();
        always || self.trust.is_unclean(began)
    }

    /// A digit of an entry. Whoever keys has heard enough.
    fn key_in(&mut self, digit: Digit, began: Instant) {
        if digit.as_char() == CLEAR && self.plan.limits.fraud_key != digit {
            self.entry.restart(began);
        } else {
            self.entry.push(digit, began);
        }
        if self.state == State::Saying {
            self.stop();
        }
        if let Some(until) = self.entry.until() {
            self.state = State::Entering { until: until + KEY_LATENCY };
        }
    }

    fn close_entry(&mut self, now: Instant, began: Instant) {
        if began > self.plan.answer_by {
            self.conclude(Conclusion::TooLate, Some(began));
        } else if self.entry.is_damaged(began, &self.traces) {
            // Damage neither verifies nor costs a try: nobody knows what was keyed.
            self.ask_for_rest(now, Conclusion::Incomplete);
        } else if self.entry.is_empty() {
            self.ask_for_rest(now, self.nothing_keyed());
        } else if self.is_right() {
            self.accept(now, began);
        } else {
            self.reject(began);
        }
    }

    fn nothing_keyed(&self) -> Conclusion {
        match (&self.plan.task, self.ask) {
            (Task::Pin { .. }, Ask::Task) => Conclusion::PinMissing,
            (Task::Confirm | Task::Challenge { .. } | Task::Code { .. }, _)
            | (Task::Pin { .. }, Ask::Spoken) => Conclusion::Incomplete,
        }
    }

    fn is_right(&self) -> bool {
        match self.ask {
            Ask::Task => self.plan.task.is_answered_by(self.entry.digits()),
            Ask::Spoken => same(&self.plan.spoken, self.entry.digits()),
        }
    }

    /// An entry that cost no try: it is asked for again, as often as the prompt would be said.
    fn ask_for_rest(&mut self, now: Instant, so_far: Conclusion) {
        match self.ask {
            // One try; without digits there was none, but a machine has no end of them.
            Ask::Spoken => {
                self.note(self.spoken_failure(now));
                self.say_anew(now);
            }
            Ask::Task => {
                self.note(so_far);
                if self.said < self.plan.limits.sayings {
                    self.ask_again(now, self.plan.prompts.incomplete.clone());
                } else {
                    self.conclude(self.left, None);
                }
            }
        }
    }

    fn spoken_failure(&self, now: Instant) -> Conclusion {
        if self.trust.is_unclean(now) { Conclusion::Untrusted } else { Conclusion::Invalid }
    }

    fn reject(&mut self, began: Instant) {
        if self.ask == Ask::Spoken {
            let conclusion = self.spoken_failure(began);
            self.settle(conclusion, None);
            let wrong = self.plan.prompts.spoken.as_ref().and_then(|spoken| spoken.wrong.clone());
            let goodbye = self.plan.prompts.goodbye.clone();
            return self.take_leave(wrong.or(goodbye));
        }
        let Some(kind) = self.plan.task.entry() else { return };
        self.failed += 1;
        self.note(kind.conclusion());
        let is_last = self.failed >= self.plan.task.tries();
        self.effects.push_back(ScriptEffect::Failed(kind));
        self.entry = Entry::new(began);
        self.state = State::Recording { last: is_last.then_some(began) };
    }

    /// The digits stopped coming before a `#` did.
    pub(super) fn give_up_entry(&mut self, now: Instant) {
        self.ask_for_rest(now, Conclusion::Incomplete);
    }
}
