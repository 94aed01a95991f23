//! What goes over a board's link, as it goes: the last few messages always, many while somebody follows. Bounded in number and in
//! bytes. It is shared by the I/O thread, which adds, and the faces, which look.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use crate::keys::without_secrets;

/// How many frames are kept, and how many bytes of them: of a board that nobody looks at. A thousand boards have 4 MB then.
const PAST: (usize, usize) = (24, 4 << 10);

/// The same while somebody follows.
const FOLLOWED: (usize, usize) = (5_000, 4 << 20);

/// So much of a message is kept, in bytes; how large it was is kept too.
const LONGEST: usize = 16 << 10;

/// Something that went over a link.
#[derive(Debug, Clone, PartialEq)]
pub struct WireFrame {
    /// Counts from 0 for each board.
    pub number: u64,
    /// When this computer had it, or gave it away.
    pub at: SystemTime,
    /// Which way it went.
    pub way: Way,
    /// How large its payload was, in bytes; without WebSocket's own 2 to 14 (RFC 6455, section 5.2).
    pub size: usize,
    /// Whether it was encrypted: then `content` is what it said.
    pub encrypted: bool,
    /// What it was.
    pub content: Content,
}

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the board.
    Out,
    /// From the board.
    In,
    /// Neither: the link began or ended.
    Link,
}

/// What a frame was.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A text message, or the beginning of one that is longer than is kept.
    Text(Arc<str>),
    /// A binary message, or its beginning.
    Binary(Arc<[u8]>),
    /// A WebSocket ping. The pong that answers it is sent below this program and not seen here.
    Ping,
    /// A WebSocket pong.
    Pong,
    /// A connection was begun, to this URL.
    Connect(Arc<str>),
    /// The WebSocket is open.
    Open,
    /// It ended, and why.
    End(Arc<str>),
}

/// The frames of one board.
#[derive(Default)]
pub struct Frames(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    kept: VecDeque<Arc<WireFrame>>,
    bytes: usize,
    next: u64,
    followers: usize,
    wake: Option<Box<dyn FnOnce() + Send>>,
}

/// Keeps many frames of a board for as long as it lives.
pub struct Following(Arc<Frames>);

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("Frames").field("kept", &inner.kept.len()).field("next", &inner.next).finish_non_exhaustive()
    }
}

impl Frames {
    /// Many frames are kept from now on.
    pub fn follow(self: &Arc<Self>) -> Following {
        self.lock().followers += 1;
        Following(Arc::clone(self))
    }

    /// The frames that are kept, from this number on.
    pub fn since(&self, number: u64) -> Vec<Arc<WireFrame>> {
        let inner = self.lock();
        let first = inner.kept.front().map_or(inner.next, |frame| frame.number);
        let skip = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        inner.kept.iter().skip(skip).cloned().collect()
    }

    /// Calls `wake` once, with the next frame; it must not block. Asked again, the newest is called.
    pub fn wake_with_next(&self, wake: impl FnOnce() + Send + 'static) {
        self.lock().wake = Some(Box::new(wake));
    }

    /// Something went over the link.
    pub(super) fn add(&self, at: SystemTime, way: Way, size: usize, content: Content) {
        self.keep(at, way, size, false, content);
    }

    fn keep(&self, at: SystemTime, way: Way, size: usize, encrypted: bool, content: Content) {
        let wake = {
            let mut inner = self.lock();
            let number = inner.next;
            inner.next += 1;
            let frame = WireFrame { number, at, way, size, encrypted, content };
            inner.bytes += frame.held();
            inner.kept.push_back(Arc::new(frame));
            inner.trim();
            inner.wake.take()
        };
        if let Some(wake) = wake {
            wake();
        }
    }

    /// A text message went over the link.
    pub(super) fn text(&self, at: SystemTime, way: Way, text: &str) {
        self.message(at, way, false, text);
    }

    /// A message went over the link, encrypted, that says this.
    pub(super) fn encrypted(&self, at: SystemTime, way: Way, text: &str) {
        self.message(at, way, true, text);
    }

    /// A board makes a key and tells it once: it is not kept here.
    fn message(&self, at: SystemTime, way: Way, encrypted: bool, text: &str) {
        let text = &*without_secrets(text);
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.keep(at, way, text.len(), encrypted, Content::Text(text.get(..end).unwrap_or_default().into()));
    }

    /// A binary message went over the link.
    pub(super) fn binary(&self, at: SystemTime, way: Way, bytes: &[u8]) {
        let part = bytes.get(..bytes.len().min(LONGEST)).unwrap_or_default();
        self.add(at, way, bytes.len(), Content::Binary(part.into()));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn trim(&mut self) {
        let (frames, bytes) = if self.followers > 0 { FOLLOWED } else { PAST };
        while self.kept.len() > frames || (self.bytes > bytes && self.kept.len() > 1) {
            self.bytes -= self.kept.pop_front().map_or(0, |frame| frame.held());
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut inner = self.0.lock();
        inner.followers = inner.followers.saturating_sub(1);
        inner.trim();
        if inner.followers == 0 {
            inner.kept.shrink_to_fit();
            inner.wake = None;
        }
    }
}

impl WireFrame {
    /// The bytes of it that are kept.
    fn held(&self) -> usize {
        match &self.content {
            Content::Text(text) | Content::Connect(text) | Content::End(text) => text.len(),
            Content::Binary(bytes) => bytes.len(),
            Content::Ping | Content::Pong | Content::Open => 0,
        }
    }

    /// Whether all of it is kept.
    pub fn is_whole(&self) -> bool {
        !matches!(self.content, Content::Text(_) | Content::Binary(_)) || self.held() == self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(frames: &Frames) -> Vec<u64> {
        frames.since(0).iter().map(|frame| frame.number).collect()
    }

    #[test]
    fn a_few_are_always_kept_and_many_while_somebody_follows() {
        let frames = Arc::new(Frames::default());
        let add = |count: usize| (0..count).for_each(|_| frames.text(SystemTime::UNIX_EPOCH, Way::In, "{}"));
        add(100);
        assert_eq!(numbers(&frames), (76..100).collect::<Vec<_>>());
        let following = frames.follow();
        add(6_000);
        assert_eq!(numbers(&frames).len(), 5_000);
        assert_eq!(frames.since(6_098).len(), 2);
        drop(following);
        assert_eq!(numbers(&frames).len(), 24);
    }

    #[test]
    fn bytes_are_bounded_and_a_long_message_is_cut_between_letters() {
        let frames = Arc::new(Frames::default());
        let _following = frames.follow();
        let long = "ä".repeat(20_000);
        (0..1_000).for_each(|_| frames.text(SystemTime::UNIX_EPOCH, Way::In, &long));
        let kept = frames.since(0);
        assert_eq!((kept.len(), kept[0].size, kept[0].is_whole()), (256, 40_000, false));
        frames.binary(SystemTime::UNIX_EPOCH, Way::In, &[0xff; 4]);
        assert!(frames.since(1_000).iter().all(|frame| frame.is_whole()));
    }

    #[test]
    fn who_waits_is_woken_once() {
        let frames = Frames::default();
        let woken = Arc::new(Mutex::new(0));
        let count = Arc::clone(&woken);
        frames.wake_with_next(move || *count.lock().unwrap_or_else(PoisonError::into_inner) += 1);
        (0..3).for_each(|_| frames.add(SystemTime::UNIX_EPOCH, Way::In, 0, Content::Ping));
        assert_eq!(*woken.lock().unwrap_or_else(PoisonError::into_inner), 1);
    }
}
