//! What can be heard wrong in one clip.

use super::Check;
use super::measure;
use crate::dsp::dtmf::{Detector, Event};
use crate::dsp::level::{Dbov, active_level, mean_square};

/// Recorded prompts of telephone networks lie within a few decibels of this.
const ACTIVE_LEVEL: Dbov = Dbov(-19.0);
const ACTIVE_TOLERANCE_DB: f32 = 2.0;
const PEAK_MAX: Dbov = Dbov(-3.0);
const AT_PEAK_MAX_SHARE: f32 = 0.003;
const DC_MAX_SHARE: f32 = 0.005;
const LOW_LOSS_MAX_DB: f32 = 4.0;
/// 10 ms at 8 kHz, and the level under which they hold no sound of speech.
const EDGE_SAMPLES: usize = 80;
const EDGE_MAX: Dbov = Dbov(-40.0);

/// Tells every finding in 8 kHz samples.
pub(super) fn lint(pcm: &[i16], mut tell: impl FnMut(Check, String)) {
    let Some(active) = active_level(pcm) else {
        return tell(Check::Level, "digital silence; record or render it again".to_owned());
    };
    let findings = [
        level(active).map(|message| (Check::Level, message)),
        peak(pcm).map(|message| (Check::Peak, message)),
        clipping(pcm).map(|message| (Check::Clipping, message)),
        dc(pcm).map(|message| (Check::Dc, message)),
        bandwidth(pcm, active).map(|message| (Check::Bandwidth, message)),
        cut(pcm).map(|message| (Check::Cut, message)),
        keys(pcm).map(|message| (Check::Key, message)),
    ];
    findings.into_iter().flatten().for_each(|(check, message)| tell(check, message));
}

fn level(active: Dbov) -> Option<String> {
    ((active.0 - ACTIVE_LEVEL.0).abs() > ACTIVE_TOLERANCE_DB).then(|| {
        let (is, wanted) = (active.0, ACTIVE_LEVEL.0);
        format!("{is:.1} dBov while speaking; normalise to {wanted} dBov, 2 dB more or less")
    })
}

fn peak(pcm: &[i16]) -> Option<String> {
    let peak = measure::peak(pcm);
    (peak > PEAK_MAX).then(|| format!("its peak is {:.1} dBFS; limit peaks to {} dBFS", peak.0, PEAK_MAX.0))
}

fn clipping(pcm: &[i16]) -> Option<String> {
    let share = measure::share_at_peak(pcm);
    (share > AT_PEAK_MAX_SHARE).then(|| {
        let percent = share * 100.0;
        format!("{percent:.1} % of its samples are cut off at the peak; record it again at a lower level")
    })
}

fn dc(pcm: &[i16]) -> Option<String> {
    let share = measure::dc(pcm);
    (share.abs() > DC_MAX_SHARE).then(|| {
        let percent = share * 100.0;
        format!("its samples lie {percent:+.1} % of full scale off zero; high-pass it at 250 Hz")
    })
}

fn bandwidth(pcm: &[i16], active: Dbov) -> Option<String> {
    let heard = active_level(&measure::through_ear_piece(pcm))?;
    let loss_db = active.0 - heard.0;
    (loss_db > LOW_LOSS_MAX_DB).then(|| {
        format!(
            "a telephone loses {loss_db:.1} dB of it, under 300 Hz; high-pass it at 250 Hz, then normalise"
        )
    })
}

fn cut(pcm: &[i16]) -> Option<String> {
    let edge = EDGE_SAMPLES.min(pcm.len());
    let is_sound = |samples| Dbov::from_mean_square(mean_square(samples)) > EDGE_MAX;
    let which = match (is_sound(&pcm[..edge]), is_sound(&pcm[pcm.len() - edge..])) {
        (false, false) => return None,
        (true, false) => "begins",
        (false, true) => "ends",
        (true, true) => "begins and ends",
    };
    Some(format!("it {which} in the middle of a sound; leave 20 to 40 ms of silence there"))
}

fn keys(pcm: &[i16]) -> Option<String> {
    keys_in(pcm).map(|keys| format!("our ear hears keys in it: {keys}; render it again"))
}

/// The keys that our own ear hears. A key in a prompt may come back as the echo of our own voice, as if
/// it had been pressed.
pub(in crate::prompt) fn keys_in(pcm: &[i16]) -> Option<String> {
    let mut heard = Vec::new();
    let mut tell = |event| match event {
        Event::Began(key) => heard.push(format!("{} at {:.0} ms", key.key.as_char(), key.onset.as_ms())),
        Event::Ended(_) | Event::Undecided { .. } => {}
    };
    let mut ear = Detector::new();
    ear.feed(pcm, &mut tell);
    ear.finish(&mut tell);
    (!heard.is_empty()).then(|| heard.join(", "))
}
