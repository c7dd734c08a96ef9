//! A token: 256 random bits under a short public name, kept as a digest.
//!
//! The digest is plain SHA-256. A slow hash makes guessing dear where people choose what is hashed; of
//! 2²⁵⁶ equally likely secrets none is found by guessing, and every request would pay for it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::grant::Scope;
use super::role::Roles;
use crate::job::UnixMs;

/// Marks our tokens, so that scanners for leaked secrets find them.
const PREFIX: &str = "oct_";
const ID_BYTES: usize = 6;
const SECRET_BYTES: usize = 32;
const LONGEST_NAME: usize = 64;
const LONGEST_TENANT: usize = 64;

/// The public name of a token: what lists show and `revoke` takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TokenId(pub String);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a token's text; the only form in which it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    fn of(text: &str) -> Digest {
        Digest(Sha256::digest(text.as_bytes()).into())
    }

    /// The digest as the store kept it.
    pub fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// For the store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A token just made: the one moment at which its text exists here.
pub struct NewToken {
    /// Its public name.
    pub id: TokenId,
    /// For the store.
    pub digest: Digest,
    text: String,
}

impl NewToken {
    /// Makes one from randomness of the system.
    pub fn make(random: [u8; ID_BYTES + SECRET_BYTES]) -> NewToken {
        let (id, secret) = random.split_at(ID_BYTES);
        let id = id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let text = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
        NewToken { id: TokenId(id), digest: Digest::of(&text), text }
    }

    /// The token itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewToken({}, …)", self.id)
    }
}

/// A token as a request presents it: the name to look it up by, and the digest that must be its own.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The name that it claims.
    pub id: TokenId,
    digest: Digest,
}

impl Presented {
    /// Reads a token's text; `None` when it is none of ours.
    pub fn read(text: &str) -> Option<Presented> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_id = id.len() == 2 * ID_BYTES && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_secret = URL_SAFE_NO_PAD.decode(secret).is_ok_and(|secret| secret.len() == SECRET_BYTES);
        (is_id && is_secret).then(|| Presented { id: TokenId(id.to_owned()), digest: Digest::of(text) })
    }

    /// Whether it is the one that was made under its name; takes the same time whatever differs.
    pub fn is(&self, kept: &Digest) -> bool {
        self.digest.0.ct_eq(&kept.0).into()
    }
}

/// What a new token is to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenOrder {
    /// What it is for, in the words of whoever makes it; 1 to 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// The tenant it acts for, or `*` for every one.
    #[schemars(regex(pattern = r"^(\*|[A-Za-z0-9_-]{1,64})$"))]
    pub tenant: Scope,
    /// What it allows; at least one role.
    #[schemars(length(min = 1))]
    pub roles: Roles,
}

/// Why no such token is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// The name.
    #[error("a token's name has 1 to 64 characters, none of them a control character")]
    Name,
    /// The tenant.
    #[error("a tenant's name is 1 to 64 of A-Z a-z 0-9 _ -, or * for every tenant")]
    Tenant,
    /// The roles.
    #[error("a token needs a role: submit, read, operate, disclose")]
    Roles,
}

impl TokenRefused {
    /// The field at fault.
    pub fn field(self) -> &'static str {
        match self {
            TokenRefused::Name => "name",
            TokenRefused::Tenant => "tenant",
            TokenRefused::Roles => "roles",
        }
    }
}

impl TokenOrder {
    /// Whether such a token can be made.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), TokenRefused> {
        let length = self.name.chars().count();
        if !(1..=LONGEST_NAME).contains(&length) || self.name.contains(char::is_control) {
            return Err(TokenRefused::Name);
        }
        if let Scope::Tenant(tenant) = &self.tenant {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            if !(1..=LONGEST_TENANT).contains(&tenant.len()) || !tenant.bytes().all(plain) {
                return Err(TokenRefused::Tenant);
            }
        }
        if self.roles.is_empty() { Err(TokenRefused::Roles) } else { Ok(()) }
    }
}

/// A token as lists show it: never its text, nor its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Token", title = "Token")]
pub struct TokenView {
    /// Its public name.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// The tenant it acts for, or `*`.
    pub tenant: Scope,
    /// What it allows.
    pub roles: Roles,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it was revoked; null while it is good.
    pub revoked_at: Option<UnixMs>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract §6: only who has the very text gets in, and no print of ours shows it.
    #[test]
    fn only_the_very_text_is_the_token() {
        let new = NewToken::make(std::array::from_fn(|at| at as u8));
        let text = new.expose().to_owned();
        assert!(Presented::read(&text).unwrap().is(&new.digest));
        assert!(!format!("{new:?}{:?}", Presented::read(&text)).contains(&text[17..]));
        let mut other = text.clone().into_bytes();
        // The last but one character: of the last one some bits are no bits of the secret.
        let at = other.len() - 2;
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        assert!(!Presented::read(&String::from_utf8(other).unwrap()).unwrap().is(&new.digest));
        for text in ["", "oct_", "oct_000102030405_", &text[..text.len() - 1], &text[4..]] {
            assert!(Presented::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_order_names_what_is_wrong_with_it() {
        let order = |name: &str, tenant: &str, roles| TokenOrder {
            name: name.to_owned(),
            tenant: Scope::from(tenant.to_owned()),
            roles: Roles::from(roles),
        };
        let read = || vec![super::super::Role::Read];
        assert_eq!(order("core", "*", read()).check(), Ok(()));
        assert_eq!(order("", "acme", read()).check(), Err(TokenRefused::Name));
        assert_eq!(order("a\nb", "acme", read()).check(), Err(TokenRefused::Name));
        assert_eq!(order("core", "a.b", read()).check(), Err(TokenRefused::Tenant));
        assert_eq!(order("core", "acme", vec![]).check(), Err(TokenRefused::Roles));
    }
}
