//! An E.164 number that masks itself when printed.
//!
//! Reading has two steps, because two parties answer for them: [`Number::parse`] refuses what is no
//! number at all (the order is malformed), [`Number::validity`] tells whether the numbering plan
//! knows it (policy decides, and the job ends as `number_invalid`).

mod extension;
mod place;
mod plan;

use std::fmt;

pub use extension::{Extension, ExtensionKey};
use phonenumber::Type;
use place::Place;
use plan::{Plan, plans_of};

/// E.164 §6.1: country code and national number together have at most 15 digits.
const E164_MAX_DIGITS: usize = 15;
/// Longest text that is looked at; the longest number written with a bracket or dash around every
/// digit, and its extension, stay under it.
const MAX_TEXT_BYTES: usize = 64;

/// A telephone number in international form, with the office extension behind it if there is one.
/// `Display` and `Debug` show the country code and the last two digits only, and of an extension its
/// length; [`Number::e164`], [`Number::line`] and [`Number::clear`] are the doors to the clear form.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number {
    /// Country code and national number, without `+`.
    digits: String,
    /// How many of the digits are the country code; 0 where no such code is assigned.
    country_code_len: usize,
    extension: Option<Extension>,
    place: Place,
}

/// Why a text is no number: the one who wrote it has to change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The country code is not announced by `+`.
    #[error("the number does not begin with + and a country code")]
    NoPlus,
    /// A character that no number holds; which one is not repeated, as it may be part of a secret.
    #[error("the number holds a character other than digits, spaces, dots, dashes and brackets")]
    StrayCharacter,
    /// Nothing but separators.
    #[error("the number has no digits")]
    NoDigits,
    /// More text than any number has.
    #[error("the number is longer than {MAX_TEXT_BYTES} characters")]
    TextTooLong,
    /// After `x` stands something else than 1 to 20 of `0-9 * # ,`.
    #[error("the extension after x is not 1 to 20 of 0-9 * # ,")]
    ExtensionMalformed,
}

/// Why the numbering plan does not know a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotValid {
    /// No country has this code.
    #[error("the country code is not assigned")]
    UnknownCountryCode,
    /// Fewer digits than any number of that country.
    #[error("the number is too short for its country")]
    TooShort,
    /// More digits than any number of that country, or than E.164 §6.1 allows.
    #[error("the number is too long for its country")]
    TooLong,
    /// A possible length, but no such range is in use.
    #[error("the number is not valid in its country")]
    NotInUse,
}

/// A kind of number that costs more than a call, or reaches nobody in particular: by the numbering
/// plans' own marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Risk {
    /// The callee earns by the call.
    Premium,
    /// A satellite or another global network (870, 881, 882, 883).
    Satellite,
    /// Caller and callee share the cost.
    SharedCost,
    /// Follows a person, at the caller's cost (878 among them).
    Personal,
    /// A company's number for a whole country.
    Uan,
    /// A pager.
    Pager,
}

impl Risk {
    /// The name as it stands in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Risk::Premium => "premium",
            Risk::Satellite => "satellite",
            Risk::SharedCost => "shared_cost",
            Risk::Personal => "personal",
            Risk::Uan => "uan",
            Risk::Pager => "pager",
        }
    }
}

/// Where a number belongs by the numbering plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// ITU-T E.164 country calling code, for instance 1.
    pub calling_code: u16,
    /// ISO 3166 region, for instance `US`; `001` for codes that belong to no country.
    pub region: &'static str,
    /// The mark that the numbering plan puts on the number, if it is one of risk.
    pub risk: Option<Risk>,
}

