//! The numbering plans of libphonenumber's metadata, each pattern compiled when it is first asked.
//!
//! The crate that brings them keeps 100 compiled patterns, fewer than a dozen countries have, behind one
//! lock, and finds each by its whole text. A number costs microseconds that way, and milliseconds where
//! users are of many countries.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use phonenumber::Type;
use phonenumber::metadata::{DATABASE, Descriptor, Metadata};
use regex::{Regex, RegexBuilder};

/// Country calling codes have 1 to 3 digits (E.164 §6.2.1).
const CALLING_CODES: std::ops::RangeInclusive<u16> = 1..=999;

/// The kinds of range that make a number valid; short codes and carrier codes are none.
const DIALLABLE: [Type; 10] = [
    Type::FixedLine,
    Type::Mobile,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::PersonalNumber,
    Type::Voip,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
];

static PLANS: LazyLock<HashMap<u16, Vec<Plan>>> = LazyLock::new(|| {
    let plans = |code| Some((code, DATABASE.by_code(&code)?.into_iter().map(Plan::new).collect()));
    CALLING_CODES.filter_map(plans).collect()
});

/// The plan of one region.
pub(super) struct Plan {
    /// ISO 3166 region; `001` for codes that belong to no country.
    pub(super) region: &'static str,
    /// Begins every number of the region, where the plan names it.
    leads: Option<Pattern>,
    general: Range,
    diallable: Vec<(Type, Range)>,
    /// What is dialled before a number within the country, with a carrier's code and without one.
    trunk_prefixes: Vec<Pattern>,
    /// What such a prefix becomes where it holds a part of the number.
    rewrite: Option<&'static str>,
}

/// Numbers of one kind.
struct Range {
    lengths: &'static [u16],
    pattern: Pattern,
}

/// What a number begins with.
struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

/// The plans that share a country calling code, the main country's first; none where no country has it.
pub(super) fn plans_of(calling_code: u16) -> &'static [Plan] {
    PLANS.get(&calling_code).map_or(&[], Vec::as_slice)
}

impl Plan {
    fn new(metadata: &'static Metadata) -> Self {
        let descriptors = metadata.descriptors();
        let diallable = |kind: Type| Some((kind, Range::new(descriptors.get(kind)?)));
        let with_carrier = metadata.national_prefix_for_parsing().map(|pattern| pattern.as_str());
        let alone = metadata.national_prefix().filter(|alone| with_carrier != Some(alone));
        Self {
            region: metadata.id(),
            leads: metadata.leading_digits().map(|pattern| Pattern::new(pattern.as_str())),
            general: Range::new(descriptors.general()),
            diallable: DIALLABLE.into_iter().filter_map(diallable).collect(),
            trunk_prefixes: with_carrier.into_iter().chain(alone).map(Pattern::new).collect(),
            rewrite: metadata.national_prefix_transform_rule(),
        }
    }

    /// Whether this plan of those that share a country code holds the number. Where a plan names its
    /// leading digits they decide first, as in libphonenumber's getRegionCodeForNumber.
    pub(super) fn owns(&self, national: &str) -> bool {
        self.leads.as_ref().is_none_or(|leads| leads.begins(national))
            && self.general.holds(national)
            && self.diallable.iter().any(|(_, range)| range.holds(national))
    }

    /// Whether it has the number in its range of this kind.
    pub(super) fn holds(&self, kind: Type, national: &str) -> bool {
        self.diallable.iter().any(|(of, range)| *of == kind && range.holds(national))
    }

    /// How many digits a number of this plan may have.
    pub(super) fn lengths(&self) -> impl Iterator<Item = u16> {
        self.diallable.iter().flat_map(|(_, range)| range.lengths).copied()
    }

    /// What the number may be as it is dialled from abroad, where it is written as within the country
    /// (libphonenumber's maybeStripNationalPrefixAndCarrierCode).
    pub(super) fn without_trunk_prefix(&self, national: &str) -> impl Iterator<Item = String> {
        self.trunk_prefixes.iter().filter_map(|prefix| {
            let found = prefix.regex()?.captures(national)?;
            let mut kept = String::new();
            if let Some(rewrite) = self.rewrite
                && found.iter().skip(1).last().flatten().is_some()
            {
                found.expand(rewrite, &mut kept);
            }
            kept.push_str(&national[found.get_match().end()..]);
            Some(kept)
        })
    }
}

impl Range {
    fn new(descriptor: &'static Descriptor) -> Self {
        let pattern = Pattern::new(descriptor.national_number().as_str());
        Self { lengths: descriptor.possible_length(), pattern }
    }

    fn holds(&self, national: &str) -> bool {
        let length = u16::try_from(national.len()).unwrap_or(u16::MAX);
        (self.lengths.is_empty() || self.lengths.contains(&length)) && self.pattern.begins(national)
    }
}

impl Pattern {
    const fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    fn begins(&self, national: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(national))
    }

    /// Each pattern of the metadata compiles; one that did not would match nothing.
    fn regex(&self) -> Option<&Regex> {
        let compile = || {
            let anchored = format!("^(?:{})", self.source);
            RegexBuilder::new(&anchored).ignore_whitespace(true).unicode(false).build().ok()
        };
        self.compiled.get_or_init(compile).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;

    #[test]
    fn every_pattern_compiles() {
        let mut patterns = 0;
        for plan in PLANS.values().flatten() {
            let ranges = plan.diallable.iter().map(|(_, range)| range).chain([&plan.general]);
            let all = ranges.map(|range| &range.pattern).chain(&plan.leads).chain(&plan.trunk_prefixes);
            for pattern in all {
                assert!(pattern.regex().is_some(), "{} {}", plan.region, pattern.source);
                patterns += 1;
            }
        }
        assert!(patterns > 1000, "{patterns}");
    }

    /// The metadata's own examples are the reference: as they are dialled from abroad, and with what people
    /// there dial before them. (The crate's reading drops a second prefix, of +7 800 for instance.)
    #[test]
    fn examples_of_every_country_are_read_with_and_without_their_trunk_prefix() {
        let mut read = 0;
        for metadata in DATABASE.iter() {
            let code = metadata.country_code();
            let examples = DIALLABLE.iter().filter_map(|kind| metadata.descriptors().get(*kind)?.example());
            for example in examples {
                let dialled = format!("+{code}{example}");
                let written = metadata.national_prefix().map(|prefix| format!("+{code}{prefix}{example}"));
                for text in written.iter().chain([&dialled]) {
                    let number = Number::parse(text).unwrap();
                    assert!(number.validity(&[]).is_ok(), "{text} of {}", metadata.id());
                    assert_eq!(number.e164(), dialled, "{text} of {}", metadata.id());
                    read += 1;
                }
            }
        }
        assert!(read > 1000, "{read}");
    }
}
