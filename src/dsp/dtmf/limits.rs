//! What counts as a key: every threshold of the ear, with its clause.
//!
//! Between what ITU-T Q.24 (Annex A, AT&T) says to accept and what it says to
//! refuse lies room; each limit is placed inside it, and noise decides where.

use crate::dsp::highpass::Highpass;
use crate::dsp::units::{Db, Dbm0, Hz};

/// Each tone at least. Q.24: −25 dBm0 is accepted, −55 dBm0 refused; the
/// middle.
pub(super) const FLOOR: Dbm0 = Dbm0(-40.0);

/// High tone minus low tone at least. Q.24: −8 dB is accepted; the rest is
/// what noise at 15 dB does to the measured value.
pub(super) const TWIST_MIN: Db = Db(-10.0);

/// High tone minus low tone at most. Q.24: +4 dB is accepted.
pub(super) const TWIST_MAX: Db = Db(6.0);

/// Either frequency off by this share of itself at most. Q.24: 1.5 % is
/// accepted, 3.5 % refused; nearer to the former, because what fires on speech
/// usually has one tone high and the other low.
pub(super) const FREQUENCY_OFF: f32 = 0.020;

/// The two tones' share of all energy over [`super::fit::WINDOW`] at least.
/// 15 dB SNR leaves them 0.97. A window of which a sixth is silent keeps 0.83,
/// so that three windows in a row over a tone of 23 ms never reach this
/// (Q.24: 23 ms is refused), and four over one of 40 ms always do.
pub(super) const SHARE: f32 = 0.87;

/// The same for the gate, whose bins stand fixed: over 12 ms a tone 1.5 % off
/// keeps 0.75 of its energy in the bin, and the other tone's leakage adds or
/// takes a tenth.
pub(super) const GATE_SHARE: f32 = 0.55;

/// By how much the gate's levels and twist may miss the limits above.
pub(super) const GATE_SLACK: Db = Db(3.0);

/// Windows that must agree on one key, of the last [`RECENT_WINDOWS`].
pub(super) const AGREEING_WINDOWS: u32 = 3;

/// See [`AGREEING_WINDOWS`]; one of four may fail, for a click in a short key.
pub(super) const RECENT_WINDOWS: u32 = 4;

/// Hops in a row without the tones that end a key: 28 ms. Q.24: a break of
/// 10 ms is bridged, a pause of 40 ms separates; and a lost frame of 20 ms,
/// which dirties seven hops at most six of them to the half, is no pause.
pub(super) const RELEASE_HOPS: u8 = 7;

/// Either tone's amplitude in a hop, beside its own in the key, that counts as
/// present.
pub(super) const PRESENT: Db = Db(-6.0);

/// The longest hole that samples on both sides of it may bridge to make one
/// key, in milliseconds: one packet.
pub(super) const BRIDGED_HOLE_MS: u64 = 20;

/// A hole this long ends a key that was down when it began, in milliseconds.
pub(super) const LONGEST_HOLE_MS: u64 = 1000;

/// The limits as the gate and the test compare them, converted once.
#[derive(Debug)]
pub(super) struct Limits {
    /// Mean square of each tone at least.
    pub(super) floor: f32,
    /// High energy over low energy, the bounds.
    pub(super) twist: [f32; 2],
    /// The gate's [`Self::floor`].
    pub(super) gate_floor: f32,
    /// The gate's [`Self::twist`].
    pub(super) gate_twist: [f32; 2],
    /// Present tone's energy over its energy in the key.
    pub(super) present: f32,
}

impl Default for Limits {
    fn default() -> Self {
        let slack = GATE_SLACK.power_ratio();
        let twist = [TWIST_MIN.power_ratio(), TWIST_MAX.power_ratio()];
        Self {
            floor: FLOOR.mean_square(),
            twist,
            gate_floor: FLOOR.mean_square() / slack,
            gate_twist: [twist[0] / slack, twist[1] * slack],
            present: PRESENT.power_ratio(),
        }
    }
}

/// True if a tone measured at `found` may be the key tone `nominal`.
pub(super) fn is_near(found: Hz, nominal: Hz) -> bool {
    (found.0 - nominal.0).abs() <= nominal.0 * FREQUENCY_OFF
}

/// The mean square of a tone on the line, from what the high-pass left of it.
pub(super) fn on_the_line(filter: &Highpass, frequency: Hz, filtered: f32) -> f32 {
    filtered / filter.power_gain(frequency)
}
