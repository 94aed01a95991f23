//! Runs a changing number of futures as one, and polls only those that were
//! woken. Decides nothing about them.
//!
//! `FuturesUnordered` of futures-util does the same but needs compare-and-swap,
//! which the ESP32-C3 (riscv32imc) has not.

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::{
    cell::RefCell,
    pin::Pin,
    task::{Context, Waker},
};

use embassy_sync::blocking_mutex::CriticalSectionMutex;
use portable_atomic_util::{Arc, task::Wake};

/// A future that lives in a [`Crowd`].
pub(crate) type Member<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// The futures and their places.
pub(crate) struct Crowd<'a> {
    places: Vec<Place<'a>>,
    free: Vec<usize>,
    calls: Arc<Calls>,
}

struct Place<'a> {
    member: Option<Member<'a>>,
    waker: Waker,
}

/// Who was woken. Wakers may come from an interrupt or another thread.
struct Calls(CriticalSectionMutex<RefCell<Called>>);

struct Called {
    order: VecDeque<usize>,
    waiting: Vec<bool>,
    crowd: Option<Waker>,
}

struct Bell {
    place: usize,
    calls: Arc<Calls>,
}

impl Wake for Bell {
    fn wake(this: Arc<Self>) {
        this.calls.call(this.place);
    }

    fn wake_by_ref(this: &Arc<Self>) {
        this.calls.call(this.place);
    }
}

impl Calls {
    fn call(&self, place: usize) {
        let crowd = self.0.lock(|called| {
            let mut called = called.borrow_mut();
            match called.waiting.get_mut(place) {
                Some(waiting) if !*waiting => *waiting = true,
                _ => return None,
            }
            called.order.push_back(place);
            called.crowd.take()
        });
        // Outside of the critical section: what it wakes may enter one.
        if let Some(crowd) = crowd {
            crowd.wake();
        }
    }

    fn next(&self) -> Option<usize> {
        self.0.lock(|called| {
            let mut called = called.borrow_mut();
            let place = called.order.pop_front()?;
            called.waiting[place] = false;
            Some(place)
        })
    }
}

impl<'a> Crowd<'a> {
    pub(crate) fn new() -> Self {
        let called = Called {
            order: VecDeque::new(),
            waiting: Vec::new(),
            crowd: None,
        };
        Self {
            places: Vec::new(),
            free: Vec::new(),
            calls: Arc::new(Calls(CriticalSectionMutex::new(RefCell::new(called)))),
        }
    }

    /// Takes a future in; it is polled with the next [`Self::poll`].
    pub(crate) fn add(&mut self, member: Member<'a>) {
        let place = self.free.pop().unwrap_or_else(|| {
            let place = self.places.len();
            self.calls
                .0
                .lock(|called| called.borrow_mut().waiting.push(false));
            let waker = Waker::from(Arc::new(Bell {
                place,
                calls: self.calls.clone(),
            }));
            self.places.push(Place {
                member: None,
                waker,
            });
            place
        });
        self.places[place].member = Some(member);
        self.calls.call(place);
    }

    /// Polls each future that was woken, once; those that end leave. Others may
    /// wake while this runs: they are polled when the crowd is woken again, so
    /// that no client can keep the others from their turn.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        let turns = self.calls.0.lock(|called| {
            let mut called = called.borrow_mut();
            called.crowd = None;
            called.order.len()
        });
        for _ in 0..turns {
            let Some(place) = self.calls.next() else {
                break;
            };
            let Place { member, waker } = &mut self.places[place];
            let Some(future) = member else { continue };
            if future
                .as_mut()
                .poll(&mut Context::from_waker(waker))
                .is_ready()
            {
                *member = None;
                self.free.push(place);
            }
        }
        let more = self.calls.0.lock(|called| {
            let mut called = called.borrow_mut();
            called.crowd = Some(cx.waker().clone());
            !called.order.is_empty()
        });
        if more {
            cx.waker().wake_by_ref();
        }
    }
}
