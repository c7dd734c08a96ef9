//! What became of a reload.

use schemars::JsonSchema;
use serde::Serialize;

/// What is in force now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reloaded {
    /// What was read anew and is in force for the calls that begin from now on.
    pub reloaded: Vec<String>,
    /// What was changed in the files and holds only after a restart.
    pub needs_restart: Vec<String>,
}

/// One thing that is wrong in one of the files; everything stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotReloaded {
    /// The file, with its line where there is one.
    pub place: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}
