//! Decides which entry to evict when there are too many that anyone on the
//! network can create: the least recently confirmed entry of the source with
//! the most entries. A source that floods therefore evicts its own entries
//! before those of others.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    hash::Hash,
    net::IpAddr,
    time::Instant,
};

/// The source of an entry; `None` if it is a name or unknown.
pub type Source = Option<IpAddr>;

/// Entries that may be evicted.
#[derive(Debug)]
pub struct Eviction<K> {
    entries: HashMap<K, (Instant, Source)>,
    by_source: HashMap<Source, BTreeSet<(Instant, K)>>,
    /// Every source by its number of entries and, for equal numbers, by the age
    /// of its oldest entry; the last one evicts next.
    largest: BTreeSet<(usize, Reverse<Instant>, Source)>,
}

impl<K> Default for Eviction<K> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            by_source: HashMap::new(),
            largest: BTreeSet::new(),
        }
    }
}

impl<K: Clone + Eq + Hash + Ord> Eviction<K> {
    /// Adds an entry, or records that it was just confirmed by this source.
    pub fn confirm(&mut self, key: K, now: Instant, source: Source) {
        self.remove(&key);
        self.change(source, |of| of.insert((now, key.clone())));
        self.entries.insert(key, (now, source));
    }

    /// Removes an entry; returns whether it was there.
    pub fn remove(&mut self, key: &K) -> bool {
        let Some((confirmed, source)) = self.entries.remove(key) else {
            return false;
        };
        self.change(source, |of| of.remove(&(confirmed, key.clone())));
        true
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// When this entry was last confirmed, and its source.
    pub fn get(&self, key: &K) -> Option<(Instant, Source)> {
        self.entries.get(key).copied()
    }

    /// The number of entries of a source.
    pub fn of(&self, source: Source) -> usize {
        self.by_source.get(&source).map_or(0, BTreeSet::len)
    }

    /// The least recently confirmed entry of this source.
    pub fn oldest_of(&self, source: Source) -> Option<&K> {
        self.by_source.get(&source)?.first().map(|(_, key)| key)
    }

    /// The entry to evict next.
    pub fn next(&self) -> Option<&K> {
        self.largest
            .last()
            .and_then(|(_, _, source)| self.oldest_of(*source))
    }

    /// Changes the entries of a source and updates its rank.
    fn change(&mut self, source: Source, change: impl FnOnce(&mut BTreeSet<(Instant, K)>) -> bool) {
        let place = |of: &BTreeSet<(Instant, K)>| {
            of.first()
                .map(|(oldest, _)| (of.len(), Reverse(*oldest), source))
        };
        let of = self.by_source.entry(source).or_default();
        let before = place(of);
        change(of);
        let after = place(of);
        if of.is_empty() {
            self.by_source.remove(&source);
        }
        if let Some(before) = before {
            self.largest.remove(&before);
        }
        self.largest.extend(after);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn host(number: u8) -> Source {
        Some(IpAddr::from([10, 0, 0, number]))
    }

    #[test]
    fn the_source_with_the_most_entries_loses_its_least_recently_confirmed() {
        let begin = Instant::now();
        let at = |second| begin + Duration::from_secs(second);
        let mut entries = Eviction::default();
        entries.confirm("honest", at(0), host(1));
        (1..=3)
            .zip(["a", "b", "c"])
            .for_each(|(second, key)| entries.confirm(key, at(second), host(2)));
        assert_eq!(
            (entries.next(), entries.of(host(2)), entries.len()),
            (Some(&"a"), 3, 4)
        );
        entries.confirm("a", at(4), host(2));
        assert_eq!(
            entries.next(),
            Some(&"b"),
            "once confirmed, it is no longer the oldest"
        );
        entries.confirm("a", at(5), host(3));
        assert!(entries.remove(&"b") && !entries.remove(&"b"));
        assert_eq!(
            entries.next(),
            Some(&"honest"),
            "for equal sources, the oldest entry is evicted"
        );
        assert_eq!(entries.oldest_of(host(3)), Some(&"a"));
        assert!(["honest", "a", "c"].iter().all(|key| entries.remove(key)));
        assert!(
            entries.next().is_none() && entries.largest.is_empty() && entries.by_source.is_empty()
        );
    }
}
