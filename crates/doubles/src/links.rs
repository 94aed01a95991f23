//! What a test asks of a double's connections: how many there were, and
//! whether the device hangs.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::Serialize;
use tokio::{sync::watch, task::JoinHandle};

/// What a double has counted since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// TCP connections accepted.
    pub connections: usize,
    /// HTTP requests answered, without upgrades to a WebSocket.
    pub http_requests: usize,
    /// WebSockets opened.
    pub websockets: usize,
    /// WebSockets that are open now.
    pub open_websockets: usize,
    /// Messages received on WebSockets.
    pub messages: usize,
}

/// The HTTP requests that are remembered.
const REMEMBERED: usize = 1_000;

/// The connections of one double.
#[derive(Debug)]
pub(crate) struct Links {
    connections: AtomicUsize,
    http_requests: AtomicUsize,
    websockets: AtomicUsize,
    open_websockets: AtomicUsize,
    messages: AtomicUsize,
    /// The last HTTP requests: `GET /json`.
    requests: Mutex<VecDeque<String>>,
    hung: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// What clients requested and takes time, such as a reboot.
    work: Mutex<Vec<JoinHandle<()>>>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            connections: AtomicUsize::new(0),
            http_requests: AtomicUsize::new(0),
            websockets: AtomicUsize::new(0),
            open_websockets: AtomicUsize::new(0),
            messages: AtomicUsize::new(0),
            requests: Mutex::default(),
            hung: watch::Sender::new(false),
            tasks: Mutex::default(),
            work: Mutex::default(),
        }
    }
}

/// An open WebSocket; counted until this is dropped.
pub(crate) struct OpenSocket<'a>(&'a Links);

impl Drop for OpenSocket<'_> {
    fn drop(&mut self) {
        self.0.open_websockets.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Links {
    pub(crate) fn counts(&self) -> Counts {
        let read = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        Counts {
            connections: read(&self.connections),
            http_requests: read(&self.http_requests),
            websockets: read(&self.websockets),
            open_websockets: read(&self.open_websockets),
            messages: read(&self.messages),
        }
    }

    pub(crate) fn accepted(&self, task: JoinHandle<()>) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        add(&self.tasks, task);
    }

    pub(crate) fn requested(&self, method: &str, path: &str) {
        self.http_requests.fetch_add(1, Ordering::Relaxed);
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == REMEMBERED {
            requests.pop_front();
        }
        requests.push_back(format!("{method} {path}"));
    }

    /// The last 1,000 HTTP requests, the oldest first.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().cloned().collect()
    }

    pub(crate) fn opened(&self) -> OpenSocket<'_> {
        self.websockets.fetch_add(1, Ordering::Relaxed);
        self.open_websockets.fetch_add(1, Ordering::Relaxed);
        OpenSocket(self)
    }

    pub(crate) fn message(&self) {
        self.messages.fetch_add(1, Ordering::Relaxed);
    }

    /// The tasks of all connections, which the caller ends.
    pub(crate) fn take(&self) -> Vec<JoinHandle<()>> {
        take(&self.tasks)
    }

    /// Starts what outlasts the connection on which it was requested, but ends
    /// with the power.
    pub(crate) fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        add(&self.work, tokio::spawn(work));
    }

    /// The tasks of what was started, which the caller ends.
    pub(crate) fn take_work(&self) -> Vec<JoinHandle<()>> {
        take(&self.work)
    }

    /// Closes all connections, without waiting for it.
    pub(crate) fn abort(&self) {
        for task in self.take() {
            task.abort();
        }
    }

    /// Makes the device hang, or continue.
    pub(crate) fn hang(&self, hung: bool) {
        self.hung.send_replace(hung);
    }

    /// Waits while the device hangs.
    pub(crate) async fn awake(&self) {
        let mut hung = self.hung.subscribe();
        // Fails only without a sender, which `self` holds.
        let _ = hung.wait_for(|hung| !hung).await;
    }
}

fn add(tasks: &Mutex<Vec<JoinHandle<()>>>, task: JoinHandle<()>) {
    let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
    tasks.retain(|task| !task.is_finished());
    tasks.push(task);
}

fn take(tasks: &Mutex<Vec<JoinHandle<()>>>) -> Vec<JoinHandle<()>> {
    std::mem::take(&mut *tasks.lock().unwrap_or_else(PoisonError::into_inner))
}
