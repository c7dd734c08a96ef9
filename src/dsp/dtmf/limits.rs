//! What counts as a key: every threshold of the ear, with its clause.
//!
//! Between what ITU-T Q.24 (Annex A, AT&T) says to accept and what it says to
//! refuse lies room; each limit is placed inside it, and noise decides where.

use std::ops::RangeInclusive;

use super::window::Measure;
use crate::dsp::goertzel::BLOCK;
use crate::dsp::highpass::Highpass;
use crate::dsp::units::{Db, Dbm0, Hz};

/// Each tone at least. Q.24: −25 dBm0 is accepted, −55 dBm0 refused; the
/// middle.
pub(super) const FLOOR: Dbm0 = Dbm0(-40.0);

/// What a window must be like to hold a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grade {
    /// The two tones' share of all energy over [`super::fit::WINDOW`] at least.
    pub(super) share: f32,
    /// Either frequency off by this share of itself at most.
    pub(super) frequency_off: f32,
    /// High tone minus low tone, the least and the most.
    pub(super) twist: [Db; 2],
}

/// All that Q.24 says to accept, at 15 dB SNR, which leaves the tones a share
/// of 0.955 or more. Twist: −8 and +4 dB are accepted; the rest is what noise
/// does to the measured value. Frequency: 1.5 % is accepted, 3.5 % refused;
/// nearer to the former, because what fires on speech usually has one tone high
/// and the other low.
pub(super) const PURE: Grade = Grade { share: 0.935, frequency_off: 0.018, twist: [Db(-9.9), Db(5.4)] };

/// Keys in worse noise, echo or dial tone than Q.24 asks for, if they are
/// otherwise well made, as real keypads are: half-pure chords of voices and
/// instruments are seldom well made. A window of which a sixth is silent keeps
/// a share of 0.83, so that three windows in a row over a tone of 23 ms never
/// reach this (Q.24: 23 ms is refused), and four over one of 40 ms always do.
pub(super) const DISTURBED: Grade = Grade { share: 0.87, frequency_off: 0.010, twist: [Db(-7.0), Db(4.0)] };

/// Keys in louder echo, which more windows have to agree on: exact
/// frequencies, as crystals make them, and steady levels stand in for purity.
pub(super) const BURIED: Grade = Grade { share: 0.80, frequency_off: 0.007, twist: [Db(-7.0), Db(4.0)] };

/// Keys under so much of our own voice that only very many windows can show
/// them: both tones where they belong, however little of the line they are.
pub(super) const FAINT: Grade = Grade { share: 0.60, ..FAINT_TRACE };

/// By how much the amplitude of either of such a key's tones may change from the middle of a window to its
/// end, as a share of itself: what comes and goes is our own voice.
pub(super) const FAINT_SLOPE: f32 = 0.7;

/// Traces of keys under yet more of it.
pub(super) const FAINT_TRACE: Grade = Grade { share: 0.45, frequency_off: 0.008, twist: [Db(-7.5), Db(4.5)] };

/// Where dial tones lie, in hertz: 400 to 450 Hz (ITU-T E.180), or two of 330
/// to 480 Hz as in North America and Britain.
pub(super) const DIAL_TONES: RangeInclusive<f32> = 315.0..=495.0;

/// How loud what stood before a key is at least for it to be taken out, in
/// energy beside the window: below it the key is pure enough with it.
pub(super) const STOOD_LOUDNESS: f32 = 0.1;

/// Of what stood there, how much tones have to explain.
pub(super) const STOOD_SHARE: f32 = 0.9;

/// How far the level of a tone that stands may move from window to window, in
/// energy.
pub(super) const STOOD_LEVEL: f32 = 1.4;

/// How far its frequency may.
pub(super) const STOOD_OFF: Hz = Hz(15.0);

