//! A PIN against its verifier, without the gateway ever being told the PIN.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::leg::key::Digit;

/// tag = HMAC-SHA256(key, PIN digits), contract §2; compared in constant time.
#[derive(Clone)]
pub struct PinCheck {
    keyed: Hmac<Sha256>,
    tag: [u8; 32],
}

impl PinCheck {
    /// The check by this key against this tag.
    pub fn new(key: &[u8], tag: [u8; 32]) -> PinCheck {
        let keyed = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        PinCheck { keyed, tag }
    }

    /// Whether these are the PIN's digits.
    pub fn matches(&self, digits: &[Digit]) -> bool {
        let mut mac = self.keyed.clone();
        for digit in digits {
            mac.update(&[digit.as_char() as u8]);
        }
        mac.verify_slice(&self.tag).is_ok()
    }
}

impl fmt::Debug for PinCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinCheck(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<Digit> {
        text.chars().map(|c| Digit::from_char(c).unwrap()).collect()
    }

    /// The tag was made with OpenSSL: `printf 2580 | openssl dgst -sha256 -hmac key`.
    #[test]
    fn only_the_digits_that_the_tag_was_made_of_match() {
        let tag = [
            0xd7, 0x65, 0x3a, 0xc6, 0xc7, 0x93, 0xd2, 0x67, 0x9f, 0x07, 0x33, 0xaf, 0x04, 0xd9, 0xb0, 0xe2,
            0xb2, 0xc9, 0x87, 0x96, 0x50, 0x51, 0x71, 0x2d, 0x5c, 0x5d, 0x01, 0xb1, 0x94, 0xbf, 0x47, 0x14,
        ];
        let check = PinCheck::new(b"key", tag);
        assert!(check.matches(&digits("2580")));
        for wrong in ["", "258", "2581", "25800", "02580"] {
            assert!(!check.matches(&digits(wrong)), "{wrong}");
        }
        assert_eq!(format!("{check:?}"), "PinCheck(…)");
    }
}
