//! What the person at the login page is told, in that person's language: one file a language, beside
//! the prompts of the same language, and part of this program.

use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;

use super::plural::{Plural, category};
use super::{NumberFault, Reason};
use crate::locale;

/// The shipped languages; the first is told to whoever speaks none of them.
const FILES: [&str; 12] = [
    include_str!("../../prompts/en-US/messages.toml"),
    include_str!("../../prompts/en-GB/messages.toml"),
    include_str!("../../prompts/es/messages.toml"),
    include_str!("../../prompts/fr/messages.toml"),
    include_str!("../../prompts/it/messages.toml"),
    include_str!("../../prompts/pt-BR/messages.toml"),
    include_str!("../../prompts/hi/messages.toml"),
    include_str!("../../prompts/ja/messages.toml"),
    include_str!("../../prompts/zh/messages.toml"),
    include_str!("../../prompts/de/messages.toml"),
    include_str!("../../prompts/ru/messages.toml"),
    include_str!("../../prompts/ar/messages.toml"),
];

static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let read = |written: &&str| toml::from_str(written).expect("a test reads every shipped file");
    FILES.iter().map(read).collect()
});

/// From so many minutes on a wait is told in hours.
const TOLD_IN_HOURS: u64 = 120;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    locale: String,
    wait_unknown: String,
    wait_minutes: Forms,
    wait_hours: Forms,
    sentences: Sentences,
}

/// A number with its noun; a category that the language does without is not written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Forms {
    one: Option<String>,
    two: Option<String>,
    few: Option<String>,
    many: Option<String>,
    other: String,
}

/// The sentences by what happened. Reasons that the person is to hear alike share one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentences {
    confirmed: String,
    fraud_reported: String,
    pin_wrong: String,
    pin_missing: String,
    challenge_wrong: String,
    entry_incomplete: String,
    no_input: String,
    invalid_input: String,
    input_untrusted: String,
    hung_up: String,
    declined: String,
    code_delivered: String,
    busy: String,
    no_answer: String,
    unreachable: String,
    not_in_service: String,
    forwarded: String,
    carrier_blocked: String,
    voicemail: String,
    call_screening: String,
    ivr: String,
    fax: String,
    number_invalid: String,
    number_unknown_country: String,
    number_too_short: String,
    number_too_long: String,
    number_premium: String,
    number_satellite: String,
    extension_invalid: String,
    job_invalid: String,
    refused: String,
    throttled: String,
    quiet_hours: String,
    pin_locked: String,
    method_not_allowed: String,
    in_progress: String,
    budget_exceeded: String,
    not_set_up: String,
    cancelled: String,
    expired: String,
    trouble: String,
    no_route: String,
    no_media: String,
    outcome_unknown: String,
}

/// The sentence for a reason, in the shipped language that fits `locale` best.
pub(super) fn sentence(reason: Reason, locale: Option<&str>, retry_after: Option<Duration>) -> String {
    let language = language(locale);
    language.sentences.of(reason).replace("{wait}", &language.wait(retry_after))
}

/// The sentence for what is wrong with a number.
pub(super) fn of_number(fault: NumberFault, locale: Option<&str>) -> &'static str {
    language(locale).sentences.of_number(fault)
}

fn language(wanted: Option<&str>) -> &'static Language {
    let tags: Vec<&str> = LANGUAGES.iter().map(|language| language.locale.as_str()).collect();
    let at = wanted.and_then(|wanted| locale::lookup(wanted, &tags)).unwrap_or_default();
    &LANGUAGES[at]
}

impl Language {
    /// How long to wait, in whole minutes or hours and never less than it takes.
    fn wait(&self, retry_after: Option<Duration>) -> String {
        let Some(retry_after) = retry_after else {
            return self.wait_unknown.clone();
        };
        let minutes = retry_after.as_secs().div_ceil(60).max(1);
        let (forms, count) = match minutes {
            TOLD_IN_HOURS.. => (&self.wait_hours, minutes.div_ceil(60)),
            _ => (&self.wait_minutes, minutes),
        };
        forms.of(category(&self.locale, count)).replace("{n}", &count.to_string())
    }
}

