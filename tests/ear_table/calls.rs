//! Keys as real calls carry them.

use octothorpe::dsp::units::Samples;

use crate::ear::calls::{Call, prompts};
use crate::ear::{Score, short_or_long, wav};
use crate::table::{Required, Table, share_words, wrong};
use crate::trials::{each, each_beside};

pub(crate) fn measure(table: &mut Table) {
    lone_hash(table);
    zero_hash(table);
}

/// 65 to 400 ms, twist -6 to +3 dB, either law, our prompt 9 to 30 dB down, 0 to 2 % lost.
fn lone_hash(table: &mut Table) {
    let (name, trials) = ("`#` in a realistic call, once and only once", short_or_long(2_000, 20_000));
    let prompts = prompts();
    let came = each_beside(table, name, trials, |rng, trial| {
        let call = Call::with_keys(rng, "#", &prompts);
        let heard = call.hear();
        if heard.keys != "#" {
            keep("hash", trial, &call);
        }
        (heard.keys, call.silenced())
    });
    let score = |of: fn(&(String, String)) -> &str| Score {
        trials,
        right: came.iter().filter(|keys| of(keys) == "#").count(),
        doubled: came.iter().filter(|keys| of(keys).matches('#').count() > 1).count(),
        fired: 0,
    };
    let beside = share_words(score(|(_, theirs)| theirs));
    let wrong = came.iter().enumerate().filter(|(_, (ours, _))| ours != "#");
    let wrong = wrong.map(|(trial, (ours, _))| format!("trial {trial}: heard '{ours}'")).collect();
    table.share(name, Required::ShareOnce(99.95), score(|(ours, _)| ours), &beside, wrong);
}

/// The fraud report under the same conditions: it must never pass for an approval.
fn zero_hash(table: &mut Table) {
    let (name, trials) = ("`0#` in a realistic call", short_or_long(2_000, 20_000));
    let prompts = prompts();
    let heard = each(table.seed, name, trials, |rng, trial| {
        let call = Call::with_keys(rng, "0#", &prompts);
        let heard = call.hear();
        if heard.keys != "0#" {
            keep("zero-hash", trial, &call);
        }
        heard
    });
    let lone: Vec<String> = heard
        .iter()
        .enumerate()
        .filter(|(_, heard)| heard.is_lone_hash())
        .map(|(trial, heard)| format!("trial {trial}: heard '{}', {:?}", heard.keys, heard.traces))
        .collect();
    table.none("`0#` told as a lone `#`", lone.len(), trials, "-", lone);
    let doubled = heard.iter().filter(|heard| heard.keys.len() > 2).count();
    let right = heard.iter().filter(|heard| heard.keys == "0#").count();
    let wrong = heard
        .iter()
        .enumerate()
        .filter(|(_, heard)| heard.keys != "0#")
        .map(|(trial, heard)| format!("trial {trial}: heard '{}'{}", heard.keys, traced(&heard.traces)))
        .collect();
    let score = Score { trials, right, fired: 0, doubled };
    table.share("`0#` told as `0#`", Required::Share(99.9), score, "-", wrong);
}

/// Keeps a call that went wrong for `replay --picture`: what arrived, and what was played.
fn keep(name: &str, trial: usize, call: &Call) {
    wav::write(&wrong(&format!("{name}-{trial}")), &call.silenced());
    wav::write(&wrong(&format!("{name}-{trial}-played")), &call.played);
}

fn traced(traces: &[Samples]) -> &'static str {
    if traces.is_empty() { "" } else { " and a trace" }
}
