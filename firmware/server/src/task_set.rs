//! Runs a changing number of futures as one and polls only those that were
//! woken.
//!
//! `FuturesUnordered` of futures-util does the same but needs compare-and-swap,
//! which the ESP32-C3 (riscv32imc) lacks.

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::{
    cell::RefCell,
    pin::Pin,
    task::{Context, Waker},
};

use embassy_sync::blocking_mutex::CriticalSectionMutex;
use portable_atomic_util::{Arc, task::Wake};

/// A future that runs in a [`TaskSet`].
pub(crate) type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Futures that are polled together.
pub(crate) struct TaskSet<'a> {
    entries: Vec<Entry<'a>>,
    /// Indices of entries without a task.
    free: Vec<usize>,
    ready: Arc<ReadyQueue>,
}

struct Entry<'a> {
    task: Option<Task<'a>>,
    waker: Waker,
}

/// Which tasks were woken. Wakers may be used in an interrupt or on another
/// thread.
struct ReadyQueue(CriticalSectionMutex<RefCell<Ready>>);

struct Ready {
    /// Indices of woken tasks, in the order in which they were woken.
    queue: VecDeque<usize>,
    /// Whether each task is in the queue.
    queued: Vec<bool>,
    /// Wakes the task that polls the set.
    parent: Option<Waker>,
}

struct TaskWaker {
    index: usize,
    ready: Arc<ReadyQueue>,
}

impl Wake for TaskWaker {
    fn wake(this: Arc<Self>) {
        this.ready.push(this.index);
    }

    fn wake_by_ref(this: &Arc<Self>) {
        this.ready.push(this.index);
    }
}

impl ReadyQueue {
    fn push(&self, index: usize) {
        let parent = self.0.lock(|ready| {
            let mut ready = ready.borrow_mut();
            match ready.queued.get_mut(index) {
                Some(queued) if !*queued => *queued = true,
                _ => return None,
            }
            ready.queue.push_back(index);
            ready.parent.take()
        });
        // Outside the critical section: the woken task may enter one.
        if let Some(parent) = parent {
            parent.wake();
        }
    }

    fn pop(&self) -> Option<usize> {
        self.0.lock(|ready| {
            let mut ready = ready.borrow_mut();
            let index = ready.queue.pop_front()?;
            ready.queued[index] = false;
            Some(index)
        })
    }
}

impl<'a> TaskSet<'a> {
    pub(crate) fn new() -> Self {
        let ready = Ready {
            queue: VecDeque::new(),
            queued: Vec::new(),
            parent: None,
        };
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            ready: Arc::new(ReadyQueue(CriticalSectionMutex::new(RefCell::new(ready)))),
        }
    }

    /// Adds a task; it is polled by the next [`Self::poll`].
    pub(crate) fn add(&mut self, task: Task<'a>) {
        let index = self.free.pop().unwrap_or_else(|| {
            let index = self.entries.len();
            self.ready
                .0
                .lock(|ready| ready.borrow_mut().queued.push(false));
            let waker = Waker::from(Arc::new(TaskWaker {
                index,
                ready: self.ready.clone(),
            }));
            self.entries.push(Entry { task: None, waker });
            index
        });
        self.entries[index].task = Some(task);
        self.ready.push(index);
    }

    /// Polls each woken task once and removes those that have finished. Tasks
    /// that are woken meanwhile are polled when the set is woken again, so that
    /// no client can starve the others.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        let woken = self.ready.0.lock(|ready| {
            let mut ready = ready.borrow_mut();
            ready.parent = None;
            ready.queue.len()
        });
        for _ in 0..woken {
            let Some(index) = self.ready.pop() else {
                break;
            };
            let Entry { task, waker } = &mut self.entries[index];
            let Some(future) = task else { continue };
            if future
                .as_mut()
                .poll(&mut Context::from_waker(waker))
                .is_ready()
            {
                *task = None;
                self.free.push(index);
            }
        }
        let more = self.ready.0.lock(|ready| {
            let mut ready = ready.borrow_mut();
            ready.parent = Some(cx.waker().clone());
            !ready.queue.is_empty()
        });
        if more {
            cx.waker().wake_by_ref();
        }
    }
}
