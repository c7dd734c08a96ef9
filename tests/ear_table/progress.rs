//! How far a row is: on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

/// What comes of each number below `count`, on all cores, in their order.
pub(crate) fn in_parallel<T: Send>(row: &str, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let style =
        ProgressStyle::with_template("{msg} {bar:40} {pos} of {len}, {elapsed}, {eta} to go").unwrap();
    let bar = ProgressBar::new(count as u64).with_style(style).with_message(row.to_owned());
    let did = |n: usize| {
        let done = work(n);
        bar.inc(1);
        done
    };
    let all = (0..count).into_par_iter().map(did).collect();
    bar.finish_and_clear();
    all
}
