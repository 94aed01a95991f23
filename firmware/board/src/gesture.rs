//! Recognizes gestures at a button from how its contact opens and closes. Reads
//! no pin and no clock: edges go in with their time, gestures come out, and
//! [`Gestures::next_deadline`] says when one may come without an edge.
//!
//! A contact bounces: a change counts once it is stable for [`DEBOUNCE`], and
//! is dated to its first edge. To tell a press from a double press, a press is
//! reported [`DOUBLE_WITHIN`] after the release. A long press is reported while
//! the button is held, because people wait for it.

use core::time::Duration;

/// A contact that is stable for this long has settled. Tactile switches bounce
/// for up to 10 ms; a press takes 50 ms or more.
pub const DEBOUNCE: Duration = Duration::from_millis(30);

/// A second press that begins within this time after the release of the first
/// makes a double press.
pub const DOUBLE_WITHIN: Duration = Duration::from_millis(300);

/// A button that is held for this long is a long press.
pub const LONG_AFTER: Duration = Duration::from_secs(1);

/// A button that is held for this long announces that the board will be erased.
pub const WARN_AFTER: Duration = Duration::from_secs(5);

/// A button that is held for this long erases the board.
pub const ERASE_AFTER: Duration = Duration::from_secs(10);

/// A gesture at a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    /// Pressed once, briefly. Reported [`DOUBLE_WITHIN`] after the release.
    Press,
    /// Pressed twice in a row. Reported at the second release.
    DoublePress,
    /// Held for [`LONG_AFTER`]. Reported while it is held.
    LongPress,
    /// Held for [`WARN_AFTER`], after [`Self::LongPress`]: show that
    /// [`Self::Erase`] comes next.
    EraseWarning,
    /// Released after [`Self::EraseWarning`] and before [`Self::Erase`]:
    /// nothing is erased.
    EraseCanceled,
    /// Held for [`ERASE_AFTER`]: [`crate::Core::factory_reset`].
    Erase,
}

impl Gesture {
    /// The button's event on the wire, for [`crate::Core::press`]; `None` for
    /// gestures that are about erasing.
    pub const fn event(self) -> Option<&'static str> {
        match self {
            Self::Press => Some("press"),
            Self::DoublePress => Some("double_press"),
            Self::LongPress => Some("long_press"),
            Self::EraseWarning | Self::EraseCanceled | Self::Erase => None,
        }
    }
}

/// The stage of a gesture.
#[derive(Debug, Clone, Copy)]
enum GestureStage {
    /// The button is released.
    Idle,
    /// Held since before this began: ignored until it is released.
    Ignored,
    /// Pressed.
    Down { since: Duration, second: bool },
    /// Released after a short press: a second may follow.
    Released { since: Duration },
    /// Held, with the gesture that was reported last.
    Holding { since: Duration, reported: Gesture },
}

/// The contact of a button.
#[derive(Debug, Clone, Copy)]
struct Contact {
    /// The debounced level.
    closed: bool,
    /// The level at the last edge.
    seen: bool,
    /// While it bounces: its first and its last edge.
    edges: Option<(Duration, Duration)>,
}

/// Recognizes gestures at one button.
#[derive(Debug, Clone)]
pub struct Gestures {
    contact: Contact,
    stage: GestureStage,
    began: Duration,
}

impl Gestures {
    /// A button whose contact is closed now, or not. A button that is already
    /// held is ignored until it is released.
    pub const fn new(closed: bool) -> Self {
        let stage = if closed {
            GestureStage::Ignored
        } else {
            GestureStage::Idle
        };
        Self {
            contact: Contact {
                closed,
                seen: closed,
                edges: None,
            },
            stage,
            began: Duration::ZERO,
        }
    }

    /// The contact closed (the button is pressed) or opened. Take the gestures
    /// that are due by `now` before this, and again afterwards and at
    /// [`Self::next_deadline`].
    pub fn contact(&mut self, now: Duration, closed: bool) {
        if closed == self.contact.seen {
            return;
        }
        self.contact.seen = closed;
        let first = self.contact.edges.map_or(now, |(first, _)| first);
        self.contact.edges = Some((first, now));
    }

