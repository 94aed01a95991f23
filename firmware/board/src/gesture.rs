//! What a hand means at a button, told from how its contact opens and closes.
//! Reads no pin and no clock: the contact's changes come in with their time,
//! gestures come out, and [`Gestures::next_deadline`] says when time alone will
//! bring the next.
//!
//! A contact bounces; a change counts once it has stood for [`DEBOUNCE`], from
//! the moment of its first edge on. A press is told from a double press by
//! waiting for [`DOUBLE_WITHIN`] after it. Holding is told while it goes on,
//! because people wait for it.

use core::time::Duration;

/// A contact that has stood still for so long has settled. Tactile switches
/// bounce for up to 10 ms; a press lasts 50 ms and more.
pub const DEBOUNCE: Duration = Duration::from_millis(30);

/// A second press that begins within this time after the first was let go makes
/// it a double press.
pub const DOUBLE_WITHIN: Duration = Duration::from_millis(300);

/// Held for so long it is a long press.
pub const LONG_AFTER: Duration = Duration::from_secs(1);

/// Held for so long the board warns that it is about to forget everything.
pub const WARN_AFTER: Duration = Duration::from_secs(5);

/// Held for so long the board forgets everything.
pub const ERASE_AFTER: Duration = Duration::from_secs(10);

/// What a hand did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    /// Pressed once, briefly. Told [`DOUBLE_WITHIN`] after the button was let
    /// go.
    Press,
    /// Pressed twice in a row. Told when the second is let go.
    DoublePress,
    /// Held for [`LONG_AFTER`]; told while it is held.
    LongPress,
    /// Held for [`WARN_AFTER`], after [`Self::LongPress`]: show that
    /// [`Self::Erase`] comes next.
    EraseWarning,
    /// Let go after [`Self::EraseWarning`] and before [`Self::Erase`]: nothing
    /// is erased.
    EraseCancelled,
    /// Held for [`ERASE_AFTER`]: [`crate::Core::factory_reset`].
    Erase,
}

impl Gesture {
    /// The event that it is of the button on the wire, for
    /// [`crate::Core::press`]; `None` for those that are about erasing.
    pub const fn event(self) -> Option<&'static str> {
        match self {
            Self::Press => Some("press"),
            Self::DoublePress => Some("double_press"),
            Self::LongPress => Some("long_press"),
            Self::EraseWarning | Self::EraseCancelled | Self::Erase => None,
        }
    }
}

/// How far the hand has come.
#[derive(Debug, Clone, Copy)]
enum Hand {
    /// Not at the button.
    Away,
    /// On the button from the start: what it means was meant before this.
    FromBefore,
    /// Pressing.
    Down { since: Duration, second: bool },
    /// Let go after a short press: a second may follow.
    Between { since: Duration },
    /// Holding; what was told last.
    Holding { since: Duration, told: Gesture },
}

/// The contact, which may bounce.
#[derive(Debug, Clone, Copy)]
struct Contact {
    /// What counts.
    closed: bool,
    /// What was seen last.
    seen: bool,
    /// While it bounces: its first edge and its last.
    edges: Option<(Duration, Duration)>,
}

/// Recognises gestures at one button.
#[derive(Debug, Clone)]
pub struct Gestures {
    contact: Contact,
    hand: Hand,
    began: Duration,
}

impl Gestures {
    /// A button whose contact is closed now, or not. One that is held from
    /// before means nothing until it is let go.
    pub const fn new(closed: bool) -> Self {
        let hand = if closed { Hand::FromBefore } else { Hand::Away };
        Self {
            contact: Contact {
                closed,
                seen: closed,
                edges: None,
            },
            hand,
            began: Duration::ZERO,
        }
    }

    /// The contact closed (the button is pressed) or opened. Then, and when
    /// [`Self::next_deadline`] has come, ask [`Self::next_gesture`]; what is
    /// due by `now` is to be asked for before.
    pub fn contact(&mut self, now: Duration, closed: bool) {
        if closed == self.contact.seen {
            return;
        }
        self.contact.seen = closed;
        let first = self.contact.edges.map_or(now, |(first, _)| first);
        self.contact.edges = Some((first, now));
    }

    /// What the hand has done by `now`; to be asked until it answers `None`.
    pub fn next_gesture(&mut self, now: Duration) -> Option<Gesture> {
        if let Some((first, last)) = self.contact.edges {
            if now < last + DEBOUNCE {
                // Time that passes does not count as held or let go before it
                // is known which.
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

    /// When to ask [`Self::next_gesture`] without a change of the contact; to
    /// be asked again after every other call.
    pub fn next_deadline(&self) -> Option<Duration> {
        if let Some((_, last)) = self.contact.edges {
            return Some(last + DEBOUNCE);
        }
        match self.hand {
            Hand::Away | Hand::FromBefore => None,
            Hand::Between { since } => Some(since + DOUBLE_WITHIN),
            Hand::Down { since, .. } => Some(since + LONG_AFTER),
            Hand::Holding { since, told } => Some(since + next_hold(told)?.0),
        }
    }

    /// When the contact closed for the gesture that was told last; of a double
    /// press the first time.
    pub const fn began(&self) -> Duration {
        self.began
    }

    fn pressed(&mut self, at: Duration) -> Option<Gesture> {
        let second = matches!(self.hand, Hand::Between { .. });
        if !second {
            self.began = at;
        }
        self.hand = Hand::Down { since: at, second };
        None
    }

    fn released(&mut self, at: Duration) -> Option<Gesture> {
        match core::mem::replace(&mut self.hand, Hand::Away) {
            Hand::Down { second: true, .. } => Some(Gesture::DoublePress),
            Hand::Down { second: false, .. } => {
                self.hand = Hand::Between { since: at };
                None
            }
            Hand::Holding {
                told: Gesture::EraseWarning,
                ..
            } => Some(Gesture::EraseCancelled),
            Hand::Away | Hand::FromBefore | Hand::Between { .. } | Hand::Holding { .. } => None,
        }
    }

    /// What time alone brings until `now`.
    fn time_passed(&mut self, now: Duration) -> Option<Gesture> {
        match self.hand {
            Hand::Between { since } if now >= since + DOUBLE_WITHIN => {
                self.hand = Hand::Away;
                Some(Gesture::Press)
            }
            // Of a short press and one that is held, the short one is not lost.
            Hand::Down {
                since,
                second: true,
            } if now >= since + LONG_AFTER => {
                self.hand = Hand::Down {
                    since,
                    second: false,
                };
                Some(Gesture::Press)
            }
            Hand::Down {
                since,
                second: false,
            } if now >= since + LONG_AFTER => {
                self.hand = Hand::Holding {
                    since,
                    told: Gesture::LongPress,
                };
                Some(Gesture::LongPress)
            }
            Hand::Holding { since, told } => {
                let (after, next) = next_hold(told)?;
                (now >= since + after).then(|| {
                    self.hand = Hand::Holding { since, told: next };
                    next
                })
            }
            _ => None,
        }
    }
}

/// What comes after `told` where the button is held on, and how long after it
/// was pressed.
const fn next_hold(told: Gesture) -> Option<(Duration, Gesture)> {
    match told {
        Gesture::LongPress => Some((WARN_AFTER, Gesture::EraseWarning)),
        Gesture::EraseWarning => Some((ERASE_AFTER, Gesture::Erase)),
        _ => None,
    }
}
