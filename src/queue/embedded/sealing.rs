//! Full numbers as the records keep them: sealed, so that they show in no copy of the file that has not
//! the store's key, and gone with their row.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::number::Number;

/// Seals numbers under a key of the store.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    pub(super) fn new(key: &[u8; 32]) -> Seal {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).expect("the key has the cipher's length");
        Seal(LessSafeKey::new(key))
    }

    /// A row's number is sealed once, so that its row makes a nonce that is used once.
    pub(super) fn seal(&self, row: i64, number: &Number) -> Vec<u8> {
        let mut bytes = number.clear().into_bytes();
        match self.0.seal_in_place_append_tag(nonce(row), Aad::empty(), &mut bytes) {
            Ok(()) => bytes,
            // Only of gigabytes; the record then has no number.
            Err(_) => Vec::new(),
        }
    }

    /// The number of a row; `None` where it was erased or is another store's.
    pub(super) fn open(&self, row: i64, mut sealed: Vec<u8>) -> Option<String> {
        let clear = self.0.open_in_place(nonce(row), Aad::empty(), &mut sealed).ok()?;
        String::from_utf8(clear.to_vec()).ok()
    }
}

fn nonce(row: i64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[..8].copy_from_slice(&row.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}
