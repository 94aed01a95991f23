//! Peers in other languages, which `benches/run` installs into the cache.
//! Without them, a row has fewer peers and says so.

use std::path::PathBuf;

use crate::{Outcome, process::Program, sockets::place};

/// Where `benches/run` has installed them; unset if it did not start this.
const FOLDER: &str = "SWITCHBOARD_PEERS";

/// A server in a process of its own, with its `host:port`.
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

    /// The broadcast server of tokio-tungstenite.
    pub(crate) fn tungstenite(name: &'static str, read_buffer: Option<usize>) -> Outcome<Self> {
        let option = read_buffer.map(|size| format!("--read-buffer={size}"));
        let part = ["broadcast-server"].into_iter().chain(option.as_deref());
        Self::new(name, Program::part(&part.collect::<Vec<_>>())?)
    }

    /// The installed broadcast servers in Node.js and Python.
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
