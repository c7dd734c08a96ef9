//! `policy.toml` as written.

use serde::Deserialize;
use toml::{Spanned, Value};

type Text = Option<Spanned<String>>;
type Texts = Option<Vec<Spanned<String>>>;
type Number = Option<Spanned<i64>>;

/// `policy.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) limits: Limits,
    pub(super) back_off: BackOff,
    pub(super) fatigue: Fatigue,
    pub(super) lock: Lock,
    pub(super) fraud: Fraud,
    pub(super) quiet_hours: QuietHours,
    pub(super) numbers: Numbers,
    pub(super) budget: Budget,
    pub(super) pumping: Pumping,
    pub(super) tenants: Tenants,
}

/// `[limits]`, here and of a tenant.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) user: Texts,
    pub(super) number: Texts,
    pub(super) office: Texts,
    pub(super) address: Texts,
    pub(super) address_countries: Text,
    pub(super) address_unverified: Text,
    pub(super) address_exempt: Texts,
    pub(super) prefix: Text,
    pub(super) tenant: Text,
    pub(super) gateway: Text,
}

/// `[back_off]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BackOff {
    pub(super) after: Number,
    pub(super) first_s: Number,
    pub(super) longest_s: Number,
}

/// `[fatigue]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fatigue {
    pub(super) after: Number,
}

/// `[lock]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Lock {
    pub(super) tries: Number,
    pub(super) reset_s: Number,
    pub(super) unlock_s: Number,
}

/// `[fraud]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fraud {
    pub(super) block_days: Number,
}

/// `[quiet_hours]`, here and of a tenant.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct QuietHours {
    pub(super) from: Text,
    pub(super) to: Text,
}

/// `[numbers]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Numbers {
    pub(super) own: Texts,
    pub(super) allow: Texts,
}

/// `[budget]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Budget {
    pub(super) per_day: Option<Spanned<Value>>,
}

/// `[pumping]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Pumping {
    pub(super) enabled: Option<bool>,
    pub(super) numbers: Number,
    pub(super) rate_numbers: Number,
    pub(super) times: Number,
    pub(super) verified_percent: Number,
    pub(super) unverified_spend: Option<Spanned<Value>>,
    pub(super) spend: Option<Spanned<Value>>,
    pub(super) stop_s: Number,
}

/// `[tenants]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tenants {
    pub(super) unknown: Text,
}
