//! Who calls, and what that allows: the contract's 401, 403 and 404 in one place.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::problem::Problem;
use crate::access::{Actor, Grant, Role, Roles, Scope};

/// Whose jobs, unless token or `?tenant=` says otherwise (contract §6).
const DEFAULT_TENANT: &str = "default";
const LONGEST_TENANT: usize = 64;

/// Whoever sent the request, as the guard found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller(Standing);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    /// There are no tokens: loopback is trust enough.
    Open,
    /// By a token.
    Granted(Grant),
    /// Without one, at what is public.
    Nobody,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Problem> {
        // Nothing passes the guard without a word from it; what did would be nobody.
        Ok(parts.extensions.get::<Caller>().cloned().unwrap_or_else(Caller::nobody))
    }
}

impl Caller {
    pub(super) fn open() -> Caller {
        Caller(Standing::Open)
    }

    pub(super) fn of(grant: Grant) -> Caller {
        Caller(Standing::Granted(grant))
    }

    pub(super) fn nobody() -> Caller {
        Caller(Standing::Nobody)
    }

    /// For the audit trail.
    pub(super) fn actor(&self) -> Actor {
        match &self.0 {
            Standing::Granted(grant) => Actor::Token(grant.token.clone()),
            Standing::Open | Standing::Nobody => Actor::Door,
        }
    }

    /// 403 unless the token has this role.
    pub(super) fn must(&self, role: Role) -> Result<(), Problem> {
        let may = match &self.0 {
            Standing::Open => true,
            Standing::Granted(grant) => grant.roles.has(role),
            Standing::Nobody => false,
        };
        may.then_some(()).ok_or_else(|| {
            Problem::forbidden(
                "Authorization",
                format!("the token has not the role `{}`", role.name()),
                "send a token that has it",
            )
        })
    }

    /// 403 unless the token has this role for the gateway as a whole (contract §6).
    pub(super) fn must_for_all(&self, role: Role) -> Result<(), Problem> {
        self.must(role)?;
        match &self.0 {
            Standing::Granted(grant) if grant.scope != Scope::Everybody => Err(Problem::forbidden(
                "Authorization",
                "this is for the gateway as a whole, the token for one tenant",
                "send a token with tenant `*`",
            )),
            Standing::Open | Standing::Granted(_) | Standing::Nobody => Ok(()),
        }
    }

    /// 403 unless the token itself has all that a token to be made would have.
    pub(super) fn must_cover(&self, scope: &Scope, roles: &Roles) -> Result<(), Problem> {
        match &self.0 {
            Standing::Granted(grant) if !grant.covers(scope, roles) => Err(Problem::forbidden(
                "roles",
                "a token makes none that may more than itself",
                "leave out the roles that it has not, or make the token on the gateway's own machine",
            )),
            Standing::Open | Standing::Granted(_) | Standing::Nobody => Ok(()),
        }
    }

    /// The tenant that is read: another one than the token's has nothing, and that is 404.
    pub(super) fn reads(&self, named: Option<String>) -> Result<String, Problem> {
        self.must(Role::Read)?;
        self.within(named)?.ok_or_else(foreign)
    }

    /// As [`Caller::reads`], and `?tenant=*` is every tenant.
    pub(super) fn reads_any(&self, named: Option<String>) -> Result<Scope, Problem> {
        if named.as_deref() != Some("*") {
            return self.reads(named).map(Scope::Tenant);
        }
        self.must(Role::Read)?;
        match self.covers_all() {
            true => Ok(Scope::Everybody),
            false => Err(foreign()),
        }
    }

    /// The tenant whose things are changed by this role: another one than the token's has nothing.
    pub(super) fn changes(&self, role: Role, named: Option<String>) -> Result<String, Problem> {
        self.must(role)?;
        self.within(named)?.ok_or_else(foreign)
    }

    /// The tenant that a job is for unless it says so itself: 403 for another one than the token's.
    pub(super) fn submits(&self, named: Option<String>) -> Result<String, Problem> {
        self.must(Role::Submit)?;
        self.within(named)?.ok_or_else(not_its_own)
    }

