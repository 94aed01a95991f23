//! A board at an open port, from its identification to its key.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

use disk::keys::{Store, StoreError};
use keys::Key;
use serial::{Board, Conversation, Credentials, Network, Problem};

use crate::Expected;

/// Why a board was not locked, or its key not saved.
#[derive(Debug, thiserror::Error)]
pub enum LockProblem {
    /// The key cannot be saved, so the board was not asked for one, or it has
    /// one that this computer lost.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The board generated none.
    #[error(transparent)]
    Board(#[from] Problem),
}

/// A board that responded at a port. The port is open until this is dropped.
pub struct Session {
    conversation: Conversation,
    board: Board,
}

impl Session {
    /// Opens a port and waits until its board identifies itself. Setting
    /// `canceled` stops any waiting within 250 ms.
    ///
    /// # Errors
    /// If the port cannot be opened, no board responds, or it does not accept
    /// Wi-Fi credentials.
    pub fn open(port: &str, canceled: Arc<AtomicBool>) -> Result<Self, Problem> {
        let mut conversation = Conversation::open(port, canceled)?;
        let board = conversation.board()?;
        Ok(Self {
            conversation,
            board,
        })
    }

    /// What the board reported.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The networks that the board can see, each once, the strongest first.
    ///
    /// # Errors
    /// If it cannot scan, or does not respond.
    pub fn networks(&mut self) -> Result<Vec<Network>, Problem> {
        self.conversation.networks().map(tidy)
    }

    /// Gives the board its Wi-Fi credentials and waits until it is connected.
    /// Returns what to look for on the network.
    ///
    /// # Errors
    /// If it cannot connect, or does not respond.
    pub fn connect(&mut self, credentials: Credentials) -> Result<Expected, Problem> {
        let url = self.conversation.connect(credentials)?;
        self.board.provisioned = true;
        Ok(Expected::new(&self.board, url))
    }

    /// Makes the board generate a key, which locks it, and saves it. Whether it
    /// could be saved is checked first. Each call generates a new key, and a
    /// board stores at most eight.
    ///
    /// # Errors
    /// If the key cannot be saved, or the board generates none.
    pub fn lock(&mut self, store: &Store) -> Result<Key, LockProblem> {
        store.rehearse()?;
        let key = self.conversation.lock(&self.board)?;
        store.add(key.clone())?;
        Ok(key)
    }
}

/// Each network once, as an access point with the best signal reports it; the
/// strongest first. Several access points often share one name.
fn tidy(networks: Vec<Network>) -> Vec<Network> {
    let mut best: BTreeMap<String, Network> = BTreeMap::new();
    // A hidden network has no name here.
    for network in networks.into_iter().filter(|found| !found.ssid.is_empty()) {
        match best.get_mut(&network.ssid) {
            Some(known) if known.rssi >= network.rssi => {}
            Some(known) => *known = network,
            None => drop(best.insert(network.ssid.clone(), network)),
        }
    }
    let mut networks: Vec<Network> = best.into_values().collect();
    networks.sort_by(|one, other| (other.rssi, &one.ssid).cmp(&(one.rssi, &other.ssid)));
    networks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ssid: &str, rssi: i8) -> Network {
        Network {
            ssid: ssid.to_owned(),
            rssi,
            locked: true,
        }
    }

    #[test]
    fn each_network_is_listed_once_and_the_strongest_first() {
        let heard = vec![
            network("Attic", -80),
            network("", -30),
            network("Lab", -70),
            network("Attic", -52),
            network("Bench", -70),
            network("Attic", -90),
        ];
        let listed = tidy(heard);
        let listed: Vec<_> = listed
            .iter()
            .map(|network| (network.ssid.as_str(), network.rssi))
            .collect();
        assert_eq!(listed, [("Attic", -52), ("Bench", -70), ("Lab", -70)]);
    }
}