/// A trace of a key in a block of 12 ms: more than half of it and hardly
/// anything else.
pub(super) const EVIDENCE: Grade = Grade { share: 0.80, frequency_off: 0.025, twist: [Db(-12.0), Db(8.0)] };

/// Either tone of a trace at least.
pub(super) const EVIDENCE_FLOOR: Dbm0 = Dbm0(-45.0);

/// The two tones' share of a block for the gate, whose bins stand fixed: over
/// 12 ms a tone 1.5 % off keeps 0.75 of its energy in the bin, and the other
/// tone's leakage adds or takes a tenth.
pub(super) const GATE_SHARE: f32 = 0.50;

/// The same for a block that may hold a trace.
pub(super) const EVIDENCE_GATE_SHARE: f32 = 0.60;

/// The same for the gate's first look, whose blocks stand fixed in time too: a
/// key may fill them in part only.
pub(super) const GATE_FIRST_SHARE: f32 = 0.4;

/// The energy that the gate's bins hold of a stretch after the high-pass at
/// least, of all of it: less, and the exact test need not be asked. Of a key's
/// window or a trace's block they hold 0.65 or more.
pub(super) const GATE_FILTERED_SHARE: f32 = 0.5;

/// By how much the gate's levels may miss the limits above.
pub(super) const GATE_SLACK: Db = Db(3.0);

/// The same for its twist: a tone 1.5 % off loses 1.2 dB in its bin, and noise
/// and the other tone's leakage move what is left of the weaker one by more.
pub(super) const GATE_TWIST_SLACK: Db = Db(4.5);

/// Windows that must agree on one key, of the last [`RECENT_WINDOWS`].
pub(super) const AGREEING_WINDOWS: u32 = 3;

/// See [`AGREEING_WINDOWS`]; one of four may fail, for a click in a short key.
pub(super) const RECENT_WINDOWS: u32 = 4;

/// Either tone's energy in the 8 ms before a key, beside its own in the key,
/// that makes the key doubtful.
pub(super) const LINGERING: f32 = 0.25;

/// Unless each tone is as loud there as in the key, in energy,
pub(super) const SAME_LEVEL: RangeInclusive<f32> = 0.75..=1.35;

/// and both are this share of all that is there, and in the key.
pub(super) const SAME_SHARE: f32 = 0.985;

/// See [`AGREEING_WINDOWS`], for a key whose tones were there before it.
pub(super) const DOUBTFUL_AGREEING_WINDOWS: u32 = 8;

/// See [`RECENT_WINDOWS`], for such a key.
pub(super) const DOUBTFUL_RECENT_WINDOWS: u32 = 10;

/// Windows that must agree on a key that a lost frame may have parted in two,
/// each part too short to be told by itself.
pub(super) const BRIDGED_AGREEING_WINDOWS: u32 = 4;

/// Of so many: between two windows a frame of 20 ms apart lie eleven.
pub(super) const BRIDGED_RECENT_WINDOWS: u32 = 16;

/// Windows that a lost frame of 20 ms spoils at least.
pub(super) const PARTED_WINDOWS: u32 = 9;

/// Windows that must agree on a key beside which other tones stand: over 60 ms
/// and more the notes of a chord fade or beat, and a key does not.
pub(super) const CHORD_AGREEING_WINDOWS: u32 = 14;

/// See [`CHORD_AGREEING_WINDOWS`].
pub(super) const CHORD_RECENT_WINDOWS: u32 = 16;

/// Windows after which the splices of stretches of one key have left them: of a frame that was repeated,
/// two that are 20 ms apart.
pub(super) const SPLICE_WINDOWS: u32 = 13;

/// What is left beside a key's tones once a splice is gone, of what it left.
pub(super) const CLEARED: f32 = 0.25;

/// Windows in which a key was found, whatever its levels, that are enough where
/// our own voice may be heard: it moves the levels, and is no chord.
pub(super) const VOICED_AGREEING_WINDOWS: u32 = 10;

