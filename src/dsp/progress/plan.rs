//! What each country's exchanges play while a call is set up, as one flat table.

use super::Sound;
use crate::dsp::units::{Dbm0, Hz};

/// One tone of a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProgressTone {
    /// What it says.
    pub sound: Sound,
    /// The frequencies that sound together: one or two, the lower first.
    pub frequencies: &'static [Hz],
    /// From the faintest to the loudest that is taken for it, all frequencies together.
    pub levels: [Dbm0; 2],
    /// How long it is on, off, on, off …, in ms, and again from the start; empty where it goes on
    /// without a pause.
    pub cadence: &'static [u16],
}

/// The tones of a country, or of all the countries that share them.
///
/// ```
/// use octothorpe::dsp::progress::TonePlan;
///
/// assert_eq!(TonePlan::for_region("CA").name(), "US");
/// assert_eq!(TonePlan::for_region("PT").name(), "425", "most of the world");
/// assert!(TonePlan::named("Atlantis").is_none());
/// assert!(TonePlan::names().any(|name| name == "GB"));
/// ```
#[derive(Debug, PartialEq)]
pub struct TonePlan {
    name: &'static str,
    regions: &'static [&'static str],
    tones: &'static [ProgressTone],
}

impl TonePlan {
    /// Every plan, the generic one last.
    pub fn all() -> &'static [TonePlan] {
        PLANS
    }

    /// The names of all plans.
    pub fn names() -> impl Iterator<Item = &'static str> {
        PLANS.iter().map(TonePlan::name)
    }

    /// The plan of that name, whatever the case of its letters.
    pub fn named(name: &str) -> Option<&'static TonePlan> {
        PLANS.iter().find(|plan| plan.name.eq_ignore_ascii_case(name))
    }

    /// The plan of an ISO 3166 region; where the table has none, that of a single 425 Hz, which
    /// ITU-T E.180 asks of new exchanges and most countries have.
    pub fn for_region(region: &str) -> &'static TonePlan {
        let has = |plan: &&TonePlan| plan.regions.iter().any(|own| own.eq_ignore_ascii_case(region));
        PLANS.iter().find(has).unwrap_or(&GENERIC)
    }

    /// The region after which it is called, or `425`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its tones.
    pub fn tones(&self) -> &'static [ProgressTone] {
        self.tones
    }

    /// True of a frequency that is this close to one of the plan's.
    pub(super) fn is_near(&self, frequency: Hz, distance: Hz) -> bool {
        let mut all = self.tones.iter().flat_map(|tone| tone.frequencies);
        all.any(|own| (own.0 - frequency.0).abs() <= distance.0)
    }
}

/// ITU-T E.180 has exchanges play at about −10 dBm0; the rest is what lines lose, and PBXs add.
const AUDIBLE: [Dbm0; 2] = [Dbm0(-40.0), Dbm0(0.0)];

const HZ_400: &[Hz] = &[Hz(400.0)];
const HZ_425: &[Hz] = &[Hz(425.0)];
const HZ_440: &[Hz] = &[Hz(440.0)];
const HZ_350_440: &[Hz] = &[Hz(350.0), Hz(440.0)];
const HZ_384_416: &[Hz] = &[Hz(384.0), Hz(416.0)];
const HZ_400_450: &[Hz] = &[Hz(400.0), Hz(450.0)];
const HZ_440_480: &[Hz] = &[Hz(440.0), Hz(480.0)];
const HZ_480_620: &[Hz] = &[Hz(480.0), Hz(620.0)];

const fn row(sound: Sound, frequencies: &'static [Hz], cadence: &'static [u16]) -> ProgressTone {
    ProgressTone { sound, frequencies, levels: AUDIBLE, cadence }
}

const fn plan(
    name: &'static str,
    regions: &'static [&'static str],
    tones: &'static [ProgressTone],
) -> TonePlan {
    TonePlan { name, regions, tones }
}

/// ITU-T E.180 Supplement 2, "Various tones used in national networks".
///
/// The special information tone is the same everywhere (ITU-T E.180) and has no row.
static PLANS: &[TonePlan] = &[
    plan(
        "US",
        &["US", "CA", "PR", "DO", "JM", "BS", "BB", "TT"],
        &[
            row(Sound::DialTone, HZ_350_440, &[]),
            row(Sound::Ringback, HZ_440_480, &[2000, 4000]),
            row(Sound::Busy, HZ_480_620, &[500, 500]),
            row(Sound::Reorder, HZ_480_620, &[250, 250]),
            row(Sound::Reorder, HZ_480_620, &[300, 200]),
            row(Sound::Reorder, HZ_480_620, &[200, 300]),
        ],
    ),
    plan(
        "GB",
        &["GB", "IM", "JE", "GG"],
        &[
            row(Sound::DialTone, HZ_350_440, &[]),
            row(Sound::Ringback, HZ_400_450, &[400, 200, 400, 2000]),
            row(Sound::Busy, HZ_400, &[375, 375]),
            row(Sound::Reorder, HZ_400, &[400, 350, 225, 525]),
            // "Number unobtainable": no call will come of it either.
            row(Sound::Reorder, HZ_400, &[]),
        ],
    ),
    plan(
        "FR",
        &["FR", "MC", "RE", "GP", "MQ", "GF"],
        &[
            row(Sound::DialTone, HZ_440, &[]),
            row(Sound::Ringback, HZ_440, &[1500, 3500]),
            row(Sound::Busy, HZ_440, &[500, 500]),
            row(Sound::Reorder, HZ_440, &[250, 250]),
        ],
    ),
    plan(
        "DE",
        &["DE"],
        &[
            row(Sound::DialTone, HZ_425, &[]),
            row(Sound::Ringback, HZ_425, &[1000, 4000]),
            row(Sound::Busy, HZ_425, &[480, 480]),
            row(Sound::Reorder, HZ_425, &[240, 240]),
        ],
    ),
    plan(
        "ES",
        &["ES", "AD"],
        &[
            row(Sound::DialTone, HZ_425, &[]),
            row(Sound::Ringback, HZ_425, &[1500, 3000]),
            row(Sound::Busy, HZ_425, &[200, 200]),
            row(Sound::Reorder, HZ_425, &[200, 200, 200, 200, 200, 600]),
        ],
    ),
    plan(
        "IT",
        &["IT", "SM", "VA"],
        &[
            row(Sound::DialTone, HZ_425, &[200, 200, 600, 1000]),
            row(Sound::Ringback, HZ_425, &[1000, 4000]),
            row(Sound::Busy, HZ_425, &[500, 500]),
            row(Sound::Reorder, HZ_425, &[200, 200]),
        ],
    ),
    plan(
        "JP",
        &["JP"],
        &[
            row(Sound::DialTone, HZ_400, &[]),
            // 400 Hz modulated by 16 Hz.
            row(Sound::Ringback, HZ_384_416, &[1000, 2000]),
            row(Sound::Busy, HZ_400, &[500, 500]),
            row(Sound::Reorder, HZ_400, &[250, 250]),
        ],
    ),
    GENERIC,
];

const GENERIC: TonePlan = plan(
    "425",
    &[],
    &[
        row(Sound::DialTone, HZ_425, &[]),
        row(Sound::Ringback, HZ_425, &[1000, 4000]),
        row(Sound::Busy, HZ_425, &[500, 500]),
        row(Sound::Reorder, HZ_425, &[250, 250]),
        row(Sound::Reorder, HZ_425, &[200, 200]),
    ],
);
