//! What this process has used, its threads apart by what they are for, as Linux tells it.

use std::{error::Error, fs, ops::Sub, process, time::Duration};

/// Time on a processor.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Threads {
    /// The thread that draws.
    pub(crate) main: Duration,
    /// The thread of the fleet, which reads sockets and parses what comes.
    pub(crate) fleet: Duration,
    /// The threads on which Mesa rasterises where there is no graphics card.
    pub(crate) rasterising: Duration,
    /// All others.
    pub(crate) others: Duration,
}

impl Threads {
    /// Until now.
    pub(crate) fn now() -> Result<Self, Box<dyn Error>> {
        let mut threads = Self::default();
        for thread in fs::read_dir("/proc/self/task")? {
            let thread = thread?;
            // One that has ended meanwhile used next to nothing.
            let Ok(schedule) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
            let name = fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
            // The first number is the time on a processor in nanoseconds (Linux, Documentation/scheduler/sched-stats.rst).
            let nanos = schedule.split_whitespace().next().and_then(|first| first.parse().ok());
            let kind = match name.trim() {
                _ if thread.file_name().to_str() == Some(&process::id().to_string()) => &mut threads.main,
                "fleet" => &mut threads.fleet,
                name if name.starts_with("llvmpipe") => &mut threads.rasterising,
                _ => &mut threads.others,
            };
            *kind += Duration::from_nanos(nanos.unwrap_or_default());
        }
        Ok(threads)
    }
}

impl Sub for Threads {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            main: self.main.saturating_sub(before.main),
            fleet: self.fleet.saturating_sub(before.fleet),
            rasterising: self.rasterising.saturating_sub(before.rasterising),
            others: self.others.saturating_sub(before.others),
        }
    }
}

/// What this process holds in memory, shared pages included, in MB (1,000,000 bytes).
pub(crate) fn memory_mb() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("a process without memory")?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1.024 / 1e3)
}
