//! Finds the process on this computer that listens at the board's address.
//! Linux only.

use std::{fs, net::SocketAddr};

/// Why a board's CPU cost is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostUnknown {
    /// The board is not on this computer, or this is not Linux.
    NotLocal,
    /// The board runs inside this process.
    SameProcess,
}

impl CostUnknown {
    /// The reason, for display.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotLocal => "the board is not a process on this computer",
            Self::SameProcess => "the board runs inside this program",
        }
    }
}

/// The id of the process that listens at this address.
pub(super) fn listener_process(address: SocketAddr) -> Result<u32, CostUnknown> {
    if !address.ip().is_loopback()
        && if_addrs::get_if_addrs().is_ok_and(|all| all.iter().all(|one| one.ip() != address.ip()))
    {
        return Err(CostUnknown::NotLocal);
    }
    let link = format!(
        "socket:[{}]",
        inode(address.port()).ok_or(CostUnknown::NotLocal)?
    );
    let id = owner(&link).ok_or(CostUnknown::NotLocal)?;
    if id == std::process::id() {
        Err(CostUnknown::SameProcess)
    } else {
        Ok(id)
    }
}

/// The inode of the socket that listens on a port (proc_pid_net(5): state 0A is
/// listening, the tenth field is the inode).
fn inode(port: u16) -> Option<String> {
    let suffix = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .find_map(|table| {
            table.lines().skip(1).find_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == "0A";
                listens
                    .then(|| fields.get(9).map(|inode| (*inode).to_owned()))
                    .flatten()
            })
        })
}

/// The process that has a socket open. Processes of other users are visible
/// only to root.
fn owner(link: &str) -> Option<u32> {
    let processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(|id: &u32| {
            let Ok(files) = fs::read_dir(format!("/proc/{id}/fd")) else {
                return false;
            };
            files
                .filter_map(Result::ok)
                .any(|file| fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == link))
        })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_listener_of_this_program_is_told_apart_from_another_process() -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        assert_eq!(
            listener_process(listener.local_addr()?).err(),
            Some(CostUnknown::SameProcess)
        );
        let gone = listener.local_addr()?;
        drop(listener);
        assert_eq!(listener_process(gone).err(), Some(CostUnknown::NotLocal));
        assert_eq!(
            listener_process(([192, 0, 2, 1], 80).into()).err(),
            Some(CostUnknown::NotLocal)
        );
        Ok(())
    }
}
