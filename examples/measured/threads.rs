//! The processor time of this process, by the purpose of its threads.

use std::{io, ops::Sub, process, time::Duration};

use comparison::usage::threads;

/// Processor time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Threads {
    /// The thread that draws.
    pub(crate) main: Duration,
    /// The fleet's thread, which reads sockets and parses messages.
    pub(crate) fleet: Duration,
    /// The threads on which Mesa rasterizes without a graphics card.
    pub(crate) rasterizing: Duration,
    /// All others.
    pub(crate) others: Duration,
}

impl Threads {
    /// Until now.
    pub(crate) fn now() -> io::Result<Self> {
        let mut sums = Self::default();
        for thread in threads(process::id())? {
            let kind = match thread.name.as_str() {
                _ if thread.id == process::id() => &mut sums.main,
                "fleet" => &mut sums.fleet,
                name if name.starts_with("llvmpipe") => &mut sums.rasterizing,
                _ => &mut sums.others,
            };
            *kind += thread.cpu;
        }
        Ok(sums)
    }
}

impl Sub for Threads {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            main: self.main.saturating_sub(before.main),
            fleet: self.fleet.saturating_sub(before.fleet),
            rasterizing: self.rasterizing.saturating_sub(before.rasterizing),
            others: self.others.saturating_sub(before.others),
        }
    }
}
