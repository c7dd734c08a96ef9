//! `octothorpe prompts render`: what a call would say, as words and as sound.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{DONE, WRONG_USAGE, write_json};
use crate::audio;
use crate::call::prompts::said_of;
use crate::config::PromptsConfig;
use crate::dsp::units::Samples;
use crate::job::{ModeKind, Purpose};
use crate::prompt::{ClipName, DEFAULT_LOCALE, Library, Pack};

/// The silence in which a person would press.
const PRESSING_SAMPLES: usize = audio::SAMPLE_RATE as usize;

/// Arguments of `prompts render`.
#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    /// confirm, challenge, pin or code
    #[arg(long, default_value = "confirm", value_parser = word::<ModeKind>)]
    mode: ModeKind,
    /// sign_in, password_reset or registration
    #[arg(long, default_value = "sign_in", value_parser = word::<Purpose>)]
    purpose: Purpose,
    /// The job's locale [default: none, which is the default pack]
    #[arg(long)]
    locale: Option<String>,
    /// Whose job it is: with that tenant's own recordings
    #[arg(long, default_value = "default")]
    tenant: String,
    /// A pack by its name, as a job may ask for one
    #[arg(long, value_name = "PACK")]
    prompts: Option<String>,
    /// The digits that the mode `code` reads out
    #[arg(long, default_value = "123456", value_parser = digits)]
    code: String,
    /// Of pin and challenge: the call that locks them for so many minutes
    #[arg(long, value_name = "MINUTES")]
    locked_for: Option<u32>,
    /// The WAV file to write
    #[arg(long, short, default_value = "call.wav")]
    output: PathBuf,
}

fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

fn digits(text: &str) -> Result<String, String> {
    let is_code = (4..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| text.to_owned()).ok_or_else(|| "write 4 to 10 digits".to_owned())
}

/// One clip of a call, or the silence in which the person presses.
#[derive(Debug, Serialize)]
struct Said<'a> {
    pack: &'a str,
    locale: &'a str,
    at_ms: u64,
    length_ms: u64,
    clip: Option<ClipName>,
    text: &'a str,
}

/// Tells what a call would say that goes well, or that locks, and writes its sound.
pub(super) fn run(
    args: &RenderArgs,
    configured: &PromptsConfig,
    json: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let heard = match pack(args, configured) {
        Ok(pack) => pack,
        Err(told) => return refuse(&told, err),
    };
    if let Some(name) = heard.lacks(args.mode) {
        let (pack, mode) = (heard.name(), args.mode.name());
        return refuse(&format!("{pack}: a call of mode {mode} says {name}, which is not in it"), err);
    }
    if args.locked_for.is_some() && matches!(args.mode, ModeKind::Confirm | ModeKind::Code) {
        return refuse("only pin and challenge are locked; give one of them as --mode", err);
    }
    let mut sound = Vec::new();
    for clip in clips(args, &heard) {
        let Some((said, pcm)) = said(&heard, clip, sound.len()) else { continue };
        if json {
            write_json(out, &said)?
        } else {
            write_line(&said, out)?
        }
        sound.extend_from_slice(&pcm);
    }
    if let Err(error) = fs::write(&args.output, audio::wav(&sound)) {
        return refuse(&format!("{}: {error}; give another --output", args.output.display()), err);
    }
    let seconds = sound.len() as f64 / f64::from(audio::SAMPLE_RATE);
    writeln!(err, "{}: {seconds:.2} s, written to {}", heard.name(), args.output.display())?;
    Ok(DONE)
}

/// The pack as a job would hear it.
fn pack(args: &RenderArgs, configured: &PromptsConfig) -> Result<Arc<Pack>, String> {
    let library = Library::load(&configured.path, DEFAULT_LOCALE).map_err(|error| error.to_string())?;
    let library = library.with_tenants(&configured.tenants).map_err(|error| error.to_string())?;
    let pack = match (&args.prompts, &args.locale) {
        (Some(name), _) => library
            .named(name)
            .ok_or_else(|| format!("no pack is named {name:?}; `prompts list` names them"))?,
        (None, locale) => library.for_locales(locale.as_deref()),
    };
    Ok(library.as_heard_by(&args.tenant, pack))
}

/// What the call says, in order; `None` is where the person presses.
fn clips(args: &RenderArgs, pack: &Pack) -> Vec<Option<ClipName>> {
    let instruction = ClipName::instruction_for(args.mode);
    let mut clips = vec![Some(ClipName::context_for(args.purpose)), Some(instruction), None];
    match args.mode {
        ModeKind::Confirm | ModeKind::Challenge | ModeKind::Pin => {
            clips.push(Some(args.locked_for.map_or(ClipName::Thanks, |minutes| locked(minutes, pack))));
        }
        ModeKind::Code => {
            let spoken = args.code.bytes().map(|digit| Some(ClipName::DIGITS[usize::from(digit - b'0')]));
            for opening in [ClipName::CodeIntro, ClipName::CodeAgain] {
                clips.push(Some(opening));
                clips.extend(spoken.clone());
            }
            clips.push(Some(ClipName::CodeGoodbye));
        }
    }
    clips
}

