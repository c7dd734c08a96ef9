//! The random words of a leg: branches, tags, Call-IDs.

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// A source of words that nobody can guess (RFC 3261 §8.1.1.3, §8.1.1.7, §19.3), from one seed.
#[derive(Debug)]
pub(super) struct Tokens(StdRng);

impl Tokens {
    pub(super) fn new(seed: u64) -> Tokens {
        Tokens(StdRng::seed_from_u64(seed))
    }

    /// A branch, without the magic cookie that [`Via::new`] puts before it (RFC 3261 §8.1.1.7).
    ///
    /// [`Via::new`]: crate::sip::message::Via::new
    pub(super) fn branch(&mut self) -> String {
        self.word()
    }

    /// A tag: at least 32 bits of randomness (RFC 3261 §19.3); here 64.
    pub(super) fn tag(&mut self) -> String {
        self.word()
    }

    /// A Call-ID: 128 bits, and no host, which would only tell where we stand.
    pub(super) fn call_id(&mut self) -> String {
        self.word() + &self.word()
    }

    /// A number for `o=` (RFC 8866 §5.2).
    pub(super) fn session_id(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Seconds from 0 to 10 for the Retry-After of RFC 3261 §14.2.
    pub(super) fn retry_after_s(&mut self) -> u32 {
        self.0.random_range(0..=10)
    }

    /// The random source itself, for digest's cnonce.
    pub(super) fn rng(&mut self) -> &mut StdRng {
        &mut self.0
    }

    fn word(&mut self) -> String {
        format!("{:016x}", self.0.next_u64())
    }
}
