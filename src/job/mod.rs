//! One order to verify one person: as written, and as checked (contract §2).

mod check;
mod fingerprint;
mod mode;
mod problem;
mod rules;
mod unix_ms;
mod words;
mod written;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use fingerprint::{Content, Fingerprint};
pub use mode::{Algorithm, Masked, Mode, ModeKind, Verifier};
pub use problem::{JobRefused, Problem};
pub use rules::JobRules;
pub use unix_ms::UnixMs;
pub use words::{is_pack_name, is_tenant, is_trunk_name};
pub use written::{MAX_JOB_BYTES, Purpose, Written};

use crate::number::Number;

/// Whose job, and its idempotency key: together they name a job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobKey {
    /// Contract §2 `tenant`.
    pub tenant: String,
    /// Contract §2 `id`.
    pub id: String,
}

/// A job whose every field has been checked, with the defaults that do not depend on the tenant's
/// configuration filled in. It holds the number in the clear and serialises it so: its JSON is for
/// the store alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Tenant and idempotency key.
    pub key: JobKey,
    /// The number to call; whether the numbering plan knows it is asked by policy.
    #[serde(with = "crate::number::clear")]
    pub to: Number,
    /// What the person has to do.
    pub mode: Mode,
    /// What is being confirmed.
    pub purpose: Purpose,
    /// BCP 47 tag as sent; `None` is the tenant's.
    pub locale: Option<String>,
    /// Name of a prompt pack; `None` is the tenant's.
    pub prompts: Option<String>,
    /// The caller id asked for; whether it is in the pool is asked by policy.
    pub caller_id: Option<String>,
    /// Nothing is dialled after it.
    pub expires_at: UnixMs,
    /// A key after it does not verify.
    pub answer_by: UnixMs,
    /// Upper bound of dials, 1 to 5.
    pub attempts: u8,
    /// Opaque name of the user, at most 128 bytes.
    pub user: Option<String>,
    /// Where the sign-in comes from.
    pub client_ip: Option<IpAddr>,
    /// 0 to 9, 9 first.
    pub priority: u8,
    /// Pins one trunk.
    pub trunk: Option<String>,
    /// What was sent, for telling the same job from another under the same id.
    pub content: Content,
}
