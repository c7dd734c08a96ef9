//! The newest window of a line, and whether it holds a key.

use super::Tables;
use super::agreement::Doubt;
use super::fit::{Fit, Tone, WINDOW, fit};
use super::gate::Look;
use super::history::{History, KEPT, KEPT_HOPS};
use super::key::Key;
use super::limits::{
    BURIED, DISTURBED, EVIDENCE, FAINT, FAINT_SLOPE, FAINT_TRACE, GATE_FILTERED_SHARE, GATE_SHARE, LINGERING,
    PURE, SAME_LEVEL, SAME_SHARE, on_the_line,
};
use super::press::{presence, presences};
use super::standing::{Standing, take_out};
use crate::dsp::goertzel::{BLOCK, HOP, bin_frequency};
use crate::dsp::units::{Db, Samples};

/// A key's two tones as one window holds them.
pub(super) type Pair = Fit<2>;

/// How clearly a window holds a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purity {
    /// As clearly as its tones' purity alone can show.
    Clear,
    /// Under so much else that many windows have to show it.
    Buried,
    /// Under so much of our own voice that very many windows have to show it.
    Faint,
    /// Under so much of it that they show no more than a trace.
    Trace,
}

impl Purity {
    /// True if only our own voice beside the key is a reason to look at it.
    pub(super) fn is_faint(self) -> bool {
        match self {
            Self::Clear | Self::Buried => false,
            Self::Faint | Self::Trace => true,
        }
    }
}

/// A window that holds a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) pair: Pair,
    pub(super) purity: Purity,
    /// What stands on the line beside it and was taken out.
    pub(super) standing: Option<Standing>,
}

/// What was heard of late, after the high-pass.
pub(super) type Filtered = [f32; KEPT];

/// Where the newest window begins in [`Filtered`].
pub(super) const BEGIN: usize = KEPT - WINDOW;

/// Samples in [`Filtered`] before the hop in which an onset may lie.
pub(super) const BEFORE: usize = BEGIN - HOP;

/// The pair of tones in the block that ended `back` samples ago, where they
/// are most of it and all of it was received.
#[inline(always)]
pub(super) fn look(tables: &Tables, history: &History, back: usize) -> Option<Look> {
    if history.unbroken() * HOP < back + BLOCK {
        return None;
    }
    let block = history.newest::<BLOCK>(back);
    tables.gate.look(&tables.limits, &block).filter(|look| look.share >= GATE_SHARE)
}

/// The newest window, if it is a key's: two blocks in both of which the gate
/// sees it.
#[inline(always)]
fn test(
    tables: &Tables,
    [older, newer]: [Look; 2],
    filtered: &Filtered,
    has_voice: bool,
) -> Option<(Pair, Purity)> {
    let key = newer.key;
    if !is_hopeful(older.energy + newer.energy, &filtered[BEGIN..]) {
        return None;
    }
    let found = fit::<{ WINDOW / 2 }, 2, 4>(&filtered[BEGIN..], near([older, newer]), 3)?;
    if floor_of(tables, &found) < tables.limits.floor {
        return None;
    }
    let measure = measure(tables, key, &found);
    if [PURE, DISTURBED].iter().any(|grade| grade.admits(&measure)) {
        return Some((found, Purity::Clear));
    }
    if BURIED.admits(&measure) {
        return Some((found, Purity::Buried));
    }
    if !has_voice {
        return None;
    }
    let is_level = found.tones.iter().all(|tone| tone.slope.abs() <= FAINT_SLOPE);
    if is_level && FAINT.admits(&measure) {
        return Some((found, Purity::Faint));
    }
    FAINT_TRACE.admits(&measure).then_some((found, Purity::Trace))
}

/// The newest window, if it is a key's: by itself, or once the dial tone is
/// taken out of `filtered` that stood before it, or under which the windows
/// before it were found.
#[inline(always)]
pub(super) fn find(
    tables: &Tables,
    looks: [Look; 2],
    filtered: &mut Filtered,
    known: Option<Standing>,
    has_voice: bool,
) -> Option<Found> {
    let plain = || {
        test(tables, looks, filtered, has_voice).map(|(pair, purity)| Found { pair, purity, standing: None })
    };
    let plain = if known.is_none() { plain() } else { None };
    if plain.is_some_and(|plain| plain.purity == Purity::Clear) {
        return plain;
    }
    let Some((cleaned, standing)) = take_out(filtered, near(looks), known) else {
        return plain;
    };
    match test(tables, looks, &cleaned, false) {
        Some((pair, Purity::Clear)) => {
            *filtered = cleaned;
            Some(Found { pair, purity: Purity::Clear, standing: Some(standing) })
        }
        Some((_, Purity::Buried | Purity::Faint | Purity::Trace)) | None => plain,
    }
}

