//! The clips a pack may hold, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::job::Purpose;

/// One of the clips of a pack; its word in `pack.toml` is the name in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClipName {
    /// Who calls, and that a sign-in is being confirmed.
    ContextSignIn,
    /// Who calls, and that a password reset is being confirmed.
    ContextPasswordReset,
    /// Who calls, and that a registration is being confirmed.
    ContextRegistration,
    /// Which key confirms and which one reports fraud.
    Instruction,
    /// Said after keys that confirm nothing, before the prompt is said again.
    Invalid,
    /// Farewell after the confirming key.
    Thanks,
    /// Farewell after a report of fraud.
    FraudReported,
    /// Farewell when no key came, or none that counts.
    Goodbye,
    /// Farewell when the key came too late for the login page.
    Expired,
}

impl ClipName {
    /// Every clip, in the order in which a call would say them.
    pub const ALL: [ClipName; 9] = [
        ClipName::ContextSignIn,
        ClipName::ContextPasswordReset,
        ClipName::ContextRegistration,
        ClipName::Instruction,
        ClipName::Invalid,
        ClipName::Thanks,
        ClipName::FraudReported,
        ClipName::Goodbye,
        ClipName::Expired,
    ];

    /// The context that opens a saying for this purpose.
    pub fn context_for(purpose: Purpose) -> ClipName {
        match purpose {
            Purpose::SignIn => ClipName::ContextSignIn,
            Purpose::PasswordReset => ClipName::ContextPasswordReset,
            Purpose::Registration => ClipName::ContextRegistration,
        }
    }

    /// The word for it in `pack.toml` and in results.
    pub fn as_str(self) -> &'static str {
        match self {
            ClipName::ContextSignIn => "context_sign_in",
            ClipName::ContextPasswordReset => "context_password_reset",
            ClipName::ContextRegistration => "context_registration",
            ClipName::Instruction => "instruction",
            ClipName::Invalid => "invalid",
            ClipName::Thanks => "thanks",
            ClipName::FraudReported => "fraud_reported",
            ClipName::Goodbye => "goodbye",
            ClipName::Expired => "expired",
        }
    }

    /// Whether it opens a saying.
    pub fn is_context(self) -> bool {
        match self {
            ClipName::ContextSignIn | ClipName::ContextPasswordReset | ClipName::ContextRegistration => true,
            ClipName::Instruction | ClipName::Invalid | ClipName::Thanks => false,
            ClipName::FraudReported | ClipName::Goodbye | ClipName::Expired => false,
        }
    }

    /// Whether a pack may leave it out: nothing is said in its place then, and after the conclusion
    /// the BYE follows at once. What a person has to know in order to answer is never optional.
    pub fn is_optional(self) -> bool {
        match self {
            ClipName::ContextSignIn | ClipName::ContextPasswordReset | ClipName::ContextRegistration => false,
            ClipName::Instruction => false,
            ClipName::Invalid | ClipName::Thanks | ClipName::FraudReported => true,
            ClipName::Goodbye | ClipName::Expired => true,
        }
    }
}

impl fmt::Display for ClipName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_the_manifest_is_the_word_in_results() {
        for name in ClipName::ALL {
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
    }
}
