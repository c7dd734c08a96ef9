//! What a token allows.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the contract's roles (§6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Hands jobs in and withdraws them.
    Submit,
    /// Reads jobs, events, results, records and figures.
    Read,
    /// Runs the gateway: blocks, erasure, tokens, reload.
    Operate,
    /// Sees full numbers, which is audited.
    Disclose,
}

impl Role {
    /// Every role, in the contract's order of growing reach.
    pub const ALL: [Role; 4] = [Role::Submit, Role::Read, Role::Operate, Role::Disclose];

    /// The name as it stands in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Role::Submit => "submit",
            Role::Read => "read",
            Role::Operate => "operate",
            Role::Disclose => "disclose",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Role> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A set of roles, each once, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<Role>")]
#[schemars(with = "Vec<Role>")]
pub struct Roles(Vec<Role>);

impl From<Vec<Role>> for Roles {
    fn from(mut roles: Vec<Role>) -> Roles {
        roles.sort_unstable();
        roles.dedup();
        Roles(roles)
    }
}

impl Roles {
    /// Whether this role is among them.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// The roles, in order.
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Role::name).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_stand_once_each_under_the_contracts_names() {
        let roles: Roles = serde_json::from_str(r#"["read","submit","read"]"#).unwrap();
        assert_eq!(serde_json::to_string(&roles).unwrap(), r#"["submit","read"]"#);
        assert_eq!(roles.to_string(), "submit,read");
        assert!(roles.has(Role::Read) && !roles.has(Role::Operate));
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
    }
}
