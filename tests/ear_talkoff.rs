//! Sounds that hold no key give none: recorded speech, made speech and music.
//!
//! The recordings are Debian's `asterisk-core-sounds-en-wav`; with `OCTOTHORPE_LONG` also `-es-`,
//! `-fr-` and `-it-` where installed, at five speeds.
#![allow(clippy::print_stdout, reason = "a test tells its hours")]

mod ear;

use ear::sounds::{at_speed, music, recorded, speech};
use octothorpe::audio::decode_file;
use octothorpe::dsp::g711::Law;
use octothorpe::dsp::units::{Db, Dbm0};
use rand::RngExt;

const HOUR: usize = 3600 * 8000;

fn keys_in(samples: &[i16]) -> String {
    ear::reports(samples).iter().map(|(digit, _)| *digit).collect()
}

#[test]
fn recorded_speech_gives_no_key() {
    let long = ear::short_or_long(0, 1) == 1;
    let languages: &[&str] = if long { &["en", "es", "fr", "it"] } else { &["en"] };
    let speeds: &[f64] = if long { &[0.8, 0.9, 1.0, 1.15, 1.3] } else { &[1.0] };
    let mut heard = 0;
    for language in languages {
        let files = recorded(language);
        assert!(language != &"en" || !files.is_empty(), "asterisk-core-sounds-en-wav is needed");
        for file in files {
            let samples = decode_file(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            for speed in speeds {
                let other = at_speed(&samples, *speed);
                let keys = keys_in(if *speed == 1.0 { &samples } else { &other });
                assert_eq!(keys, "", "{} at speed {speed}", file.display());
                heard += (samples.len() as f64 / speed) as usize;
            }
        }
    }
    println!("recorded speech: {:.1} h, no key", heard as f64 / HOUR as f64);
}

/// A `#` in a voice would let a stranger in. Two notes of made music that begin together, purely and
/// as steadily as a key, are one to any receiver: they are counted, and are rare.
#[test]
fn made_speech_and_music_give_hardly_a_key_and_never_a_hash() {
    let mut rng = ear::seeded("made speech", 20_265);
    let hours = ear::short_or_long(1, 20);
    let mut keys = String::new();
    for _ in 0..2 * hours {
        keys += &keys_in(&speech(&mut rng, HOUR / 4));
    }
    println!("made speech, {} h: '{keys}'", hours as f64 / 2.0);
    assert!(!keys.contains('#'), "{keys}");
    assert!(keys.len() <= hours / 10, "{keys}");
    let keys = keys_in(&music(&mut rng, HOUR / 4));
    println!("made music, 0.25 h: '{keys}'");
    assert!(!keys.contains('#'), "{keys}");
    assert!(keys.len() <= 2, "{keys}");
}

/// Two strings or two voices can hit a key's frequencies and begin together; a key holds its level, they do
/// not. The same tones are a key when they hold it, and none when they fall or rise by 1 to 4 dB in 24 ms.
#[test]
fn two_tones_that_fade_or_swell_are_no_key() {
    let mut rng = ear::seeded("fading", 20_266);
    let mut heard = [0; 2];
    for trial in 0..400 {
        let key = ear::any_key(&mut rng);
        let length = rng.random_range(60.0..150.0);
        let press = ear::Press::plain(-12.0, length);
        let rise_db = rng.random_range(1.0f32..4.0) * if rng.random_bool(0.8) { -1.0 } else { 1.0 };
        for (is_fading, heard) in heard.iter_mut().enumerate() {
            let mut audio = ear::Audio::silence(4000);
            press.put(&mut rng, &mut audio, key, 1000);
            if is_fading == 1 {
                for (n, sample) in audio.0.iter_mut().skip(1000).enumerate() {
                    *sample *= Db(rise_db * n as f32 / 192.0).amplitude_ratio();
                }
            }
            audio.noise(&mut rng, Dbm0(-55.0));
            let told = ear::reports(&audio.quantised(Some(Law::Mu)));
            assert!(told.len() <= 1, "trial {trial}: {told:?}");
            *heard += told.len();
        }
    }
    assert_eq!(heard, [400, 0], "held, fading");
}
