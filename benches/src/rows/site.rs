//! Virtual boards in several processes.

use crate::{Outcome, process::Program};

/// Boards, until they are dropped. Each process has an address of its own,
/// because the fleet keeps 1,024 announced boards per source address.
pub(super) struct Site {
    pub(super) processes: Vec<Program>,
    pub(super) addresses: Vec<String>,
}

impl Site {
    /// Starts so many boards, so many of them per process, with these options
    /// of `virtual-board`.
    pub(super) fn start(boards: usize, share: usize, options: &[&str]) -> Outcome<Self> {
        let mut site = Self {
            processes: Vec::new(),
            addresses: Vec::new(),
        };
        for (number, first) in (0..boards).step_by(share).enumerate() {
            let count = share.min(boards - first);
            let (bind, seed) = (format!("127.0.0.{}", number + 1), (number + 1).to_string());
            let of_this = ["--bind", &bind, "--seed", &seed];
            let (process, addresses) = Program::some_boards(count, &[&of_this, options].concat())?;
            site.processes.push(process);
            site.addresses.extend(addresses);
        }
        Ok(site)
    }
}
