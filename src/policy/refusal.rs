//! Why a job may not be dialled, and what the person is told.

use std::time::Duration;

use crate::job::ModeKind;
use crate::reason::{NumberFault, Reason};

/// A job that may not be dialled now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// When the same order can do better.
    pub retry_after: Option<Duration>,
    /// By which modes it can.
    pub allowed_modes: Vec<ModeKind>,
    /// What is wrong with the number, where that is why.
    pub number: Option<NumberFault>,
    /// A sentence for whoever gave the order, where it says more than that of the reason.
    pub message: Option<String>,
}

impl Refusal {
    /// A refusal that says what its reason says.
    pub fn new(reason: Reason) -> Refusal {
        Refusal { reason, retry_after: None, allowed_modes: Vec::new(), number: None, message: None }
    }

    /// Nobody is called at such a number.
    pub fn number(fault: NumberFault) -> Refusal {
        Refusal { number: Some(fault), ..Refusal::new(Reason::NumberInvalid) }
    }

    /// A limit was reached.
    pub fn throttled(wait: Duration) -> Refusal {
        Refusal { retry_after: Some(wait), ..Refusal::new(Reason::Throttled) }
    }

    /// Only these modes can do better.
    pub fn method(allowed: Vec<ModeKind>) -> Refusal {
        Refusal { allowed_modes: allowed, ..Refusal::new(Reason::MethodNotAllowed) }
    }
}
