//! What the person has to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mode with its fields, as far as this version has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mode {
    /// Press a lone `#` after the gate.
    Confirm {},
}

/// The name of a mode, as results tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModeKind {
    /// Press `#`.
    Confirm,
}

impl Mode {
    /// The modes of the contract that are refused by name until they are built.
    pub(super) const NOT_IN_THIS_VERSION: [&'static str; 3] = ["challenge", "pin", "code"];

    /// The mode's name.
    pub fn kind(&self) -> ModeKind {
        match self {
            Mode::Confirm {} => ModeKind::Confirm,
        }
    }
}
