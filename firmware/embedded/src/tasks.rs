//! The tasks of a board without an operating system: its network stack, the
//! server, the outbound connection, the announcement, and saving what the board
//! retains.

use alloc::boxed::Box;
use core::pin::Pin;

use board::Hardware;
use embassy_net::{Stack, StackResources, driver::Driver};
use rand_core::Rng;
use server::{Clock, ServerSettings, Shared, run_outbound};

use crate::{
    announce::{AnnounceEvent, announce},
    connection::Buffers,
    connector::Connector,
    listener::Listener,
    network::{config, connections},
};

/// A task of a board. Executors cannot start tasks with type parameters, so
/// they are boxed.
pub type Task = Pin<Box<dyn Future<Output = ()>>>;

/// How a board is served on its network.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// The TCP port.
    pub port: u16,
    /// The buffers of each socket.
    pub buffers: Buffers,
    /// The server's limits.
    pub settings: &'static ServerSettings,
}

impl Service {
    /// Creates the network stack and starts its task. `host_name` is the
    /// board's id; `SOCKETS` is [`crate::sockets`].
    pub fn start_network<D: Driver + 'static, const SOCKETS: usize>(
        driver: D,
        host_name: &str,
        seed: u64,
        spawn: impl Fn(Task),
    ) -> Stack<'static> {
        let resources = Box::leak(Box::new(StackResources::<SOCKETS>::new()));
        let (stack, mut runner) = embassy_net::new(driver, config(host_name), resources, seed);
        spawn(Box::pin(async move { runner.run().await }));
        stack
    }

    /// Starts the tasks that serve the board, maintain its outbound connection
    /// and announce it.
    pub fn start<H: Hardware, C: Clock + 'static>(
        self,
        stack: Stack<'static>,
        board: &'static Shared<H, C>,
        random: impl Rng + 'static,
        on_event: impl FnMut(AnnounceEvent) + 'static,
        spawn: impl Fn(Task),
    ) {
        let Self {
            port,
            buffers,
            settings,
        } = self;
        spawn(Box::pin(async move {
            let listener = Listener::new(stack, port, connections(settings), buffers);
            server::serve(&listener, board, settings).await;
        }));
        spawn(Box::pin(async move {
            run_outbound(&Connector::new(stack, buffers), board).await
        }));
        spawn(Box::pin(async move {
            announce(stack, port, board, random, on_event).await
        }));
    }
}
