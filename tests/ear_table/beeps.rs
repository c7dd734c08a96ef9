//! Answering machines' beeps in noise; false ones are counted with the talk-off hours.

use octothorpe::dsp::progress::{Sound, TonePlan};
use rand::RngExt;

use crate::ear::beeps::{beep, beep_frequency, heard_with, signals};
use crate::ear::{Score, short_or_long};
use crate::table::{Required, Table};
use crate::trials::each;

pub(crate) fn measure(table: &mut Table) {
    let (name, trials) = ("beeps at 12 dB SNR found", short_or_long(2_000, 20_000));
    let missed = each(table.seed, name, trials, |rng, trial| {
        let plan = &TonePlan::all()[trial % TonePlan::all().len()];
        let frequency = beep_frequency(rng, plan);
        let length_ms = rng.random_range(250.0..1500.0);
        let (samples, ..) = beep(rng, frequency, length_ms, 12.0);
        let told = signals(&heard_with(plan, &samples));
        let is_found = told.len() == 1 && told[0].sound == Sound::Beep;
        (!is_found).then(|| format!("trial {trial}: {}, {frequency:.1} Hz, {length_ms:.0} ms", plan.name()))
    });
    let missed: Vec<String> = missed.into_iter().flatten().collect();
    let score = Score { trials, right: trials - missed.len(), ..Score::default() };
    table.share(name, Required::Share(99.0), score, "-", missed);
}