    /// The next gesture that is complete by `now`. Ask until it returns `None`.
    pub fn next_gesture(&mut self, now: Duration) -> Option<Gesture> {
        if let Some((first, last)) = self.contact.edges {
            if now < last + DEBOUNCE {
                // While the contact bounces, it is not known whether it is
                // held.
                return self.time_passed(first);
            }
            if let Some(gesture) = self.time_passed(first) {
                return Some(gesture);
            }
            self.contact.edges = None;
            if self.contact.seen != self.contact.closed {
                self.contact.closed = self.contact.seen;
                let gesture = if self.contact.closed {
                    self.pressed(first)
                } else {
                    self.released(first)
                };
                return gesture.or_else(|| self.time_passed(now));
            }
        }
        self.time_passed(now)
    }

    /// When to ask [`Self::next_gesture`] without an edge. Changes with every
    /// call of another method.
    pub fn next_deadline(&self) -> Option<Duration> {
        if let Some((_, last)) = self.contact.edges {
            return Some(last + DEBOUNCE);
        }
        match self.stage {
            GestureStage::Idle | GestureStage::Ignored => None,
            GestureStage::Released { since } => Some(since + DOUBLE_WITHIN),
            GestureStage::Down { since, .. } => Some(since + LONG_AFTER),
            GestureStage::Holding { since, reported } => Some(since + next_hold(reported)?.0),
        }
    }

    /// When the contact closed for the gesture that was reported last. For a
    /// double press, the first time.
    pub const fn began(&self) -> Duration {
        self.began
    }

    fn pressed(&mut self, at: Duration) -> Option<Gesture> {
        let second = matches!(self.stage, GestureStage::Released { .. });
        if !second {
            self.began = at;
        }
        self.stage = GestureStage::Down { since: at, second };
        None
    }

    fn released(&mut self, at: Duration) -> Option<Gesture> {
        match core::mem::replace(&mut self.stage, GestureStage::Idle) {
            GestureStage::Down { second: true, .. } => Some(Gesture::DoublePress),
            GestureStage::Down { second: false, .. } => {
                self.stage = GestureStage::Released { since: at };
                None
            }
            GestureStage::Holding {
                reported: Gesture::EraseWarning,
                ..
            } => Some(Gesture::EraseCanceled),
            GestureStage::Idle
            | GestureStage::Ignored
            | GestureStage::Released { .. }
            | GestureStage::Holding { .. } => None,
        }
    }

    /// The gesture that is due by `now` without an edge.
    fn time_passed(&mut self, now: Duration) -> Option<Gesture> {
        match self.stage {
            GestureStage::Released { since } if now >= since + DOUBLE_WITHIN => {
                self.stage = GestureStage::Idle;
                Some(Gesture::Press)
            }
            // A short press and one that is held: report the short one too.
            GestureStage::Down {
                since,
                second: true,
            } if now >= since + LONG_AFTER => {
                self.stage = GestureStage::Down {
                    since,
                    second: false,
                };
                Some(Gesture::Press)
            }
            GestureStage::Down {
                since,
                second: false,
            } if now >= since + LONG_AFTER => {
                self.stage = GestureStage::Holding {
                    since,
                    reported: Gesture::LongPress,
                };
                Some(Gesture::LongPress)
            }
            GestureStage::Holding { since, reported } => {
                let (after, next) = next_hold(reported)?;
                (now >= since + after).then(|| {
                    self.stage = GestureStage::Holding {
                        since,
                        reported: next,
                    };
                    next
                })
            }
            _ => None,
        }
    }
}

/// The gesture after `reported` if the button stays held, and the time from the
/// press to it.
const fn next_hold(reported: Gesture) -> Option<(Duration, Gesture)> {
    match reported {
        Gesture::LongPress => Some((WARN_AFTER, Gesture::EraseWarning)),
        Gesture::EraseWarning => Some((ERASE_AFTER, Gesture::Erase)),
        _ => None,
    }
}