impl Number {
    /// Reads `+CC number` as contract §2 has it. A national trunk prefix written out of habit, as in
    /// `+44 (0)20 …`, is dropped when the number is valid only without it.
    ///
    /// # Errors
    /// [`Malformed`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(Malformed::TextTooLong);
        }
        let (number, extension) = match text.split_once(['x', 'X']) {
            Some((number, extension)) => (number, Some(extension)),
            None => (text, None),
        };
        let written = digits_of(number)?;
        let read = |text| Extension::parse(text).ok_or(Malformed::ExtensionMalformed);
        let extension = extension.map(read).transpose()?;
        Ok(Self { extension, ..Self::of_digits(written).without_trunk_prefix() })
    }

    fn of_digits(digits: String) -> Self {
        let country_code_len = country_code_len(&digits);
        Self { digits, country_code_len, extension: None, place: Place::default() }
    }

    /// The number itself in clear, `+` and digits: for the trunk and the store, never for a log.
    pub fn e164(&self) -> String {
        format!("+{}", self.digits)
    }

    /// Number and extension in clear, as they are read again: `+14252345678x12,45`. For the store.
    pub fn clear(&self) -> String {
        match &self.extension {
            Some(extension) => format!("+{}x{}", self.digits, extension.clear()),
            None => self.e164(),
        }
    }

    /// Number and keys of the extension in clear, without pauses: the same for two ways of writing that
    /// reach the same person.
    pub fn line(&self) -> String {
        match &self.extension {
            Some(extension) => format!("+{}x{}", self.digits, extension.keys()),
            None => self.e164(),
        }
    }

    /// What is dialled behind the answer.
    pub fn extension(&self) -> Option<&Extension> {
        self.extension.as_ref()
    }

    /// The office's own number, where this is an extension of one.
    pub fn office(&self) -> Option<Number> {
        self.extension.is_some().then(|| Self { extension: None, ..self.clone() })
    }

    /// Country code and last two digits, for instance `+1********67`.
    pub fn masked(&self) -> String {
        self.to_string()
    }

    /// The country calling code, if it is an assigned one.
    pub fn calling_code(&self) -> Option<u16> {
        self.digits[..self.country_code_len].parse().ok()
    }

    /// Calling code and the first three digits behind it: an area or an operator, and nobody in particular.
    pub fn prefix(&self) -> String {
        let end = (self.country_code_len + 3).min(self.digits.len());
        format!("+{}", &self.digits[..end])
    }

    /// Whether the number begins with one of these prefixes (`+` and digits).
    pub fn has_prefix(&self, prefixes: &[String]) -> bool {
        prefixes
            .iter()
            .filter_map(|p| p.strip_prefix('+'))
            .any(|p| !p.is_empty() && self.digits.starts_with(p))
    }

    /// Where the number belongs, by libphonenumber's metadata. Numbers under a test prefix skip
    /// validation and count to the main country of their code.
    ///
    /// # Errors
    /// [`NotValid`] says what the numbering plan has against it.
    pub fn validity(&self, test_prefixes: &[String]) -> Result<Region, NotValid> {
        if !self.has_prefix(test_prefixes) {
            return *self.place.0.get_or_init(|| self.look_up());
        }
        let (calling_code, national) = self.parts()?;
        let main = plans_of(calling_code).first();
        main.map(|plan| region(calling_code, plan, national)).ok_or(NotValid::UnknownCountryCode)
    }

    fn look_up(&self) -> Result<Region, NotValid> {
        let (calling_code, national) = self.parts()?;
        if self.digits.len() > E164_MAX_DIGITS {
            return Err(NotValid::TooLong);
        }
        let plans = plans_of(calling_code);
        let owner = owner(plans, national);
        owner.map(|plan| region(calling_code, plan, national)).ok_or_else(|| why_not(plans, national))
    }

    /// Whether its first digits tell where in its country it lies: a fixed line, or a mobile one where those
    /// too are given by area (libphonenumber's isNumberGeographical).
    pub fn is_geographic(&self) -> bool {
        let Ok((calling_code, national)) = self.parts() else { return false };
        owner(plans_of(calling_code), national).is_some_and(|plan| {
            let holds = |kind| plan.holds(kind, national);
            holds(Type::FixedLine) || MOBILES_BY_AREA.contains(&calling_code) && holds(Type::Mobile)
        })
    }

    /// The number as it is if the plan knows it; else without its trunk prefix, if that is valid; else as it
    /// is.
    fn without_trunk_prefix(self) -> Self {
        let is_valid = |number: &Number| number.validity(&[]).is_ok();
        let Ok((calling_code, national)) = self.parts() else { return self };
        if is_valid(&self) {
            return self;
        }
        let read = plans_of(calling_code).iter().flat_map(|plan| plan.without_trunk_prefix(national));
        let found = read.map(|national| Self::of_digits(format!("{calling_code}{national}"))).find(is_valid);
        found.unwrap_or(self)
    }

    /// Country code and national number.
    fn parts(&self) -> Result<(u16, &str), NotValid> {
        let calling_code = self.calling_code().ok_or(NotValid::UnknownCountryCode)?;
        Ok((calling_code, &self.digits[self.country_code_len..]))
    }
}

