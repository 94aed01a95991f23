//! The traffic of a board's link: the last few messages always, many while it
//! is watched. Bounded in number and in bytes. Shared by the I/O thread, which
//! adds frames, and the fleet's users.

mod packed;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sanitize::redact::redacted;
use web_time::SystemTime;

use packed::{FrameHead, FrameKind, PackedFrames};

/// The most frames, and the most bytes of content, while a board is watched.
const FOLLOWED: (usize, usize) = (5_000, 4 << 20);

/// How much of a message is kept, in bytes; its size is kept too.
const LONGEST: usize = 16 << 10;

/// A frame or an event of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct WireFrame {
    /// Counts from 0 for each board.
    pub number: u64,
    /// When it arrived here, or was sent.
    pub at: SystemTime,
    /// Its direction.
    pub way: Direction,
    /// The size of its payload, in bytes; without the 2 to 14 bytes of the
    /// WebSocket header (RFC 6455, section 5.2).
    pub size: usize,
    /// Whether it was encrypted: then `content` is the plain text.
    pub encrypted: bool,
    /// Its content.
    pub content: Content,
}

/// The direction of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the board.
    Out,
    /// From the board.
    In,
    /// Neither: an event of the link.
    Link,
}

/// The content of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A text message, or its beginning if it is longer than what is kept.
    Text(Arc<str>),
    /// A binary message, or its beginning.
    Binary(Arc<[u8]>),
    /// A WebSocket ping. The library answers it with a pong that is not seen
    /// here.
    Ping,
    /// A WebSocket pong.
    Pong,
    /// A connection was started, to this URL.
    Connect(Arc<str>),
    /// The WebSocket is open.
    Open,
    /// It ended, and why.
    End(Arc<str>),
}

/// The frames of one board.
#[derive(Default)]
pub struct Frames {
    inner: Mutex<Inner>,
    /// Nothing is kept.
    none: bool,
    /// Told when the board begins and ceases to be watched.
    on_follow: Option<Box<dyn Fn(bool) + Send + Sync>>,
}

#[derive(Default)]
struct Inner {
    /// The frames while the board is not watched.
    packed: PackedFrames,
    /// The frames while it is watched.
    followed: VecDeque<Arc<WireFrame>>,
    /// The size of `followed`.
    bytes: usize,
    next: u64,
    followers: usize,
    /// By watcher.
    wakes: BTreeMap<u32, Box<dyn FnOnce() + Send>>,
}

/// Watches the traffic of a board: many frames are kept as long as it lives.
pub struct Following(Arc<Frames>);

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("Frames")
            .field("kept", &(inner.packed.count + inner.followed.len()))
            .field("next", &inner.next)
            .finish_non_exhaustive()
    }
}

impl Frames {
    /// Keeps nothing.
    pub fn none() -> Self {
        Self {
            none: true,
            ..Self::default()
        }
    }

    /// Frames that are recorded elsewhere: `on_follow` is told when they are
    /// watched and when no longer.
    pub fn followed_by(on_follow: impl Fn(bool) + Send + Sync + 'static) -> Self {
        Self {
            on_follow: Some(Box::new(on_follow)),
            ..Self::default()
        }
    }

    /// Keeps many frames from now on.
    pub fn follow(self: &Arc<Self>) -> Following {
        let mut inner = self.lock();
        let begins = inner.followers == 0;
        if begins {
            inner.unpack();
        }
        inner.followers += 1;
        drop(inner);
        if begins {
            self.say_followed(true);
        }
        Following(Arc::clone(self))
    }

    fn say_followed(&self, followed: bool) {
        if let Some(on_follow) = &self.on_follow {
            on_follow(followed);
        }
    }

    /// Adds a frame that was recorded elsewhere. It gets the next number here.
    pub fn copy(&self, frame: &WireFrame) {
        let head = FrameHead {
            at: frame.at,
            way: frame.way,
            size: frame.size,
            encrypted: frame.encrypted,
            kind: frame.content.kind(),
        };
        self.keep(head, frame.content.bytes());
    }

