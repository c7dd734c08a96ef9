//! An admitted job's place in the limits.

use serde::{Deserialize, Serialize};

use super::change::{Change, Kind};
use super::history::{DAY, Outcome};
use super::mark::Mark;
use crate::config::Money;
use crate::job::UnixMs;

/// A call that counts: what the limits need of it, and no number or name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counted {
    /// Its row: moments first, so that the newest can be read first.
    #[serde(skip)]
    pub(super) key: Vec<u8>,
    /// When it was admitted.
    pub(super) at: UnixMs,
    pub(super) number: Mark,
    /// The office whose extension it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) office: Option<Mark>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) user: Option<Mark>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) client: Option<Mark>,
    /// The user with the number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) pair: Option<Mark>,
    /// The user with the client address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) home: Option<Mark>,
    /// Whether no call of the user was confirmed from the address before.
    pub(super) strange: bool,
    /// Whether the user did not verify the number before.
    pub(super) new: bool,
    pub(super) region: String,
    pub(super) tenant: String,
    /// The number less its last four digits.
    pub(super) prefix: String,
    /// The prefix of the price list; empty where it has none.
    pub(super) rate_prefix: String,
    /// What it costs, or is taken to cost.
    pub(super) charge: Money,
    pub(super) outcome: Outcome,
}

impl Counted {
    pub(super) fn row(&self) -> Change {
        Change::put(Kind::Call, self.key.clone(), self.at.plus(DAY), self)
    }
}

/// What an admitted job holds until its call is over.
#[derive(Debug)]
pub struct Ticket {
    pub(super) number: Mark,
    /// What its wrong entries lock.
    pub(super) locks: Vec<Mark>,
    counted: Option<Counted>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Admitted,
    Dialled,
    Ended,
}

impl Ticket {
    pub(super) fn new(number: Mark, locks: Vec<Mark>, counted: Option<Counted>) -> Ticket {
        Ticket { number, locks, counted, stage: Stage::Admitted }
    }

    /// The call, the first time that it is dialled.
    pub(super) fn dial(&mut self) -> Option<&Counted> {
        let first = self.stage == Stage::Admitted;
        if first {
            self.stage = Stage::Dialled;
        }
        self.counted.as_ref().filter(|_| first)
    }

    /// The call, if it was noted as dialled and was not.
    pub(super) fn undial(&mut self) -> Option<&Counted> {
        let dialled = self.stage == Stage::Dialled;
        if dialled {
            self.stage = Stage::Admitted;
        }
        self.counted.as_ref().filter(|_| dialled)
    }

    /// The call, if it was dialled, the first time that it ends.
    pub(super) fn end(&mut self) -> Option<&mut Counted> {
        let first = self.stage == Stage::Dialled;
        if first {
            self.stage = Stage::Ended;
        }
        self.counted.as_mut().filter(|_| first)
    }

    /// The call, if it was never dialled.
    pub(super) fn undialled(self) -> Option<Counted> {
        self.counted.filter(|_| self.stage == Stage::Admitted)
    }
}
