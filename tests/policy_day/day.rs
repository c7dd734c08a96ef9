//! A full day on a virtual clock: 100,000 jobs into 40 countries by people who sign in, and attackers
//! among them. Told: what each attack costs until it is stopped, and who else is refused.
//! `OCTOTHORPE_SEED` sets another day's seed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use octothorpe::config::{Money, Opening, PolicyConfig, Rates, Tenants};
use octothorpe::job::{Job, UnixMs};
use octothorpe::number::Number;
use octothorpe::policy::{End, Engine, Refusal, Settings};
use octothorpe::reason::Reason;
use phonenumber::metadata::DATABASE;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::support::seed;

const SEED: u64 = 20_261_122;
/// 2026-11-22T00:00:00Z.
const MIDNIGHT: UnixMs = UnixMs(1_795_305_600_000);
const DAY_S: u64 = 86_400;
/// Base64 of 32 bytes.
const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const JOBS: usize = 100_000;
const PEOPLE: usize = 45_000;
/// Where people live, the home country first.
const COUNTRIES: [&str; 40] = [
    "US", "CA", "GB", "DE", "FR", "IT", "ES", "PT", "NL", "BE", "AT", "CH", "SE", "NO", "DK", "FI", "PL",
    "CZ", "IE", "GR", "RO", "HU", "BG", "TR", "IL", "AE", "IN", "SG", "JP", "KR", "AU", "NZ", "BR", "MX",
    "AR", "CL", "ZA", "EG", "LV", "MV",
];
/// Of a hundred jobs so many go to the home country.
const AT_HOME: usize = 55;

/// Between two sign-ins of one person.
const APART_S: u64 = 600;

/// One who signs in.
struct Person {
    name: String,
    number: String,
    /// What they order each time.
    job: Job,
    /// Whether they have verified on an earlier day.
    known: bool,
}

/// What became of somebody's jobs.
#[derive(Default)]
struct Tally {
    asked: usize,
    rung: usize,
    verified: usize,
    cost: Money,
    refused: BTreeMap<String, usize>,
    /// Wrong PINs that were keyed.
    guesses: usize,
    /// When it was refused first, in seconds from the first order.
    stopped_s: Option<u64>,
}

/// The day's gateway, and all that is counted.
struct Day {
    engine: Engine,
    rates: Rates,
    random: StdRng,
    tallies: BTreeMap<&'static str, Tally>,
}

/// One thing that happens at a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    SignsIn { person: usize, tries: u32 },
    PumpsSilently,
    PumpsAndPresses,
    Tires,
    CallsTheWorld,
    GuessesPins,
}

impl Day {
    fn new(seed: u64) -> Day {
        let countries = COUNTRIES.iter().chain(&["TN", "MA", "SN", "GE", "RS", "AL"]);
        let policy = PolicyConfig {
            countries: countries.map(|region| Opening::Region((*region).to_owned())).collect(),
            ..PolicyConfig::default()
        };
        let list = include_str!("../../sip-config/rates.csv");
        let (rates, errors) = Rates::read(list, Path::new("sip-config/rates.csv"));
        assert!(errors.is_empty(), "{errors:?}");
        let settings = Settings::new(policy, Tenants::default(), rates.clone());
        let engine = Engine::new(settings, &[9; 32], 1);
        Day { engine, rates, random: StdRng::seed_from_u64(seed), tallies: BTreeMap::new() }
    }

    /// One job of somebody, to its end; what it ended with.
    fn order(&mut self, who: &'static str, job: &Job, reason: Reason, at: UnixMs, started: UnixMs) -> Reason {
        let tally = self.tallies.entry(who).or_default();
        tally.asked += 1;
        match self.engine.admit(job, at) {
            Err(Refusal { reason, .. }) => {
                *tally.refused.entry(reason.word()).or_default() += 1;
                tally.stopped_s.get_or_insert(at.since(started).as_secs());
                reason
            }
            Ok(mut ticket) => {
                let unanswered = matches!(reason, Reason::NoAnswer | Reason::Declined | Reason::Busy);
                let up = if unanswered { Duration::ZERO } else { Duration::from_secs(25) };
                self.engine.dialled(&mut ticket);
                if reason == Reason::PinWrong {
                    // Until it is locked: the person is told then, and the call ends.
                    let locks = (1..=3).find(|_| self.engine.wrong_entry(job, at).0.is_some());
                    tally.guesses += locks.unwrap_or(3);
                }
                self.engine.ended(&mut ticket, &End { reason, rung: true, up });
                self.engine.over(ticket);
                tally.rung += 1;
                tally.verified += usize::from(reason == Reason::KeyPressed);
                let digits = &job.to.e164()[1..];
                let price = self.rates.of(digits).map(|(_, price)| price).or(self.rates.dearest());
                tally.cost = tally.cost + price.map_or(Money(0), |price| price.of(up));
                reason
            }
        }
    }

