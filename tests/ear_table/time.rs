//! CPU time a sample on speech, as a share of SpanDSP's on the same samples in the same run.

use octothorpe::audio::decode_file;
use octothorpe::dsp::echo::{EchoModel, Recording};
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::progress::{Listener, TonePlan};
use octothorpe::dsp::units::Samples;
use serde_json::json;

use crate::ear::calls::PACKET;
use crate::ear::echoes::through;
use crate::ear::short_or_long;
use crate::ear::sounds::recorded;
use crate::ear::timing::{Sound, median, ns_per_sample};
use crate::table::{Row, Table};
use crate::trials::random;

/// Minutes of recorded speech, so that a run of one part lasts long against the clock's grain.
const MINUTES: usize = 8;

/// A row's name, what is required of it in words and as a figure, and what takes its time.
type Part = (&'static str, &'static str, f64, fn(&Sound) -> f64);

pub(crate) fn measure(table: &mut Table) {
    let speech = speech(table);
    let parts: [Part; 5] = [
        ("one channel alone", "<= 1", 1.0, Sound::ns_alone),
        ("gate and test, a bank of 1,024", "<= 1/3", 1.0 / 3.0, Sound::ns_in_a_bank),
        ("whole ear, a prompt playing", "<= 1.5", 1.5, Sound::ns_with_a_prompt),
        ("of that the echo model", "", f64::INFINITY, echo_model),
        ("what else a line says, alone", "", f64::INFINITY, listener),
    ];
    // They take turns, so that the machine's other work falls on all.
    let rounds: Vec<(f64, [f64; 5])> = (0..short_or_long(3, 9))
        .map(|_| {
            let theirs = table.spandsp.hear(&speech.alone, 2).ns_per_sample.unwrap_or(f64::NAN);
            (theirs, parts.map(|(.., run)| run(&speech)))
        })
        .collect();
    let theirs = median(rounds.iter().map(|(theirs, _)| *theirs));
    for (n, (name, required, most, _)) in parts.into_iter().enumerate() {
        let ours = median(rounds.iter().map(|(_, ours)| ours[n]));
        let ratio = median(rounds.iter().map(|(theirs, ours)| ours[n] / theirs));
        let is_asked = most.is_finite();
        table.push(Row {
            name: format!("time a sample on speech over SpanDSP's: {name}"),
            required: if is_asked { required.to_owned() } else { "told".to_owned() },
            ours: format!("{ratio:.2} ({ours:.2} ns)"),
            met: is_asked.then_some(ratio <= most),
            spandsp: format!("1 ({theirs:.2} ns)"),
            over: format!("median of {} rounds, {MINUTES} min", rounds.len()),
            figures: json!({ "ratio": ratio, "ns": ours, "spandsp_ns": theirs, "rounds": rounds.len() }),
            ..Row::default()
        });
    }
}

/// Recorded speech, as the far end decodes it.
fn speech(table: &Table) -> Sound {
    let count = MINUTES * 60 * 8_000;
    let mut speech = Vec::with_capacity(count);
    for file in recorded("en") {
        speech.extend(decode_file(&file).unwrap());
        if speech.len() >= count {
            break;
        }
    }
    assert!(speech.len() >= count, "asterisk-core-sounds-en-wav is needed");
    speech.truncate(count);
    Sound::make(through(Law::Mu, &speech), &mut random(table.seed, "time", 0))
}

fn echo_model(speech: &Sound) -> f64 {
    let (prompt, mut model) = (Recording::new(&*speech.prompt, Samples(0)), EchoModel::new());
    speech.ns_over_echo(|at, packet, _| {
        model.take_out(&prompt, at, packet);
        std::hint::black_box(packet);
    })
}

fn listener(speech: &Sound) -> f64 {
    ns_per_sample(speech.alone.len(), |count| {
        let mut listener = Listener::new(TonePlan::for_region("US"));
        for packet in speech.alone.chunks(PACKET) {
            listener.feed(packet, &mut |_| *count += 1);
        }
    })
}