    /// 403 unless a job of this tenant may be handed in.
    pub(super) fn must_submit_for(&self, tenant: &str) -> Result<(), Problem> {
        match &self.0 {
            Standing::Granted(grant) if !grant.scope.covers(tenant) => Err(not_its_own()),
            Standing::Open | Standing::Granted(_) | Standing::Nobody => Ok(()),
        }
    }

    /// Whether everything of everybody is within reach.
    fn covers_all(&self) -> bool {
        match &self.0 {
            Standing::Open => true,
            Standing::Granted(grant) => grant.scope == Scope::Everybody,
            Standing::Nobody => false,
        }
    }

    /// The tenant named, or the token's own, or the default; `None` where the token does not cover it.
    fn within(&self, named: Option<String>) -> Result<Option<String>, Problem> {
        let own = match &self.0 {
            Standing::Granted(grant) => grant.scope.tenant(),
            Standing::Open | Standing::Nobody => None,
        };
        let tenant = match (named, own) {
            (Some(named), _) => checked(named)?,
            (None, own) => own.unwrap_or(DEFAULT_TENANT).to_owned(),
        };
        Ok(own.is_none_or(|own| own == tenant).then_some(tenant))
    }
}

fn checked(tenant: String) -> Result<String, Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=LONGEST_TENANT).contains(&tenant.len()) && tenant.bytes().all(plain) {
        return Ok(tenant);
    }
    Err(Problem::field("tenant", "this is no tenant's name", "send 1 to 64 of A-Z a-z 0-9 _ -"))
}

fn foreign() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "tenant",
        "there is nothing of this tenant for this token",
        "send the token's own tenant, or leave ?tenant= out",
    )
}

fn not_its_own() -> Problem {
    Problem::forbidden(
        "tenant",
        "the token is for another tenant",
        "send the job with a token of its tenant, or of tenant `*`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::TokenId;

    fn caller(scope: &str, roles: &[Role]) -> Caller {
        Caller::of(Grant {
            token: TokenId("a".to_owned()),
            scope: Scope::from(scope.to_owned()),
            roles: Roles::from(roles.to_vec()),
        })
    }

    /// Contract §6: submitting for another tenant is 403, anything else of another tenant 404.
    #[test]
    fn another_tenant_is_403_to_hand_in_and_404_to_look() {
        let acme = caller("acme", &Role::ALL);
        let other = || Some("other".to_owned());
        assert_eq!(acme.reads(None).unwrap(), "acme");
        assert_eq!(acme.reads(Some("acme".to_owned())).unwrap(), "acme");
        assert_eq!(acme.reads(other()).unwrap_err(), foreign());
        assert_eq!(acme.reads_any(Some("*".to_owned())).unwrap_err(), foreign());
        assert_eq!(acme.changes(Role::Submit, other()).unwrap_err(), foreign());
        assert_eq!(acme.submits(other()).unwrap_err(), not_its_own());
        assert_eq!(acme.must_submit_for("other").unwrap_err(), not_its_own());
        assert!(acme.must_for_all(Role::Operate).is_err());
        let all = caller("*", &Role::ALL);
        assert_eq!(all.reads(other()).unwrap(), "other");
        assert_eq!(all.reads(None).unwrap(), "default");
        assert_eq!(all.reads_any(Some("*".to_owned())).unwrap(), Scope::Everybody);
        assert!(all.must_for_all(Role::Operate).is_ok() && all.must_submit_for("other").is_ok());
    }

    #[test]
    fn a_role_that_is_missing_is_403_and_nobody_has_any() {
        let reader = caller("*", &[Role::Read]);
        assert!(reader.must(Role::Read).is_ok());
        for role in [Role::Submit, Role::Operate, Role::Disclose] {
            assert!(reader.must(role).is_err() && Caller::nobody().must(role).is_err(), "{role:?}");
            assert!(Caller::open().must_for_all(role).is_ok());
        }
        assert!(Caller::nobody().must(Role::Read).is_err());
    }
}