    /// How a person's call ends: of a hundred, 89 confirm.
    fn outcome(&mut self) -> Reason {
        match self.random.random_range(0..100) {
            0..3 => Reason::NoAnswer,
            3..6 => Reason::NoInput,
            6..8 => Reason::HungUp,
            8..9 => Reason::Declined,
            9..11 => Reason::Busy,
            _ => Reason::KeyPressed,
        }
    }

    /// A valid mobile number of this region that nobody has yet.
    fn number(&mut self, region: &str, taken: &mut BTreeSet<String>) -> String {
        let plan = DATABASE.by_id(region).expect("a region");
        let kind = plan.descriptors().mobile().or(plan.descriptors().fixed_line()).expect("mobile numbers");
        let example = kind.example().expect("an example");
        for tries in 0.. {
            let kept = example.len() - 6 + usize::from(tries > 200);
            let rest = 10_u32.pow(u32::try_from(example.len() - kept).expect("few digits"));
            let digits = format!(
                "{}{:0width$}",
                &example[..kept],
                self.random.random_range(0..rest),
                width = example.len() - kept
            );
            let number = format!("+{}{digits}", plan.country_code());
            let valid = Number::parse(&number)
                .is_ok_and(|number| number.validity(&[]).is_ok_and(|place| place.risk.is_none()));
            if valid && taken.insert(number.clone()) {
                return number;
            }
            assert!(tries < 100_000, "no number left in {region}");
        }
        unreachable!("the loop ends with a number");
    }

    fn people(&mut self) -> Vec<Person> {
        let mut taken = BTreeSet::new();
        let mut people = Vec::new();
        let country = |random: &mut StdRng| {
            let abroad = random.random_range(0..100) >= AT_HOME;
            if abroad { random.random_range(1..COUNTRIES.len()) } else { 0 }
        };
        let mut countries: Vec<usize> = (0..PEOPLE).map(|_| country(&mut self.random)).collect();
        // The numbering plans keep few patterns at hand: one country after the other.
        countries.sort_unstable();
        for (n, country) in countries.into_iter().enumerate() {
            let number = self.number(COUNTRIES[country], &mut taken);
            // A third sits in offices of some fifty people behind one address.
            let address = if n % 3 == 0 {
                format!("198.51.{}.{}", n / 150 / 250, n / 150 % 250)
            } else {
                format!("2001:db8:{:x}:{:x}::1", n >> 16, n & 0xffff)
            };
            let name = format!("user-{n}");
            let job = order(&number, &name, &address);
            people.push(Person { name, number, job, known: n % 10 != 0 });
        }
        people
    }

    /// Who signs in and when: nobody again while the tries of the time before may still go on.
    fn sign_ins(&mut self) -> BTreeSet<(usize, u64)> {
        let mut all = BTreeSet::new();
        while all.len() < JOBS {
            let (at, person) = (moment(&mut self.random), self.random.random_range(0..PEOPLE));
            if all.range((person, at.saturating_sub(APART_S))..=(person, at + APART_S)).next().is_none() {
                all.insert((person, at));
            }
        }
        all
    }
}

fn second(s: u64) -> UnixMs {
    MIDNIGHT.plus(Duration::from_secs(s))
}

/// Two thirds of the day's sign-ins between 7 and 18 o'clock.
fn moment(random: &mut StdRng) -> u64 {
    if random.random_range(0..3) < 2 {
        random.random_range(7 * 3_600..18 * 3_600)
    } else {
        random.random_range(0..DAY_S)
    }
}

/// An order of this number by this user at this address.
fn order(number: &str, user: &str, address: &str) -> Job {
    let order = json!({"to": number, "user": user, "client_ip": address}).to_string();
    Job::read(order.as_bytes(), "default", MIDNIGHT, 1).expect("an order")
}