    /// The kept frames from this number on.
    pub fn since(&self, number: u64) -> Vec<Arc<WireFrame>> {
        let mut inner = self.lock();
        if inner.followers == 0 {
            let (next, packed) = (inner.next, &mut inner.packed);
            return packed
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

    /// The number that the next frame will have.
    pub fn next_number(&self) -> u64 {
        self.lock().next
    }

    /// Calls `wake` once, with the next frame. It must neither block nor ask
    /// the fleet for boards, which wait until the frame was handled. Replaces
    /// the previous one of this watcher.
    pub fn wake_with_next(&self, watcher: u32, wake: impl FnOnce() + Send + 'static) {
        self.lock().wakes.insert(watcher, Box::new(wake));
    }

    /// Adds a frame.
    pub fn add(&self, at: SystemTime, way: Direction, size: usize, content: &Content) {
        let head = FrameHead {
            at,
            way,
            size,
            encrypted: false,
            kind: content.kind(),
        };
        self.keep(head, content.bytes());
    }

    fn keep(&self, head: FrameHead, bytes: &[u8]) {
        if self.none {
            return;
        }
        let wakes = {
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
                inner.packed.push(head, bytes);
            }
            std::mem::take(&mut inner.wakes)
        };
        for wake in wakes.into_values() {
            wake();
        }
    }

    /// Adds a text message.
    pub fn text(&self, at: SystemTime, way: Direction, text: &str) {
        self.message(at, way, false, text);
    }

    /// Adds an encrypted message with this plain text.
    pub fn encrypted(&self, at: SystemTime, way: Direction, text: &str) {
        self.message(at, way, true, text);
    }

    /// Secrets, such as a key that a board has created, are not kept.
    fn message(&self, at: SystemTime, way: Direction, encrypted: bool, text: &str) {
        if self.none {
            return;
        }
        let text = &*redacted(text);
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let head = FrameHead {
            at,
            way,
            size: text.len(),
            encrypted,
            kind: FrameKind::Text,
        };
        self.keep(head, text.get(..end).unwrap_or_default().as_bytes());
    }

    /// Adds a binary message.
    pub fn binary(&self, at: SystemTime, way: Direction, bytes: &[u8]) {
        let part = bytes.get(..bytes.len().min(LONGEST)).unwrap_or_default();
        self.keep(
            FrameHead {
                at,
                way,
                size: bytes.len(),
                encrypted: false,
                kind: FrameKind::Binary,
            },
            part,
        );
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The board is watched from now on.
    fn unpack(&mut self) {
        let packed = std::mem::take(&mut self.packed).frames(self.next);
        self.bytes = packed.iter().map(|frame| frame.content.bytes().len()).sum();
        self.followed = packed.into_iter().map(Arc::new).collect();
    }

    /// The board is no longer watched.
    fn pack(&mut self) {
        self.bytes = 0;
        let followed = std::mem::take(&mut self.followed);
        for frame in followed
            .iter()
            .skip(followed.len().saturating_sub(packed::PACKED.0))
        {
            let WireFrame {
                at,
                way,
                size,
                encrypted,
                content,
                ..
            } = &**frame;
            let head = FrameHead {
                at: *at,
                way: *way,
                size: *size,
                encrypted: *encrypted,
                kind: content.kind(),
            };
            self.packed.push(head, content.bytes());
        }
        self.wakes.clear();
    }
}

impl Following {
    /// The frames that are followed.
    pub fn frames(&self) -> &Arc<Frames> {
        &self.0
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut inner = self.0.lock();
        inner.followers = inner.followers.saturating_sub(1);
        let ends = inner.followers == 0;
        if ends {
            inner.pack();
        }
        drop(inner);
        if ends {
            self.0.say_followed(false);
        }
    }
}

impl Content {
    fn kind(&self) -> FrameKind {
        match self {
            Self::Text(_) => FrameKind::Text,
            Self::Binary(_) => FrameKind::Binary,
            Self::Ping => FrameKind::Ping,
            Self::Pong => FrameKind::Pong,
            Self::Connect(_) => FrameKind::Connect,
            Self::Open => FrameKind::Open,
            Self::End(_) => FrameKind::End,
        }
    }

    /// The part that is kept.
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) | Self::Connect(text) | Self::End(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
            Self::Ping | Self::Pong | Self::Open => &[],
        }
    }
}

impl WireFrame {
    /// Whether it is kept completely.
    pub fn is_whole(&self) -> bool {
        !matches!(self.content, Content::Text(_) | Content::Binary(_))
            || self.content.bytes().len() == self.size
    }
}
