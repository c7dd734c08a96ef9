//! Bursts: stretches through which one tone, or one pair of tones, sounds steadily.

use super::hop::{HOP, Tone};
use crate::dsp::units::{Db, Dbm0, Hz, Samples};

/// The part of a hop's power that one tone must have: 8 dB over everything else.
const SINGLE_SHARE: f32 = 0.86;

/// The part of two hops' power that a pair must have.
pub(super) const PAIR_SHARE: f32 = 0.8;

/// How far a tone's frequency may go within a burst.
const STEADY: Hz = Hz(10.0);

/// How far its level may go from one hop to another.
const LEVEL_STEP: Db = Db(3.0);

/// Hops on end that may be spoilt, by a click or by the phase reversals of ITU-T V.25, within a burst.
const SPOILT_HOPS: u8 = 2;

/// What sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pitch {
    /// One tone.
    Single,
    /// The pair of this number in the plan.
    Pair(u8),
}

/// What one hop holds, for whoever follows bursts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) begin: Samples,
    pub(super) mean_square: f32,
    /// The strongest tone, however little of the hop it is.
    pub(super) tone: Option<Tone>,
    /// The pair that makes up this hop and the one before it, with its power and share.
    pub(super) pair: Option<(u8, Tone)>,
}

impl Heard {
    /// What sounds steadily, `open` being what did until now.
    fn steady(&self, open: Option<&Open>) -> Option<(Pitch, Tone)> {
        let pair = self.pair.filter(|(_, tone)| tone.share >= PAIR_SHARE);
        let pair = pair.map(|(index, tone)| (Pitch::Pair(index), tone));
        let single = self.tone.filter(|tone| tone.share >= SINGLE_SHARE);
        let single = single.map(|tone| (Pitch::Single, tone));
        // Two tones close by look like one while they beat high, and one looks like two at its edges.
        if open.is_some_and(|open| open.pitch != Pitch::Single) { pair.or(single) } else { single.or(pair) }
    }

    fn end(&self) -> Samples {
        self.begin + Samples(HOP as u64)
    }
}

/// A burst that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Burst {
    pub(super) pitch: Pitch,
    pub(super) begin: Samples,
    pub(super) end: Samples,
    /// Of a single tone: its mean.
    pub(super) frequency: Hz,
    /// Mean square.
    pub(super) power: f32,
    /// From the faintest to the loudest hop, without the first and the last.
    pub(super) spread: Db,
    /// The mean share of the tones in all that was heard.
    pub(super) share: f32,
    /// Hops within that held something else.
    pub(super) spoilt: u8,
    /// Its begin was not heard: it sounded when the audio began, or after a hole.
    pub(super) is_cut: bool,
    /// The mean square of the hop right behind, where the tones fill none of it; else 0.
    pub(super) behind: f32,
}

impl Burst {
    pub(super) fn duration(&self) -> Samples {
        self.end.saturating_sub(self.begin)
    }

    pub(super) fn level(&self) -> Dbm0 {
        Dbm0::from_mean_square(self.power)
    }
}

#[derive(Debug, Clone, Copy)]
struct Open {
    pitch: Pitch,
    begin: Samples,
    /// The end of the last hop that held it.
    end: Samples,
    hops: u16,
    frequency: f32,
    power: f32,
    share: f32,
    /// The powers of the inner hops: least, greatest, and the newest, which may be the last.
    range: [f32; 2],
    newest: f32,
    spoilt: u8,
    spoilt_now: u8,
    is_cut: bool,
}

impl Open {
    fn holds(&self, pitch: Pitch, tone: &Tone) -> bool {
        let is_level = within(tone.power, self.power, LEVEL_STEP);
        let off = (tone.frequency.0 - self.frequency).abs();
        pitch == self.pitch && is_level && (pitch != Pitch::Single || off <= STEADY.0)
    }

    fn extend(&mut self, tone: &Tone, end: Samples) {
        if self.hops >= 2 {
            self.range = [self.range[0].min(self.newest), self.range[1].max(self.newest)];
        }
        self.newest = tone.power;
        self.hops = self.hops.saturating_add(1);
        // A mean of all hops, and of the last thousand in a burst of half a minute and more.
        let weight = 1.0 / f32::from(self.hops.min(1000));
        self.frequency += weight * (tone.frequency.0 - self.frequency);
        self.power += weight * (tone.power - self.power);
        self.share += weight * (tone.share - self.share);
        self.end = end;
        self.spoilt = self.spoilt.saturating_add(self.spoilt_now);
        self.spoilt_now = 0;
    }