/// See [`VOICED_AGREEING_WINDOWS`].
pub(super) const VOICED_RECENT_WINDOWS: u32 = 12;

/// The same for a key that is faint in our own voice.
pub(super) const FAINT_AGREEING_WINDOWS: u32 = 14;

/// See [`FAINT_AGREEING_WINDOWS`].
pub(super) const FAINT_RECENT_WINDOWS: u32 = 16;

/// Windows that found a key, however faint, that are a trace of it.
pub(super) const FAINT_TRACE_WINDOWS: u32 = 6;

/// How far a tone's levels in the windows of such a key may differ.
pub(super) const STEADY: Db = Db(0.5);

/// How far a key's levels may be from level in its last window, in the units
/// of [`super::exam`]: steady tones are once in eight million keys.
pub(super) const SLOPE: f32 = 32.0;

/// How far its frequencies may drift from its first window to its last, in the
/// same units; the first may begin before the key, which disturbs them.
pub(super) const DRIFT: f32 = 45.0;

/// How far from level, and how far apart, they may be in a key that is in
/// doubt: it is looked at once more where noise has done it, and a chord that
/// fades stays one.
pub(super) const DOUBTFUL: f32 = 8.0;

/// How much of what the tones leave of a window the strongest tone in it
/// explains, for it to be a note beside them: in noise, once in 2,000 windows.
pub(super) const NOTE: f32 = 0.12;

/// The same beside a key that is not in doubt, which fades a little with it:
/// a splice of two stretches of one key looks like a note, but fades as seldom
/// as it swells.
pub(super) const FADING_NOTE: f32 = 0.14;

/// By how many deviations a key fades that fades a little.
pub(super) const FADING_A_LITTLE: f32 = 0.8;

/// By how many deviations a key swells that does so beyond doubt.
pub(super) const SWELLING: f32 = 1.6;

/// See [`NOTE`]: beyond doubt, whether or not the key fades.
pub(super) const LOUD_NOTE: f32 = 0.5;

/// A pair that holds more of its window than this is alone: of what lies beside it nothing is told.
pub(super) const ALONE: f32 = 0.99;

/// The share of what a key leaves that its own third-order products explain where a line distorts it.
pub(super) const DISTORTION: f32 = 0.5;

/// How alike to itself at one lag is what a voice leaves beside two of its harmonics; of noise, once in
/// 3,000 windows.
pub(super) const RECURRING: f32 = 0.42;

/// The same beside a key that fades and is as pure as Q.24 asks: of noise, never.
pub(super) const RECURRING_BESIDE_PURE: f32 = 0.55;

/// By how many deviations a key with a note beside it fades and has fallen since
/// its first window, both taken together, that is too much.
pub(super) const FALLEN: f32 = 3.0;

/// What is not noise in the levels of a tone that is made by a machine, as a
/// share of its amplitude.
pub(super) const TOLERANCE: f32 = 0.004;

/// What is not noise in its phase, in radians from the middle of a window to
/// its end: an echo canceller that adapts turns it a little.
pub(super) const TURN: f32 = 0.02;

/// How much of what the tones before it left another tone leaves at most.
pub(super) const COMPANION_SHARE: f32 = 0.85;

/// How far other tones are from a key's to be told from them in a window.
pub(super) const COMPANION_APART: Hz = Hz(75.0);

/// By how many deviations a key fades, both tones taken together, that is too
/// much where more than noise began with it.
pub(super) const FADING: f32 = 1.7;

/// By how much what is on the line beside a key may grow as it begins, in
/// energy: notes of a chord begin together, noise and hum were there.
pub(super) const GROWTH: f32 = 3.0;

/// What is so little beside a key, in energy, counts as having been there.
pub(super) const LITTLE: f32 = 0.01;

