//! A job and its pack -> what the script of its call depends on.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rand::seq::IndexedRandom;

use super::clock;
use crate::call::pin::PinCheck;
use crate::call::prompts::{CodeClips, DigitClips, FraudClips, LockedClips, Prompts, SpokenClips};
use crate::call::script::{ConfirmKey, ScriptLimits, ScriptPlan};
use crate::call::task::Task;
use crate::call::transfer::ExtensionKey;
use crate::clip::Clip;
use crate::config::KeysConfig;
use crate::job::{Job, Masked, Mode, ModeKind, Verifier};
use crate::leg::key::Digit;
use crate::number::{self, Extension, Number};
use crate::prompt::{ClipName, Pack};
use crate::reason::Reason;

/// The script's plan, or why this job cannot be carried out.
///
/// # Errors
/// [`Reason::PromptMissing`] where the pack lacks what the mode says, [`Reason::JobInvalid`] where the
/// key of its verifier is gone from the configuration since it was accepted.
pub(super) fn script_plan(
    job: &Job,
    pack: &Pack,
    limits: ScriptLimits,
    keys: &KeysConfig,
    rng: &mut impl Rng,
) -> Result<ScriptPlan, Reason> {
    let kind = job.mode.kind();
    let always_spoken =
        limits.confirm_key == ConfirmKey::Spoken && matches!(kind, ModeKind::Confirm | ModeKind::Code);
    if pack.lacks(kind).is_some() || always_spoken && pack.lacks_spoken().is_some() {
        return Err(Reason::PromptMissing);
    }
    Ok(ScriptPlan {
        task: task(&job.mode, keys).ok_or(Reason::JobInvalid)?,
        prompts: prompts(pack, job),
        limits,
        answer_by: clock::instant_of(job.answer_by),
        spoken: spoken_digits(limits.fraud_key, rng),
        extension: extension(&job.to),
    })
}

/// What an office's attendant is dialled.
fn extension(number: &Number) -> Vec<ExtensionKey> {
    let dialled = number.extension().map(Extension::dialled).unwrap_or_default();
    let key = |of: &number::ExtensionKey| {
        let pause = Duration::from_secs(of.pause_s.into());
        Some(ExtensionKey { digit: Digit::from_char(of.key)?, pause })
    };
    dialled.iter().filter_map(key).collect()
}

/// Two digits, none of them the fraud key.
fn spoken_digits(fraud_key: Digit, rng: &mut impl Rng) -> [Digit; 2] {
    let digits: Vec<Digit> =
        ('0'..='9').filter_map(Digit::from_char).filter(|digit| *digit != fraud_key).collect();
    [(); 2].map(|()| *digits.choose(rng).expect("at most one of ten digits reports fraud"))
}

fn task(mode: &Mode, keys: &KeysConfig) -> Option<Task> {
    Some(match mode {
        Mode::Confirm {} => Task::Confirm,
        Mode::Challenge { digits: shown } => Task::Challenge { digits: digits(shown) },
        Mode::Pin { verifier, tries } => Task::Pin { check: pin_check(verifier, keys)?, tries: *tries },
        Mode::Code { code, repeat } => Task::Code { digits: digits(code), repeat: *repeat },
    })
}

fn digits(text: &Masked) -> Vec<Digit> {
    text.expose().chars().filter_map(Digit::from_char).collect()
}

fn pin_check(verifier: &Verifier, keys: &KeysConfig) -> Option<PinCheck> {
    let tag = verifier.tag.octets()?.try_into().ok()?;
    let inline = verifier.key.as_ref().and_then(Masked::octets);
    let named = || Some(keys.get(verifier.key_id.as_deref()?)?.expose().to_owned());
    Some(PinCheck::new(&inline.or_else(named)?, tag))
}

fn prompts(pack: &Pack, job: &Job) -> Prompts {
    let kind = job.mode.kind();
    let [context, instruction] = pack.saying(job.purpose, kind);
    let clip = |name| pack.clip(name).cloned();
    let wrong = match kind {
        ModeKind::Challenge => clip(ClipName::ChallengeWrong),
        ModeKind::Pin => clip(ClipName::PinWrong),
        ModeKind::Confirm | ModeKind::Code => None,
    };
    Prompts {
        context,
        instruction,
        screening: clip(ClipName::Screening),
        invalid: clip(ClipName::Invalid),
        incomplete: clip(ClipName::EntryIncomplete),
        wrong,
        spoken: spoken(pack),
        code: code(pack).filter(|_| kind == ModeKind::Code),
        fraud: FraudClips {
            question: clip(ClipName::FraudQuestion),
            blocked: clip(ClipName::FraudBlocked),
            kept: clip(ClipName::FraudKept),
            reported: clip(ClipName::FraudReported),
        },
        thanks: clip(ClipName::Thanks),
        expired: clip(ClipName::Expired),
        locked: LockedClips { plain: clip(ClipName::PinLocked), waits: locked_waits(pack, kind) },
        goodbye: clip(ClipName::Goodbye),
    }
}

/// Nothing is locked where nothing is keyed.
fn locked_waits(pack: &Pack, mode: ModeKind) -> Vec<(Duration, Arc<Clip>)> {
    match mode {
        ModeKind::Pin | ModeKind::Challenge => {}
        ModeKind::Confirm | ModeKind::Code => return Vec::new(),
    }
    let told = |(longest, name)| Some((longest, pack.clip(name)?.clone()));
    ClipName::LOCKED.into_iter().filter_map(told).collect()
}

fn digit_clips(pack: &Pack) -> Option<DigitClips> {
    let clips: Vec<Arc<Clip>> =
        ClipName::DIGITS.into_iter().map(|name| pack.clip(name).cloned()).collect::<Option<_>>()?;
    clips.try_into().ok()
}

fn spoken(pack: &Pack) -> Option<SpokenClips> {
    Some(SpokenClips {
        ask: pack.clip(ClipName::SpokenAsk)?.clone(),
        then: pack.clip(ClipName::SpokenThen)?.clone(),
        digits: digit_clips(pack)?,
        wrong: pack.clip(ClipName::SpokenWrong).cloned(),
    })
}

fn code(pack: &Pack) -> Option<CodeClips> {
    Some(CodeClips {
        intro: pack.clip(ClipName::CodeIntro)?.clone(),
        again: pack.clip(ClipName::CodeAgain)?.clone(),
        digits: digit_clips(pack)?,
        goodbye: pack.clip(ClipName::CodeGoodbye).cloned(),
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::SmallRng;

    use super::*;

    /// Issue "press four, seven, then hash": none of the digits is the fraud key, all others come.
    #[test]
    fn the_spoken_digits_are_any_but_the_fraud_key() {
        let mut rng = SmallRng::seed_from_u64(4_711);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..2_000 {
            let [one, other] = spoken_digits(Digit::from_char('0').unwrap(), &mut rng);
            assert!(one.as_char() != '0' && other.as_char() != '0');
            seen.insert((one.as_char(), other.as_char()));
        }
        assert_eq!(seen.len(), 81, "seed 4711");
    }
}
