//! Decides when a list that a board gives page by page is at its end. What a board says of its length is not believed without bounds: the
//! list, the number of its pages and the time for all of them end, whatever the board does. Owns no socket and reads no clock.

use std::time::{Duration, Instant};

/// How long all pages of a list may take together. A board answers each within milliseconds.
pub(crate) const WITHIN: Duration = Duration::from_secs(10);

/// A list that is being read.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    items: Vec<T>,
    most: usize,
    end: Instant,
}

/// How it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask for the page that begins here.
    Ask(usize),
    /// All of it is there.
    Complete,
    /// It is too long, or took too long; there is no use in asking further.
    Endless,
}

impl<T> Pages<T> {
    /// A list of at most so many.
    pub(crate) fn new(most: usize, now: Instant) -> Self {
        Self { items: Vec::new(), most, end: now + WITHIN }
    }

    /// Takes a page of a list that is said to have `total` items. Each page brings at least one, or it is the last.
    pub(crate) fn add(&mut self, page: Vec<T>, total: usize, now: Instant) -> Next {
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

    /// What was read.
    pub(crate) fn items(self) -> Vec<T> {
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
        assert_eq!(Pages::<u8>::new(10, now).add(vec![], usize::MAX, now), Next::Complete);
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