fn region(calling_code: u16, plan: &'static Plan, national: &str) -> Region {
    Region { calling_code, region: plan.region, risk: risk(calling_code, plan, national) }
}

/// ITU-T E.164's codes of global services and networks: they belong to no country.
const GLOBAL: [(u16, Risk); 6] = [
    (870, Risk::Satellite),
    (878, Risk::Personal),
    (881, Risk::Satellite),
    (882, Risk::Satellite),
    (883, Risk::Satellite),
    (979, Risk::Premium),
];

/// Mexico, Argentina and Brazil. In North America a plan does not tell fixed from mobile.
const MOBILES_BY_AREA: [u16; 3] = [52, 54, 55];

/// In the order in which libphonenumber's getNumberTypeHelper asks.
const RISKY: [(Type, Risk); 5] = [
    (Type::PremiumRate, Risk::Premium),
    (Type::SharedCost, Risk::SharedCost),
    (Type::PersonalNumber, Risk::Personal),
    (Type::Pager, Risk::Pager),
    (Type::Uan, Risk::Uan),
];

/// The mark that this plan, or the global code, puts on a number that it owns.
fn risk(calling_code: u16, plan: &Plan, national: &str) -> Option<Risk> {
    if let Some((_, risk)) = GLOBAL.iter().find(|(code, _)| *code == calling_code) {
        return Some(*risk);
    }
    RISKY.iter().find(|(kind, _)| plan.holds(*kind, national)).map(|(_, risk)| *risk)
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown_from = self.digits.len().saturating_sub(2).max(self.country_code_len);
        // A number of two digits or fewer would show itself whole.
        let tail = if shown_from > self.country_code_len { &self.digits[shown_from..] } else { "" };
        let hidden = self.digits.len() - self.country_code_len - tail.len();
        write!(f, "+{}{}{tail}", &self.digits[..self.country_code_len], "*".repeat(hidden))?;
        self.extension.as_ref().map_or(Ok(()), |extension| write!(f, "x{extension}"))
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({self})")
    }
}

/// Serialisation in the clear, named at each field that wants it (`#[serde(with = "number::clear")]`),
/// so that no record shows a number by default.
pub mod clear {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::{Extension, Number};

    /// Writes `+` and all digits, and the extension behind `x`.
    ///
    /// # Errors
    /// Those of the serialiser.
    pub fn serialize<S: Serializer>(number: &Number, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&number.clear())
    }

    /// Reads what [`serialize`] wrote; nothing is normalised a second time.
    ///
    /// # Errors
    /// Those of the deserialiser, and a text that is not `+` and digits.
    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Number, D::Error> {
        let text = String::deserialize(input)?;
        written(&text).ok_or_else(|| de::Error::custom("not + and digits"))
    }

    fn written(text: &str) -> Option<Number> {
        let (number, extension) = match text.split_once('x') {
            Some((number, extension)) => (number, Some(Extension::parse(extension)?)),
            None => (text, None),
        };
        let digits = number.strip_prefix('+')?;
        let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        are_digits.then(|| Number { extension, ..Number::of_digits(digits.to_owned()) })
    }
}

fn digits_of(text: &str) -> Result<String, Malformed> {
    let rest = text.trim_matches(' ').strip_prefix('+').ok_or(Malformed::NoPlus)?;
    let is_separator = |c: char| matches!(c, ' ' | '.' | '-' | '(' | ')' | '[' | ']');
    let digits: String = rest.chars().filter(|c| !is_separator(*c)).collect();
    if digits.is_empty() {
        return Err(Malformed::NoDigits);
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) { Ok(digits) } else { Err(Malformed::StrayCharacter) }
}

