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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModeKind {
    /// Press `#`.
    Confirm,
    /// Key the digits that the login screen shows, then `#`.
    Challenge,
    /// Key the PIN, then `#`.
    Pin,
    /// Listen to a code after `#`.
    Code,
}

impl ModeKind {
    /// Every mode of the contract, in its order.
    pub const ALL: [ModeKind; 4] = [ModeKind::Confirm, ModeKind::Challenge, ModeKind::Pin, ModeKind::Code];

    /// The name as it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            ModeKind::Confirm => "confirm",
            ModeKind::Challenge => "challenge",
            ModeKind::Pin => "pin",
            ModeKind::Code => "code",
        }
    }

    /// The mode of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
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
