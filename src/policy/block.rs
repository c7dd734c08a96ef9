//! A block: whom, why, by whom, until when.

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mark::{Mark, Marker};
use crate::job::{UnixMs, is_tenant};
use crate::number::Number;
use crate::reason::Reason;

/// How a number of this store is written where it must not be told: `hmac:` and its mark.
const KEYED: &str = "hmac:";
/// E.164 §6.1.
const LONGEST_NUMBER_DIGITS: usize = 15;
/// Contract §2: `user` is at most 128 bytes.
const LONGEST_USER_BYTES: usize = 128;
/// A reason is a sentence, not a file.
const LONGEST_TEXT_BYTES: usize = 256;

/// What can be blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A user of a tenant.
    User,
    /// A number.
    Number,
    /// All numbers that begin so.
    Prefix,
    /// All jobs of a tenant.
    Tenant,
    /// All client addresses of a network.
    Network,
}

impl BlockKind {
    /// Every kind.
    pub const ALL: [BlockKind; 5] =
        [BlockKind::User, BlockKind::Number, BlockKind::Prefix, BlockKind::Tenant, BlockKind::Network];

    /// The name as it stands in JSON and CSV.
    pub fn name(self) -> &'static str {
        match self {
            BlockKind::User => "user",
            BlockKind::Number => "number",
            BlockKind::Prefix => "prefix",
            BlockKind::Tenant => "tenant",
            BlockKind::Network => "network",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Why a job that meets such a block is refused.
    pub(super) fn refusal(self) -> Reason {
        match self {
            BlockKind::User | BlockKind::Tenant | BlockKind::Network => Reason::UserBlocked,
            BlockKind::Number => Reason::NumberBlocked,
            BlockKind::Prefix => Reason::PrefixRisk,
        }
    }
}

/// Whom to block, as it is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockOrder {
    /// What kind.
    pub kind: BlockKind,
    /// Whom: a user's name, a number, a prefix with `+`, a tenant, an IP network.
    pub value: String,
    /// For the jobs of this tenant only; `None` for everybody's.
    pub tenant: Option<String>,
    /// Why, for those who look at it later.
    pub reason: String,
    /// Who orders it.
    pub actor: String,
    /// It ends then; `None` never.
    pub until: Option<UnixMs>,
}

/// A block that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// Names it; the same for the same kind, value and tenant.
    pub id: String,
    /// What kind.
    pub kind: BlockKind,
    /// Whom: `hmac:` and the mark for users and numbers, which can be ordered again by it.
    pub value: String,
    /// Whom, for a reader: a number masked, a user by the first letters.
    pub shown: String,
    /// For the jobs of this tenant only; null for everybody's.
    pub tenant: Option<String>,
    /// Why.
    pub reason: String,
    /// Who ordered it.
    pub actor: String,
    /// When.
    pub created_at: UnixMs,
    /// It ends then; null never.
    pub until: Option<UnixMs>,
    /// Whether numbers that the same user verified before are served all the same: a stop that the
    /// gateway itself ordered.
    #[serde(default)]
    pub spares_verified: bool,
}

impl Block {
    /// Reads an order.
    ///
    /// # Errors
    /// What is wrong with it, and what to do, in one sentence.
    pub(super) fn read(order: BlockOrder, marker: &Marker, now: UnixMs) -> Result<Block, String> {
        check_words(&order, now)?;
        if order.kind == BlockKind::Tenant && order.tenant.is_some() {
            return Err("a tenant is blocked for everybody, not by a tenant: send ?tenant=*".to_owned());
        }
        let (value, shown) = subject(&order, marker)?;
        let BlockOrder { kind, tenant, reason, actor, until, .. } = order;
        let id = marker.block(kind.name(), tenant.as_deref(), &value).hex()[..16].to_owned();
        Ok(Block {
            id,
            kind,
            value,
            shown,
            tenant,
            reason,
            actor,
            created_at: now,
            until,
            spares_verified: false,
        })
    }

