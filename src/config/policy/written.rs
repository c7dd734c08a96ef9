//! `policy.toml` as written.

use serde::Deserialize;
use toml::Spanned;

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
}

/// `[limits]`, here and of a tenant.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) user: Texts,
    pub(super) number: Texts,
    pub(super) address: Texts,
    pub(super) address_countries: Text,
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
