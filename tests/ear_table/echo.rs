//! Our own prompt on the line: keys pressed under it, keys that it holds itself, and whose voice it is.

use octothorpe::dsp::g711::Law;
use octothorpe::dsp::level::level;
use octothorpe::dsp::progress::{Listener, Sound, SoundEvent, TonePlan};
use octothorpe::dsp::units::{Db, Dbm0, Samples};
use rand::rngs::StdRng;
use serde_json::json;

use crate::ear::calls::{PACKET, prompts};
use crate::ear::echoes::{EchoCall, prompt_of};
use crate::ear::{Audio, Score, reports, short_or_long};
use crate::table::{Required, Row, Table, share_words};
use crate::trials::{each, each_beside};

pub(crate) fn measure(table: &mut Table) {
    for (sir, least) in [(12.0, 99.9), (6.0, 99.5), (0.0, 99.0)] {
        key_over_echo(table, sir, least);
    }
    own_tones(table);
    own_prompts(table);
    straight_back(table);
    own_voice(table);
}

fn key_over_echo(table: &mut Table, sir: f32, least: f64) {
    let (name, trials) = (
        format!("100 ms key over our prompt's echo, SIR {sir} dB, prompt known"),
        short_or_long(500, 10_000),
    );
    let heard = each_beside(table, &name, trials, |rng, _| {
        let call = EchoCall::with_key(rng, Db(sir));
        ((call.expected.clone(), call.heard(), call.heard_blind()), call.received)
    });
    let right: Vec<[(bool, bool); 3]> = heard
        .into_iter()
        .map(|((expected, ours, blind), theirs)| {
            [ours, blind, theirs].map(|heard| (heard == expected, heard.len() > 1))
        })
        .collect();
    let score = |which: usize| Score {
        trials,
        right: right.iter().filter(|right| right[which].0).count(),
        doubled: right.iter().filter(|right| right[which].1).count(),
        fired: 0,
    };
    let theirs = share_words(score(2));
    table.share(&name, Required::Share(least), score(0), &theirs, Vec::new());
    let blind = format!("the same blind, SIR {sir} dB");
    table.share(&blind, Required::Told, score(1), &theirs, Vec::new());
}

/// How many keys were heard in calls in which nobody pressed one, ours with the reference and SpanDSP's.
fn no_keys(
    table: &mut Table,
    name: &str,
    trials: usize,
    make: impl Fn(&mut StdRng, usize) -> EchoCall + Sync,
) {
    let heard = each_beside(table, name, trials, |rng, trial| {
        let call = make(rng, trial);
        ((call.heard(), call.heard_blind().len()), call.received)
    });
    let keys = heard.iter().map(|((keys, _), _)| keys.len()).sum();
    let blind: usize = heard.iter().map(|((_, blind), _)| blind).sum();
    let theirs: usize = heard.iter().map(|(_, theirs)| theirs.len()).sum();
    let wrong = heard.iter().enumerate().filter(|(_, ((keys, _), _))| !keys.is_empty());
    let wrong = wrong.map(|(trial, ((keys, _), _))| format!("trial {trial}: heard '{keys}'")).collect();
    table.none(name, keys, trials, &format!("{theirs}; ours blind {blind}"), wrong);
}

/// Eight tones of ours a call, from the first sample on, when no path is known.
fn own_tones(table: &mut Table) {
    let trials = short_or_long(200, 10_000);
    let name = "our prompts with each key's tones in them, back 0 to 20 dB down: keys";
    no_keys(table, name, trials, |rng, trial| EchoCall::with_own_tones(rng, trial % 2 == 1));
}

fn own_prompts(table: &mut Table) {
    let trials = short_or_long(100, 1_000);
    no_keys(table, "our prompts, back 0 to 20 dB down, 20 s each: keys", trials, |rng, _| {
        let said = prompt_of(rng, 20 * 8_000);
        EchoCall::back(rng, said, [0.0, 20.0])
    });
}

