//! Hours of sound that hold no key and no beep.

use std::path::{Path, PathBuf};

use octothorpe::audio::decode_file;
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::progress::{Sound, TonePlan};
use serde_json::json;

use crate::ear::beeps::{heard_with, signals};
use crate::ear::echoes::through;
use crate::ear::sounds::{at_speed, music, recorded, speech};
use crate::ear::voices::voice;
use crate::ear::{reports, short_or_long, wav};
use crate::progress::in_parallel;
use crate::statistics::most_often;
use crate::table::{Row, Table, wrong};
use crate::trials::random;

const HOUR: f64 = 3_600.0 * 8_000.0;
const SPEEDS: [f64; 5] = [0.8, 0.9, 1.0, 1.15, 1.3];
/// Files that go to a foreign program together.
const TOGETHER: usize = 16;

/// One sound and where it is from.
struct Clip {
    name: String,
    samples: Vec<i16>,
    /// Debian's recordings hold one of a beep.
    is_beep: bool,
}

/// What was heard in some hours.
#[derive(Default)]
struct Heard {
    samples: usize,
    /// Each key with its place.
    ours: Vec<(char, String)>,
    theirs: String,
    beeps: Vec<String>,
}

pub(crate) fn measure(table: &mut Table) {
    let recorded = recordings(table);
    row(table, "talk-off, recorded speech", &recorded);
    let quarters = short_or_long(1, 48);
    let mut made = Heard::default();
    let kinds: [(&str, Make); 3] = [
        ("formants", |rng, _| speech(rng, QUARTER)),
        ("read by machines", read),
        ("music", |rng, _| music(rng, QUARTER)),
    ];
    for (name, make) in kinds {
        let heard = quarter_hours(table, name, quarters, make);
        row(table, &format!("talk-off, made: {name}"), &heard);
        made = made.and(heard);
    }
    row(table, "talk-off, synthesised voices and music in all", &made);
    false_beeps(table, &recorded.and(made));
}

/// Samples of a quarter of an hour.
const QUARTER: usize = 900 * 8_000;

/// Makes a quarter of an hour of something; the path is of a file that it may write.
type Make = fn(&mut rand::rngs::StdRng, &Path) -> Vec<i16>;

/// Voices one after the other.
fn read(rng: &mut rand::rngs::StdRng, scratch: &Path) -> Vec<i16> {
    let mut samples = Vec::with_capacity(QUARTER + QUARTER / 8);
    while samples.len() < QUARTER {
        samples.extend(voice(rng, scratch));
    }
    samples
}

/// Every file at every speed; in a sample those in English as they are.
fn recordings(table: &Table) -> Heard {
    let long = short_or_long(0, 1) == 1;
    let languages: &[&str] = if long { &["en", "es", "fr", "it"] } else { &["en"] };
    let speeds: &[f64] = if long { &SPEEDS } else { &[1.0] };
    let mut files = Vec::new();
    for language in languages {
        let of_language = recorded(language);
        assert!(!of_language.is_empty(), "asterisk-core-sounds-{language}-wav is needed");
        files.extend(of_language);
    }
    let clips = |files: &[PathBuf]| -> Vec<Clip> {
        files.iter().flat_map(|file| speeds.iter().map(move |speed| recording(file, *speed))).collect()
    };
    let turns: Vec<&[PathBuf]> = files.chunks(TOGETHER).collect();
    let heard = in_parallel("recorded speech", turns.len(), |turn| hear(table, &clips(turns[turn])));
    heard.into_iter().fold(Heard::default(), Heard::and)
}

