//! Finds the process that listens where the board is, on this computer. Linux
//! only: of others, and of boards elsewhere, nothing is known.

use std::{fs, net::SocketAddr};

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

/// The number of the process that listens at this address of this computer.
pub(super) fn that_listens_at(address: SocketAddr) -> Result<u32, Unknown> {
    if !address.ip().is_loopback()
        && if_addrs::get_if_addrs().is_ok_and(|all| all.iter().all(|one| one.ip() != address.ip()))
    {
        return Err(Unknown::Elsewhere);
    }
    let link = format!(
        "socket:[{}]",
        inode(address.port()).ok_or(Unknown::Elsewhere)?
    );
    let id = owner(&link).ok_or(Unknown::Elsewhere)?;
    if id == std::process::id() {
        Err(Unknown::Within)
    } else {
        Ok(id)
    }
}

/// The socket that listens on a port (proc_pid_net(5): state 0A is listening,
/// the tenth field is the inode).
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

/// Who has a socket open. Processes of other users are not looked into, but as
/// root.
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
            that_listens_at(listener.local_addr()?).err(),
            Some(Unknown::Within)
        );
        let gone = listener.local_addr()?;
        drop(listener);
        assert_eq!(that_listens_at(gone).err(), Some(Unknown::Elsewhere));
        assert_eq!(
            that_listens_at(([192, 0, 2, 1], 80).into()).err(),
            Some(Unknown::Elsewhere)
        );
        Ok(())
    }
}
