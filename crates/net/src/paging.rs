//! Decides when a list that a board sends in pages is complete. The length that
//! a board claims is bounded: so are the number of items, the number of pages
//! and the time. Owns no socket and reads no clock.

use std::time::{Duration, Instant};

/// How long all pages of a list may take together. A board answers each within
/// milliseconds.
pub const WITHIN: Duration = Duration::from_secs(10);

/// A list that is being read.
#[derive(Debug)]
pub struct Pages<T> {
    items: Vec<T>,
    most: usize,
    end: Instant,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Request the page at this offset.
    Ask(usize),
    /// The list is complete.
    Complete,
    /// The list is too long or took too long; stop.
    Endless,
}

impl<T> Pages<T> {
    /// A list of at most `most` items.
    pub fn new(most: usize, now: Instant) -> Self {
        Self {
            items: Vec::new(),
            most,
            end: now + WITHIN,
        }
    }

    /// Adds a page of a list that claims to have `total` items. An empty page
    /// ends the list.
    pub fn add(&mut self, page: Vec<T>, total: usize, now: Instant) -> Next {
        let last = page.is_empty();
        let room = self.most - self.items.len();
        let cut = page.len() > room;
        self.items.extend(page.into_iter().take(room));
        if cut {
            Next::Endless
        } else if last || self.items.len() >= total {
            Next::Complete
        } else if self.items.len() == self.most || now >= self.end {
            Next::Endless
        } else {
            Next::Ask(self.items.len())
        }
    }

    /// The items so far.
    pub fn items(self) -> Vec<T> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_complete_at_its_total_or_at_an_empty_page() {
        let now = Instant::now();
        let mut pages = Pages::new(10, now);
        assert_eq!(pages.add(vec![1, 2], 3, now), Next::Ask(2));
        assert_eq!(pages.add(vec![3], 3, now), Next::Complete);
        assert_eq!(pages.items(), [1, 2, 3]);
        assert_eq!(
            Pages::<u8>::new(10, now).add(vec![], usize::MAX, now),
            Next::Complete
        );
        assert_eq!(Pages::new(2, now).add(vec![1, 2], 2, now), Next::Complete);
    }

    #[test]
    fn a_list_without_end_ends() {
        let now = Instant::now();
        let mut pages = Pages::new(10, now);
        let mut asked = 0;
        while pages.add(vec![0; 3], usize::MAX, now) != Next::Endless {
            asked += 1;
            assert!(asked < 5);
        }
        assert_eq!(pages.items().len(), 10);
        let mut slow = Pages::new(1_000, now);
        assert_eq!(slow.add(vec![0], usize::MAX, now + WITHIN), Next::Endless);
    }
}
