//! A trunk's caller ids: the From users that it lets us show, by country.

use std::collections::BTreeMap;
use std::str::FromStr;

use toml::Spanned;

use super::account::LONGEST_USER;
use super::source::Source;

/// The From users that a trunk lets us show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallerIds {
    /// For every country without a pool of its own; empty only where there is an account or such pools.
    pub general: Vec<String>,
    /// By ISO 3166 region of the number called.
    pub by_country: BTreeMap<String, Vec<String>>,
    /// How often one of them is shown in an hour; `None`: as often as calls need it.
    pub max_per_hour: Option<u32>,
}

impl CallerIds {
    /// One pool for all countries, without a rate.
    pub fn of(general: Vec<String>) -> CallerIds {
        CallerIds { general, ..CallerIds::default() }
    }

    pub(super) fn check(
        general: Option<Vec<Spanned<String>>>,
        by_country: Option<BTreeMap<Spanned<String>, Vec<Spanned<String>>>>,
        max_per_hour: Option<Spanned<i64>>,
        source: &mut Source,
    ) -> Option<CallerIds> {
        let general = pool("caller_ids", &general.unwrap_or_default(), source);
        let countries = by_country.unwrap_or_default();
        let by_country: Vec<_> = countries.iter().map(|(region, ids)| country(region, ids, source)).collect();
        let max_per_hour = match max_per_hour {
            None => Some(None),
            Some(most) => {
                let key = "caller_id_max_per_hour";
                source.number(key, Some(most), 0, 1..=100_000, "an hour").map(Some)
            }
        };
        Some(CallerIds {
            general: general?,
            by_country: by_country.into_iter().collect::<Option<_>>()?,
            max_per_hour: max_per_hour?,
        })
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.general.is_empty() && self.by_country.is_empty()
    }

    /// The pool for a number of this region.
    pub fn pool(&self, region: &str) -> &[String] {
        self.by_country.get(region).unwrap_or(&self.general)
    }

    /// Every caller id of every pool.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.by_country.values().chain([&self.general]).flatten()
    }
}

fn country(
    region: &Spanned<String>,
    ids: &[Spanned<String>],
    source: &mut Source,
) -> Option<(String, Vec<String>)> {
    let name = region.get_ref();
    if phonenumber::country::Id::from_str(name).is_err() {
        return source.refuse(
            region.span(),
            format!("`country_caller_ids` has {name:?}, expected an ISO 3166 region"),
            "Write for example GB",
        );
    }
    if ids.is_empty() {
        return source.refuse(
            region.span(),
            format!("`country_caller_ids` has no caller id for {name}, expected at least one"),
            "Take the country out to have `caller_ids` shown there",
        );
    }
    Some((name.clone(), pool("country_caller_ids", ids, source)?))
}

/// Each has to stand in a URI as it is.
fn pool(key: &str, written: &[Spanned<String>], source: &mut Source) -> Option<Vec<String>> {
    let checked: Vec<Option<String>> = written.iter().map(|text| caller_id(key, text, source)).collect();
    checked.into_iter().collect()
}

fn caller_id(key: &str, text: &Spanned<String>, source: &mut Source) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '*' | '-' | '_' | '.');
    let id = text.get_ref();
    if (1..=LONGEST_USER).contains(&id.len()) && id.chars().all(plain) {
        return Some(id.clone());
    }
    source.refuse(
        text.span(),
        format!("`{key}` has {id:?}, expected 1 to {LONGEST_USER} of A-Z a-z 0-9 + * - _ ."),
        "Write for example \"+14255550100\"",
    )
}
