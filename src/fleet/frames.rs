//! What goes over a board's link, as it goes: the last few messages always,
//! many while somebody follows. Bounded in number and in bytes. It is shared by
//! the I/O thread, which adds, and the faces, which look.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use crate::redact::redacted;

/// How many frames are kept of a board that nobody looks at, and how many bytes
/// with [`HEAD`]. A thousand boards have 3 MB then.
const PAST: (usize, usize) = (24, 3 << 10);

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
    pub way: Direction,
    /// How large its payload was, in bytes; without WebSocket's own 2 to 14
    /// (RFC 6455, section 5.2).
    pub size: usize,
    /// Whether it was encrypted: then `content` is what it said.
    pub encrypted: bool,
    /// What it was.
    pub content: Content,
}

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
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
    /// A WebSocket ping. The pong that answers it is sent below this program
    /// and not seen here.
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
    /// What is kept while nobody follows.
    past: Past,
    /// What is kept for who follows.
    followed: VecDeque<Arc<WireFrame>>,
    /// Of `followed`.
    bytes: usize,
    next: u64,
    followers: usize,
    wake: Option<Box<dyn FnOnce() + Send>>,
}

/// What a frame was, beside its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    at: SystemTime,
    way: Direction,
    size: usize,
    encrypted: bool,
    sort: Sort,
}

/// The variants of [`Content`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Text,
    Binary,
    Ping,
    Pong,
    Connect,
    Open,
    End,
}

/// How long a [`Head`] is in bytes: seconds and nanoseconds since 1970, sort,
/// way and encryption, the size, and how much of it follows.
const HEAD: usize = 8 + 4 + 1 + 4 + 4;

/// Frames as bytes, one behind the other: a thousand boards have many, and
/// hardly any is ever looked at.
#[derive(Default)]
struct Past {
    bytes: VecDeque<u8>,
    count: usize,
}

/// Keeps many frames of a board for as long as it lives.
pub struct Following(Arc<Frames>);

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("Frames")
            .field("kept", &(inner.past.count + inner.followed.len()))
            .field("next", &inner.next)
            .finish_non_exhaustive()
    }
}

impl Frames {
    /// Many frames are kept from now on.
    pub fn follow(self: &Arc<Self>) -> Following {
        let mut inner = self.lock();
        if inner.followers == 0 {
            inner.unpack();
        }
        inner.followers += 1;
        drop(inner);
        Following(Arc::clone(self))
    }

    /// The frames that are kept, from this number on.
    pub fn since(&self, number: u64) -> Vec<Arc<WireFrame>> {
        let mut inner = self.lock();
        if inner.followers == 0 {
            let (next, past) = (inner.next, &mut inner.past);
            return past
                .frames(next)
                .into_iter()
                .filter(|frame| frame.number >= number)
                .map(Arc::new)
                .collect();
        }
        let first = inner
            .followed
            .front()
            .map_or(inner.next, |frame| frame.number);
        let skip = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        inner.followed.iter().skip(skip).cloned().collect()
    }

    /// Calls `wake` once, with the next frame; it must not block. Asked again,
    /// the newest is called.
    pub fn wake_with_next(&self, wake: impl FnOnce() + Send + 'static) {
        self.lock().wake = Some(Box::new(wake));
    }

    /// Something went over the link.
    pub(super) fn add(&self, at: SystemTime, way: Direction, size: usize, content: &Content) {
        let head = Head {
            at,
            way,
            size,
            encrypted: false,
            sort: content.sort(),
        };
        self.keep(head, content.bytes());
    }

    fn keep(&self, head: Head, bytes: &[u8]) {
        let wake = {
            let mut inner = self.lock();
            let number = inner.next;
            inner.next += 1;
            if inner.followers > 0 {
                inner.bytes += bytes.len();
                inner
                    .followed
                    .push_back(Arc::new(head.frame(number, bytes)));
                inner.trim();
            } else {
                inner.past.push(head, bytes);
            }
            inner.wake.take()
        };
        if let Some(wake) = wake {
            wake();
        }
    }

