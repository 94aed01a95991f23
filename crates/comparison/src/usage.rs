//! What a process of this computer has used, as Linux tells it in `/proc`
//! (proc(5)). Other systems have no such files: there nothing is known.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// What a process has used until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// All threads that it has now on a processor.
    pub cpu: Duration,
    /// What it holds in memory, shared pages included, in KiB.
    pub memory_kib: u64,
    /// How many it has.
    pub threads: u64,
    /// How many it has open, sockets included.
    pub files: usize,
}

impl Reading {
    /// Of the process with this number.
    ///
    /// # Errors
    /// Where there is no such process, it is another user's, or this is no
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

/// A thread, and how long it was on a processor until now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its number; that of its process for the first of one.
    pub id: u32,
    /// As it was called, at most 15 bytes of it.
    pub name: String,
    /// On a processor.
    pub cpu: Duration,
}

/// All threads that a process has now.
///
/// # Errors
/// Where there is no such process, or this is no Linux.
pub fn threads(id: u32) -> io::Result<Vec<Thread>> {
    let threads = fs::read_dir(folder(id).join("task"))?.filter_map(Result::ok);
    // One that has ended meanwhile has no time any more.
    let thread = |thread: fs::DirEntry| {
        Some(Thread {
            id: thread.file_name().to_str()?.parse().ok()?,
            name: fs::read_to_string(thread.path().join("comm"))
                .ok()?
                .trim_end()
                .to_owned(),
            cpu: on_processor(&thread.path().join("schedstat"))?,
        })
    };
    Ok(threads.filter_map(thread).collect())
}

/// How long all threads that a process has now were on a processor; what
/// threads used that have ended is not in it.
///
/// # Errors
/// Where there is no such process, or this is no Linux.
pub fn cpu(id: u32) -> io::Result<Duration> {
    Ok(threads(id)?.iter().map(|thread| thread.cpu).sum())
}

/// How long the thread that calls this was on a processor; `None` where this is
/// no Linux.
pub fn cpu_of_this_thread() -> Option<Duration> {
    on_processor(Path::new("/proc/thread-self/schedstat"))
}

fn folder(id: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{id}"))
}

/// The first number is the time on a processor in nanoseconds (Linux,
/// Documentation/scheduler/sched-stats.rst).
fn on_processor(file: &Path) -> Option<Duration> {
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
    fn this_process_has_used_something_and_a_process_that_is_not_there_nothing() -> io::Result<()> {
        let reading = Reading::of(std::process::id())?;
        assert!(
            reading.memory_kib > 1_000 && reading.threads > 1 && reading.files > 2,
            "{reading:?}"
        );
        // Linux gives numbers up to 2^22 (proc_sys_kernel(5), pid_max).
        assert!(Reading::of(u32::MAX).is_err() && cpu(u32::MAX).is_err());
        Ok(())
    }

    #[test]
    fn a_thread_that_works_was_on_a_processor() -> io::Result<()> {
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
