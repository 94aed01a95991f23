//! The fleet of a test: this program's own or, with `SWITCHBOARD_FLEET=served`,
//! that of a server on this computer.

use std::{
    env,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use engine::Settings;
use fleet::Fleet;
use serve::{Access, Limits};
use tokio::{runtime::Builder, sync::oneshot};

/// What keeps a fleet, besides its own threads. On drop it has ended.
#[derive(Default)]
pub(crate) struct Keeper {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether the fleets of tests are served.
pub(crate) fn is_served() -> bool {
    match env::var("SWITCHBOARD_FLEET").as_deref() {
        Ok("served") => true,
        Ok("" | "own") | Err(_) => false,
        Ok(other) => unreachable!("SWITCHBOARD_FLEET is served or own, not {other}"),
    }
}

/// A fleet with these settings. It must be dropped before its keeper.
pub(crate) fn start(settings: Settings) -> (Fleet, Keeper) {
    let fleet = engine::start(settings).expect("a fleet");
    if !is_served() {
        return (fleet, Keeper::default());
    }
    let open = Access {
        control: None,
        view: None,
    };
    let (address, keeper) = serve(fleet, open);
    (window(&address, ""), keeper)
}

/// The fleet of a window that is connected to a server as someone.
pub(crate) fn window(address: &str, name: &str) -> Fleet {
    let mut server = remote::Server::at(address).expect("an address");
    server.name = name.to_owned();
    remote::connect(server).expect("a fleet")
}

/// Serves a fleet on loopback; returns the address.
pub(crate) fn serve(fleet: Fleet, access: Access) -> (String, Keeper) {
    let (address, addressed) = mpsc::channel();
    let (end, ended) = oneshot::channel();
    let serve = move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(async {
            let options = serve::Options {
                listen: "127.0.0.1:0".parse().expect("an address"),
                access,
                tls: None,
                hosts: Vec::new(),
                limits: Limits::default(),
                files: &[],
            };
            let server = serve::Server::bind(options, Arc::new(fleet)).await;
            let server = server.expect("a server");
            address.send(server.address()).expect("a test that waits");
            let ended = async {
                let _ = ended.await;
            };
            server.run(ended).await;
        });
    };
    let thread = thread::spawn(serve);
    let address = addressed.recv().expect("a server that listens");
    let keeper = Keeper {
        end: Some(end),
        thread: Some(thread),
    };
    (format!("ws://{address}"), keeper)
}
