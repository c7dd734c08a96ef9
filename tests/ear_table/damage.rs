//! What happens to samples on the way: lost frames, holes, slips, drift, silence that is not sent.

use crate::ear::damage::{Discontinuous, holes, lost_frames, slips};
use crate::ear::{Score, short_or_long};
use crate::table::{Required, Table, share_words};
use crate::trials::{beside, each_beside};

pub(crate) fn measure(table: &mut Table) {
    let trials = short_or_long(500, 5_000);
    let bridged = lost_frames().into_iter().chain(holes()).map(|point| (point, Required::ShareOnce(99.5)));
    for (point, required) in bridged.chain(slips().map(|point| (point, Required::Once))) {
        let scores = beside(table, &point.name, trials, |rng| point.trial(rng));
        table.beside(&point.name, required, scores);
    }
    pauses_not_sent(table, trials);
}

fn pauses_not_sent(table: &mut Table, trials: usize) {
    let name = "a key beside silence that is not sent (DTX) or comfort noise";
    let heard = each_beside(table, name, trials, |rng, _| {
        let line = Discontinuous::any(rng);
        ((line.heard(), line.expected.clone()), line.silenced())
    });
    let came: Vec<[(bool, bool); 2]> = heard
        .into_iter()
        .map(|((ours, expected), theirs)| {
            [ours, theirs].map(|heard| (heard == expected, heard.len() > expected.len()))
        })
        .collect();
    let score = |which: usize| Score {
        trials: came.len(),
        right: came.iter().filter(|came| came[which].0).count(),
        doubled: came.iter().filter(|came| came[which].1).count(),
        fired: 0,
    };
    table.share(name, Required::ShareOnce(99.9), score(0), &share_words(score(1)), Vec::new());
}