/// E.164 §6.2.1: country codes have 1 to 3 digits and none begins another.
fn country_code_len(digits: &str) -> usize {
    (1..=3)
        .filter(|n| !digits.starts_with('0') && digits.len() >= *n)
        .find(|n| digits[..*n].parse::<u16>().is_ok_and(|code| !plans_of(code).is_empty()))
        .unwrap_or(0)
}

/// The plan of those that share a country code that holds the number.
fn owner<'a>(plans: &'a [Plan], national: &str) -> Option<&'a Plan> {
    plans.iter().find(|plan| plan.owns(national))
}

fn why_not(plans: &[Plan], national: &str) -> NotValid {
    // The metadata keeps lengths with each kind of range, not with the plan as a whole.
    let lengths = || plans.iter().flat_map(Plan::lengths);
    let (shortest, longest) = (lengths().min(), lengths().max());
    let length = u16::try_from(national.len()).unwrap_or(u16::MAX);
    if shortest.is_some_and(|shortest| length < shortest) {
        NotValid::TooShort
    } else if longest.is_some_and(|longest| length > longest) {
        NotValid::TooLong
    } else {
        NotValid::NotInUse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn the_numbering_plans_mark_what_is_a_risk() {
        for (text, risk) in [
            ("+19002345678", Some(Risk::Premium)),
            ("+449012345678", Some(Risk::Premium)),
            ("+979123456789", Some(Risk::Premium)),
            ("+881612345678", Some(Risk::Satellite)),
            ("+870301234567", Some(Risk::Satellite)),
            ("+447012345678", Some(Risk::Personal)),
            ("+611300123456", Some(Risk::SharedCost)),
            ("+447912345678", None),
            ("+14252345667", None),
            ("+999123456789", None),
        ] {
            assert_eq!(number(text).validity(&[]).ok().and_then(|place| place.risk), risk, "{text}");
        }
    }

    #[test]
    fn the_forms_people_write_are_one_number() {
        for text in ["+1 425 234 5667", "+1 (425) 234-5667", " +1.425.234.5667 ", "+14252345667"] {
            assert_eq!(number(text).e164(), "+14252345667", "{text}");
        }
        // The habit that costs most calls abroad: the national trunk prefix in brackets.
        assert_eq!(number("+44 (0)20 7031 3000").e164(), "+442070313000");
        // Italy's leading zero is part of the number.
        assert_eq!(number("+39 02 3661 8300").e164(), "+390236618300");
    }

    #[test]
    fn a_text_that_is_no_number_is_refused_by_what_is_wrong() {
        let long = format!("+1{}", "4".repeat(80));
        for (text, why) in [
            ("425 234 5667", Malformed::NoPlus),
            ("0014252345667", Malformed::NoPlus),
            ("", Malformed::NoPlus),
            ("+", Malformed::NoDigits),
            ("+()", Malformed::NoDigits),
            ("+1425234ABCD", Malformed::StrayCharacter),
            ("+1425\r\n2345667", Malformed::StrayCharacter),
            ("+١٤٢٥", Malformed::StrayCharacter),
            ("++14252345667", Malformed::StrayCharacter),
            (&long, Malformed::TextTooLong),
            ("+1 4252345678x", Malformed::ExtensionMalformed),
            ("+1 4252345678x12a", Malformed::ExtensionMalformed),
            ("+1 4252345678x123456789012345678901", Malformed::ExtensionMalformed),
        ] {
            assert_eq!(Number::parse(text), Err(why), "{text}");
        }
    }

    /// Contract §2: an office extension after `x`, 1 to 20 of `0-9 * # ,`.
    #[test]
    fn an_extension_stands_behind_its_number_and_is_none_of_it() {
        for text in ["+1 4252345678x1,,2#*", "+1 (425) 234-5678 X 1,,2#*"] {
            let office = number(text);
            assert_eq!(
                (office.e164(), office.clear()),
                ("+14252345678".into(), "+14252345678x1,,2#*".into())
            );
            assert_eq!(office.line(), "+14252345678x12#*", "pauses make no other person");
            assert_eq!(office.office(), Some(number("+14252345678")));
            assert_eq!(office.to_string(), "+1********78x******");
            assert_eq!(office.validity(&[]).unwrap().region, "US");
            assert_ne!(office, number("+14252345678"));
        }
        assert_eq!(number("+14252345678").extension(), None);
    }

    #[test]
    fn the_numbering_plan_tells_what_it_has_against_a_number() {
        for (text, why) in [
            ("+999 12345678", NotValid::UnknownCountryCode),
            ("+0 4252345667", NotValid::UnknownCountryCode),
            ("+1 25300", NotValid::TooShort),
            ("+1 42523456789", NotValid::TooLong),
            ("+49 1234567890123456", NotValid::TooLong),
            ("+1 999 234 5667", NotValid::NotInUse),
            ("+44 791234567", NotValid::NotInUse),
        ] {
            assert_eq!(number(text).validity(&[]), Err(why), "{text}");
        }
    }

    #[test]
    fn the_region_is_told_where_countries_share_a_code() {
        for (text, calling_code, region) in [
            ("+1 425 234 5667", 1, "US"),
            ("+1 416 234 5667", 1, "CA"),
            ("+1 242 322 5667", 1, "BS"),
            ("+7 701 234 5678", 7, "KZ"),
            ("+7 912 345 6789", 7, "RU"),
            ("+44 7912 345678", 44, "GB"),
            ("+800 1234 5678", 800, "001"),
        ] {
            let expected = Region { calling_code, region, risk: None };
            assert_eq!(number(text).validity(&[]), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_test_prefix_skips_validation_and_nothing_else_does() {
        let prefixes = ["+1999".to_owned()];
        let lab = number("+1 999 000 0001");
        assert_eq!(lab.validity(&prefixes).unwrap().region, "US");
        assert_eq!(lab.validity(&["+1998".to_owned()]), Err(NotValid::NotInUse));
        assert_eq!(lab.validity(&["+".to_owned(), String::new()]), Err(NotValid::NotInUse));
        assert_eq!(lab.e164(), "+19990000001");
    }

    #[test]
    fn printing_never_shows_more_than_country_code_and_two_digits() {
        assert_eq!(number("+14252345667").to_string(), "+1********67");
        assert_eq!(format!("{:?}", number("+14252345667")), "Number(+1********67)");
        assert_eq!(number("+442070313000").to_string(), "+44********00");
        assert_eq!(number("+99912345678").to_string(), "+*********78");
        assert_eq!(number("+167").to_string(), "+1**");
        assert_eq!(number("+1").to_string(), "+1");
    }

    #[test]
    fn the_clear_form_survives_the_store_unchanged() {
        #[derive(serde::Serialize, serde::Deserialize)]
        struct Kept(#[serde(with = "clear")] Number);
        for text in ["+14252345667", "+19990000001", "+44020", "+7", "+14252345667x1,,2#*"] {
            let kept = serde_json::to_string(&Kept(number(text))).unwrap();
            let read: Kept = serde_json::from_str(&kept).unwrap();
            assert_eq!(read.0, number(text));
        }
        for text in ["\"14\"", "\"+14x\"", "\"+14x1y\"", "\"+x1\""] {
            assert!(serde_json::from_str::<Kept>(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_reading_again_changes_nothing(text in "[+]?[-0-9 ().x*#]{0,40}|.{0,70}") {
            if let Ok(first) = Number::parse(&text) {
                proptest::prop_assert_eq!(Number::parse(&first.clear()), Ok(first.clone()));
                let clear = first.e164();
                proptest::prop_assert!(clear.len() < 7 || !first.to_string().contains(&clear[4..]));
                let shown = first.to_string();
                let behind = shown.split_once('x').map_or("", |(_, extension)| extension);
                proptest::prop_assert!(behind.chars().all(|c| c == '*'));
            }
        }
    }
}
