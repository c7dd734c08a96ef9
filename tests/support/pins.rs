//! The PINs of the tests, and the key that holds them.

use std::os::unix::fs::PermissionsExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

use super::site::Site;

/// The key of the PINs' verifiers.
const KEY: [u8; 32] = [42; 32];

/// Names the key in the configuration; `script` are further lines under `[script]`.
pub(crate) fn configure(site: &Site, script: &str) {
    let key = site.scratch.write("pins.key", STANDARD.encode(KEY));
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).expect("the file is ours");
    let kept = site.scratch.read("octothorpe.toml");
    let more = format!("\n[script]\n{script}\n\n[keys.pins]\nfile = \"pins.key\"\n");
    site.scratch.write("octothorpe.toml", kept + &more);
}

/// The mode that asks for this PIN.
pub(crate) fn pin(digits: &str) -> Value {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&KEY).expect("any key will do");
    mac.update(digits.as_bytes());
    let tag = STANDARD.encode(mac.finalize().into_bytes());
    json!({"type": "pin", "verifier": {"algorithm": "hmac-sha256", "key_id": "pins", "tag": tag}})
}

/// The mode that asks for these digits.
pub(crate) fn challenge(digits: &str) -> Value {
    json!({"type": "challenge", "digits": digits})
}
