//! Calls judged: by the gateway, and by `AMD()` beside it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use octothorpe::call::answered::Impression;
use octothorpe::dsp::progress::Sound;
use octothorpe::leg::LineSound;
use octothorpe::report::record::AnsweredBy;

use crate::amd::{self, Amd};
use crate::calls::{Call, Class};
use crate::hearing::{Told, What, hear};

/// What was made of one call.
pub(crate) struct Judged {
    pub(crate) class: Class,
    pub(crate) story: String,
    /// At the end of the call.
    pub(crate) label: AnsweredBy,
    /// The first label that told anything, and when, in ms.
    pub(crate) first: Option<(AnsweredBy, u32)>,
    pub(crate) amd: (Amd, u32),
}

pub(crate) fn judge(call: &Call) -> Judged {
    let (label, first) = impression(&hear(&call.said, &call.received), call.received.len());
    let amd = amd::judge(&call.unechoed);
    Judged { class: call.class, story: call.story.clone(), label, first, amd }
}

/// Tells an impression what a line told, each thing when it was told.
fn impression(told: &[Told], end: usize) -> (AnsweredBy, Option<(AnsweredBy, u32)>) {
    let zero = Instant::now();
    let at = |sample: usize| zero + Duration::from_micros(sample as u64 * 125);
    let mut impression = Impression::default();
    impression.handle_answered(zero);
    for Told { at: told_at, what } in told {
        let now = at(*told_at);
        pass(&mut impression, now);
        match what {
            What::Voice(begin) => impression.handle_voice_began(now, at(*begin)),
            What::Quiet(end) => impression.handle_voice_ended(now, at(*end)),
            What::Steady(begin) => impression.handle_sound(now, LineSound::Tone, at(*begin)),
            What::Tone(sound, begin) => {
                if let Some(sound) = line_sound(*sound) {
                    impression.handle_sound(now, sound, at(*begin));
                }
            }
        }
    }
    pass(&mut impression, at(end));
    let since = |at: Instant| at.duration_since(zero).as_millis() as u32;
    let label = impression.label().expect("it was answered");
    (label, impression.first().map(|first| (first.label, since(first.at))))
}

/// Time goes on until then.
fn pass(impression: &mut Impression, to: Instant) {
    while let Some(at) = impression.poll_timeout().filter(|at| *at <= to) {
        impression.handle_timeout(at);
    }
    impression.handle_timeout(to);
}

/// As a line tells it to its call.
fn line_sound(sound: Sound) -> Option<LineSound> {
    match sound {
        Sound::Beep => Some(LineSound::Beep),
        Sound::Ringback => Some(LineSound::Ringback),
        Sound::DialTone | Sound::Busy | Sound::Reorder => Some(LineSound::CallTone),
        Sound::SpecialInformation => Some(LineSound::Information),
        Sound::FaxCalling | Sound::FaxAnswering => Some(LineSound::Fax),
        Sound::Speech | Sound::Silence => None,
    }
}

/// How many calls of a class were called what.
pub(crate) fn count(judged: &[Judged], class: Class) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for judged in judged.iter().filter(|judged| judged.class == class) {
        *counts.entry(name(judged.label)).or_default() += 1;
    }
    counts
}

pub(crate) fn name(label: AnsweredBy) -> &'static str {
    match label {
        AnsweredBy::Human => "human",
        AnsweredBy::Machine => "machine",
        AnsweredBy::Screening => "screening",
        AnsweredBy::Ivr => "ivr",
        AnsweredBy::Fax => "fax",
        AnsweredBy::Unknown => "unknown",
    }
}
