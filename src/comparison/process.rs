//! Finds the process that listens where the board is, on this computer, and how long it has been on a processor. Linux only: of others,
//! and of boards elsewhere, nothing is known.

use std::{net::SocketAddr, time::Duration};

/// Why it is not known what a board's process costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// The board is not on this computer, or this is no Linux.
    Elsewhere,
    /// The board runs within this program, beside what compares.
    Within,
}

impl Unknown {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Elsewhere => "the board is not a process of this computer",
            Self::Within => "the board runs within this program",
        }
    }
}

/// A process that is observed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process(u32);

#[cfg(target_os = "linux")]
impl Process {
    /// The process that listens at this address of this computer.
    pub(super) fn that_listens_at(address: SocketAddr) -> Result<Self, Unknown> {
        if !address.ip().is_loopback()
            && if_addrs::get_if_addrs().is_ok_and(|all| all.iter().all(|one| one.ip() != address.ip()))
        {
            return Err(Unknown::Elsewhere);
        }
        let link = format!("socket:[{}]", inode(address.port()).ok_or(Unknown::Elsewhere)?);
        let id = owner(&link).ok_or(Unknown::Elsewhere)?;
        if id == std::process::id() { Err(Unknown::Within) } else { Ok(Self(id)) }
    }

    /// How long all its threads were on a processor; `None` once it has ended.
    pub(super) fn cpu(self) -> Option<Duration> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0)).ok()?;
        let times = threads.filter_map(Result::ok).filter_map(|thread| on_processor(&thread.path().join("schedstat")));
        Some(times.sum())
    }
}

/// How long the thread that calls this was on a processor.
#[cfg(target_os = "linux")]
pub(super) fn cpu_of_this_thread() -> Option<Duration> {
    on_processor(std::path::Path::new("/proc/thread-self/schedstat"))
}

/// The first number is the time on a processor in nanoseconds (Linux, Documentation/scheduler/sched-stats.rst).
#[cfg(target_os = "linux")]
fn on_processor(file: &std::path::Path) -> Option<Duration> {
    let text = std::fs::read_to_string(file).ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// The socket that listens on a port (proc_pid_net(5): state 0A is listening, the tenth field is the inode).
#[cfg(target_os = "linux")]
fn inode(port: u16) -> Option<String> {
    let suffix = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().filter_map(|table| std::fs::read_to_string(table).ok()).find_map(
        |table| {
            table.lines().skip(1).find_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == "0A";
                listens.then(|| fields.get(9).map(|inode| (*inode).to_owned())).flatten()
            })
        },
    )
}

/// Who has a socket open. Processes of other users are not looked into, but as root.
#[cfg(target_os = "linux")]
fn owner(link: &str) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(|id: &u32| {
        let Ok(files) = std::fs::read_dir(format!("/proc/{id}/fd")) else { return false };
        files.filter_map(Result::ok).any(|file| std::fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == link))
    })
}

#[cfg(not(target_os = "linux"))]
impl Process {
    pub(super) fn that_listens_at(_: SocketAddr) -> Result<Self, Unknown> {
        Err(Unknown::Elsewhere)
    }

    pub(super) fn cpu(self) -> Option<Duration> {
        None
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn cpu_of_this_thread() -> Option<Duration> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_listener_of_this_program_is_told_apart_from_another_process() -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        assert_eq!(Process::that_listens_at(listener.local_addr()?).err(), Some(Unknown::Within));
        let gone = listener.local_addr()?;
        drop(listener);
        assert_eq!(Process::that_listens_at(gone).err(), Some(Unknown::Elsewhere));
        assert_eq!(Process::that_listens_at(([192, 0, 2, 1], 80).into()).err(), Some(Unknown::Elsewhere));
        Ok(())
    }

    #[test]
    fn a_thread_that_works_was_on_a_processor() {
        let before = cpu_of_this_thread();
        let mut sum = 0_u64;
        for number in 0..5_000_000_u64 {
            sum = std::hint::black_box(sum ^ number);
        }
        assert!(cpu_of_this_thread() > before, "{sum}");
    }
}
