//! The files as written: every key with its place, nothing checked but names and types.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::source::Source;

type Text = Option<Spanned<String>>;
type Texts = Option<Vec<Spanned<String>>>;
type Number = Option<Spanned<i64>>;
/// A key that the contract has and this version does not: told by name, whatever it holds.
type NotBuilt = Option<Spanned<Value>>;

/// `octothorpe.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Gateway {
    pub(super) http: Http,
    pub(super) queue: Queue,
    pub(super) sip: Sip,
    pub(super) media: Media,
    pub(super) prompts: Prompts,
    pub(super) script: Script,
    pub(super) keys: Keys,
    pub(super) policy: Policy,
    pub(super) webhooks: NotBuilt,
}

impl Gateway {
    pub(super) fn parse(source: &mut Source) -> Option<Gateway> {
        source.parse()
    }
}

/// `[http]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Http {
    pub(super) listen: Text,
    pub(super) certificate: Text,
    pub(super) key: Text,
}

/// `[queue]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Queue {
    pub(super) engine: Text,
    pub(super) path: Text,
    pub(super) servers: NotBuilt,
    pub(super) reserve_mib: Number,
    pub(super) results_days: Number,
    pub(super) records_days: Number,
}

/// `[sip]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sip {
    pub(super) listen: Texts,
    pub(super) advertise: Text,
}

/// `[media]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Media {
    pub(super) address: Option<Spanned<OneOrMore>>,
    pub(super) ports: Text,
    pub(super) advertise: Text,
}

/// `[prompts]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Prompts {
    pub(super) path: Text,
}

/// `[script]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Script {
    pub(super) lead_ms: Number,
    pub(super) wait_s: Number,
    pub(super) sayings: Number,
    pub(super) fraud_key: Text,
    pub(super) confirm_key: Text,
    pub(super) inline_keys: Option<bool>,
}

/// `[keys]`: one table a key, by its name.
pub(super) type Keys = BTreeMap<String, Spanned<Key>>;

/// `[keys.NAME]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Key {
    pub(super) file: Text,
    pub(super) env: Text,
}

/// `[policy]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Policy {
    pub(super) countries: Texts,
    pub(super) test_prefixes: Texts,
}

/// `trunks/NAME.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Trunk {
    pub(super) target: Text,
    pub(super) username: Text,
    pub(super) password_file: Text,
    pub(super) password_env: Text,
    pub(super) profile: Text,
    pub(super) srtp: Text,
    pub(super) number_format: Text,
    pub(super) dial_prefix: Text,
    pub(super) from_domain: Text,
    pub(super) identity: Text,
    pub(super) ringing: Text,
    pub(super) max_calls: Number,
    pub(super) max_cps: Number,
    pub(super) caller_ids: Texts,
    pub(super) country_caller_ids: Option<BTreeMap<Spanned<String>, Vec<Spanned<String>>>>,
    pub(super) caller_id_max_per_hour: Number,
    pub(super) ring_timeout_s: Number,
    pub(super) max_call_s: Number,
    pub(super) dtmf_repeat_ms: Number,
}

/// A string, or a list of strings.
#[derive(Debug)]
pub(super) struct OneOrMore(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<OneOrMore, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor)
    }
}

/// Tells one string from a list of them, so that the error can say that both are welcome.
struct OneOrMoreVisitor;

impl<'de> serde::de::Visitor<'de> for OneOrMoreVisitor {
    type Value = OneOrMore;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMore, E> {
        Ok(OneOrMore(vec![text.to_owned()]))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(OneOrMore(texts))
    }
}