fn recording(file: &Path, speed: f64) -> Clip {
    let samples = decode_file(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let samples = if speed == 1.0 { samples } else { at_speed(&samples, speed) };
    let is_beep = file.file_stem().is_some_and(|stem| stem == "beep");
    Clip {
        name: format!("{} at speed {speed}", file.display()),
        samples: through(Law::Mu, &samples),
        is_beep,
    }
}

/// Quarters of an hour, each at one of the five speeds.
fn quarter_hours(table: &Table, name: &str, quarters: usize, make: Make) -> Heard {
    let clip = |quarter: usize| {
        let speed = SPEEDS[quarter % SPEEDS.len()];
        let scratch =
            std::env::temp_dir().join(format!("octothorpe-{name}-{}-{quarter}.wav", std::process::id()));
        let samples = at_speed(&make(&mut random(table.seed, name, quarter), &scratch), speed);
        // Not every kind writes its file.
        let _ = std::fs::remove_file(scratch);
        Clip {
            name: format!("{name} {quarter} at speed {speed}"),
            samples: through(Law::Mu, &samples),
            is_beep: false,
        }
    };
    let heard = in_parallel(name, quarters, |quarter| hear(table, &[clip(quarter)]));
    heard.into_iter().fold(Heard::default(), Heard::and)
}

fn hear(table: &Table, clips: &[Clip]) -> Heard {
    let mut heard = Heard::default();
    let mut together = Vec::new();
    for Clip { name, samples, is_beep } in clips {
        let place = |at: u64| format!("{name}, {:.2} s", at as f64 / 8_000.0);
        for (key, at) in reports(samples) {
            keep(name, samples, at as usize);
            heard.ours.push((key, place(at)));
        }
        // Every country's plan has its turn.
        let plan = &TonePlan::all()[samples.len() % TonePlan::all().len()];
        let told = signals(&heard_with(plan, samples));
        let beeps = told.iter().filter(|event| event.sound == Sound::Beep && !is_beep);
        heard.beeps.extend(beeps.map(|event| place(event.begin.0)));
        heard.samples += samples.len();
        together.extend_from_slice(samples);
    }
    heard.theirs = table.spandsp.hear(&together, 0).reports.iter().map(|(key, _)| *key).collect();
    heard
}

/// Keeps two seconds round a false key for `replay --picture`.
fn keep(name: &str, samples: &[i16], at: usize) {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let path = wrong(&format!("talk-off-{name}-{at}"));
    wav::write(&path, &samples[at.saturating_sub(8_000)..samples.len().min(at + 8_000)]);
}

impl Heard {
    fn and(mut self, other: Heard) -> Heard {
        self.samples += other.samples;
        self.ours.extend(other.ours);
        self.theirs += &other.theirs;
        self.beeps.extend(other.beeps);
        self
    }

    fn hours(&self) -> f64 {
        self.samples as f64 / HOUR
    }
}

fn row(table: &mut Table, name: &str, heard: &Heard) {
    let (count, hours) = (heard.ours.len(), heard.hours());
    let hashes = heard.ours.iter().filter(|(key, _)| *key == '#').count();
    let theirs = [heard.theirs.len(), heard.theirs.matches('#').count()];
    table.push(Row {
        name: format!("{name}: keys / `#`"),
        required: "0 / 0".to_owned(),
        ours: format!("{count} / {hashes}"),
        met: Some(count == 0),
        bound: format!("< {:.3} / {:.3} an hour", most_often(count, hours), most_often(hashes, hours)),
        spandsp: format!("{} / {}", theirs[0], theirs[1]),
        over: format!("{hours:.2} h"),
        figures: json!({ "keys": count, "hashes": hashes, "hours": hours, "spandsp": theirs }),
        details: heard.ours.iter().map(|(key, place)| format!("'{key}' in {place}")).collect(),
    });
}

fn false_beeps(table: &mut Table, heard: &Heard) {
    let (count, hours) = (heard.beeps.len(), heard.hours());
    table.push(Row {
        name: "false beeps in the talk-off hours".to_owned(),
        required: "0".to_owned(),
        ours: count.to_string(),
        met: Some(count == 0),
        bound: format!("< {:.3} an hour", most_often(count, hours)),
        spandsp: "-".to_owned(),
        over: format!("{hours:.2} h"),
        figures: json!({ "count": count, "hours": hours }),
        details: heard.beeps.clone(),
    });
}
