//! The thread that all doubles of this process share. It lives as long as the
//! process.

use std::{
    future::{Future, pending},
    io,
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    task::JoinHandle,
};

static RUNTIME: Mutex<Option<Handle>> = Mutex::new(None);

/// The longest that [`finish`] waits: only a blocked thread needs longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The runtime of the doubles; starts it first if necessary.
pub(crate) fn handle() -> io::Result<Handle> {
    let mut running = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*running {
        return Ok(handle.clone());
    }
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("foreign boards".into())
        .spawn(move || runtime.block_on(pending::<()>()))?;
    *running = Some(handle.clone());
    Ok(handle)
}

/// Ends tasks and waits until they have ended, with their sockets closed. Works
/// in any thread but the doubles' own.
pub(crate) fn finish(runtime: &Handle, tasks: Vec<JoinHandle<()>>) {
    for task in &tasks {
        task.abort();
    }
    wait_for(runtime, async move {
        for task in tasks {
            // An error means that the task was aborted.
            let _ = task.await;
        }
    });
}

/// Runs something on the thread of the doubles and waits until it is done.
pub(crate) fn wait_for<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (done, outcome) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        let _ = done.send(work.await);
    });
    outcome.recv_timeout(PATIENCE).ok()
}
