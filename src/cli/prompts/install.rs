//! `octothorpe prompts install`: takes a tenant's own recording, if it is one of speech.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{DONE, FINDINGS, WRONG_USAGE};
use crate::audio;
use crate::job::is_tenant;
use crate::locale;
use crate::prompt::{self, OwnClip};

/// Arguments of `prompts install`.
#[derive(Debug, Args)]
pub(super) struct InstallArgs {
    /// The recording: WAV, MP3 or FLAC, at most 1 MB and 20 s
    file: PathBuf,
    /// Whose users are to hear it
    #[arg(long, value_parser = tenant)]
    tenant: String,
    /// The language spoken in it, as en-US
    #[arg(long, value_parser = language)]
    locale: String,
    /// What it is: `name` for the tenant's name (at most 2 s), or the clip in whose place it is heard
    #[arg(long = "as", value_name = "CLIP")]
    own: OwnClip,
}

fn tenant(text: &str) -> Result<String, String> {
    let known = is_tenant(text).then(|| text.to_owned());
    known.ok_or_else(|| "write 1 to 64 of A-Z a-z 0-9 _ -".to_owned())
}

fn language(text: &str) -> Result<String, String> {
    let known = locale::is_well_formed(text).then(|| text.to_owned());
    known.ok_or_else(|| "write a language tag, as en-US".to_owned())
}

/// Checks the recording and puts it under `tenants`, at the level of the packs. Nothing is written of
/// one that is refused.
pub(super) fn run(
    args: &InstallArgs,
    tenants: &Path,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let pcm = match prompt::read_greeting(&args.file, args.own) {
        Ok(pcm) => prompt::levelled(&pcm),
        Err(error) => {
            writeln!(err, "{}: {error}", args.file.display())?;
            return Ok(FINDINGS);
        }
    };
    let place = tenants.join(&args.tenant).join(&args.locale);
    match keep(&place, args.own, &pcm) {
        Ok(path) => {
            let seconds = pcm.len() as f64 / f64::from(audio::SAMPLE_RATE);
            writeln!(out, "{}: {seconds:.2} s, heard from the next start or reload on", path.display())?;
            Ok(DONE)
        }
        Err(error) => {
            writeln!(err, "{}: {error}; make it writable", place.display())?;
            Ok(WRONG_USAGE)
        }
    }
}

