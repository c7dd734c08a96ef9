//! What is wrong with an order, and what the one who wrote it can do.

use serde::Serialize;

/// One fault of one field. Values are never repeated in it: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The field's name, with dots for fields within; empty for the message as a whole.
    pub field: String,
    /// What is wrong, as a sentence without a full stop.
    pub problem: String,
    /// What to change.
    pub remedy: String,
}

impl Problem {
    pub(super) fn new(
        field: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

/// Why a message is not taken as a job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobRefused {
    /// The format is newer than this gateway: over HTTP malformed, from a queue left for a newer one.
    #[error("v is {v}, this gateway reads version 1")]
    Newer {
        /// The version that the message names.
        v: u64,
    },
    /// At least one field is wrong; all of them are told.
    #[error("{}", summary(.0))]
    Malformed(Vec<Problem>),
}

impl JobRefused {
    pub(super) fn one(problem: Problem) -> Self {
        Self::Malformed(vec![problem])
    }

    /// Every fault, with its field and remedy.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            JobRefused::Newer { v } => vec![Problem::new(
                "v",
                format!("version {v} is newer than this gateway"),
                "send version 1, or leave v out",
            )],
            JobRefused::Malformed(problems) => problems.clone(),
        }
    }
}

fn summary(problems: &[Problem]) -> String {
    let told: Vec<_> = problems.iter().map(|p| format!("{}: {}", p.field, p.problem)).collect();
    told.join("; ")
}
