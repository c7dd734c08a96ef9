//! The shipped prompt packs as a person on a telephone hears them, and the lint that guards them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

#[path = "support/wav.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
mod wav;

use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use octothorpe::job::{ModeKind, Purpose};
use octothorpe::prompt::lint::{Check, lint};
use octothorpe::prompt::{ClipName, Library, Manifest, Pack, PackError};

const RATE_HZ: usize = 8_000;
const MS: usize = RATE_HZ / 1_000;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts")
}

/// A copy of the shipped pack `en-US` that a test may damage; it goes with its owner.
struct Scratch {
    root: PathBuf,
}

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("octothorpe-prompts-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let scratch = Scratch { root: std::env::temp_dir().join(name) };
        scratch.add("en-US", "en-US");
        scratch
    }

    /// One more copy of the shipped pack, in the directory `name`, that says it speaks `locale`.
    fn add(&self, name: &str, locale: &str) {
        let dir = self.root.join(name);
        fs::create_dir_all(&dir).unwrap();
        for entry in fs::read_dir(shipped().join("en-US")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, dir.join(path.file_name().unwrap())).unwrap();
        }
        edit(&dir, "locale = \"en-US\"", &format!("locale = {locale:?}"));
    }

    fn pack(&self) -> PathBuf {
        self.root.join("en-US")
    }

    /// Replaces one clip's audio, its words staying as they are.
    fn record(&self, clip: ClipName, pcm: &[i16]) {
        fs::write(self.pack().join(format!("{clip}.wav")), wav::bytes(pcm)).unwrap();
        let path = self.pack().join("pack.toml");
        let manifest = fs::read_to_string(&path).unwrap();
        fs::write(&path, manifest.replace(&format!("\"{clip}.flac\""), &format!("\"{clip}.wav\""))).unwrap();
    }

    /// Takes one clip out of the manifest.
    fn leave_out(&self, clip: ClipName) {
        let path = self.pack().join("pack.toml");
        let manifest = fs::read_to_string(&path).unwrap();
        let start = manifest.find(&format!("[clips.{clip}]")).unwrap();
        let end = manifest[start + 1..].find("[clips.").map_or(manifest.len(), |at| start + 1 + at);
        fs::write(&path, format!("{}{}", &manifest[..start], &manifest[end..])).unwrap();
    }

    /// What the lint finds, as clip and check.
    fn findings(&self) -> Vec<(ClipName, Check)> {
        let reports = lint(&self.pack()).unwrap();
        reports.iter().flat_map(|report| &report.findings).map(|f| (f.clip, f.check)).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed stays in the temporary directory; the test's word is not affected.
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn edit(dir: &Path, from: &str, to: &str) {
    let path = dir.join("pack.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    assert!(manifest.contains(from), "{from} is not in {}", path.display());
    fs::write(&path, manifest.replacen(from, to, 1)).unwrap();
}

/// What the shipped pack says in this clip.
fn spoken(clip: ClipName) -> Vec<i16> {
    Pack::load(&shipped().join("en-US")).unwrap().clip(clip).unwrap().pcm().to_vec()
}

fn louder(pcm: &[i16], db: f64) -> Vec<i16> {
    let gain = 10_f64.powf(db / 20.0);
    pcm.iter().map(|&s| (f64::from(s) * gain) as i16).collect()
}

/// Two tones of equal amplitude, as shares of full scale.
fn tones(hz: [f64; 2], amplitude: f64, ms: usize) -> Vec<i16> {
    let at = |n: usize, hz: f64| (TAU * hz * n as f64 / RATE_HZ as f64).sin();
    (0..ms * MS).map(|n| ((at(n, hz[0]) + at(n, hz[1])) * amplitude * 32_767.0) as i16).collect()
}

fn rms_dbov(pcm: &[i16]) -> f64 {
    let energy: f64 = pcm.iter().map(|&s| (f64::from(s) / 32_768.0).powi(2)).sum();
    10.0 * (energy / pcm.len() as f64).log10()
}

fn length(pcm: &[i16]) -> Duration {
    Duration::from_secs_f64(pcm.len() as f64 / RATE_HZ as f64)
}

#[test]
fn the_shipped_packs_lint_clean() {
    let reports = lint(&shipped()).unwrap();
    let packs: Vec<&str> = reports.iter().map(|report| report.pack.as_str()).collect();
    let languages = ["ar", "de", "en-GB", "en-US", "es", "fr", "hi", "it", "ja", "pt-BR", "ru", "zh"];
    assert_eq!(packs, languages);
    assert!(reports.iter().all(|r| r.clips == ClipName::ALL.len()), "{reports:#?}");
    assert!(reports.iter().all(|r| r.findings.is_empty()), "{reports:#?}");
}

/// Contract, section 1: a context takes 1 to 3 s; section 9: a call in which nobody says or presses
/// anything ends within 60 s.
#[test]
fn an_unanswered_call_ends_within_a_minute_in_every_language() {
    let library = Library::load(&shipped(), "en-US").unwrap();
    for pack in library.packs() {
        assert_an_unanswered_call_ends_within_a_minute(pack);
    }
}

fn assert_an_unanswered_call_ends_within_a_minute(pack: &Pack) {
    let (lead, wait, tail) = (Duration::from_millis(200), Duration::from_secs(6), Duration::from_millis(200));
    let name = pack.name();
    let purposes = [Purpose::SignIn, Purpose::PasswordReset, Purpose::Registration];
    for (purpose, mode) in purposes.into_iter().flat_map(|purpose| ModeKind::ALL.map(|mode| (purpose, mode)))
    {
        let [context, instruction] = pack.saying(purpose, mode).map(|clip| length(clip.pcm()));
        assert!((1.0..=3.0).contains(&context.as_secs_f64()), "{name}, {purpose:?}: {context:?}");
        let goodbye = length(pack.clip(ClipName::Goodbye).unwrap().pcm());
        let call = lead + (context + instruction + wait) * 3 + goodbye + tail;
        assert!(call < Duration::from_secs(60), "{name}, {purpose:?}, {mode:?}: {call:?}");
    }
}

/// The last word is never clipped, the first syllable neither: each clip begins and ends in silence,
/// and speech stands close behind and before it.
#[test]
fn speech_begins_after_the_first_and_ends_before_the_last_10_ms() {
    let pack = Pack::load(&shipped().join("en-US")).unwrap();
    let manifest = Manifest::read(&shipped().join("en-US")).unwrap();
    for name in ClipName::ALL {
        let pcm = pack.clip(name).unwrap().pcm();
        let (first, last) = (&pcm[..10 * MS], &pcm[pcm.len() - 10 * MS..]);
        assert!(rms_dbov(first) < -60.0, "{name} begins at {:.1} dBov", rms_dbov(first));
        assert!(rms_dbov(last) < -60.0, "{name} ends at {:.1} dBov", rms_dbov(last));
        let tail = rms_dbov(&pcm[pcm.len() - 150 * MS..]);
        assert!(tail > -50.0, "{name}: nobody speaks in its last 150 ms: {tail:.1} dBov");
        // Some clips wait a breath after the one before; the gap is the pack's, not the script's.
        let head_ms = 150 + manifest.clips[&name].gap_ms.unwrap_or(0) as usize;
        let head = rms_dbov(&pcm[..head_ms * MS]);
        assert!(head > -50.0, "{name}: nobody speaks in its first {head_ms} ms: {head:.1} dBov");
    }
}

/// A pack without a mode's clips serves the other modes; without the spoken digits it verifies nobody on
/// an unclean call.
#[test]
fn a_pack_serves_the_modes_that_it_has_the_clips_for() {
    let scratch = Scratch::new();
    let pack = || Pack::load(&scratch.pack()).unwrap();
    assert!(
        ModeKind::ALL.iter().all(|mode| pack().lacks(*mode).is_none()) && pack().lacks_spoken().is_none()
    );
    scratch.leave_out(ClipName::PinInstruction);
    scratch.leave_out(ClipName::Digit7);
    let lacks = ModeKind::ALL.map(|mode| pack().lacks(mode));
    assert_eq!(lacks, [None, None, Some(ClipName::PinInstruction), Some(ClipName::Digit7)]);
    assert_eq!(pack().lacks_spoken(), Some(ClipName::Digit7));
}

/// A pound key is a hash key elsewhere: whoever does not know the word cannot press it.
#[test]
fn an_instruction_that_does_not_name_the_hash_key_is_found() {
    let scratch = Scratch::new();
    edit(&scratch.pack(), "hash_name = \"pound\"", "hash_name = \"octothorpe\"");
    let instructions = ClipName::ALL.into_iter().filter(|name| name.is_instruction());
    let expected: Vec<_> = instructions.map(|name| (name, Check::Text)).collect();
    assert_eq!(scratch.findings(), expected);
}

/// A key in a prompt comes back from the far end's hybrid as if it had been pressed there.
#[test]
fn a_hidden_pound_key_is_found() {
    let scratch = Scratch::new();
    let mut pcm = spoken(ClipName::Instruction);
    let at = pcm.len() / 2;
    let key = tones([941.0, 1_477.0], 0.15, 100);
    let silence = [0; 50 * MS];
    pcm.splice(at..at, silence.into_iter().chain(key).chain(silence));
    scratch.record(ClipName::Instruction, &pcm);
    assert_eq!(scratch.findings(), [(ClipName::Instruction, Check::Key)]);
    let message = lint(&scratch.pack()).unwrap()[0].findings[0].to_string();
    assert!(message.contains("# at "), "{message}");
}

#[test]
fn a_clipped_recording_is_found_even_after_it_was_turned_down() {
    let scratch = Scratch::new();
    let clipped = louder(&spoken(ClipName::Thanks), 18.0);
    scratch.record(ClipName::Thanks, &louder(&clipped, -11.0));
    assert!(scratch.findings().contains(&(ClipName::Thanks, Check::Clipping)), "{:?}", scratch.findings());
    scratch.record(ClipName::Thanks, &clipped);
    let found = scratch.findings();
    for check in [Check::Clipping, Check::Peak, Check::Level] {
        assert!(found.contains(&(ClipName::Thanks, check)), "{check:?} not in {found:?}");
    }
}

#[test]
fn a_clip_too_quiet_or_too_loud_is_found() {
    let scratch = Scratch::new();
    scratch.record(ClipName::Expired, &louder(&spoken(ClipName::Expired), -6.0));
    assert_eq!(scratch.findings(), [(ClipName::Expired, Check::Level)]);
    scratch.record(ClipName::Expired, &[0; 16_000]);
    assert_eq!(scratch.findings(), [(ClipName::Expired, Check::Level)], "digital silence");
}

/// Contract, section 1: a context takes 1 to 3 s.
#[test]
fn a_context_too_long_or_too_short_is_found() {
    let scratch = Scratch::new();
    let late: Vec<i16> = [0; 500 * MS].into_iter().chain(spoken(ClipName::ContextSignIn)).collect();
    scratch.record(ClipName::ContextSignIn, &late);
    scratch.record(ClipName::ContextRegistration, &spoken(ClipName::Invalid)[..980 * MS]);
    let found = scratch.findings();
    assert!(found.contains(&(ClipName::ContextSignIn, Check::Length)), "{found:?}");
    assert!(found.contains(&(ClipName::ContextRegistration, Check::Length)), "{found:?}");
}

#[test]
fn a_saying_over_8_s_is_found_for_each_context() {
    let scratch = Scratch::new();
    let mut long = spoken(ClipName::Instruction);
    long.extend(spoken(ClipName::Invalid));
    scratch.record(ClipName::Instruction, &long);
    let (sign_in, registration) = (ClipName::ContextSignIn, ClipName::ContextRegistration);
    let reset = ClipName::ContextPasswordReset;
    let expected = [(sign_in, Check::Length), (reset, Check::Length), (registration, Check::Length)];
    assert_eq!(scratch.findings(), expected);
}

#[test]
fn a_syllable_cut_off_is_found_at_both_ends() {
    let scratch = Scratch::new();
    let pcm = spoken(ClipName::Goodbye);
    scratch.record(ClipName::Goodbye, &pcm[90 * MS..]);
    assert_eq!(scratch.findings(), [(ClipName::Goodbye, Check::Cut)]);
    scratch.record(ClipName::Goodbye, &pcm[..pcm.len() - 250 * MS]);
    assert_eq!(scratch.findings(), [(ClipName::Goodbye, Check::Cut)]);
}

/// Sound under 300 Hz sets the level of a file and is not heard on a telephone.
#[test]
fn hum_and_offset_are_found() {
    let scratch = Scratch::new();
    let words = louder(&spoken(ClipName::Expired), -8.0);
    let hum = tones([100.0, 120.0], 0.1, words.len() / MS + 1);
    let fade = |n: usize| (n.min(words.len() - n) as f64 / 800.0).min(1.0).powi(2);
    let both = words.iter().zip(hum).enumerate().map(|(n, (w, h))| w + (f64::from(h) * fade(n)) as i16);
    scratch.record(ClipName::Expired, &both.collect::<Vec<_>>());
    assert_eq!(scratch.findings(), [(ClipName::Expired, Check::Bandwidth)]);
    let offset: Vec<i16> = spoken(ClipName::Expired).iter().map(|s| s + 250).collect();
    scratch.record(ClipName::Expired, &offset);
    assert_eq!(scratch.findings(), [(ClipName::Expired, Check::Dc)]);
}

#[test]
fn a_clip_without_its_text_its_file_or_its_entry_is_found() {
    let scratch = Scratch::new();
    edit(&scratch.pack(), "text = \"That was not the right key.\"", "text = \" \"");
    fs::remove_file(scratch.pack().join("expired.flac")).unwrap();
    fs::write(scratch.pack().join("goodbye.flac"), b"fLaC and then nothing of the kind").unwrap();
    scratch.leave_out(ClipName::Instruction);
    let expected = [
        (ClipName::Instruction, Check::Missing),
        (ClipName::Invalid, Check::Text),
        (ClipName::Goodbye, Check::Unreadable),
        (ClipName::Expired, Check::Unreadable),
    ];
    assert_eq!(scratch.findings(), expected);
}

/// A pack that says no farewell hangs up at once; what a person needs in order to answer is required.
#[test]
fn farewells_may_be_left_out_and_nothing_else() {
    let scratch = Scratch::new();
    for farewell in [ClipName::Thanks, ClipName::FraudReported, ClipName::Goodbye, ClipName::Expired] {
        scratch.leave_out(farewell);
    }
    scratch.leave_out(ClipName::Invalid);
    assert_eq!(scratch.findings(), []);
    let pack = Pack::load(&scratch.pack()).unwrap();
    assert!(pack.clip(ClipName::Thanks).is_none());
    assert_eq!(pack.saying(Purpose::PasswordReset, ModeKind::Confirm)[0].name(), "context_password_reset");

    scratch.leave_out(ClipName::ContextRegistration);
    let message = Pack::load(&scratch.pack()).unwrap_err().to_string();
    assert!(message.contains("en-US/pack.toml"), "{message}");
    assert!(message.contains("add [clips.context_registration]"), "{message}");
}

#[test]
fn a_manifest_that_is_wrong_is_refused_with_its_line_and_the_remedy() {
    let cases = [
        ("voice = ", "vioce = ", "unknown field `vioce`"),
        ("[clips.thanks]", "[clips.thankyou]", "unknown variant `thankyou`"),
        ("file = \"thanks.flac\"", "file = \"../en-US/thanks.flac\"", "write a file name without a path"),
        ("locale = \"en-US\"", "locale = \"american\u{e9}\"", "write one like \"en-US\""),
        ("fraud_key = \"0\"", "fraud_key = \"#\"", "is no digit"),
    ];
    for (right, wrong, expected) in cases {
        let scratch = Scratch::new();
        edit(&scratch.pack(), right, wrong);
        let message = lint(&scratch.pack()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("pack.toml"), "{message}");
    }
}

#[test]
fn a_directory_without_packs_is_refused() {
    let nothing = shipped().join("render");
    assert!(matches!(lint(&nothing), Err(PackError::NoPack { .. })));
    assert!(matches!(lint(&shipped().join("nowhere")), Err(PackError::Unreadable { .. })));
    assert!(matches!(Library::load(&nothing, "en-US"), Err(PackError::NoDefault { .. })));
}

/// Contract, section 2: the job's locale, its language where there is no such region, else the default.
#[test]
fn a_job_hears_the_pack_that_speaks_its_language_best() {
    let scratch = Scratch::new();
    for (name, locale) in [("en-GB", "en-GB"), ("fr-CA", "fr-CA"), ("acme", "de-DE")] {
        scratch.add(name, locale);
    }
    let library = Library::load(&scratch.root, "en-us").unwrap();
    for (wanted, heard) in [("en-gb", "en-GB"), ("en", "en-US"), ("en-AU", "en-US"), ("fr-FR", "fr-CA")] {
        assert_eq!(library.for_locales([wanted]).name(), heard, "{wanted}");
    }
    assert_eq!(library.for_locales(["de-DE"]).name(), "en-US", "a tenant's voice is not for others");
    // The job's, then the tenant's, then the default.
    assert_eq!(library.for_locales(["sw", "fr-FR"]).name(), "fr-CA");
    assert_eq!(library.for_locales(["en-GB", "fr-FR"]).name(), "en-GB");
    assert_eq!(library.for_locales(["sw", "sw-KE"]).name(), "en-US");
    assert_eq!(library.for_locales([]).name(), "en-US");
    assert_eq!(library.named("acme").unwrap().locale(), "de-DE");
    assert!(library.named("ACME").is_none());
    assert!(matches!(Library::load(&scratch.root, "de-DE"), Err(PackError::NoDefault { .. })));
}

/// A thousand calls share one clip: nothing is decoded, encoded or copied in a call.
#[test]
fn every_saying_shares_the_clips_of_the_pack() {
    let pack = Pack::load(&shipped().join("en-US")).unwrap();
    let [_, first] = pack.saying(Purpose::SignIn, ModeKind::Pin);
    let [_, second] = pack.saying(Purpose::Registration, ModeKind::Pin);
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(pack.fraud_key(), '0');
}