/// Writes the clip beside its name first, so that a gateway that starts meanwhile finds a whole one; what
/// was recorded for it before goes.
fn keep(place: &Path, own: OwnClip, pcm: &[i16]) -> io::Result<PathBuf> {
    fs::create_dir_all(place)?;
    let path = place.join(format!("{}.wav", own.as_str()));
    let unfinished = place.join(format!(".{}.wav", own.as_str()));
    fs::write(&unfinished, audio::wav(pcm))?;
    for ending in ["flac", "mp3"] {
        match fs::remove_file(path.with_extension(ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    fs::rename(&unfinished, &path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{shipped, told_with};
    use crate::audio;
    use crate::config::PromptsConfig;
    use crate::prompt::{ClipName, Library};

    use std::f64::consts::TAU;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A place for a tenant's recordings; it goes with its owner.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Scratch {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let dir = std::env::temp_dir().join(format!("octothorpe-install-{}-{count}", std::process::id()));
            std::fs::create_dir_all(&dir).unwrap();
            Scratch(dir)
        }

        fn config(&self) -> PromptsConfig {
            PromptsConfig { path: shipped("").into(), tenants: self.0.join("tenants") }
        }

        fn recording(&self, pcm: &[i16]) -> String {
            let path = self.0.join("recording.wav");
            std::fs::write(&path, audio::wav(pcm)).unwrap();
            path.to_str().unwrap().to_owned()
        }

        fn install(&self, file: &str, locale: &str, own: &str) -> (u8, String, String) {
            let args = ["install", file, "--tenant", "acme", "--locale", locale, "--as", own];
            told_with(&self.config(), &args, false)
        }

        fn library(&self) -> Library {
            let config = self.config();
            Library::load(&config.path, "en-US").unwrap().with_tenants(&config.tenants).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            // What cannot be removed stays in the temporary directory.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn tone(hz: f64, seconds: usize) -> Vec<i16> {
        (0..seconds * 8_000).map(|n| ((TAU * hz * n as f64 / 8_000.0).sin() * 8_000.0) as i16).collect()
    }

    #[test]
    fn silence_a_tone_and_music_are_refused_and_nothing_is_kept_of_them() {
        let scratch = Scratch::new();
        let chord = [196.0, 246.94, 293.66].map(|hz| tone(hz, 3));
        let swell = |n: usize| 0.35 + 0.3 * (TAU * n as f64 / 8_000.0).sin().abs();
        let music: Vec<i16> = (0..chord[0].len())
            .map(|n| {
                (f64::from(chord.iter().map(|voice| i32::from(voice[n])).sum::<i32>()) * swell(n)) as i16
            })
            .collect();
        for (pcm, answer) in [
            (vec![0; 16_000], "it is silent"),
            (tone(440.0, 2), "a tone or noise and no speech"),
            (music, "no speech"),
            (vec![0; 21 * 8_000], "21.0 s long, expected 0.2 to 20.0 s"),
        ] {
            let file = scratch.recording(&pcm);
            let (code, out, err) = scratch.install(&file, "en-US", "context_sign_in");
            assert_eq!((code, out.as_str()), (super::FINDINGS, ""), "{answer}");
            assert!(err.contains(answer), "{err}");
        }
        assert!(!scratch.0.join("tenants").exists());
    }

    #[test]
    fn a_file_over_1_mb_is_refused_and_its_size_told() {
        let scratch = Scratch::new();
        let file = scratch.recording(&vec![0; 500_001]);
        let (code, _, err) = scratch.install(&file, "en-US", "context_sign_in");
        assert_eq!(code, super::FINDINGS);
        assert!(err.contains("1000046 bytes, expected at most 1 MB"), "{err}");
    }

    /// The name is said before the context, in the tenant's language and to its users only.
    #[test]
    fn an_installed_name_opens_the_context_where_the_language_fits() {
        let scratch = Scratch::new();
        let (code, out, err) = scratch.install(&shipped("en-US/code_intro.flac"), "en-US", "name");
        assert_eq!(code, super::DONE, "{err}");
        assert!(out.contains("acme/en-US/name.wav: 0."), "{out}");
        let library = scratch.library();
        let heard = |tenant: &str, pack: &str| {
            let pack = library.as_heard_by(tenant, library.named(pack).unwrap());
            pack.clip(ClipName::ContextSignIn).unwrap().pcm().len()
        };
        let neutral = heard("default", "en-US");
        assert!(heard("acme", "en-US") > neutral + 4_000);
        assert!(heard("acme", "en-GB") > heard("default", "en-GB"), "another region's English");
        assert_eq!(heard("acme", "fr"), heard("default", "fr"));
        assert_eq!(heard("other", "en-US"), neutral);
    }

    #[test]
    fn a_recording_of_its_own_stands_in_a_clip_s_place_and_a_second_one_replaces_it() {
        let scratch = Scratch::new();
        for from in ["expired", "goodbye"] {
            let (code, _, err) = scratch.install(&shipped(&format!("en-US/{from}.flac")), "en", "thanks");
            assert_eq!(code, super::DONE, "{err}");
        }
        let library = scratch.library();
        let pack = library.as_heard_by("acme", library.for_locales([]));
        let own = pack.clip(ClipName::Goodbye).unwrap().pcm().len();
        assert_eq!(pack.clip(ClipName::Thanks).unwrap().pcm().len(), own);
    }

    #[test]
    fn a_clip_that_does_not_exist_is_named_before_the_file_is_looked_at() {
        let error = "x".parse::<crate::prompt::OwnClip>().unwrap_err();
        assert!(error.contains("\"x\" is no clip; write name"), "{error}");
    }
}
