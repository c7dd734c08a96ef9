//! The names of a job's progress events (contract §3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One event of a job, in the order in which they come; a job's `state` is the name of its last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Durable.
    Accepted,
    /// Waiting for its turn.
    Queued,
    /// A dial permit is held; the INVITE leaves.
    Dialling,
    /// The phone rings.
    Ringing,
    /// Sound came before the answer.
    EarlyMedia,
    /// Picked up.
    Answered,
    /// The prompt is being said.
    Prompting,
    /// Waiting for a key.
    Listening,
    /// A key came.
    Key,
    /// The call is over.
    Ended,
    /// The result is durable.
    Finished,
    /// Fraud was reported behind the result, in the farewell: the verdict stays. No state of a job.
    FraudReported,
}

impl Progress {
    /// Every name, in order: the states of a job as the contract lists them, and what comes behind them.
    pub const ALL: [Progress; 12] = [
        Progress::Accepted,
        Progress::Queued,
        Progress::Dialling,
        Progress::Ringing,
        Progress::EarlyMedia,
        Progress::Answered,
        Progress::Prompting,
        Progress::Listening,
        Progress::Key,
        Progress::Ended,
        Progress::Finished,
        Progress::FraudReported,
    ];

    /// Every state of a job, in order: the contract's list.
    pub fn states() -> impl Iterator<Item = Progress> {
        Self::ALL.into_iter().filter(|progress| *progress != Progress::FraudReported)
    }

    /// The name as it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Progress::Accepted => "accepted",
            Progress::Queued => "queued",
            Progress::Dialling => "dialling",
            Progress::Ringing => "ringing",
            Progress::EarlyMedia => "early_media",
            Progress::Answered => "answered",
            Progress::Prompting => "prompting",
            Progress::Listening => "listening",
            Progress::Key => "key",
            Progress::Ended => "ended",
            Progress::Finished => "finished",
            Progress::FraudReported => "fraud_reported",
        }
    }

    /// The state of this name.
    pub fn state_named(name: &str) -> Option<Self> {
        Self::states().find(|state| state.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_contract_in_its_order() {
        let names: Vec<_> = Progress::states().map(Progress::name).collect();
        assert_eq!(
            names.join(" "),
            "accepted queued dialling ringing early_media answered prompting listening key ended \
             finished"
        );
        for (place, event) in Progress::ALL.into_iter().enumerate() {
            assert_eq!(event as usize, place, "the tables hold {} by its place", event.name());
        }
        for state in Progress::states() {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
            assert_eq!(Progress::state_named(state.name()), Some(state));
        }
        let late = Progress::FraudReported;
        assert_eq!(serde_json::to_value(late).unwrap(), late.name());
        assert_eq!(Progress::state_named(late.name()), None, "what comes behind the result is no state");
    }
}
