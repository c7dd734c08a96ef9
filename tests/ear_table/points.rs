//! ITU-T Q.24's points, keys anywhere inside its range, what lines add to a key, and how soon it is told.

use octothorpe::dsp::g711::Law;
use rand::RngExt;
use serde_json::{Value, json};

use crate::ear::points::{Point, accepted, measured, random_inside, refused, told};
use crate::ear::{Audio, Press, SLOT, any_key, below, reports, short_or_long};
use crate::table::{Required, Row, Table};
use crate::trials::{Beside, beside, each};

pub(crate) fn measure(table: &mut Table) {
    let (corners, edges): (Vec<Point>, Vec<Point>) =
        accepted().into_iter().partition(|point| point.name.starts_with("corner"));
    row(table, "every accepted point", Required::Share(100.0), &edges);
    row(table, "refused points left alone", Required::Share(100.0), &refused());
    row(table, "corners", Required::Share(100.0), &corners);
    row(table, "each key tone 3 dB under each dial tone", Required::Share(95.0), &named("3 dB over"));
    row(table, "hum of 50 and 60 Hz 10 dB over the key", Required::Share(99.0), &named("hum"));
    let inside = random_inside();
    let scores = beside(table, &inside.name, short_or_long(5_000, 100_000), |rng| inside.trial(rng));
    table.beside(&inside.name, Required::Share(99.99), scores);
    latency(table);
}

/// One row a point: what no row asks for.
pub(crate) fn tell(table: &mut Table) {
    let others = measured().into_iter().filter(|point| point.name.contains("under the key"));
    for point in told().into_iter().chain(others) {
        let scores = score(table, &point);
        table.beside(&point.name, Required::Told, scores);
    }
}

fn named(word: &str) -> Vec<Point> {
    measured().into_iter().filter(|point| point.name.contains(word)).collect()
}

fn score(table: &Table, point: &Point) -> Beside {
    beside(table, &point.name, short_or_long(40, 400), |rng| point.trial(rng))
}

/// Many points as one row; those that fall short are named.
fn row(table: &mut Table, name: &str, required: Required, points: &[Point]) {
    let scores: Vec<Beside> = points.iter().map(|point| score(table, point)).collect();
    let short = |(point, Beside { ours, theirs }): (&Point, &Beside)| {
        let told = format!("{}: {} of {}, SpanDSP {}", point.name, ours.right, ours.trials, theirs.right);
        (ours.right < ours.trials).then_some(told)
    };
    let details = points.iter().zip(&scores).filter_map(short).collect();
    let all = scores.iter().copied().fold(Beside::default(), Beside::plus);
    let each: Vec<Value> = points.iter().zip(&scores).map(as_json).collect();
    let mut made = table.share_row(name, required, all.ours, &crate::table::share_words(all.theirs), details);
    made.over = format!("{} points of {} trials", points.len(), all.ours.trials / points.len().max(1));
    made.figures["points"] = each.into();
    table.push(made);
}

fn as_json((point, Beside { ours, theirs }): (&Point, &Beside)) -> Value {
    json!({ "point": point.name, "trials": ours.trials, "right": ours.right, "spandsp": theirs.right })
}

fn latency(table: &mut Table) {
    let (name, trials) = ("onset to report at 20 dB SNR, p50 / p95 / max", short_or_long(2_000, 20_000));
    let late = each(table.seed, name, trials, |rng, _| {
        let (key, begin) = (any_key(rng), rng.random_range(1_100..1_300));
        let press = Press::plain(-10.0, 60.0);
        let mut audio = Audio::silence(SLOT);
        press.put(rng, &mut audio, key, begin);
        audio.noise(rng, below(press.level(), 20.0));
        let told = reports(&audio.quantised(Some(Law::Mu)));
        told.first().map(|(_, at)| (*at as f64 - begin as f64) / 8.0)
    });
    let mut late: Vec<f64> = late.into_iter().flatten().collect();
    late.sort_by(f64::total_cmp);
    let at = |share: f64| late[((late.len() - 1) as f64 * share) as usize];
    let [p50, p95, max] = [at(0.5), at(0.95), at(1.0)];
    table.push(Row {
        name: name.to_owned(),
        required: "<= 33 / 35 / 36 ms".to_owned(),
        ours: format!("{p50:.1} / {p95:.1} / {max:.1} ms"),
        met: Some(late.len() == trials && p50 <= 33.0 && p95 <= 35.0 && max <= 36.0),
        spandsp: "-".to_owned(),
        over: format!("{trials} keys"),
        figures: json!({ "p50_ms": p50, "p95_ms": p95, "max_ms": max, "told": late.len(), "trials": trials }),
        ..Row::default()
    });
}