/// Hops in a row without the tones that end a key: 28 ms. Q.24: a break of
/// 10 ms is bridged, a pause of 40 ms separates; and a lost frame of 20 ms,
/// which empties six hops at most by half or more, is no pause.
pub(super) const RELEASE_HOPS: u8 = 7;

/// Either tone's amplitude in a hop, beside its own in the key, that counts as
/// present.
pub(super) const PRESENT: Db = Db(-6.0);

/// The longest hole that samples on both sides of it may bridge to make one
/// key, in milliseconds: one packet.
pub(super) const BRIDGED_HOLE_MS: u64 = 20;

/// A hole this long ends a key that was down when it began, in milliseconds.
pub(super) const LONGEST_HOLE_MS: u64 = 1000;

/// How long after a trace a key may still come of it, in milliseconds: a lost
/// frame, and then the time that a key takes.
pub(super) const FELL_SHORT_AFTER_MS: u64 = 64;

/// How long after a key its own tones are its residue, in milliseconds: what
/// is no pause.
pub(super) const RESIDUE_MS: u64 = 40;

/// A hole in which a key of 40 ms and its edges go unheard, in milliseconds.
pub(super) const UNHEARD_MS: u64 = 60;

/// The limits as the ear compares them, converted once.
#[derive(Debug)]
pub(super) struct Limits {
    /// Mean square of each tone at least.
    pub(super) floor: f32,
    /// The same for a trace.
    pub(super) evidence_floor: f32,
    /// The energy of a block's weaker tone at least, as the gate sees it.
    pub(super) gate_floor: f32,
    /// A block of less energy than this is not looked at.
    pub(super) gate_quiet: f32,
    /// High energy over low energy as the gate sees it, the bounds.
    pub(super) gate_twist: [f32; 2],
    /// Present tone's energy over its energy in the key.
    pub(super) present: f32,
    /// A tone's energy over its energy in an earlier window, the bounds.
    pub(super) steady: [f32; 2],
}

impl Default for Limits {
    fn default() -> Self {
        let (slack, twist_slack) = (GATE_SLACK.power_ratio(), GATE_TWIST_SLACK.power_ratio());
        let [least, most] = PURE.twist.map(Db::power_ratio);
        let gate_floor = EVIDENCE_FLOOR.mean_square() / slack * BLOCK as f32;
        Self {
            floor: FLOOR.mean_square(),
            evidence_floor: EVIDENCE_FLOOR.mean_square(),
            gate_floor,
            gate_quiet: gate_floor / slack,
            gate_twist: [least / twist_slack, most * twist_slack],
            present: PRESENT.power_ratio(),
            steady: [-STEADY.0, STEADY.0].map(|db| Db(db).power_ratio()),
        }
    }
}

impl Grade {
    /// True if a stretch that measures so is a key's.
    pub(super) fn admits(&self, measure: &Measure) -> bool {
        measure.share >= self.share
            && (self.twist[0]..=self.twist[1]).contains(&measure.twist)
            && measure.off.iter().all(|off| off.abs() <= self.frequency_off)
    }
}

/// How far inside the limits a key's measures lie, by the one nearest to its
/// limit: 0 there, 1 for nominal frequencies, like levels and 20 dB SNR.
pub(super) fn confidence(measure: &Measure) -> f32 {
    let share = (measure.share - DISTURBED.share) / (0.99 - DISTURBED.share);
    let off = measure.off.iter().fold(0.0f32, |most, off| most.max(off.abs()));
    let frequency = 1.25 * (1.0 - off / PURE.frequency_off);
    let [least, most] = PURE.twist.map(|twist| twist.0);
    let twist = (measure.twist.0 - least).min(most - measure.twist.0) / most;
    share.min(frequency).min(twist).clamp(0.0, 1.0)
}

/// The mean square of a tone on the line, from what the high-pass left of it.
pub(super) fn on_the_line(filter: &Highpass, frequency: Hz, filtered: f32) -> f32 {
    filtered / filter.power_gain(frequency)
}
