//! What an order has to obey besides the contract: this gateway's configuration.

use super::Job;
use super::mode::{Mode, Verifier};
use super::problem::{JobRefused, Problem};

/// The part of the configuration that orders depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRules {
    /// The digit that reports fraud; no challenge begins with it.
    pub fraud_key: char,
    /// The verifier keys there are, by name.
    pub key_ids: Vec<String>,
    /// Whether an order may bring its own key: for labs.
    pub inline_keys: bool,
}

impl JobRules {
    /// Whether the order fits this gateway.
    ///
    /// # Errors
    /// [`JobRefused`] names the field and the remedy.
    pub fn check(&self, job: &Job) -> Result<(), JobRefused> {
        let problem = match &job.mode {
            Mode::Challenge { digits } if digits.expose().starts_with(self.fraud_key) => Some(Problem::new(
                "mode.digits",
                "begins with the digit that reports fraud",
                "draw digits that begin with another one",
            )),
            Mode::Pin { verifier, .. } => self.check_key(verifier),
            Mode::Confirm {} | Mode::Challenge { .. } | Mode::Code { .. } => None,
        };
        problem.map_or(Ok(()), |problem| Err(JobRefused::one(problem)))
    }

    fn check_key(&self, verifier: &Verifier) -> Option<Problem> {
        let known = |id: &String| self.key_ids.contains(id);
        if verifier.key.is_some() && !self.inline_keys {
            let remedy = "name a key_id of [keys]; [script] inline_keys is for labs";
            return Some(Problem::new("mode.verifier.key", "this gateway takes no keys in orders", remedy));
        }
        let unknown = verifier.key_id.as_ref().is_some_and(|id| !known(id));
        unknown.then(|| {
            let remedy = "name a key of the gateway's [keys]";
            Problem::new("mode.verifier.key_id", "there is no such key", remedy)
        })
    }
}
