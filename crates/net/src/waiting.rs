//! Tracks connections to this program's servers that have not sent a request
//! yet, and decides which one to close if there are too many. Owns no socket.

use std::{collections::HashMap, net::IpAddr};

use tokio::task::AbortHandle;

/// Tasks that wait for the first request of a connection.
#[derive(Debug)]
pub struct Waiting {
    most: usize,
    tasks: Vec<(IpAddr, AbortHandle)>,
}

impl Waiting {
    /// Room for this many tasks.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            tasks: Vec::new(),
        }
    }

    /// Adds the task of a connection from this address. If there are too many,
    /// one is aborted, chosen at random among those of the address with the
    /// most. Silent connections therefore keep out no client from another
    /// address, and few from their own.
    pub fn add(&mut self, from: IpAddr, task: AbortHandle) {
        if self.tasks.len() >= self.most {
            self.tasks.retain(|(_, task)| !task.is_finished());
        }
        if self.tasks.len() >= self.most
            && let Some(victim) = self.victim(from)
        {
            self.tasks.swap_remove(victim).1.abort();
        }
        self.tasks.push((from, task));
    }

    fn victim(&self, newcomer: IpAddr) -> Option<usize> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::from([(newcomer, 1)]);
        for (from, _) in &self.tasks {
            *counts.entry(*from).or_default() += 1;
        }
        let most = self
            .tasks
            .iter()
            .filter_map(|(from, _)| counts.get(from))
            .max()?;
        let heaviest = self
            .tasks
            .iter()
            .enumerate()
            .filter(|(_, (from, _))| counts.get(from) == Some(most));
        let heaviest: Vec<usize> = heaviest.map(|(at, _)| at).collect();
        heaviest
            .get(fastrand::usize(..heaviest.len().max(1)))
            .copied()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use std::net::Ipv4Addr;

    use tokio::task::{JoinHandle, LocalSet, spawn_local};

    use super::*;

    fn host(number: u8) -> IpAddr {
        Ipv4Addr::new(192, 168, 1, number).into()
    }

    fn silent() -> JoinHandle<()> {
        spawn_local(std::future::pending())
    }

    /// Lets all aborted tasks finish: only a few do in each turn.
    async fn settled() {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn silent_connections_evict_each_other_and_no_client_from_another_address() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, async {
            let mut waiting = Waiting::new(8);
            let honest = silent();
            waiting.add(host(1), honest.abort_handle());
            let strangers: Vec<_> = (0..500).map(|_| silent()).collect();
            for (number, stranger) in strangers.iter().enumerate() {
                waiting.add(
                    host(u8::try_from(100 + number % 3).unwrap()),
                    stranger.abort_handle(),
                );
            }
            settled().await;
            assert!(!honest.is_finished());
            assert_eq!(
                strangers
                    .iter()
                    .filter(|stranger| !stranger.is_finished())
                    .count(),
                7
            );
        });
    }

    #[test]
    fn the_evicted_connection_of_an_address_is_chosen_at_random() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, async {
            let mut survived = 0;
            for _ in 0..200 {
                let mut waiting = Waiting::new(16);
                let honest = silent();
                waiting.add(host(1), honest.abort_handle());
                // 20 ms at 900 connections a second.
                for _ in 0..15 + 18 {
                    waiting.add(host(1), silent().abort_handle());
                }
                settled().await;
                survived += usize::from(!honest.is_finished());
            }
            // (15/16)^18 is 31 %; if the oldest were evicted, none would
            // survive.
            assert!((30..100).contains(&survived), "{survived} of 200");
        });
    }
}
