//! Beeps of answering machines, made, and what the listener to everything but keys tells.

use octothorpe::dsp::g711::Law;
use octothorpe::dsp::progress::{Listener, Sound, SoundEvent, TonePlan};
use octothorpe::dsp::units::{Dbm0, Hz, Samples};
use rand::RngExt;
use rand::rngs::StdRng;

use super::{Audio, Sine, below, ms};

pub fn heard_with(plan: &'static TonePlan, samples: &[i16]) -> Vec<SoundEvent> {
    let mut events = Vec::new();
    let mut listener = Listener::new(plan);
    for packet in samples.chunks(160) {
        listener.feed(packet, &mut |event| events.push(event));
    }
    listener.finish(&mut |event| events.push(event));
    events
}

/// Where the steady tones began that were told while they sounded.
pub fn steady_tones(samples: &[i16]) -> Vec<Samples> {
    let mut listener = Listener::new(TonePlan::for_region("US"));
    let (mut told, mut sounds) = (Vec::new(), false);
    for packet in samples.chunks(160) {
        listener.feed(packet, &mut |_| {});
        let tone = listener.tone_since();
        told.extend(tone.filter(|_| !sounds));
        sounds = tone.is_some();
    }
    told
}

/// Everything but voices and silence.
pub fn signals(events: &[SoundEvent]) -> Vec<SoundEvent> {
    let is_signal = |event: &&SoundEvent| !matches!(event.sound, Sound::Speech | Sound::Silence);
    events.iter().filter(is_signal).copied().collect()
}

pub fn any_law(rng: &mut StdRng) -> Option<Law> {
    Some(if rng.random_bool(0.5) { Law::Mu } else { Law::A })
}

/// One beep with noise under all of it.
pub fn beep(rng: &mut StdRng, frequency: f32, length_ms: f32, snr: f32) -> (Vec<i16>, usize, usize) {
    let level = Dbm0(rng.random_range(-30.0..-6.0));
    let (begin, count) = (rng.random_range(2000..6000), ms(length_ms));
    let mut audio = Audio::silence(begin + count + rng.random_range(2400..6000));
    audio.sine(rng, Sine { frequency: Hz(frequency), level, begin, count }).noise(rng, below(level, snr));
    (audio.quantised(any_law(rng)), begin, begin + count)
}

/// "A single tone of 600 to 2,000 Hz, or 350 to 600 Hz further than 15 Hz from the plan's tones, 250
/// to 1,500 ms."
pub fn beep_frequency(rng: &mut StdRng, plan: &TonePlan) -> f32 {
    loop {
        let frequency = rng.random_range(350.0..2000.0f32);
        let mut nominal = plan.tones().iter().flat_map(|tone| tone.frequencies);
        if frequency >= 600.0 || nominal.all(|own| (own.0 - frequency).abs() > 15.5) {
            return frequency;
        }
    }
}