    /// A text message went over the link.
    pub(super) fn text(&self, at: SystemTime, way: Direction, text: &str) {
        self.message(at, way, false, text);
    }

    /// A message went over the link, encrypted, that says this.
    pub(super) fn encrypted(&self, at: SystemTime, way: Direction, text: &str) {
        self.message(at, way, true, text);
    }

    /// A board makes a key and tells it once: it is not kept here.
    fn message(&self, at: SystemTime, way: Direction, encrypted: bool, text: &str) {
        let text = &*redacted(text);
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let head = Head {
            at,
            way,
            size: text.len(),
            encrypted,
            sort: Sort::Text,
        };
        self.keep(head, text.get(..end).unwrap_or_default().as_bytes());
    }

    /// A binary message went over the link.
    pub(super) fn binary(&self, at: SystemTime, way: Direction, bytes: &[u8]) {
        let part = bytes.get(..bytes.len().min(LONGEST)).unwrap_or_default();
        self.keep(
            Head {
                at,
                way,
                size: bytes.len(),
                encrypted: false,
                sort: Sort::Binary,
            },
            part,
        );
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn trim(&mut self) {
        let (frames, bytes) = FOLLOWED;
        while self.followed.len() > frames || (self.bytes > bytes && self.followed.len() > 1) {
            self.bytes -= self
                .followed
                .pop_front()
                .map_or(0, |frame| frame.content.bytes().len());
        }
    }

    /// Somebody follows from now on.
    fn unpack(&mut self) {
        let past = std::mem::take(&mut self.past).frames(self.next);
        self.bytes = past.iter().map(|frame| frame.content.bytes().len()).sum();
        self.followed = past.into_iter().map(Arc::new).collect();
    }

    /// Nobody follows any more.
    fn pack(&mut self) {
        self.bytes = 0;
        let followed = std::mem::take(&mut self.followed);
        for frame in followed.iter().skip(followed.len().saturating_sub(PAST.0)) {
            let WireFrame {
                at,
                way,
                size,
                encrypted,
                content,
                ..
            } = &**frame;
            let head = Head {
                at: *at,
                way: *way,
                size: *size,
                encrypted: *encrypted,
                sort: content.sort(),
            };
            self.past.push(head, content.bytes());
        }
        self.wake = None;
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut inner = self.0.lock();
        inner.followers = inner.followers.saturating_sub(1);
        if inner.followers == 0 {
            inner.pack();
        }
    }
}

impl Past {
    /// Keeps a frame, and forgets the oldest where they would be too many or
    /// too long; one is always kept.
    fn push(&mut self, head: Head, bytes: &[u8]) {
        let (frames, most) = PAST;
        let more = HEAD + bytes.len();
        while self.count >= frames || (self.count > 0 && self.bytes.len() + more > most) {
            self.forget_oldest();
        }
        // One that was longer than all may be has left.
        if self.bytes.capacity() > most && self.bytes.len() + more <= most {
            self.bytes.shrink_to(most);
        }
        if self.bytes.len() + more > self.bytes.capacity() {
            let doubled = (self.bytes.capacity() * 2)
                .min(most)
                .max(self.bytes.len() + more);
            self.bytes.reserve_exact(doubled - self.bytes.len());
        }
        self.bytes.extend(head.to_bytes(bytes.len()));
        self.bytes.extend(bytes);
        self.count += 1;
    }

    fn forget_oldest(&mut self) {
        let mut head = [0; HEAD];
        head.iter_mut()
            .zip(&self.bytes)
            .for_each(|(to, from)| *to = *from);
        let (_, kept) = Head::from_bytes(&head);
        self.bytes.drain(..(HEAD + kept).min(self.bytes.len()));
        self.count = self.count.saturating_sub(1);
    }

