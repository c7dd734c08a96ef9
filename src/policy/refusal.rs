//! Why a job may not be dialled, and what the person is told.

use std::time::Duration;

use crate::job::ModeKind;
use crate::reason::Reason;

/// A job that may not be dialled now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// When the same order can do better.
    pub retry_after: Option<Duration>,
    /// By which modes it can.
    pub allowed_modes: Vec<ModeKind>,
    /// A sentence for the person, where it says more than that of the reason.
    pub message: Option<String>,
}

impl Refusal {
    /// A refusal that says what its reason says.
    pub fn new(reason: Reason) -> Refusal {
        Refusal { reason, retry_after: None, allowed_modes: Vec::new(), message: None }
    }

    /// A limit was reached.
    pub fn throttled(wait: Duration) -> Refusal {
        let message = format!(
            "You've hit our limit on verification calls. Try again in {} or use another method.",
            in_words(wait)
        );
        Refusal { retry_after: Some(wait), message: Some(message), ..Refusal::new(Reason::Throttled) }
    }

    /// Only these modes can do better.
    pub fn method(allowed: Vec<ModeKind>) -> Refusal {
        Refusal { allowed_modes: allowed, ..Refusal::new(Reason::MethodNotAllowed) }
    }
}

/// Rounded up, so that nobody comes too early.
fn in_words(wait: Duration) -> String {
    let minutes = wait.as_secs().div_ceil(60).max(1);
    let (count, unit) = if minutes < 120 { (minutes, "minute") } else { (minutes.div_ceil(60), "hour") };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract §4 and the issue: "Try again in 4 minutes or use another method."
    #[test]
    fn a_limit_tells_when_to_come_again() {
        let told = |s| Refusal::throttled(Duration::from_secs(s)).message.unwrap();
        assert_eq!(
            told(231),
            "You've hit our limit on verification calls. Try again in 4 minutes or use another method."
        );
        assert!(told(1).contains("in 1 minute or"), "{}", told(1));
        assert!(told(7_200).contains("in 2 hours or"), "{}", told(7_200));
    }
}