impl Forms {
    fn of(&self, category: Plural) -> &str {
        let form = match category {
            Plural::One => &self.one,
            Plural::Two => &self.two,
            Plural::Few => &self.few,
            Plural::Many => &self.many,
            Plural::Other => &None,
        };
        form.as_deref().unwrap_or(&self.other)
    }
}

impl Sentences {
    fn of_number(&self, fault: NumberFault) -> &str {
        match fault {
            NumberFault::UnknownCountryCode => &self.number_unknown_country,
            NumberFault::TooShort => &self.number_too_short,
            NumberFault::TooLong => &self.number_too_long,
            NumberFault::NotInUse => &self.number_invalid,
            NumberFault::Premium => &self.number_premium,
            NumberFault::Satellite => &self.number_satellite,
        }
    }

    #[rustfmt::skip]
    fn of(&self, reason: Reason) -> &str {
        match reason {
            Reason::KeyPressed | Reason::ChallengeMatched | Reason::SpokenMatched | Reason::PinMatched => &self.confirmed,
            Reason::FraudReported => &self.fraud_reported,
            Reason::PinWrong => &self.pin_wrong,
            Reason::PinMissing => &self.pin_missing,
            Reason::ChallengeWrong => &self.challenge_wrong,
            Reason::EntryIncomplete => &self.entry_incomplete,
            Reason::NoInput => &self.no_input,
            Reason::InvalidInput => &self.invalid_input,
            Reason::InputUntrusted => &self.input_untrusted,
            Reason::HungUp => &self.hung_up,
            Reason::Declined => &self.declined,
            Reason::CodeDelivered => &self.code_delivered,
            Reason::Busy => &self.busy,
            Reason::NoAnswer => &self.no_answer,
            Reason::Unreachable => &self.unreachable,
            Reason::NotInService => &self.not_in_service,
            Reason::Forwarded => &self.forwarded,
            Reason::CarrierBlocked => &self.carrier_blocked,
            Reason::Voicemail => &self.voicemail,
            Reason::CallScreening => &self.call_screening,
            Reason::Ivr => &self.ivr,
            Reason::Fax => &self.fax,
            Reason::NumberInvalid => &self.number_invalid,
            Reason::ExtensionInvalid => &self.extension_invalid,
            Reason::JobInvalid => &self.job_invalid,
            // Whoever is refused learns nothing about the rule that stopped him.
            Reason::UserBlocked | Reason::NumberBlocked | Reason::CountryBlocked | Reason::PrefixRisk => &self.refused,
            Reason::Throttled => &self.throttled,
            Reason::QuietHours => &self.quiet_hours,
            Reason::PinLocked => &self.pin_locked,
            Reason::MethodNotAllowed => &self.method_not_allowed,
            Reason::InProgress => &self.in_progress,
            Reason::BudgetExceeded => &self.budget_exceeded,
            Reason::CallerIdRejected => &self.not_set_up,
            Reason::Cancelled => &self.cancelled,
            Reason::Expired => &self.expired,
            // The person can do nothing about which of them it was.
            Reason::TrunkFailed | Reason::TrunkAuth | Reason::TrunkCapacity | Reason::MediaMismatch => &self.trouble,
            Reason::SecurityUnmet | Reason::PromptMissing | Reason::Draining | Reason::Internal => &self.trouble,
            Reason::NoRoute => &self.no_route,
            Reason::NoMedia => &self.no_media,
            Reason::OutcomeUnknown => &self.outcome_unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn throttled(locale: &str, seconds: u64) -> String {
        sentence(Reason::Throttled, Some(locale), Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn every_reason_has_its_sentence_in_every_language() {
        for (file, language) in FILES.iter().zip(LANGUAGES.iter()) {
            for reason in Reason::ALL {
                let told = sentence(reason, Some(&language.locale), Some(Duration::from_secs(240)));
                let characters = told.chars().count();
                assert!(told.ends_with(['.', '。', '।']), "{}, {reason:?}: {told}", language.locale);
                assert!((5..120).contains(&characters), "{}, {reason:?}: {told}", language.locale);
                assert!(!told.contains(['{', '}']), "{}, {reason:?}: {told}", language.locale);
                assert!(file.contains(language.sentences.of(reason)), "{}, {reason:?}", language.locale);
            }
        }
    }

    #[test]
    fn a_number_that_is_not_valid_is_told_by_what_is_wrong_with_it() {
        assert_eq!(of_number(NumberFault::TooShort, None), "This phone number is too short for its country.");
        assert_eq!(of_number(NumberFault::UnknownCountryCode, Some("fr")), "Aucun pays n'a cet indicatif.");
        for language in LANGUAGES.iter() {
            use NumberFault::{NotInUse, Premium, Satellite, TooLong, TooShort, UnknownCountryCode};
            let faults = [UnknownCountryCode, TooShort, TooLong, NotInUse, Premium, Satellite];
            let told: BTreeSet<&str> =
                faults.iter().map(|fault| language.sentences.of_number(*fault)).collect();
            assert_eq!(told.len(), 6, "{}", language.locale);
        }
    }

    #[test]
    fn only_one_sentence_of_a_language_speaks_of_waiting_and_has_the_time_filled_in() {
        for language in LANGUAGES.iter() {
            let waits = |reason: &Reason| language.sentences.of(*reason).contains("{wait}");
            let waiting: Vec<Reason> = Reason::ALL.into_iter().filter(waits).collect();
            assert_eq!(waiting, [Reason::Throttled], "{}", language.locale);
            let four = throttled(&language.locale, 240);
            assert!(four.contains('4'), "{four}");
        }
    }

    /// The sentence of the contract, and the plurals that a careless program gets wrong.
    #[test]
    fn the_time_to_wait_is_told_as_people_say_it() {
        let contract =
            "You've hit our limit on verification calls. Try again in 4 minutes or use another method.";
        assert_eq!(throttled("en-US", 240), contract);
        assert!(throttled("en", 30).contains("in 1 minute or"), "{}", throttled("en", 30));
        assert!(throttled("en", 61).contains("in 2 minutes or"), "less than it takes is no answer");
        assert!(throttled("en", 7_199).contains("in 2 hours or"));
        assert!(throttled("en", 86_400).contains("in 24 hours or"));
        assert!(throttled("ru", 60).contains("через 1 минуту"));
        assert!(throttled("ru", 180).contains("через 3 минуты"));
        assert!(throttled("ru", 300).contains("через 5 минут "));
        assert!(throttled("ar", 120).contains("دقيقتين"));
        assert!(sentence(Reason::Throttled, None, None).contains("in a few minutes or"));
    }

    #[test]
    fn the_sentence_is_in_the_job_s_language_or_in_english() {
        let told = |locale| sentence(Reason::NoAnswer, locale, None);
        assert_eq!(told(Some("es-MX")), "Nadie ha contestado la llamada.");
        assert_eq!(told(Some("pt-PT")), told(Some("pt-BR")));
        assert_eq!(told(Some("sw")), "Nobody answered the call.");
        assert_eq!(told(None), told(Some("en-US")));
        assert!(sentence(Reason::NoInput, Some("en-GB"), None).contains("hash key"));
    }

    #[test]
    fn refusals_by_risk_or_block_do_not_say_which_rule_stopped_them() {
        for language in LANGUAGES.iter() {
            let told = |reason| language.sentences.of(reason);
            for reason in [Reason::UserBlocked, Reason::NumberBlocked, Reason::CountryBlocked] {
                assert_eq!(told(reason), told(Reason::PrefixRisk), "{}", language.locale);
            }
        }
    }
}
