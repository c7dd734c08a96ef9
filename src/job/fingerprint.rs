//! Telling the same job from another under the same id, after its secrets are gone.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use super::written::Sent;
use crate::number::Number;

/// What was sent, in one canonical spelling: fields in the order of their names, `to` normalised,
/// without `id`, `expires_at` and `answer_by`, defaults not filled in (contract §2). It holds the
/// number in the clear and is erased with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Content(String);

/// HMAC-SHA256 of a [`Content`] under the store's key: says nothing about the content to those who
/// have not the key, however few numbers there are to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Content {
    pub(super) fn new(mut sent: Sent, to: &Number) -> Self {
        for name in ["id", "expires_at", "answer_by"] {
            sent.remove(name);
        }
        sent.insert("to".to_owned(), Value::String(to.clear()));
        let mut text = String::new();
        write_object(sent.iter(), &mut text);
        Self(text)
    }

    /// The keyed fingerprint.
    pub fn fingerprint(&self, key: &[u8; 32]) -> Fingerprint {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        mac.update(self.0.as_bytes());
        Fingerprint(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content(..)")
    }
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let sorted: std::collections::BTreeMap<_, _> = fields.iter().collect();
            write_object(sorted.into_iter(), out);
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { "," });
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
        }
    }
}

fn write_object<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>, out: &mut String) {
    out.push('{');
    for (n, (name, value)) in fields.enumerate() {
        out.push_str(if n == 0 { "" } else { "," });
        out.push_str(&Value::String(name.clone()).to_string());
        out.push(':');
        write_value(value, out);
    }
    out.push('}');
}