    fn close(&self, filled: u64, behind: f32) -> Burst {
        let [least, greatest] = self.range;
        Burst {
            pitch: self.pitch,
            begin: self.begin,
            end: self.end + Samples(filled),
            frequency: Hz(self.frequency),
            power: self.power,
            spread: if greatest > least { Db::of_powers(greatest, least) } else { Db(0.0) },
            share: self.share,
            spoilt: self.spoilt,
            is_cut: self.is_cut,
            behind: if filled == 0 { behind } else { 0.0 },
        }
    }
}

fn within(a: f32, b: f32, step: Db) -> bool {
    a <= b * step.power_ratio() && b <= a * step.power_ratio()
}

/// Follows the bursts of one line.
#[derive(Debug, Clone, Default)]
pub(super) struct Follower {
    open: Option<Open>,
    /// The mean squares of the last two hops, older first, where nothing is missing since.
    before: [Option<f32>; 2],
    /// The mean square of the first hop after the open burst's last.
    after: f32,
}

impl Follower {
    /// The begin of the burst that sounds now.
    pub(super) fn sounding_since(&self) -> Option<Samples> {
        self.open.as_ref().map(|open| open.begin)
    }

    /// The burst that sounds now, as far as it was heard.
    pub(super) fn so_far(&self) -> Option<Burst> {
        self.open.as_ref().map(|open| open.close(0, 0.0))
    }

    /// Takes the next hop; gives the burst that it ended.
    pub(super) fn step(&mut self, heard: &Heard) -> Option<Burst> {
        let steady = heard.steady(self.open.as_ref());
        let ended = match (&mut self.open, steady) {
            (None, None) => None,
            (None, Some((pitch, tone))) => {
                self.begin(heard, pitch, &tone);
                None
            }
            (Some(open), Some((pitch, tone))) if open.holds(pitch, &tone) => {
                open.extend(&tone, heard.end());
                None
            }
            (Some(open), steady) => {
                if open.spoilt_now == 0 {
                    self.after = heard.mean_square;
                }
                open.spoilt_now += 1;
                let goes_on = steady.is_none()
                    && open.spoilt_now <= SPOILT_HOPS
                    && within(heard.mean_square * open.share, open.power, LEVEL_STEP);
                if goes_on {
                    None
                } else {
                    let ended = self.close();
                    if let Some((pitch, tone)) = steady {
                        self.begin(heard, pitch, &tone);
                    }
                    ended
                }
            }
        };
        self.before = [self.before[1], Some(heard.mean_square)];
        ended
    }

    /// Something is missing here; a burst may go on behind it.
    pub(super) fn skip(&mut self) {
        self.before = [None; 2];
        self.after = 0.0;
    }

    /// The audio is over: so is what sounds.
    pub(super) fn close(&mut self) -> Option<Burst> {
        let open = self.open.take()?;
        let behind = if open.spoilt_now == 0 { 0.0 } else { self.after };
        Some(open.close(filled(behind, open.power, open.share), behind))
    }

    fn begin(&mut self, heard: &Heard, pitch: Pitch, tone: &Tone) {
        // A pair was already in the hop before.
        let (whole_hops, before) = match pitch {
            Pitch::Single => (0, self.before[1]),
            Pitch::Pair(_) => (1, self.before[0]),
        };
        let early = before.map_or(0, |before| filled(before, tone.power, tone.share));
        let begin = heard.begin.saturating_sub(Samples(whole_hops * HOP as u64 + early));
        self.open = Some(Open {
            pitch,
            begin,
            end: heard.end(),
            hops: 1,
            frequency: tone.frequency.0,
            power: tone.power,
            share: tone.share,
            range: [f32::MAX, 0.0],
            newest: tone.power,
            spoilt: 0,
            spoilt_now: 0,
            is_cut: before.is_none(),
        });
    }
}

/// Samples of a neighbouring hop that the tone fills, by how loud that hop is.
fn filled(mean_square: f32, power: f32, share: f32) -> u64 {
    // Something louder stands there: how much of it is tone nobody can tell.
    let noise = power * (1.0 / share.clamp(0.5, 1.0) - 1.0);
    let part = (mean_square - noise) / power.max(1e-3);
    if (0.05..1.25).contains(&part) { (part.min(1.0) * HOP as f32) as u64 } else { 0 }
}
