//! The time driver for embassy-time: the machine's timer and a queue of wakers.

use core::{cell::RefCell, task::Waker};

use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

use crate::machine;

const _: () = assert!(machine::TICKS_PER_SECOND == embassy_time_driver::TICK_HZ);

struct Timer {
    queue: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static TIMER: Timer = Timer {
    queue: Mutex::new(RefCell::new(Queue::new())),
});

impl Driver for Timer {
    fn now(&self) -> u64 {
        machine::ticks()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|cs| {
            let mut queue = self.queue.borrow_ref_mut(cs);
            if queue.schedule_wake(at, waker) {
                machine::interrupt_at(queue.next_expiration(machine::ticks()));
            }
        });
    }
}

/// Handles the timer's interrupt: wakes the tasks whose deadline has passed.
pub(crate) fn expired() {
    critical_section::with(|cs| {
        let next = TIMER
            .queue
            .borrow_ref_mut(cs)
            .next_expiration(machine::ticks());
        // A deadline that has passed meanwhile interrupts again at once.
        machine::interrupt_at(next);
    });
}
