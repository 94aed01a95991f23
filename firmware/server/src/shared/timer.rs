//! The task that runs the board's deadlines.

use core::{
    future::{pending, poll_fn},
    task::{Poll, Waker},
    time::Duration,
};

use board::Hardware;
use embassy_futures::select::select;

use super::{Shared, wake};
use crate::clock::Clock;

/// When the timer's task runs next.
#[derive(Default)]
pub(super) struct Timer {
    /// `None` is never.
    set_for: Option<Duration>,
    waker: Option<Waker>,
}

impl Timer {
    /// Wakes the timer's task if it would miss this deadline.
    pub(super) fn wake_for(&mut self, deadline: Option<Duration>) {
        if self.would_miss(deadline) {
            wake(&mut self.waker);
        }
    }

    fn would_miss(&self, deadline: Option<Duration>) -> bool {
        deadline.is_some_and(|deadline| self.set_for.is_none_or(|set_for| deadline < set_for))
    }
}

impl<H: Hardware, C: Clock> Shared<H, C> {
    /// Does what is due on the board, whenever it is due, forever.
    pub(crate) async fn run_timer(&self) {
        loop {
            self.with(|board, now| board.run_until(now));
            let deadline = {
                let mut inner = self.inner.borrow_mut();
                let deadline = inner.board.next_deadline();
                inner.timer.set_for = deadline;
                deadline
            };
            let sooner = poll_fn(|cx| {
                let mut inner = self.inner.borrow_mut();
                let deadline = inner.board.next_deadline();
                if inner.timer.would_miss(deadline) {
                    return Poll::Ready(());
                }
                inner.timer.waker = Some(cx.waker().clone());
                Poll::Pending
            });
            let due = async {
                match deadline {
                    Some(deadline) => self.clock.sleep_until(deadline).await,
                    None => pending().await,
                }
            };
            select(sooner, due).await;
        }
    }
}
