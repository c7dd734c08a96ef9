//! Calls judged: by the gateway, and by `AMD()` beside it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use octothorpe::call::answered::Impression;
use octothorpe::dsp::progress::Sound;
use octothorpe::dsp::units::Samples;
use octothorpe::leg::{LineSound, MediaEvent};
use octothorpe::prompt::Pack;
use octothorpe::report::record::AnsweredBy;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::amd::{self, Amd};
use crate::calls::{Call, Class};
use crate::hearing::{Told, What, hear};
use crate::served::{Hand, Served, serve};

/// What was made of one call.
pub(crate) struct Judged {
    pub(crate) class: Class,
    pub(crate) story: String,
    /// At the end of the call, nobody having pressed a key.
    pub(crate) label: AnsweredBy,
    /// The first label that told anything, and when, in ms.
    pub(crate) first: Option<(AnsweredBy, u32)>,
    pub(crate) amd: (Amd, u32),
    /// What comes of it when keys are pressed so long after each question.
    pub(crate) reaction: Duration,
    pub(crate) served: Served,
    /// What comes of it with a `#` in the recording, at each place where it may be.
    pub(crate) recorded: Vec<Served>,
}

pub(crate) fn judge(call: &Call, pack: &Pack, rng: &mut StdRng) -> Judged {
    let zero = Instant::now();
    let told: Vec<(Instant, MediaEvent)> =
        hear(&call.said, &call.received).iter().filter_map(|told| event(zero, told)).collect();
    let (label, first) = impression(zero, &told, call.received.len());
    let reaction = Duration::from_millis(rng.random_range(300..4_000));
    let is_person = call.class.is_person();
    let from = moment(zero, call.person_at.unwrap_or(0));
    let served = serve(pack, zero, &told, Hand::Answers { from, reaction, listens: is_person });
    let places = if is_person { Vec::new() } else { call.places(rng) };
    let record = |place: &usize| serve(pack, zero, &told, Hand::Recorded(moment(zero, *place)));
    let recorded = places.iter().map(record).collect();
    let amd = amd::judge(&call.unechoed);
    Judged { class: call.class, story: call.story.clone(), label, first, amd, reaction, served, recorded }
}

fn moment(zero: Instant, sample: usize) -> Instant {
    zero + Samples(sample as u64).as_duration()
}

/// As a line tells it to its call.
fn event(zero: Instant, told: &Told) -> Option<(Instant, MediaEvent)> {
    let sound = |sound, begin| MediaEvent::Sound { sound, from: moment(zero, begin) };
    let event = match told.what {
        What::Voice(begin) => MediaEvent::VoiceBegan { at: moment(zero, begin) },
        What::Quiet(end) => MediaEvent::VoiceEnded { at: moment(zero, end) },
        What::Steady(begin) => sound(LineSound::Tone, begin),
        What::Tone(tone, begin) => sound(line_sound(tone)?, begin),
    };
    Some((moment(zero, told.at), event))
}

/// Tells an impression what a line told, each thing when it was told.
fn impression(
    zero: Instant,
    told: &[(Instant, MediaEvent)],
    end: usize,
) -> (AnsweredBy, Option<(AnsweredBy, u32)>) {
    let mut impression = Impression::default();
    impression.handle_answered(zero);
    for (now, event) in told {
        pass(&mut impression, *now);
        match event {
            MediaEvent::VoiceBegan { at } => impression.handle_voice_began(*now, *at),
            MediaEvent::VoiceEnded { at } => impression.handle_voice_ended(*now, *at),
            MediaEvent::Sound { sound, from } => impression.handle_sound(*now, *sound, *from),
            MediaEvent::RingbackBegan { .. }
            | MediaEvent::RingbackEnded { .. }
            | MediaEvent::Engaged { .. } => {}
            MediaEvent::Key(_)
            | MediaEvent::Undecided { .. }
            | MediaEvent::Untrusted { .. }
            | MediaEvent::Played { .. }
            | MediaEvent::Pressed { .. }
            | MediaEvent::Closed(_) => unreachable!("nobody pressed a key: {event:?}"),
        }
    }
    pass(&mut impression, moment(zero, end));
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