/// The farewell of a call that locks for so long, as the call itself chooses it.
fn locked(minutes: u32, pack: &Pack) -> ClipName {
    let mut waits = ClipName::LOCKED.to_vec();
    waits.retain(|(_, name)| pack.clip(*name).is_some());
    said_of(&waits, Duration::from_secs(60 * u64::from(minutes))).copied().unwrap_or(ClipName::PinLocked)
}

fn said<'a>(pack: &'a Pack, clip: Option<ClipName>, at: usize) -> Option<(Said<'a>, Vec<i16>)> {
    let (text, pcm) = match clip {
        Some(name) => (pack.text(name)?, pack.clip(name)?.pcm().to_vec()),
        None => ("(the person presses)", vec![0; PRESSING_SAMPLES]),
    };
    let ms = |samples: usize| Samples(samples as u64).as_ms().round() as u64;
    let (at_ms, length_ms) = (ms(at), ms(pcm.len()));
    let said = Said { pack: pack.name(), locale: pack.locale(), at_ms, length_ms, clip, text };
    Some((said, pcm))
}

fn write_line(said: &Said<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Said { pack, locale: _, at_ms, length_ms, clip, text } = said;
    let (at, length) = (*at_ms as f64 / 1_000.0, *length_ms as f64 / 1_000.0);
    let clip = clip.map_or("", ClipName::as_str);
    writeln!(out, "{at:6.2} s  {pack}/{clip:<22} {length:5.2} s  {text}")
}

fn refuse(told: &str, err: &mut dyn Write) -> io::Result<u8> {
    writeln!(err, "{told}")?;
    Ok(WRONG_USAGE)
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use crate::audio;

    /// The lines told and the length of the file written, in milliseconds.
    fn rendered(args: &[&str]) -> (Vec<serde_json::Value>, u64) {
        let unique = args.join("").replace(|c: char| !c.is_ascii_alphanumeric(), "");
        let file =
            std::env::temp_dir().join(format!("octothorpe-render-{}-{unique}.wav", std::process::id()));
        let output = ["--output", file.to_str().unwrap()];
        let (code, out, err) = told(&[&["render"], args, &output].concat(), true);
        assert_eq!(code, super::DONE, "{err}");
        let length_ms = audio::decode_file(&file).unwrap().len() as u64 / 8;
        std::fs::remove_file(&file).unwrap();
        (out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), length_ms)
    }

    #[test]
    fn the_words_and_the_sound_are_those_of_the_job() {
        let (said, length_ms) = rendered(&["--locale", "es-MX", "--purpose", "password_reset"]);
        let clips: Vec<&str> = said.iter().filter_map(|line| line["clip"].as_str()).collect();
        assert_eq!(clips, ["context_password_reset", "instruction", "thanks"]);
        assert!(said.iter().all(|line| line["locale"] == "es"), "es-MX is spoken to in es: {said:?}");
        let last = said.last().unwrap();
        let end_ms = last["at_ms"].as_u64().unwrap() + last["length_ms"].as_u64().unwrap();
        assert!(end_ms.abs_diff(length_ms) <= 1, "{end_ms} {length_ms}");
    }

    #[test]
    fn a_code_is_said_twice_digit_by_digit_after_the_key() {
        let (said, _) = rendered(&["--mode", "code", "--code", "4711"]);
        let clips: Vec<&str> = said.iter().map(|line| line["clip"].as_str().unwrap_or("#")).collect();
        let digits = ["digit_4", "digit_7", "digit_1", "digit_1"];
        let whole = [
            &["context_sign_in", "code_instruction", "#", "code_intro"][..],
            &digits,
            &["code_again"],
            &digits,
            &["code_goodbye"],
        ];
        assert_eq!(clips, whole.concat());
    }

    #[test]
    fn a_call_that_locks_tells_when_to_try_again_in_every_language() {
        for (minutes, clip) in [("60", "locked_hour"), ("20", "locked_half_hour"), ("1500", "pin_locked")] {
            for locale in ["en-US", "en-GB", "de", "es", "fr", "it", "pt-BR", "hi", "ja", "zh", "ru", "ar"] {
                let (said, _) = rendered(&["--locale", locale, "--mode", "pin", "--locked-for", minutes]);
                let last = said.last().unwrap();
                assert_eq!((&last["locale"], &last["clip"]), (&locale.into(), &clip.into()), "{minutes} min");
            }
        }
        let (code, _, err) = told(&["render", "--locked-for", "60"], false);
        assert_eq!(code, super::WRONG_USAGE);
        assert!(err.contains("only pin and challenge are locked"), "{err}");
    }

    #[test]
    fn a_pack_that_does_not_exist_is_named() {
        let (code, out, err) = told(&["render", "--prompts", "acme"], false);
        assert_eq!((code, out.as_str()), (super::WRONG_USAGE, ""));
        assert!(err.contains("no pack is named \"acme\"; `prompts list` names them"), "{err}");
    }
}
