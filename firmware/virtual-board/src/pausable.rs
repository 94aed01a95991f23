//! A future that can be paused and resumed from outside, to simulate a board
//! that hangs with its sockets open.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Pauses and resumes a [`Pausable`].
#[derive(Clone, Default)]
pub(crate) struct PauseHandle(Rc<Inner>);

#[derive(Default)]
struct Inner {
    paused: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl PauseHandle {
    /// Pauses the future.
    pub(crate) fn pause(&self) {
        self.0.paused.set(true);
    }

    /// Resumes the future.
    pub(crate) fn resume(&self) {
        self.0.paused.set(false);
        if let Some(waker) = self.0.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Makes a future pausable.
    pub(crate) fn wrap<F: Future>(&self, work: F) -> Pausable<F> {
        Pausable {
            work: Box::pin(work),
            pause: self.clone(),
        }
    }
}

/// See [`PauseHandle::wrap`].
pub(crate) struct Pausable<F> {
    work: Pin<Box<F>>,
    pause: PauseHandle,
}

impl<F: Future> Future for Pausable<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if self.pause.0.paused.get() {
            *self.pause.0.waker.borrow_mut() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.work.as_mut().poll(cx)
    }
}
