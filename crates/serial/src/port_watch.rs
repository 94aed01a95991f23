//! Follows which serial ports there are, on a thread: systems have no portable
//! way to be told.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use super::{Port, ports};

/// How often the system is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// What is known, or why nothing is.
type Found = Option<Result<Vec<Port>, String>>;

/// The ports of this computer, kept current. Its thread ends soon after this is
/// dropped.
pub struct PortWatch(Arc<Mutex<Found>>);

impl PortWatch {
    /// Starts to follow the ports. `wake` is called when they have changed.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let watch = Self(Arc::default());
        let shared = Arc::downgrade(&watch.0);
        thread::Builder::new()
            .name("serial ports".to_owned())
            .spawn(move || {
                while let Some(shared) = shared.upgrade() {
                    let found = Some(ports());
                    let mut known = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    let changed = *known != found;
                    *known = found;
                    drop(known);
                    drop(shared);
                    if changed {
                        wake();
                    }
                    thread::sleep(PERIOD);
                }
            })?;
        Ok(watch)
    }

    /// The ports; `None` until the system has been asked for the first time.
    ///
    /// # Errors
    /// If the system cannot list them; its message.
    pub fn ports(&self) -> Option<Result<Vec<Port>, String>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
