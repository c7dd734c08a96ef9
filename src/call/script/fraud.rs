//! The fraud key, and the question that follows a report.

use std::time::Instant;

use super::{Ask, Conclusion, Script, ScriptEffect, State};
use crate::leg::key::{Digit, Distrust};

/// Whether the next `#` reports fraud (contract §2).
#[derive(Debug, Default)]
pub(super) struct FraudKey {
    /// Onset of the fraud key's digit, while nothing has undone it.
    armed: Option<Instant>,
    /// Whether that press counted as a person's.
    is_trusted: bool,
    /// Whether fraud was reported already.
    is_reported: bool,
}

impl FraudKey {
    pub(super) fn is_armed(&self) -> bool {
        self.armed.is_some()
    }

    /// The prompt began anew at `start` and its context was said.
    pub(super) fn forget_before(&mut self, start: Instant) {
        self.armed = self.armed.filter(|armed| *armed >= start);
    }
}

impl Script {
    /// Any digit disarms the fraud key but its own.
    ///
    /// In an entry of digits the key is a digit like the others, so that a PIN may hold it: there the
    /// report is an entry of the fraud key's digit alone. The two spoken digits never hold it.
    pub(super) fn note_for_fraud(&mut self, digit: Digit, began: Instant, doubt: Option<Distrust>) {
        if digit == Digit::HASH {
            return;
        }
        self.last_digit = Some(began);
        let in_entry = self.ask == Ask::Task && self.plan.task.entry().is_some() && !self.entry.is_empty();
        let arms = digit == self.plan.limits.fraud_key && !in_entry;
        self.fraud.armed = arms.then_some(began);
        self.fraud.is_trusted = doubt.is_none();
    }

    pub(super) fn report_fraud(&mut self, now: Instant, began: Instant, doubt: Option<Distrust>) {
        self.fraud.armed = None;
        let may_block = self.fraud.is_trusted && doubt.is_none() && !self.trust.is_unclean(began);
        let may_block = may_block && !self.entry.is_damaged(began, &self.traces);
        if self.concluded.is_some() {
            return self.report_late(may_block);
        }
        self.fraud.is_reported = true;
        match self.plan.prompts.fraud.question.clone().filter(|_| may_block) {
            Some(question) => {
                self.settle(Conclusion::FraudReported, Some(began));
                self.prompt_began = now;
                self.say_alone(question);
                self.state = State::Questioning { until: None };
            }
            None => self.conclude(Conclusion::FraudReported, Some(began)),
        }
    }

    /// After the conclusion the verdict stays; the report counts all the same, once.
    fn report_late(&mut self, may_block: bool) {
        if std::mem::replace(&mut self.fraud.is_reported, true) {
            return;
        }
        self.effects.push_back(ScriptEffect::FraudReported);
        if may_block {
            self.effects.push_back(ScriptEffect::Block);
        }
    }

    /// The question is answered.
    pub(super) fn settle_block(&mut self, block: bool) {
        let fraud = &self.plan.prompts.fraud;
        let farewell = if block { fraud.blocked.clone() } else { fraud.kept.clone() };
        if block {
            self.effects.push_back(ScriptEffect::Block);
        }
        self.take_leave(farewell);
    }
}
