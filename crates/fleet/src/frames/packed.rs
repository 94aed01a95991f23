//! Frames of a board that is not watched, packed one after the other: a
//! thousand boards have many, and hardly any is ever looked at.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use web_time::SystemTime;

use super::{Content, Direction, WireFrame};

/// The most frames, and the most bytes with [`HEAD`]. A thousand boards need
/// 2 MB.
pub(super) const PACKED: (usize, usize) = (16, 2 << 10);

/// A frame without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) at: SystemTime,
    pub(super) way: Direction,
    pub(super) size: usize,
    pub(super) encrypted: bool,
    pub(super) kind: FrameKind,
}

/// The variants of [`Content`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    Text,
    Binary,
    Ping,
    Pong,
    Connect,
    Open,
    End,
}

/// The packed size of a [`FrameHead`]: seconds and nanoseconds since 1970;
/// kind, direction and encryption; the size; and how much of the content
/// follows.
const HEAD: usize = 8 + 4 + 1 + 4 + 4;

/// Packed frames, oldest first.
#[derive(Default)]
pub(super) struct PackedFrames {
    pub(super) bytes: VecDeque<u8>,
    pub(super) count: usize,
}

impl PackedFrames {
    /// Adds a frame, and drops the oldest ones if they are too many or too
    /// long; the newest is always kept.
    pub(super) fn push(&mut self, head: FrameHead, bytes: &[u8]) {
        let (frames, most) = PACKED;
        let more = HEAD + bytes.len();
        while self.count >= frames || (self.count > 0 && self.bytes.len() + more > most) {
            self.drop_oldest();
        }
        // A frame longer than the limit was dropped.
        if self.bytes.capacity() > most && self.bytes.len() + more <= most {
            self.bytes.shrink_to(most);
        }
        if self.bytes.len() + more > self.bytes.capacity() {
            let doubled = (self.bytes.capacity() * 2)
                .min(most)
                .max(self.bytes.len() + more);
            self.bytes.reserve_exact(doubled - self.bytes.len());
        }
        self.bytes.extend(&head.to_bytes(bytes.len()));
        self.bytes.extend(bytes);
        self.count += 1;
    }

    fn drop_oldest(&mut self) {
        let mut head = [0; HEAD];
        head.iter_mut()
            .zip(&self.bytes)
            .for_each(|(to, from)| *to = *from);
        let (_, kept) = FrameHead::from_bytes(&head);
        self.bytes.drain(..(HEAD + kept).min(self.bytes.len()));
        self.count = self.count.saturating_sub(1);
    }

    /// All frames, oldest first; the last one has the number before `next`.
    pub(super) fn frames(&mut self, next: u64) -> Vec<WireFrame> {
        let mut rest = &*self.bytes.make_contiguous();
        let mut frames = Vec::with_capacity(self.count);
        let first = next.saturating_sub(self.count as u64);
        for number in first..next {
            let Some((head, after)) = rest.split_first_chunk() else {
                break;
            };
            let (head, kept) = FrameHead::from_bytes(head);
            let Some((bytes, after)) = after.split_at_checked(kept) else {
                break;
            };
            frames.push(head.frame(number, bytes));
            rest = after;
        }
        frames
    }
}

impl FrameHead {
    pub(super) fn frame(self, number: u64, bytes: &[u8]) -> WireFrame {
        let Self {
            at,
            way,
            size,
            encrypted,
            kind,
        } = self;
        // Text is cut between characters.
        let text = || Arc::from(str::from_utf8(bytes).unwrap_or_default());
        let content = match kind {
            FrameKind::Text => Content::Text(text()),
            FrameKind::Binary => Content::Binary(bytes.into()),
            FrameKind::Ping => Content::Ping,
            FrameKind::Pong => Content::Pong,
            FrameKind::Connect => Content::Connect(text()),
            FrameKind::Open => Content::Open,
            FrameKind::End => Content::End(text()),
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

    /// Packed, with the number of content bytes that follow.
    fn to_bytes(self, kept: usize) -> [u8; HEAD] {
        let since = self
            .at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let marks = self.kind as u8 | (self.way as u8) << 3 | u8::from(self.encrypted) << 5;
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

    /// The reverse of [`FrameHead::to_bytes`], with the kept bytes.
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
        let kind = match marks & 7 {
            0 => FrameKind::Text,
            1 => FrameKind::Binary,
            2 => FrameKind::Ping,
            3 => FrameKind::Pong,
            4 => FrameKind::Connect,
            5 => FrameKind::Open,
            _ => FrameKind::End,
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
                kind,
            },
            length(17),
        )
    }
}