    /// All of them, oldest first, the last of which is the one before number
    /// `next`.
    fn frames(&mut self, next: u64) -> Vec<WireFrame> {
        let mut rest = &*self.bytes.make_contiguous();
        let mut frames = Vec::with_capacity(self.count);
        let first = next.saturating_sub(self.count as u64);
        for number in first..next {
            let Some((head, after)) = rest.split_first_chunk() else {
                break;
            };
            let (head, kept) = Head::from_bytes(head);
            let Some((bytes, after)) = after.split_at_checked(kept) else {
                break;
            };
            frames.push(head.frame(number, bytes));
            rest = after;
        }
        frames
    }
}

impl Head {
    fn frame(self, number: u64, bytes: &[u8]) -> WireFrame {
        let Self {
            at,
            way,
            size,
            encrypted,
            sort,
        } = self;
        // It was text, and was cut between letters.
        let text = || Arc::from(str::from_utf8(bytes).unwrap_or_default());
        let content = match sort {
            Sort::Text => Content::Text(text()),
            Sort::Binary => Content::Binary(bytes.into()),
            Sort::Ping => Content::Ping,
            Sort::Pong => Content::Pong,
            Sort::Connect => Content::Connect(text()),
            Sort::Open => Content::Open,
            Sort::End => Content::End(text()),
        };
        WireFrame {
            number,
            at,
            way,
            size,
            encrypted,
            content,
        }
    }

    /// Before a payload of which so many bytes are kept.
    fn to_bytes(self, kept: usize) -> [u8; HEAD] {
        let since = self
            .at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let marks = self.sort as u8 | (self.way as u8) << 3 | u8::from(self.encrypted) << 5;
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut bytes = [0; HEAD];
        let parts = [
            &since.as_secs().to_le_bytes()[..],
            &since.subsec_nanos().to_le_bytes(),
            &[marks],
            &length(self.size),
            &length(kept),
        ];
        bytes
            .iter_mut()
            .zip(parts.into_iter().flatten())
            .for_each(|(to, from)| *to = *from);
        bytes
    }

    /// What [`Head::to_bytes`] wrote.
    fn from_bytes(bytes: &[u8; HEAD]) -> (Self, usize) {
        let number = |from: usize, length: usize| {
            bytes
                .iter()
                .skip(from)
                .take(length)
                .rev()
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let length = |from| usize::try_from(number(from, 4)).unwrap_or_default();
        let since = Duration::from_secs(number(0, 8)) + Duration::from_nanos(number(8, 4));
        let marks = number(12, 1);
        let sort = match marks & 7 {
            0 => Sort::Text,
            1 => Sort::Binary,
            2 => Sort::Ping,
            3 => Sort::Pong,
            4 => Sort::Connect,
            5 => Sort::Open,
            _ => Sort::End,
        };
        let way = match marks >> 3 & 3 {
            0 => Direction::Out,
            1 => Direction::In,
            _ => Direction::Link,
        };
        let at = SystemTime::UNIX_EPOCH
            .checked_add(since)
            .unwrap_or(SystemTime::UNIX_EPOCH);
        (
            Self {
                at,
                way,
                size: length(13),
                encrypted: marks & 32 != 0,
                sort,
            },
            length(17),
        )
    }
}

impl Content {
    fn sort(&self) -> Sort {
        match self {
            Self::Text(_) => Sort::Text,
            Self::Binary(_) => Sort::Binary,
            Self::Ping => Sort::Ping,
            Self::Pong => Sort::Pong,
            Self::Connect(_) => Sort::Connect,
            Self::Open => Sort::Open,
            Self::End(_) => Sort::End,
        }
    }

    /// What of it is kept.
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) | Self::Connect(text) | Self::End(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
            Self::Ping | Self::Pong | Self::Open => &[],
        }
    }
}