/// Every clip by itself, as it is, to an ear that does not know it.
fn straight_back(table: &mut Table) {
    let (mut keys, mut theirs, mut clips) = (0, 0, 0);
    for prompt in prompts() {
        for down in [0.0, 10.0, 20.0] {
            let gain = Db(-down).amplitude_ratio();
            let audio = Audio(prompt.iter().map(|sample| gain * f32::from(*sample)).collect());
            let samples = audio.quantised(Some(Law::Mu));
            keys += reports(&samples).len();
            theirs += table.spandsp.hear(&samples, 0).reports.len();
            clips += 1;
        }
    }
    table.none(
        "every clip of ours 0, 10, 20 dB down, blind: keys",
        keys,
        clips,
        &theirs.to_string(),
        Vec::new(),
    );
}

/// Frames of 20 ms of one call.
#[derive(Debug, Clone, Copy, Default)]
struct Frames {
    all: usize,
    /// In which our echo is louder than the faintest voice.
    audible: usize,
    /// Taken for a voice: with our echo taken out, and as they came.
    voiced: [usize; 2],
}

/// Nobody speaks but we: 0 to 40 dB down, from the first second of the call.
fn own_voice(table: &mut Table) {
    let (name, trials) = ("our echo taken for a voice, 0 to 40 dB down: frames", short_or_long(100, 2_000));
    let calls = each(table.seed, name, trials, |rng, _| {
        let said = prompt_of(rng, 20 * 8_000);
        frames(&EchoCall::back(rng, said, [0.0, 40.0]))
    });
    let sum = calls.iter().fold(Frames::default(), |sum, call| Frames {
        all: sum.all + call.all,
        audible: sum.audible + call.audible,
        voiced: [sum.voiced[0] + call.voiced[0], sum.voiced[1] + call.voiced[1]],
    });
    let share = |of: usize| 100.0 * sum.voiced[0] as f64 / of.max(1) as f64;
    table.push(Row {
        name: name.to_owned(),
        required: "<= 1 %".to_owned(),
        ours: format!("{:.3} %; {:.3} % of those that hold it", share(sum.all), share(sum.audible)),
        met: Some(share(sum.all) <= 1.0),
        spandsp: "-".to_owned(),
        over: format!("{} frames in {trials} calls, {} as they came", sum.all, sum.voiced[1]),
        figures: json!({ "frames": sum.all, "audible": sum.audible, "voiced": sum.voiced[0],
                         "voiced_unknown": sum.voiced[1], "calls": trials }),
        ..Row::default()
    });
}

fn frames(call: &EchoCall) -> Frames {
    /// What the listener takes for a voice at the least.
    const AUDIBLE: Dbm0 = Dbm0(-48.0);
    let packets = || call.received.chunks(PACKET);
    Frames {
        all: packets().len(),
        audible: packets().filter(|packet| level(packet) > AUDIBLE).count(),
        voiced: [call_voiced(call), voiced(&call.received)],
    }
}

/// Frames whose middle lies in what is told as speech, of samples as they come.
fn voiced(samples: &[i16]) -> usize {
    frames_of_speech(samples.len(), |listener, mut tell| {
        samples.chunks(PACKET).for_each(|packet| listener.feed(packet, &mut tell));
    })
}

/// The same with our echo taken out.
fn call_voiced(call: &EchoCall) -> usize {
    frames_of_speech(call.received.len(), |listener, mut tell| {
        call.residuals(|left, is_echo| match is_echo {
            true => listener.feed_echo(left, &mut tell),
            false => listener.feed(left, &mut tell),
        });
    })
}

fn frames_of_speech(count: usize, hear: impl FnOnce(&mut Listener, &mut dyn FnMut(SoundEvent))) -> usize {
    let mut speech = Vec::new();
    let mut listener = Listener::new(TonePlan::for_region("US"));
    let mut tell = |event: SoundEvent| {
        if event.sound == Sound::Speech {
            speech.push(event.begin..event.end);
        }
    };
    hear(&mut listener, &mut tell);
    listener.finish(&mut tell);
    let middle = |frame: usize| Samples((frame * PACKET + PACKET / 2) as u64);
    (0..count / PACKET).filter(|frame| speech.iter().any(|told| told.contains(&middle(*frame)))).count()
}
