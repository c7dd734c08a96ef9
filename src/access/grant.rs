//! What a request may do, once its token is known.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::role::{Role, Roles};
use super::token::TokenId;

/// Whose jobs: one tenant's or everybody's, written `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Scope {
    /// One tenant's.
    Tenant(String),
    /// Every tenant's, and the gateway's own.
    Everybody,
}

impl From<String> for Scope {
    fn from(text: String) -> Scope {
        if text == "*" { Scope::Everybody } else { Scope::Tenant(text) }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Tenant(tenant) => f.write_str(tenant),
            Scope::Everybody => f.write_str("*"),
        }
    }
}

impl JsonSchema for Scope {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl Scope {
    /// Whether this tenant is within it.
    pub fn covers(&self, tenant: &str) -> bool {
        match self {
            Scope::Tenant(own) => own == tenant,
            Scope::Everybody => true,
        }
    }

    /// The tenant, where it is one.
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Scope::Tenant(tenant) => Some(tenant),
            Scope::Everybody => None,
        }
    }
}

/// What a good token allows, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The token, for the audit trail.
    pub token: TokenId,
    /// Whose jobs.
    pub scope: Scope,
    /// What with them.
    pub roles: Roles,
}

impl Grant {
    /// Whether a token of `scope` and `roles` allows nothing that this one does not.
    pub fn covers(&self, scope: &Scope, roles: &Roles) -> bool {
        let scope = match scope {
            Scope::Tenant(tenant) => self.scope.covers(tenant),
            Scope::Everybody => self.scope == Scope::Everybody,
        };
        scope && roles.iter().all(|role: Role| self.roles.has(role))
    }
}

/// What the store says to a request's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// No token was ever made: whoever reaches the door on loopback may do everything.
    Open,
    /// Tokens are asked for, and this is none, or not any more.
    Unknown,
    /// A good one.
    Granted(Grant),
}

/// Who did something that is audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Whoever may write the store's files: the command line beside the gateway.
    Local,
    /// Whoever reached the door while there were no tokens.
    Door,
    /// A token.
    Token(TokenId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Local => f.write_str("local"),
            Actor::Door => f.write_str("loopback"),
            Actor::Token(id) => write!(f, "token {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token that could make a stronger one would be a stronger one.
    #[test]
    fn a_grant_covers_no_more_than_itself() {
        let grant = |scope: &str, roles: &[Role]| Grant {
            token: TokenId("a".to_owned()),
            scope: Scope::from(scope.to_owned()),
            roles: Roles::from(roles.to_vec()),
        };
        let wide = grant("*", &[Role::Operate, Role::Read]);
        assert!(wide.covers(&Scope::Everybody, &Roles::from(vec![Role::Read])));
        assert!(wide.covers(&Scope::Tenant("acme".to_owned()), &Roles::from(vec![Role::Operate])));
        assert!(!wide.covers(&Scope::Everybody, &Roles::from(vec![Role::Disclose])));
        let narrow = grant("acme", &Role::ALL);
        assert!(!narrow.covers(&Scope::Everybody, &Roles::from(vec![Role::Read])));
        assert!(!narrow.covers(&Scope::Tenant("other".to_owned()), &Roles::from(vec![Role::Read])));
    }
}
