//! How many connections there are, and which one leaves when another comes to a full house: one that keeps its place only by
//! waiting. So strangers who say nothing cannot keep a controller from its place. Owns no socket and reads no clock.

use alloc::collections::BTreeMap;
use core::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::pin,
    task::{Context, Poll, Waker},
};

use crate::serve::Settings;

/// Connections beyond the limit, on their way out: those that make room, and those that are told that there is none.
const LEAVING: usize = 2;

/// The connections of a board.
pub(crate) struct House {
    places: usize,
    places_for_side_channels: usize,
    inside: RefCell<BTreeMap<u64, Stay>>,
    side_channels: Cell<usize>,
    /// Names guests and moments in their order.
    last_turn: Cell<u64>,
    door: RefCell<Option<Waker>>,
}

/// What a connection is doing.
enum Stay {
    /// Something that is not to be interrupted.
    Busy,
    /// Nothing, until the client sends.
    Waiting {
        /// The turn in which this began.
        since: u64,
        /// It has had an answer, and waits for another request.
        served: bool,
        waker: Option<Waker>,
    },
    /// It was waiting, and its place was given away.
    Replaced,
}

/// What a new connection meets.
pub(crate) enum Arrival<'a> {
    /// A place.
    Welcome(Guest<'a>),
    /// No place, and nobody who would only wait in one.
    Full(Guest<'a>),
}

impl House {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            places: settings.connections,
            places_for_side_channels: settings.side_channels,
            inside: RefCell::default(),
            side_channels: Cell::new(0),
            last_turn: Cell::new(0),
            door: RefCell::default(),
        }
    }

    /// Waits until a connection may be accepted, were it only to be turned away.
    pub(crate) async fn may_open(&self) {
        poll_fn(|cx| {
            if self.inside.borrow().len() < self.places + LEAVING {
                return Poll::Ready(());
            }
            *self.door.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// A connection was accepted.
    pub(crate) fn enter(&self) -> Arrival<'_> {
        let full = self.inside.borrow().len() >= self.places;
        let welcome = !full || self.replace_one();
        let number = self.turn();
        let stay = if welcome { Stay::Waiting { since: number, served: false, waker: None } } else { Stay::Busy };
        self.inside.borrow_mut().insert(number, stay);
        let guest = Guest { house: self, number };
        if welcome { Arrival::Welcome(guest) } else { Arrival::Full(guest) }
    }

    /// Gives a place away: first of those who have had their answer (RFC 9112, section 9.5: either side may close an idle
    /// connection), then of those who have not said what they want; of each the one that has waited longest.
    fn replace_one(&self) -> bool {
        let mut inside = self.inside.borrow_mut();
        let waiting = inside.values_mut().filter_map(|stay| match stay {
            Stay::Waiting { since, served, .. } => Some(((!*served, *since), stay)),
            Stay::Busy | Stay::Replaced => None,
        });
        let Some((_, stay)) = waiting.min_by_key(|(order, _)| *order) else { return false };
        if let Stay::Waiting { waker: Some(waker), .. } = core::mem::replace(stay, Stay::Replaced) {
            waker.wake();
        }
        true
    }

    fn turn(&self) -> u64 {
        self.last_turn.set(self.last_turn.get() + 1);
        self.last_turn.get()
    }
}

/// A connection in the house, until it is dropped.
pub(crate) struct Guest<'a> {
    house: &'a House,
    number: u64,
}

impl<'a> Guest<'a> {
    /// Runs `work`, which waits for the client to send. `None` where the place is given away meanwhile: the connection ends now.
    pub(crate) async fn wait<F: Future>(&self, served: bool, work: F) -> Option<F::Output> {
        let since = self.house.turn();
        self.change(Stay::Waiting { since, served, waker: None });
        let mut work = pin!(work);
        let output = poll_fn(|cx| {
            if self.is_replaced(cx) {
                return Poll::Ready(None);
            }
            work.as_mut().poll(cx).map(Some)
        })
        .await;
        self.change(Stay::Busy);
        output
    }

    /// A place for an echo or a reader of the log, while there is one: they last as long as their clients like, and may not fill the
    /// house.
    pub(crate) fn side_channel(&self) -> Option<SidePlace<'a>> {
        let house = self.house;
        if house.side_channels.get() >= house.places_for_side_channels {
            return None;
        }
        house.side_channels.set(house.side_channels.get() + 1);
        Some(SidePlace { house })
    }

    /// What has been given away stays so.
    fn change(&self, to: Stay) {
        if let Some(stay) = self.house.inside.borrow_mut().get_mut(&self.number)
            && !matches!(stay, Stay::Replaced)
        {
            *stay = to;
        }
    }

    fn is_replaced(&self, cx: &Context<'_>) -> bool {
        match self.house.inside.borrow_mut().get_mut(&self.number) {
            Some(Stay::Waiting { waker, .. }) => {
                *waker = Some(cx.waker().clone());
                false
            }
            Some(Stay::Replaced) => true,
            Some(Stay::Busy) | None => false,
        }
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.house.inside.borrow_mut().remove(&self.number);
        if let Some(waker) = self.house.door.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// A place for an echo or a reader of the log, until it is dropped.
pub(crate) struct SidePlace<'a> {
    house: &'a House,
}

impl Drop for SidePlace<'_> {
    fn drop(&mut self) {
        self.house.side_channels.set(self.house.side_channels.get() - 1);
    }
}
