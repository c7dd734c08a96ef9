//! Which caller id a person is shown.
//!
//! The same one again, so that people learn it; another after it was refused, because a phone or a
//! carrier that has labelled one number may take the next; none of them so often that it is labelled.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::config::Trunk;
use crate::number::Number;
use crate::reason::{Reason, Verdict};

/// The window of `caller_id_max_per_hour`.
const HOUR: Duration = Duration::from_secs(3_600);
/// Nobody looks at a phone and refuses in less.
const AT_ONCE: Duration = Duration::from_secs(2);
/// How long a refusal is remembered; labels live for weeks.
const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);
/// So many refused numbers are remembered; past it the one refused longest ago is forgotten.
const MOST_REFUSED: usize = 100_000;

/// What an attempt shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// This From user; it counts as shown now.
    As(String),
    /// Every fitting caller id was shown as often as it may be; ask again then.
    Wait(Instant),
    /// The job asks for a caller id that stands in none of the trunk's pools.
    NotInPool,
}

/// Whom a call is to, as far as its caller id goes.
#[derive(Debug, Clone, Copy)]
pub struct Callee<'a> {
    /// The number called.
    pub number: &'a Number,
    /// Its ISO 3166 region; empty where it has none.
    pub region: &'a str,
    /// The caller id that the job asks for.
    pub wished: Option<&'a str>,
}

/// Whether a call that ended so, this long after its start, may have been refused for its caller id:
/// a person or a carrier refused it, or something did before anybody could have looked.
pub fn refuses_caller_id(reason: Reason, after: Duration) -> bool {
    let by_somebody = matches!(reason, Reason::Declined | Reason::CarrierBlocked);
    by_somebody || reason.verdict() == Verdict::Unreached && after < AT_ONCE
}

/// How often each caller id was shown, and who is due another.
#[derive(Debug, Default)]
pub(super) struct CallerIds {
    /// When each was shown in the last hour, only where there is a rate.
    shown: BTreeMap<String, VecDeque<Instant>>,
    /// By the number's fingerprint: how many times on, and since when.
    turns: HashMap<u64, (usize, Instant)>,
}

impl CallerIds {
    /// The From user for this call by `trunk`.
    pub(super) fn choose(&mut self, now: Instant, trunk: &Trunk, callee: Callee<'_>) -> Shown {
        if let Some(wished) = callee.wished {
            let known = trunk.caller_ids.all().any(|id| id == wished);
            return if known { self.show(now, trunk, &[wished]) } else { Shown::NotInPool };
        }
        let ranked = self.ranked(now, trunk.caller_ids.pool(callee.region), callee.number);
        match (ranked.as_slice(), &trunk.account) {
            ([], Some(account)) => Shown::As(account.username.clone()),
            ([], None) => Shown::NotInPool,
            (ranked, _) => self.show(now, trunk, ranked),
        }
    }

    /// This number refused what it was shown: the next call shows another.
    pub(super) fn refused(&mut self, now: Instant, number: &Number) {
        if self.turns.len() >= MOST_REFUSED {
            let oldest = self.turns.iter().min_by_key(|(_, (_, since))| *since).map(|(key, _)| *key);
            oldest.map(|key| self.turns.remove(&key));
        }
        let turn = self.turn(now, number);
        self.turns.insert(fingerprint(number, ""), (turn + 1, now));
    }

    fn turn(&self, now: Instant, number: &Number) -> usize {
        let remembered = self.turns.get(&fingerprint(number, ""));
        let fresh = |(_, since): &&(usize, Instant)| now.saturating_duration_since(*since) < REMEMBERED;
        remembered.filter(fresh).map_or(0, |(turn, _)| *turn)
    }

    /// The pool in this number's own order (rendezvous hashing: it outlives a restart, and a new caller
    /// id changes it for few), from the one that is due.
    fn ranked<'p>(&self, now: Instant, pool: &'p [String], number: &Number) -> Vec<&'p str> {
        let mut ranked: Vec<&str> = pool.iter().map(String::as_str).collect();
        ranked.sort_by_key(|id| fingerprint(number, id));
        let due = self.turn(now, number).checked_rem(ranked.len()).unwrap_or_default();
        ranked.rotate_left(due);
        ranked
    }

    /// The first that may be shown now, counted.
    fn show(&mut self, now: Instant, trunk: &Trunk, ranked: &[&str]) -> Shown {
        let Some(most) = trunk.caller_ids.max_per_hour else {
            return ranked.first().map_or(Shown::NotInPool, |id| Shown::As((*id).to_owned()));
        };
        let mut soonest: Option<Instant> = None;
        for id in ranked {
            let times = self.shown.entry((*id).to_owned()).or_default();
            while times.front().is_some_and(|at| *at + HOUR <= now) {
                times.pop_front();
            }
            match times.front() {
                Some(first) if times.len() >= most as usize => {
                    let free_at = *first + HOUR;
                    soonest = Some(soonest.map_or(free_at, |soonest| soonest.min(free_at)));
                }
                Some(_) | None => {
                    times.push_back(now);
                    return Shown::As((*id).to_owned());
                }
            }
        }
        soonest.map_or(Shown::NotInPool, Shown::Wait)
    }
}