/// True if the block that ended `back` samples ago holds evidence of the pair
/// that the gate saw in it.
#[inline(always)]
pub(super) fn is_evidence(tables: &Tables, look: &Look, filtered: &Filtered, back: usize) -> bool {
    let near = bins(look.key).map(|bin| bin_frequency(bin).radians_per_sample());
    let end = KEPT - back;
    let block = &filtered[end - BLOCK..end];
    if !is_hopeful(look.energy, block) {
        return false;
    }
    let Some(found) = fit::<{ BLOCK / 2 }, 2, 4>(block, near, 2) else {
        return false;
    };
    EVIDENCE.admits(&measure(tables, look.key, &found))
        && floor_of(tables, &found) >= tables.limits.evidence_floor
}

/// False where so much lies beside the tones, below what the gate looks at,
/// that the exact test would find them wanting: most of what opens the gate in
/// a voice.
#[inline(always)]
fn is_hopeful(in_bins: f32, stretch: &[f32]) -> bool {
    in_bins >= GATE_FILTERED_SHARE * energy(stretch)
}

/// The sum of the squares, in lanes that the compiler keeps in a vector register.
#[inline(always)]
fn energy(stretch: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    for row in stretch.as_chunks::<8>().0 {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += x * x;
        }
    }
    sums.iter().sum()
}

/// The phase steps near which the gate saw the tones of a key in two blocks.
#[inline(always)]
pub(super) fn near([older, newer]: [Look; 2]) -> [f32; 2] {
    bins(newer.key).map(|bin| bin_frequency(bin).radians_per_sample() + newer.bins.offset(&older.bins, bin))
}

fn bins(key: Key) -> [usize; 2] {
    [key.row(), 4 + key.column()]
}

/// What the grades ask about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    pub(super) share: f32,
    pub(super) twist: Db,
    /// How far either tone is off, as a share of its frequency.
    pub(super) off: [f32; 2],
}

/// A pair as it is on the line, beside the key that it would be.
pub(super) fn measure(tables: &Tables, key: Key, pair: &Pair) -> Measure {
    let [low, high] = levels(tables, pair);
    let off = |tone: Tone, nominal: f32| tone.frequency.0 / nominal - 1.0;
    Measure {
        share: pair.share,
        twist: Db::of_powers(high, low),
        off: [off(pair.tones[0], key.low().0), off(pair.tones[1], key.high().0)],
    }
}

/// The mean squares of a pair's tones on the line.
pub(super) fn levels(tables: &Tables, pair: &Pair) -> [f32; 2] {
    pair.tones.map(|tone| on_the_line(&tables.highpass, tone.frequency, tone.mean_square))
}

fn floor_of(tables: &Tables, pair: &Pair) -> f32 {
    let [low, high] = levels(tables, pair);
    low.min(high)
}

/// True if either tone of the newest window, the first that found the key, was
/// there before: a key's begin together and at once, a chord's linger. What
/// was there as purely and as loud is the key itself, which a repeated frame
/// has put out of phase.
#[inline(always)]
pub(super) fn doubt(history: &History, filtered: &Filtered, found: &Found) -> Doubt {
    let pair = &found.pair;
    if found.purity != Purity::Clear {
        return Doubt::Lingering;
    }
    let (before, last) = (filtered.first_chunk::<BEFORE>(), filtered[BEFORE - HOP..].first_chunk::<HOP>());
    let (Some(before), Some(last), KEPT_HOPS) = (before, last, history.unbroken()) else {
        return Doubt::None;
    };
    if presences(before, pair).tones.iter().all(|level| *level <= LINGERING) {
        return Doubt::None;
    }
    let last = presences(last, pair);
    let is_same = last.tones.iter().all(|level| SAME_LEVEL.contains(level));
    if is_same && last.share >= SAME_SHARE { Doubt::Same } else { Doubt::Lingering }
}

/// Where the tones of the newest window began: in its first hop or in the one
/// before it, whichever they fill only in part.
#[inline(always)]
pub(super) fn onset(history: &History, filtered: &Filtered, pair: &Pair) -> Samples {
    let window_begin = history.at.saturating_sub(Samples(WINDOW as u64));
    let filled = |begin: usize| {
        let Some(hop) = filtered[begin..].first_chunk::<HOP>() else {
            return 0;
        };
        let share = presence(hop, pair).sqrt().min(1.0);
        let share = if share < 0.1 { 0.0 } else { share };
        (share * HOP as f32).round() as u64
    };
    let in_first = filled(BEGIN);
    if in_first < HOP as u64 * 9 / 10 {
        return Samples(window_begin.0 + HOP as u64 - in_first);
    }
    let before = if history.unbroken() * HOP > WINDOW { filled(BEGIN - HOP) } else { 0 };
    window_begin.saturating_sub(Samples(before))
}
