//! Many files at once: worked on in parallel, told in order.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rayon::iter::{ParallelBridge as _, ParallelIterator as _};

/// A bar for so many files; it shows on a terminal only, and only where there is something to wait for.
pub(super) fn bar(files: usize) -> ProgressBar {
    if files < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} files, {elapsed}, {eta} to go");
    let bar = ProgressBar::new(files as u64);
    bar.enable_steady_tick(Duration::from_millis(200));
    style.map_or_else(|_| ProgressBar::hidden(), |style| bar.with_style(style))
}

/// Does `work` on every number below `count`, on all cores; hands each result to `done` as soon as all
/// before it were handed over.
pub(super) fn in_order<T: Send>(
    count: usize,
    bar: &ProgressBar,
    work: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize, T) -> io::Result<()>,
) -> io::Result<()> {
    let (tell, told) = mpsc::channel();
    let work = &work;
    rayon::in_place_scope(|scope| {
        scope.spawn(move |_| {
            // Nobody listens any more where output has failed: the rest is not worth the work.
            let numbers = (0..count).par_bridge();
            let _ = numbers.try_for_each_with(tell, |tell, index| tell.send((index, work(index))).ok());
        });
        let mut early = BTreeMap::new();
        let mut next = 0;
        for (index, result) in told {
            early.insert(index, result);
            bar.inc(1);
            while let Some(result) = early.remove(&next) {
                bar.suspend(|| done(next, result))?;
                next += 1;
            }
        }
        Ok::<(), io::Error>(())
    })?;
    bar.finish_and_clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_all_of_them() {
        let mut seen = Vec::new();
        // The first takes longest.
        let work = |index: usize| {
            std::hint::black_box((0..997 * (100 - index)).sum::<usize>());
            index
        };
        let told = in_order(100, &ProgressBar::hidden(), work, |index, result| {
            seen.push((index, result));
            Ok(())
        });
        assert!(told.is_ok());
        assert_eq!(seen, (0..100).map(|index| (index, index)).collect::<Vec<_>>());
    }

    #[test]
    fn output_that_fails_ends_the_work() {
        let failed = || Err(io::Error::from(io::ErrorKind::BrokenPipe));
        let told = in_order(10_000, &ProgressBar::hidden(), |index| index, |_, _| failed());
        assert_eq!(told.map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
    }
}
