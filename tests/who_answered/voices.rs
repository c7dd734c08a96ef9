//! The phrases, spoken: espeak-ng and flite, with other voices in each half of the material.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

use octothorpe::audio::decode_file;
use octothorpe::dsp::units::Dbm0;
use rand::RngExt;
use rand::rngs::StdRng;
use rayon::prelude::*;

use crate::ear::random;
use crate::ear::sounds::{at_speed, recorded};
use crate::texts::{Kind, LANGUAGES, Set};

/// Every voice's level while it speaks, before a call sets its own.
pub(crate) const LEVEL: Dbm0 = Dbm0(-16.0);

const ESPEAK: [&[&str]; 2] = [&["m1", "m2", "m3", "m4", "f1", "f2"], &["m5", "m6", "m7", "f3", "f4", "f5"]];
const FLITE: [&[&str]; 2] = [&["kal16", "rms"], &["slt", "awb"]];
/// Debian's recorded voices, by the language of each half.
const RECORDED: [&[usize]; 2] = [&[1, 3], &[0, 2]];

/// Sentences of one voice, to be said with pauses between them.
pub(crate) type Phrase = Vec<Vec<f32>>;

/// All phrases of one half.
pub(crate) struct Voices {
    set: Set,
    spoken: HashMap<(Kind, usize), Vec<Phrase>>,
    recorded: HashMap<(usize, String), Vec<f32>>,
}

const KINDS: [Kind; 10] = [
    Kind::Hello,
    Kind::Business,
    Kind::Wonder,
    Kind::ShortGreeting,
    Kind::Greeting,
    Kind::Announcement,
    Kind::Screen,
    Kind::Hold,
    Kind::Menu,
    Kind::Retry,
];

impl Voices {
    /// Speaks every text `times` times, each time by a voice, at a speed and with a name by chance.
    pub(crate) fn speak(set: Set, times: usize, seed: u64) -> Voices {
        let cells: Vec<(Kind, usize)> = KINDS
            .iter()
            .flat_map(|kind| (0..LANGUAGES.len()).map(move |language| (*kind, language)))
            .collect();
        let spoken = cells.into_par_iter().map(|(kind, language)| {
            let mut rng = random(seed, &format!("{set:?} {kind:?} {language}"), 0);
            let texts = set.texts(kind, language).iter().cycle();
            let count = times * set.texts(kind, language).len();
            let phrases =
                texts.take(count).map(|text| phrase(&mut rng, set, (kind, language), text)).collect();
            ((kind, language), phrases)
        });
        Voices { set, spoken: spoken.collect(), recorded: recordings(set) }
    }

    /// A phrase by chance.
    pub(crate) fn any(&self, rng: &mut StdRng, kind: Kind, language: usize) -> Phrase {
        let of = &self.spoken[&(kind, language)];
        of[rng.random_range(0..of.len())].clone()
    }

    /// A language of which this half has recordings.
    pub(crate) fn recorded_language(&self, rng: &mut StdRng) -> usize {
        let of = RECORDED[self.set as usize];
        of[rng.random_range(0..of.len())]
    }

    /// A recording, if the language has it.
    pub(crate) fn recording(&self, language: usize, name: &str) -> Option<Vec<f32>> {
        self.recorded.get(&(language, name.to_owned())).cloned()
    }
}

fn recordings(set: Set) -> HashMap<(usize, String), Vec<f32>> {
    let mut all = HashMap::new();
    for &language in RECORDED[set as usize] {
        let files = recorded(&LANGUAGES[language][..2]);
        assert!(!files.is_empty(), "asterisk-core-sounds-{}-wav is needed", &LANGUAGES[language][..2]);
        for file in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            // So much silence is named by a digit as well.
            let is_digit = name.len() == 1 && file.parent().is_some_and(|of| of.ends_with("digits"));
            let is_wanted = is_digit || crate::calls::RECORDED.iter().any(|of| of.contains(&name.as_str()));
            if is_wanted {
                let samples =
                    decode_file(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                all.insert((language, name), levelled(&samples));
            }
        }
    }
    all
}

fn any<'a>(rng: &mut StdRng, of: &[&'a str]) -> &'a str {
    of[rng.random_range(0..of.len())]
}

fn phrase(rng: &mut StdRng, set: Set, (kind, language): (Kind, usize), text: &str) -> Phrase {
    let (name, company) = (any(rng, set.names()), any(rng, set.companies()));
    let text = text.replace("{n}", name).replace("{c}", company);
    let is_flite = language == 0 && rng.random_bool(0.4);
    let voice = any(rng, if is_flite { FLITE[set as usize] } else { ESPEAK[set as usize] });
    // Who picks up says what is said every day; machines are made to be understood.
    let is_person = matches!(kind, Kind::Hello | Kind::Business | Kind::Wonder);
    let [least, most] = if is_person { [170, 230] } else { [145, 195] };
    let (pitch, words_a_minute) = (rng.random_range(20..80), rng.random_range(least..most));
    let stretch = 170.0 / words_a_minute as f32;
    let scratch = std::env::temp_dir().join(format!(
        "octothorpe-who-{}-{:x}.wav",
        std::process::id(),
        rng.random::<u64>()
    ));
    let sentence = |sentence: &str| {
        let mut command = Command::new(if is_flite { "flite" } else { "espeak-ng" });
        if is_flite {
            command.args(["-voice", voice, "--setf", &format!("duration_stretch={stretch}")]);
            command.args(["-t", sentence, "-o"]).arg(&scratch);
        } else {
            command.arg("-v").arg(format!("{}+{voice}", LANGUAGES[language]));
            command.args(["-p", &pitch.to_string(), "-s", &words_a_minute.to_string(), "-w"]).arg(&scratch);
            command.arg(sentence);
        }
        said(&mut command, &scratch)
    };
    text.split('|').map(|part| sentence(part.trim())).collect()
}

fn said(command: &mut Command, scratch: &Path) -> Vec<f32> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "espeak-ng and flite are needed: {command:?}");
    let samples = decode_file(scratch).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // The file was this phrase's own.
    let _ = std::fs::remove_file(scratch);
    levelled(&samples)
}

/// Without the silence at either end, and at [`LEVEL`] while it speaks.
fn levelled(samples: &[i16]) -> Vec<f32> {
    let samples: Vec<f32> = samples.iter().map(|sample| f32::from(*sample)).collect();
    let loudest = samples.iter().fold(0.0f32, |loudest, x| loudest.max(x.abs()));
    let is_loud = |x: &f32| x.abs() > loudest / 50.0;
    let begin = samples.iter().position(is_loud).unwrap_or(0);
    let end = samples.iter().rposition(is_loud).map_or(0, |last| last + 1);
    let mut samples = samples[begin..end.max(begin)].to_vec();
    if !samples.is_empty() {
        let gain = (LEVEL.mean_square() / crate::ear::echoes::active_level(&samples).mean_square()).sqrt();
        samples.iter_mut().for_each(|x| *x *= gain);
    }
    samples
}

/// The same voice a little faster or slower, as another person of its kind.
pub(crate) fn varied(rng: &mut StdRng, samples: &[f32]) -> Vec<f32> {
    let linear: Vec<i16> = samples.iter().map(|x| x.round().clamp(-32_000.0, 32_000.0) as i16).collect();
    let other = at_speed(&linear, rng.random_range(0.9..1.12));
    other.into_iter().map(f32::from).collect()
}