    /// Whether it is over.
    pub(super) fn is_over(&self, now: UnixMs) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Where it stands among all blocks.
    pub(super) fn key(&self) -> String {
        key(self.kind, self.tenant.as_deref(), &self.value)
    }
}

/// Where a block of this kind, value and tenant stands among all blocks. No tenant's name holds a blank.
pub(super) fn key(kind: BlockKind, tenant: Option<&str>, value: &str) -> String {
    format!("{} {} {value}", kind.name(), tenant.unwrap_or("*"))
}

/// A mark as a block's value.
pub(super) fn keyed(mark: Mark) -> String {
    format!("{KEYED}{}", mark.hex())
}

fn check_words(order: &BlockOrder, now: UnixMs) -> Result<(), String> {
    if order.reason.trim().is_empty() || order.reason.len() > LONGEST_TEXT_BYTES {
        return Err(format!("`reason` is missing or longer than {LONGEST_TEXT_BYTES} bytes"));
    }
    if order.actor.trim().is_empty() || order.actor.len() > LONGEST_TEXT_BYTES {
        return Err(format!("`actor` is missing or longer than {LONGEST_TEXT_BYTES} bytes"));
    }
    if order.until.is_some_and(|until| until <= now) {
        return Err("`until` has passed".to_owned());
    }
    Ok(())
}

/// The value as it is kept, and as it is shown.
fn subject(order: &BlockOrder, marker: &Marker) -> Result<(String, String), String> {
    let value = order.value.trim();
    if let Some(hex) = value.strip_prefix(KEYED) {
        let keyed = matches!(order.kind, BlockKind::User | BlockKind::Number);
        let mark = Mark::from_hex(hex).filter(|_| keyed);
        return mark.map(|_| (value.to_owned(), "(keyed)".to_owned())).ok_or_else(|| {
            "`value` begins with hmac: and is no user or number that this gateway wrote".to_owned()
        });
    }
    match order.kind {
        BlockKind::User => user(value, order.tenant.as_deref(), marker),
        BlockKind::Number => number(value, order.tenant.as_deref(), marker),
        BlockKind::Prefix => prefix(value),
        BlockKind::Tenant if is_tenant(value) => Ok((value.to_owned(), value.to_owned())),
        BlockKind::Tenant => Err("`value` is no tenant: write 1 to 64 of A-Z a-z 0-9 _ -".to_owned()),
        BlockKind::Network => network(value),
    }
}

fn user(value: &str, tenant: Option<&str>, marker: &Marker) -> Result<(String, String), String> {
    let Some(tenant) = tenant else {
        return Err("a user is blocked within a tenant: name the tenant".to_owned());
    };
    if value.is_empty() || value.len() > LONGEST_USER_BYTES {
        return Err(format!("`value` is no user: write 1 to {LONGEST_USER_BYTES} bytes"));
    }
    let start: String = value.chars().take(2).collect();
    Ok((keyed(marker.user(tenant, value)), format!("{start}***")))
}

fn number(value: &str, tenant: Option<&str>, marker: &Marker) -> Result<(String, String), String> {
    let number = Number::parse(value).map_err(|why| format!("`value`: {why}"))?;
    let mark = match tenant {
        Some(tenant) => marker.number_of(tenant, &number),
        None => marker.number(&number),
    };
    Ok((keyed(mark), number.masked()))
}

fn prefix(value: &str) -> Result<(String, String), String> {
    let digits: String = value.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')')).collect();
    let digits = digits.strip_prefix('+').unwrap_or_default();
    let fits = (1..=LONGEST_NUMBER_DIGITS).contains(&digits.len());
    if fits && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok((digits.to_owned(), format!("+{digits}")));
    }
    Err(format!("`value` is no prefix: write + and 1 to {LONGEST_NUMBER_DIGITS} digits"))
}

fn network(value: &str) -> Result<(String, String), String> {
    let alone = || value.parse::<std::net::IpAddr>().ok().map(IpNet::from);
    let network = value.parse::<IpNet>().ok().or_else(alone);
    let network = network.ok_or("`value` is no IP network: write for example 192.0.2.0/24")?.trunc();
    Ok((network.to_string(), network.to_string()))
}
