//! What the ear tells, and how it is told of holes.

use super::key::Key;
use crate::dsp::units::{Db, Dbm0, Samples};

/// What the ear tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A key is down.
    Began(Began),
    /// The key told last is up.
    Ended(Ended),
    /// A key may have been there, and it was not to be made out: 12 ms or more
    /// of two tones near a key's that fell short of one, or 60 ms or more on
    /// end that were not received. Told once it is known to have fallen short.
    Undecided {
        /// Its first sample.
        from: Samples,
        /// The end of its last sample.
        to: Samples,
    },
}

/// A key that is down, told as soon as that is sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Began {
    /// Which one.
    pub key: Key,
    /// Its first sample.
    pub onset: Samples,
    /// The end of the last sample that the decision used.
    pub told_at: Samples,
}

/// A key that is up again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// Which one.
    pub key: Key,
    /// Its first sample.
    pub onset: Samples,
    /// Where [`Began`] was told.
    pub told_at: Samples,
    /// The end of its last sample.
    pub end: Samples,
    /// The level of both tones together.
    pub level: Dbm0,
    /// The high tone's level over the low one's.
    pub twist: Db,
    /// Both tones' power over that of everything else on the line above 300 Hz.
    pub snr: Db,
    /// How far inside its limits the key lay, by the measure that was nearest
    /// to one: 1 for a nominal key on a quiet line, near 0 for one that hardly was one.
    pub confidence: f32,
}

/// Why samples are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// They were sent and never received: neither tone nor pause.
    Lost,
    /// The sender said that it was silent (comfort noise, RFC 3389; or
    /// discontinuous transmission): a pause.
    Silence,
}
