//! What a process has used.

use std::{error::Error, fs, time::Duration};

/// What a process has used, as Linux tells it.
pub(crate) struct Reading {
    pub(crate) cpu: Duration,
    pub(crate) memory_kb: u64,
    pub(crate) threads: u64,
    pub(crate) files: usize,
}

impl Reading {
    pub(crate) fn of(id: u32) -> Result<Self, Box<dyn Error>> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
        // proc_pid_stat(5): after the name in brackets, user and system time are the 12th and 13th field, in ticks of 1/100 s.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        let cpu = Duration::from_millis((ticks(11) + ticks(12)) * 10);
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let (memory_kb, threads) = (figure("VmRSS:").unwrap_or_default(), figure("Threads:").unwrap_or_default());
        Ok(Self { cpu, memory_kb, threads, files: fs::read_dir(format!("/proc/{id}/fd"))?.count() })
    }
}
