//! A future that can be stopped and continued from outside: a board that hangs,
//! with its sockets open.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Holds a [`Held`].
#[derive(Clone, Default)]
pub(crate) struct Grip(Rc<Inner>);

#[derive(Default)]
struct Inner {
    held: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Grip {
    /// From now on nothing is done.
    pub(crate) fn hold(&self) {
        self.0.held.set(true);
    }

    /// Everything that waited is done now.
    pub(crate) fn release(&self) {
        self.0.held.set(false);
        if let Some(waker) = self.0.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// `work`, which stands still while it is held.
    pub(crate) fn on<F: Future>(&self, work: F) -> Held<F> {
        Held {
            work: Box::pin(work),
            grip: self.clone(),
        }
    }
}

/// See [`Grip::on`].
pub(crate) struct Held<F> {
    work: Pin<Box<F>>,
    grip: Grip,
}

impl<F: Future> Future for Held<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if self.grip.0.held.get() {
            *self.grip.0.waker.borrow_mut() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.work.as_mut().poll(cx)
    }
}