#[test]
fn a_day_of_people_and_attackers() {
    let seed = seed::asked().unwrap_or(SEED);
    println!("seed {seed}");
    let mut day = Day::new(seed);
    let people = day.people();
    // The week before: who is known has verified.
    for (n, person) in people.iter().enumerate().filter(|(_, person)| person.known) {
        let at = UnixMs(MIDNIGHT.0 - 6 * DAY_S * 1_000 + n as u64 * (5 * DAY_S * 1_000 / PEOPLE as u64));
        assert_eq!(day.order("the week before", &person.job, Reason::KeyPressed, at, at), Reason::KeyPressed);
    }
    let mut agenda: BTreeSet<(u64, u32, Happens)> = BTreeSet::new();
    for (n, (person, at)) in day.sign_ins().into_iter().enumerate() {
        agenda.insert((at, n as u32, Happens::SignsIn { person, tries: 0 }));
    }
    for n in 0..8_000 {
        agenda.insert((6 * 3_600 + n * 5, 1, Happens::PumpsSilently));
        agenda.insert((9 * 3_600 + n * 5, 2, Happens::PumpsAndPresses));
    }
    for n in 0..1_440 {
        agenda.insert((n * 60, 5, Happens::GuessesPins));
    }
    for n in 0..400 {
        agenda.insert((3_600 + n * 30, 3, Happens::Tires));
        agenda.insert((13 * 3_600 + n * 20, 4, Happens::CallsTheWorld));
    }
    let mut taken = BTreeSet::new();
    let mut orders: u64 = 0;
    let victim = people.iter().position(|person| person.known).expect("somebody is known");
    while let Some((at_s, _, happens)) = agenda.pop_first() {
        let at = second(at_s);
        orders += 1;
        if orders.is_multiple_of(1_000) {
            day.engine.sweep(at);
            day.engine.take_alerts();
        }
        match happens {
            Happens::SignsIn { person, tries } => {
                let who = if people[person].known { "people known" } else { "people new" };
                let outcome = day.outcome();
                let ended = day.order(who, &people[person].job, outcome, at, second(0));
                // Support tells people to try again.
                if ended != Reason::KeyPressed && tries < 3 {
                    agenda.insert((at_s + 50, orders as u32, Happens::SignsIn { person, tries: tries + 1 }));
                }
            }
            Happens::PumpsSilently => {
                let n = orders;
                let order = order(
                    &format!("+22177123{:04}", n % 10_000),
                    &format!("made-up-{n}"),
                    &format!("203.0.{}.{}", n % 3, n % 250),
                );
                day.order("pumps a prefix, silent", &order, Reason::NoInput, at, second(6 * 3_600));
            }
            Happens::PumpsAndPresses => {
                let n = orders;
                let order = order(
                    &format!("+21650123{:03}", n % 1_000),
                    &format!("signed-up-{n}"),
                    &format!("203.1.{}.{}", n % 3, n % 250),
                );
                day.order("pumps a prefix, presses #", &order, Reason::KeyPressed, at, second(9 * 3_600));
            }
            Happens::Tires => {
                let order = order(&people[victim].number, &people[victim].name, "203.2.0.1");
                day.order("fatigue at night", &order, Reason::NoAnswer, at, second(3_600));
            }
            // Who answers the phone of somebody else, by a diversion for instance, and tries PINs.
            Happens::GuessesPins => {
                let verifier = json!({"algorithm": "hmac-sha256", "key_id": "pins", "tag": TAG});
                let order = json!({"to": people[victim + 1].number, "user": people[victim + 1].name,
                    "client_ip": "203.4.0.1", "mode": {"type": "pin", "verifier": verifier}});
                let job = Job::read(order.to_string().as_bytes(), "default", MIDNIGHT, 1).expect("an order");
                day.order("guesses a PIN", &job, Reason::PinWrong, at, second(0));
            }
            Happens::CallsTheWorld => {
                let region =
                    ["LV", "TN", "MA", "SN", "GE", "RS", "AL", "EG", "MV", "ZA"][orders as usize % 10];
                let number = day.number(region, &mut taken);
                let order = order(&number, &format!("w-{orders}"), "203.3.0.1");
                day.order("many countries from one address", &order, Reason::NoInput, at, second(13 * 3_600));
            }
        }
    }
    print(&day);
    let cost = |who: &str| day.tallies[who].cost;
    assert!(day.tallies["people known"].refused.is_empty(), "{:?}", day.tallies["people known"].refused);
    assert!(cost("pumps a prefix, silent") < Money(15_000_000), "{}", cost("pumps a prefix, silent"));
    assert!(cost("pumps a prefix, presses #") < Money(30_000_000), "{}", cost("pumps a prefix, presses #"));
    assert_eq!(day.tallies["fatigue at night"].rung, 5, "then only a challenge is allowed");
    assert_eq!(day.tallies["many countries from one address"].rung, 60);
    let guesses = day.tallies["guesses a PIN"].guesses;
    assert!(guesses <= 60, "{guesses} of 10,000 PINs were tried in a day");
    let new = &day.tallies["people new"];
    let refused: usize = new.refused.values().sum();
    assert!(refused * 1_000 < new.asked, "{refused} of {} new people's jobs are refused", new.asked);
}

fn print(day: &Day) {
    println!(
        "{:<34}{:>8}{:>8}{:>10}{:>10}{:>9}{:>11}  refused",
        "", "asked", "rung", "verified", "cost", "guesses", "stopped s"
    );
    for (who, tally) in &day.tallies {
        let stopped = tally.stopped_s.map_or("-".to_owned(), |s| s.to_string());
        println!(
            "{who:<34}{:>8}{:>8}{:>10}{:>10}{:>9}{stopped:>11}  {:?}",
            tally.asked,
            tally.rung,
            tally.verified,
            tally.cost.to_string(),
            tally.guesses,
            tally.refused
        );
    }
}
