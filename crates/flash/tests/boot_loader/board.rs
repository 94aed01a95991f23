//! A chip in its boot loader at a pseudoterminal.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use doubles::boot_loader::{BootLoader, Chip};
use virtual_board::serial::SerialPort;

/// A chip at a pseudoterminal, until this is dropped.
pub(crate) struct Board {
    pub(crate) path: String,
    end: Arc<AtomicBool>,
    started: mpsc::Receiver<()>,
    thread: Option<thread::JoinHandle<BootLoader>>,
}

impl Board {
    pub(crate) fn new(chip: Chip) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        let (starts, started) = mpsc::channel();
        let ended = Arc::clone(&end);
        let thread = thread::spawn(move || {
            let mut port = SerialPort::open().expect("a pseudoterminal");
            sender.send(port.path().to_owned()).expect("a receiver");
            let mut loader = BootLoader::new(chip);
            let mut starts = Some(starts);
            let mut printed = Instant::now();
            while !ended.load(Ordering::Relaxed) && !loader.is_unplugged() {
                let bytes = port.read().expect("an open port");
                let responses = loader.receive(&bytes);
                if loader.has_started()
                    && let Some(starts) = starts.take()
                {
                    // The test may be over.
                    let _ = starts.send(());
                }
                for part in responses.chunks(512) {
                    port.write(part).expect("an open port");
                }
                if printed.elapsed() > Duration::from_millis(50) {
                    port.write(loader.prints()).expect("an open port");
                    printed = Instant::now();
                }
                if bytes.is_empty() {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            // Drops the port, which takes the device file away.
            loader
        });
        Self {
            path: receiver.recv().expect("the port's path"),
            end,
            started,
            thread: Some(thread),
        }
    }

    /// Waits until the chip has started its firmware, and ends it.
    pub(crate) fn started(self) -> BootLoader {
        self.started
            .recv_timeout(Duration::from_secs(10))
            .expect("the firmware is started");
        self.end()
    }

    /// Ends the chip, to look at its flash.
    pub(crate) fn end(mut self) -> BootLoader {
        self.end.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("ended once");
        thread.join().expect("no panic")
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
    }
}
