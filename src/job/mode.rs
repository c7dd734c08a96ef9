//! What the person has to do.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mode with its fields. What only the person or the login screen knows prints masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mode {
    /// Press a lone `#` after the gate.
    Confirm {},
    /// Key the digits that the login screen shows, then `#`.
    Challenge {
        /// 2 to 4 digits, not beginning with the fraud key.
        #[schemars(regex(pattern = r"^[0-9]{2,4}$"))]
        digits: Masked,
    },
    /// Key the PIN, then `#`.
    Pin {
        /// What the PIN is held against.
        verifier: Verifier,
        /// Wrong PINs that end the call, 1 to 5.
        #[serde(default = "three")]
        #[schemars(range(min = 1, max = 5))]
        tries: u8,
    },
    /// Listen to a code after `#`.
    Code {
        /// 4 to 10 digits.
        #[schemars(regex(pattern = r"^[0-9]{4,10}$"))]
        code: Masked,
        /// How often it is read, 1 to 5.
        #[serde(default = "two")]
        #[schemars(range(min = 1, max = 5))]
        repeat: u8,
    },
}

fn two() -> u8 {
    2
}

fn three() -> u8 {
    3
}

/// A keyed, single-use image of a PIN: tag = HMAC-SHA256(key, PIN digits).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verifier {
    /// How the tag was made.
    pub algorithm: Algorithm,
    /// Which key of the gateway's configuration made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))]
    pub key_id: Option<String>,
    /// The key itself, 16 to 64 octets in Base64: for labs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Masked>,
    /// The tag, 32 octets in Base64.
    pub tag: Masked,
}

/// How a PIN's tag is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Algorithm {
    /// RFC 2104 with SHA-256.
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Masked(String);

impl Masked {
    /// The text itself: for the script and the store only, never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The octets that it writes in Base64 (RFC 4648 §4).
    pub fn octets(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.0).ok()
    }
}

impl From<&str> for Masked {
    fn from(text: &str) -> Masked {
        Masked(text.to_owned())
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
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
    /// The mode's name.
    pub fn kind(&self) -> ModeKind {
        match self {
            Mode::Confirm {} => ModeKind::Confirm,
            Mode::Challenge { .. } => ModeKind::Challenge,
            Mode::Pin { .. } => ModeKind::Pin,
            Mode::Code { .. } => ModeKind::Code,
        }
    }
}