impl WireFrame {
    /// Whether all of it is kept.
    pub fn is_whole(&self) -> bool {
        !matches!(self.content, Content::Text(_) | Content::Binary(_))
            || self.content.bytes().len() == self.size
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
        let add = |count: usize| {
            (0..count).for_each(|_| frames.text(SystemTime::UNIX_EPOCH, Direction::In, "{}"));
        };
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
        (0..1_000).for_each(|_| frames.text(SystemTime::UNIX_EPOCH, Direction::In, &long));
        let kept = frames.since(0);
        assert_eq!(
            (kept.len(), kept[0].size, kept[0].is_whole()),
            (256, 40_000, false)
        );
        frames.binary(SystemTime::UNIX_EPOCH, Direction::In, &[0xff; 4]);
        assert!(frames.since(1_000).iter().all(|frame| frame.is_whole()));
    }

    #[test]
    fn what_is_kept_of_a_board_that_nobody_looks_at_is_read_as_it_went() {
        let at = |second| SystemTime::UNIX_EPOCH + Duration::new(second, 123_456_789);
        let frames = Arc::new(Frames::default());
        frames.add(
            at(1),
            Direction::Link,
            0,
            &Content::Connect("ws://10.0.0.7/rpc".into()),
        );
        frames.add(at(2), Direction::Link, 0, &Content::Open);
        frames.text(at(3), Direction::Out, "{}");
        frames.encrypted(at(4), Direction::In, r#"{"name":"Lämpchen"}"#);
        frames.binary(at(5), Direction::In, &[0, 255]);
        frames.add(at(6), Direction::In, 0, &Content::Ping);
        frames.add(at(7), Direction::In, 0, &Content::Pong);
        frames.add(at(8), Direction::Link, 0, &Content::End("closed".into()));
        let frame = |number, way, size, encrypted, content| WireFrame {
            number,
            at: at(number + 1),
            way,
            size,
            encrypted,
            content,
        };
        let went = [
            frame(
                0,
                Direction::Link,
                0,
                false,
                Content::Connect("ws://10.0.0.7/rpc".into()),
            ),
            frame(1, Direction::Link, 0, false, Content::Open),
            frame(2, Direction::Out, 2, false, Content::Text("{}".into())),
            frame(
                3,
                Direction::In,
                20,
                true,
                Content::Text(r#"{"name":"Lämpchen"}"#.into()),
            ),
            frame(
                4,
                Direction::In,
                2,
                false,
                Content::Binary([0, 255][..].into()),
            ),
            frame(5, Direction::In, 0, false, Content::Ping),
            frame(6, Direction::In, 0, false, Content::Pong),
            frame(7, Direction::Link, 0, false, Content::End("closed".into())),
        ];
        let kept = |frames: &Frames| {
            frames
                .since(0)
                .iter()
                .map(|frame| (**frame).clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(kept(&frames), went);
        let following = frames.follow();
        assert_eq!(kept(&frames), went, "who follows has them too");
        drop(following);
        assert_eq!(kept(&frames), went, "and who looks later");
        assert_eq!(frames.since(6).len(), 2);
    }

    #[test]
    fn what_is_kept_of_a_board_that_nobody_looks_at_is_bounded() {
        let frames = Frames::default();
        let text =
            |length: usize| frames.text(SystemTime::UNIX_EPOCH, Direction::In, &"x".repeat(length));
        text(20_000);
        assert_eq!(
            numbers(&frames),
            [0],
            "the newest is kept, however long it is"
        );
        (0..100).for_each(|_| text(300));
        assert_eq!(numbers(&frames), (92..101).collect::<Vec<_>>());
        assert!(frames.lock().past.bytes.capacity() <= PAST.1);
    }

    #[test]
    fn who_waits_is_woken_once() {
        let frames = Frames::default();
        let woken = Arc::new(Mutex::new(0));
        let count = Arc::clone(&woken);
        frames.wake_with_next(move || *count.lock().unwrap_or_else(PoisonError::into_inner) += 1);
        (0..3).for_each(|_| frames.add(SystemTime::UNIX_EPOCH, Direction::In, 0, &Content::Ping));
        assert_eq!(*woken.lock().unwrap_or_else(PoisonError::into_inner), 1);
    }
}