/// FNV-1a with a final mix, the same in every version and on every machine.
fn fingerprint(number: &Number, id: &str) -> u64 {
    let text = number.e164();
    let bytes = text.bytes().chain([0]).chain(id.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::route::tests::{trunk, zero};

    fn with(general: &[&str], max_per_hour: Option<u32>) -> Trunk {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let by_country = [("GB".to_owned(), owned(&["+442079460100", "+442079460101"]))].into();
        Trunk {
            caller_ids: config::CallerIds { general: owned(general), by_country, max_per_hour },
            ..trunk("a", None, 10)
        }
    }

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    fn callee<'a>(number: &'a Number, region: &'a str) -> Callee<'a> {
        Callee { number, region, wished: None }
    }

    const FOUR: [&str; 4] = ["+14255550100", "+14255550101", "+14255550102", "+14255550103"];

    #[test]
    fn a_country_with_a_pool_of_its_own_sees_only_that() {
        let (trunk, mut ids) = (with(&FOUR, None), CallerIds::default());
        for last in 0..50 {
            let number = number(&format!("+4420794601{last:02}"));
            let Shown::As(id) = ids.choose(zero(), &trunk, callee(&number, "GB")) else { panic!() };
            assert!(id.starts_with("+44"), "{id}");
            let Shown::As(id) = ids.choose(zero(), &trunk, callee(&number, "FR")) else { panic!() };
            assert!(id.starts_with("+1"), "{id}");
        }
    }

    #[test]
    fn a_person_sees_the_same_one_again_even_after_a_restart_and_the_pool_is_used_evenly() {
        let trunk = with(&FOUR, None);
        let mut counts = BTreeMap::new();
        for last in 0..1_000 {
            let number = number(&format!("+1425234{last:04}"));
            let first = CallerIds::default().choose(zero(), &trunk, callee(&number, "US"));
            assert_eq!(CallerIds::default().choose(zero(), &trunk, callee(&number, "US")), first);
            let Shown::As(id) = first else { panic!() };
            *counts.entry(id).or_insert(0) += 1;
        }
        assert!(counts.len() == 4 && counts.values().all(|n| (190..=310).contains(n)), "{counts:?}");
    }

    #[test]
    fn who_refused_one_is_shown_another_and_then_that_one_again() {
        let (trunk, mut ids) = (with(&FOUR, None), CallerIds::default());
        let (ann, bob) = (number("+14252345667"), number("+14252345668"));
        let now = zero();
        let first = ids.choose(now, &trunk, callee(&ann, "US"));
        let bobs = ids.choose(now, &trunk, callee(&bob, "US"));
        ids.refused(now, &ann);
        let second = ids.choose(now, &trunk, callee(&ann, "US"));
        assert_ne!(first, second);
        assert_eq!(ids.choose(now, &trunk, callee(&ann, "US")), second);
        assert_eq!(ids.choose(now, &trunk, callee(&bob, "US")), bobs, "nobody else is affected");
        let later = now + REMEMBERED;
        assert_eq!(ids.choose(later, &trunk, callee(&ann, "US")), first, "a label is not for ever");
    }

    #[test]
    fn no_caller_id_is_shown_more_often_in_an_hour_than_it_may_be() {
        let (trunk, mut ids) = (with(&FOUR[..2], Some(3)), CallerIds::default());
        let (ann, now) = (number("+14252345667"), zero());
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for minute in 0..6 {
            let at = now + Duration::from_secs(60 * minute);
            let Shown::As(id) = ids.choose(at, &trunk, callee(&ann, "US")) else { panic!("{minute}") };
            *counts.entry(id).or_default() += 1;
        }
        assert!(counts.values().all(|shown| *shown == 3), "{counts:?}");
        let at = now + Duration::from_secs(360);
        assert_eq!(ids.choose(at, &trunk, callee(&ann, "US")), Shown::Wait(now + HOUR));
        assert!(matches!(ids.choose(now + HOUR, &trunk, callee(&ann, "US")), Shown::As(_)));
    }

    #[test]
    fn a_wished_caller_id_is_shown_if_it_stands_in_any_pool() {
        let (trunk, mut ids) = (with(&FOUR, None), CallerIds::default());
        let ann = number("+14252345667");
        let mut wish =
            |wished| ids.choose(zero(), &trunk, Callee { wished: Some(wished), ..callee(&ann, "US") });
        assert_eq!(wish(FOUR[3]), Shown::As(FOUR[3].to_owned()));
        assert_eq!(wish("+442079460101"), Shown::As("+442079460101".to_owned()));
        assert_eq!(wish("+14255550199"), Shown::NotInPool);
    }

    #[test]
    fn a_person_s_a_carrier_s_or_an_instant_refusal_may_be_for_the_caller_id() {
        let second = Duration::from_secs(1);
        assert!(refuses_caller_id(Reason::Declined, 20 * second));
        assert!(refuses_caller_id(Reason::CarrierBlocked, 20 * second));
        assert!(refuses_caller_id(Reason::Busy, second), "a filter says busy too");
        assert!(!refuses_caller_id(Reason::Busy, 2 * second));
        assert!(!refuses_caller_id(Reason::TrunkFailed, second));
        assert!(!refuses_caller_id(Reason::HungUp, second), "the call was answered");
    }

    #[test]
    fn what_is_remembered_of_refusals_has_a_bound() {
        let (mut ids, now) = (CallerIds::default(), zero());
        let filled = (0..MOST_REFUSED as u64).map(|n| (n, (1, now + Duration::from_millis(n))));
        ids.turns.extend(filled);
        ids.refused(now + REMEMBERED, &number("+14252345667"));
        assert_eq!(ids.turns.len(), MOST_REFUSED);
        assert!(!ids.turns.contains_key(&0), "the one refused longest ago is forgotten");
    }
}
