//! A table of bounded size, one entry a person, that forgets first what no limit needs any more.

use std::collections::HashMap;

use super::mark::Mark;
use crate::job::UnixMs;

/// What knows until when it matters.
pub(super) trait Fades {
    /// Nothing hangs on it after this moment.
    fn needed_until(&self) -> UnixMs;
}

/// Entries by mark. When it is full the entries that are needed for the shortest time go.
#[derive(Debug)]
pub(super) struct Table<T> {
    entries: HashMap<Mark, T>,
    most: usize,
}

impl<T: Fades> Table<T> {
    /// A table of at most so many entries.
    pub(super) fn new(most: usize) -> Table<T> {
        Table { entries: HashMap::new(), most }
    }

    /// The entry of this mark.
    pub(super) fn get(&self, mark: Mark) -> Option<&T> {
        self.entries.get(&mark)
    }

    /// The entry of this mark, to be changed.
    pub(super) fn get_mut(&mut self, mark: Mark) -> Option<&mut T> {
        self.entries.get_mut(&mark)
    }

    /// The entry of this mark, made if there is none.
    pub(super) fn entry(&mut self, mark: Mark, now: UnixMs) -> &mut T
    where
        T: Default,
    {
        if self.entries.len() >= self.most && !self.entries.contains_key(&mark) {
            self.make_room(now);
        }
        self.entries.entry(mark).or_default()
    }

    /// Sets the entry of this mark.
    pub(super) fn insert(&mut self, mark: Mark, value: T, now: UnixMs) {
        if self.entries.len() >= self.most && !self.entries.contains_key(&mark) {
            self.make_room(now);
        }
        self.entries.insert(mark, value);
    }

    /// Drops the entry of this mark.
    pub(super) fn remove(&mut self, mark: Mark) -> Option<T> {
        self.entries.remove(&mark)
    }

    /// Drops what no limit needs any more.
    pub(super) fn sweep(&mut self, now: UnixMs) {
        self.entries.retain(|_, entry| entry.needed_until() > now);
        if self.entries.capacity() > 4 * self.entries.len() + 64 {
            self.entries.shrink_to_fit();
        }
    }

    /// An eighth at a time, so that the work is spread over as many new entries.
    fn make_room(&mut self, now: UnixMs) {
        self.sweep(now);
        let target = self.most - self.most.div_ceil(8);
        if self.entries.len() <= target {
            return;
        }
        let mut ends: Vec<UnixMs> = self.entries.values().map(Fades::needed_until).collect();
        let excess = ends.len() - target;
        let (_, last_to_go, _) = ends.select_nth_unstable(excess - 1);
        let last_to_go = *last_to_go;
        let mut left = excess;
        self.entries.retain(|_, entry| {
            let goes = left > 0 && entry.needed_until() <= last_to_go;
            left -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::mark::Marker;

    #[derive(Default)]
    struct Until(UnixMs);

    impl Fades for Until {
        fn needed_until(&self) -> UnixMs {
            self.0
        }
    }

    #[test]
    fn a_full_table_forgets_what_is_needed_for_the_shortest_time() {
        let marker = Marker::new(&[0; 32]);
        let mark = |n: u64| marker.user("t", &n.to_string());
        let mut table = Table::new(100);
        for n in 0..1_000 {
            table.insert(mark(n), Until(UnixMs(10_000 + n)), UnixMs(0));
            assert!(table.entries.len() <= 100);
        }
        assert!(table.get(mark(999)).is_some() && table.get(mark(0)).is_none());
        table.sweep(UnixMs(10_998));
        assert_eq!(table.entries.len(), 1);
    }
}
