//! Resource usage of a process on this computer, from `/proc` on Linux
//! (proc(5)). Not available on other systems.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Resource usage of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// CPU time of all its current threads.
    pub cpu: Duration,
    /// Resident memory, including shared pages, in KiB.
    pub memory_kib: u64,
    /// Number of threads.
    pub threads: u64,
    /// Number of open file descriptors, including sockets.
    pub files: usize,
}

impl Reading {
    /// The usage of a process.
    ///
    /// # Errors
    /// If the process does not exist, belongs to another user, or this is not
    /// Linux.
    pub fn of(id: u32) -> io::Result<Self> {
        let status = fs::read_to_string(folder(id).join("status"))?;
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let figure = |name: &str| {
            figure(name).ok_or_else(|| io::Error::other(format!("no {name} in its status")))
        };
        Ok(Self {
            cpu: cpu(id)?,
            memory_kib: figure("VmRSS:")?,
            threads: figure("Threads:")?,
            files: fs::read_dir(folder(id).join("fd"))?.count(),
        })
    }
}

/// A thread and its CPU time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// The thread id; equals the process id for the main thread.
    pub id: u32,
    /// The thread name, truncated to 15 bytes.
    pub name: String,
    /// CPU time.
    pub cpu: Duration,
}

/// All current threads of a process.
///
/// # Errors
/// If the process does not exist, or this is not Linux.
pub fn threads(id: u32) -> io::Result<Vec<Thread>> {
    let threads = fs::read_dir(folder(id).join("task"))?.filter_map(Result::ok);
    // A thread that has ended in the meantime has no entry.
    let thread = |thread: fs::DirEntry| {
        Some(Thread {
            id: thread.file_name().to_str()?.parse().ok()?,
            name: fs::read_to_string(thread.path().join("comm"))
                .ok()?
                .trim_end()
                .to_owned(),
            cpu: cpu_time(&thread.path().join("schedstat"))?,
        })
    };
    Ok(threads.filter_map(thread).collect())
}

/// The CPU time of all current threads of a process; excludes threads that have
/// ended.
///
/// # Errors
/// If the process does not exist, or this is not Linux.
pub fn cpu(id: u32) -> io::Result<Duration> {
    Ok(threads(id)?.iter().map(|thread| thread.cpu).sum())
}

/// The CPU time of the calling thread; `None` if this is not Linux.
pub fn cpu_of_this_thread() -> Option<Duration> {
    cpu_time(Path::new("/proc/thread-self/schedstat"))
}

fn folder(id: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{id}"))
}

/// The first number is the CPU time in nanoseconds (Linux,
/// Documentation/scheduler/sched-stats.rst).
fn cpu_time(file: &Path) -> Option<Duration> {
    let text = fs::read_to_string(file).ok()?;
    text.split_whitespace()
        .next()?
        .parse()
        .ok()
        .map(Duration::from_nanos)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_has_usage_and_a_missing_one_has_none() -> io::Result<()> {
        let reading = Reading::of(std::process::id())?;
        assert!(
            reading.memory_kib > 1_000 && reading.threads > 1 && reading.files > 2,
            "{reading:?}"
        );
        // Linux process ids are at most 2^22 (proc_sys_kernel(5), pid_max).
        assert!(Reading::of(u32::MAX).is_err() && cpu(u32::MAX).is_err());
        Ok(())
    }

    #[test]
    fn a_busy_thread_uses_cpu_time() -> io::Result<()> {
        let before = (cpu(std::process::id())?, cpu_of_this_thread());
        let mut sum = 0_u64;
        for number in 0..5_000_000_u64 {
            sum = std::hint::black_box(sum ^ number);
        }
        assert!(cpu_of_this_thread() > before.1, "{sum}");
        assert!(cpu(std::process::id())? > before.0);
        Ok(())
    }
}
