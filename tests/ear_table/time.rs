//! CPU time a sample on speech, as a share of SpanDSP's on the same samples in the same run.

use octothorpe::audio::decode_file;
use octothorpe::dsp::dtmf::Detector;
use octothorpe::dsp::ear::Ear;
use octothorpe::dsp::echo::{EchoModel, Recording};
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::progress::{Listener, TonePlan};
use octothorpe::dsp::units::{Db, Samples};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use crate::ear::calls::PACKET;
use crate::ear::echoes::{EchoPath, prompt_of, through};
use crate::ear::short_or_long;
use crate::ear::sounds::recorded;
use crate::table::{Row, Table};
use crate::trials::random;

/// Minutes of recorded speech, so that a run of one part lasts long against the clock's grain.
const MINUTES: usize = 8;
const LINES: usize = 1_024;

/// The CPU time of this thread, in ns.
fn cpu_ns() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

fn ns_a_sample(samples: usize, work: impl FnOnce()) -> f64 {
    let begin = cpu_ns();
    work();
    (cpu_ns() - begin) / samples as f64
}

/// A row's name, what is required of it in words and as a figure, and what takes its time.
type Part = (&'static str, &'static str, f64, fn(&Sounds) -> f64);

pub(crate) fn measure(table: &mut Table) {
    let sounds = Sounds::make(table);
    let parts: [Part; 5] = [
        ("one channel alone", "<= 1", 1.0, alone),
        ("gate and test, a bank of 1,024", "<= 1/3", 1.0 / 3.0, bank),
        ("whole ear, a prompt playing", "<= 1.5", 1.5, whole),
        ("of that the echo model", "", f64::INFINITY, echo_model),
        ("what else a line says, alone", "", f64::INFINITY, listener),
    ];
    // They take turns, so that the machine's other work falls on all.
    let rounds: Vec<(f64, [f64; 5])> = (0..short_or_long(3, 9))
        .map(|_| {
            let theirs = table.spandsp.hear(&sounds.speech, 2).ns_per_sample.unwrap_or(f64::NAN);
            (theirs, parts.map(|(.., run)| run(&sounds)))
        })
        .collect();
    let theirs = median(rounds.iter().map(|(theirs, _)| *theirs).collect());
    for (n, (name, required, most, _)) in parts.into_iter().enumerate() {
        let ours = median(rounds.iter().map(|(_, ours)| ours[n]).collect());
        let ratio = median(rounds.iter().map(|(theirs, ours)| ours[n] / theirs).collect());
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Sounds {
    speech: Vec<i16>,
    /// The speech cut in as many lines, packet by packet: those of a turn lie side by side, as a media
    /// thread decodes them.
    turns: Vec<i16>,
    prompt: Vec<i16>,
    /// The speech over the prompt's echo.
    both: Vec<i16>,
}

impl Sounds {
    fn make(table: &Table) -> Sounds {
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
        let speech = through(Law::Mu, &speech);
        let line = count / LINES / PACKET * PACKET;
        let packets = (0..line).step_by(PACKET).flat_map(|at| (0..LINES).map(move |n| n * line + at));
        let turns = packets.flat_map(|at| speech[at..at + PACKET].iter().copied()).collect();
        let rng = &mut random(table.seed, "time", 0);
        let prompt = prompt_of(rng, count);
        let echo = EchoPath::any(rng, [Db(12.0).0, Db(18.0).0]).echo(&prompt);
        let both: Vec<i16> = speech
            .iter()
            .zip(echo)
            .map(|(spoken, echo)| (f32::from(*spoken) + echo).round() as i16)
            .collect();
        Sounds { speech, turns, prompt, both: through(Law::Mu, &both) }
    }
}

fn alone(sounds: &Sounds) -> f64 {
    ns_a_sample(sounds.speech.len(), || {
        let (mut ear, mut count) = (Detector::new(), 0);
        for packet in sounds.speech.chunks(PACKET) {
            ear.feed(packet, &mut |_| count += 1);
        }
        std::hint::black_box(count);
    })
}

fn bank(sounds: &Sounds) -> f64 {
    let mut ears = vec![Detector::new(); LINES];
    ns_a_sample(sounds.turns.len(), || {
        let (mut frames, mut count) = (Vec::with_capacity(LINES), 0);
        for turn in sounds.turns.chunks_exact(LINES * PACKET) {
            frames.clear();
            frames.extend(turn.chunks_exact(PACKET));
            Detector::feed_each(&mut ears, &frames, &mut |_, _| count += 1);
        }
        std::hint::black_box(count);
    })
}

fn whole(sounds: &Sounds) -> f64 {
    let mut ear = Ear::new(Recording::new(&*sounds.prompt, Samples(0)));
    packet_by_packet(sounds, |_, packet| ear.hear(packet, &mut |heard| _ = std::hint::black_box(heard)))
}

fn echo_model(sounds: &Sounds) -> f64 {
    let (prompt, mut model) = (Recording::new(&*sounds.prompt, Samples(0)), EchoModel::new());
    packet_by_packet(sounds, |at, packet| {
        model.take_out(&prompt, at, packet);
        std::hint::black_box(packet);
    })
}

fn packet_by_packet(sounds: &Sounds, mut hear: impl FnMut(Samples, &mut [i16])) -> f64 {
    let mut received = sounds.both.clone();
    ns_a_sample(received.len(), || {
        for (n, packet) in received.chunks_mut(PACKET).enumerate() {
            hear(Samples((n * PACKET) as u64), packet);
        }
    })
}

fn listener(sounds: &Sounds) -> f64 {
    ns_a_sample(sounds.speech.len(), || {
        let mut listener = Listener::new(TonePlan::for_region("US"));
        for packet in sounds.speech.chunks(PACKET) {
            listener.feed(packet, &mut |event| _ = std::hint::black_box(event));
        }
    })
}
