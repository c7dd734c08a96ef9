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
}

impl Progress {
    /// Every name, in order.
    pub const ALL: [Progress; 11] = [
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
    ];

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
        }
    }

    /// The event of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_contract_in_its_order() {
        let names: Vec<_> = Progress::ALL.iter().map(|p| p.name()).collect();
        assert_eq!(
            names.join(" "),
            "accepted queued dialling ringing early_media answered prompting listening key ended \
             finished"
        );
        for progress in Progress::ALL {
            assert_eq!(serde_json::to_value(progress).unwrap(), progress.name());
            assert_eq!(Progress::from_name(progress.name()), Some(progress));
        }
    }
}
