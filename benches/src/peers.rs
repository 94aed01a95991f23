//! Peers in other languages, installed by `benches/run` into the cache. Where
//! they are not, a row goes without them and says so.

use std::path::PathBuf;

use crate::{Outcome, process::Program, sockets::place};

/// Where `benches/run` has put them; nothing where it did not start this.
const FOLDER: &str = "SWITCHBOARD_PEERS";

/// A server in a process of its own, and `host:port` of it.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) process: Program,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn new(name: &'static str, mut process: Program) -> Outcome<Self> {
        let address = place(&process.line()?).to_owned();
        Ok(Self {
            name,
            process,
            address,
        })
    }

    /// tokio-tungstenite's, which tells all the others.
    pub(crate) fn tungstenite(name: &'static str) -> Outcome<Self> {
        Self::new(name, Program::part(&["broadcast-server"])?)
    }

    /// Those of Node.js and Python that are here: what one says all the others
    /// hear.
    pub(crate) fn others() -> Outcome<Vec<Self>> {
        let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
            eprintln!("without Node.js and Python: {FOLDER} does not say where they are");
            return Ok(Vec::new());
        };
        let node = Program::start("node", &[folder.join("node/broadcast_server.js")])?;
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../examples/peers/python/broadcast_server.py"
        );
        let python = Program::start(folder.join("python/bin/python"), &[script])?;
        Ok(vec![
            Self::new("Node.js ws", node)?,
            Self::new("Python websockets", python)?,
        ])
    }
}
