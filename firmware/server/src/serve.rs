//! Accepts connections and runs each beside the board's own timer until the
//! board restarts. Which connection has a slot is decided in `pool`.

use alloc::{boxed::Box, collections::VecDeque};
use core::{cell::RefCell, future::poll_fn, task::Poll, time::Duration};

use board::Hardware;
use edge_nal::TcpAccept;
use embassy_futures::{select::select, yield_now};

use crate::{
    clock::{Clock, within},
    connection,
    crowd::Crowd,
    origin::Origin,
    pool::{Admission, Pool},
    shared::Shared,
    ws::WAITING,
};

/// What the embedding decides about its connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whose web pages may open channels, and `POST`; by default nobody's.
    pub allowed_origins: &'static [Origin],
    /// Connections at once, of whatever kind; by default four more than
    /// controllers. They must be more than controllers and side channels
    /// together: a page and a `POST` need one too, and so does a client whose
    /// request is incomplete. The more there are, the larger a flood in which
    /// clients of the flood's own address still get in. For a moment there may
    /// be two more.
    pub connections: usize,
    /// Connections to `/ws`, `/log` and `/telemetry` at once, all together; 2
    /// by default.
    pub side_channels: usize,
    /// What the network holds for each connection in its buffers, in bytes,
    /// where the board's own memory is meant; 0 by default.
    pub socket_buffers: usize,
    /// The longest message that `/ws` echoes, in bytes; 64 KiB by default.
    /// Twice as much is needed for each echo: less suits a chip.
    pub echo_limit: usize,
    /// The longest head of a request, in bytes; 4,096 by default.
    pub head_limit: usize,
    /// How long a client may take for a head: from connecting on, or from the
    /// first byte of a further request on; 5 s by default. While all
    /// connections are taken, one that waits may be ended sooner.
    pub head_timeout: Duration,
    /// How long a client may take for a body; 5 s by default.
    pub body_timeout: Duration,
    /// How long a client may take to read a response; 5 s by default.
    pub response_timeout: Duration,
    /// How long a connection is kept for a further request to begin; 30 s by
    /// default. While all connections are taken it ends sooner.
    pub keep_alive: Duration,
}

impl Settings {
    /// Settings for a board with so many controllers.
    pub const fn for_controllers(controllers: usize) -> Self {
        Self {
            allowed_origins: &[],
            connections: controllers + 4,
            side_channels: 2,
            socket_buffers: 0,
            echo_limit: 64 * 1_024,
            head_limit: 4_096,
            head_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(30),
        }
    }
}

/// How long accepting rests after an error: out of sockets, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a restart waits for close frames and answers to leave.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Serves the board on everything that `acceptor` accepts, until the board
/// restarts: every client has been told then, and [`Hardware::reboot`] is
/// called last. To drop it ends all connections without a word.
pub async fn serve<A: TcpAccept, H: Hardware, C: Clock>(
    acceptor: &A,
    shared: &Shared<H, C>,
    settings: &Settings,
) {
    // A board without a source of random numbers has no keys either.
    let secret = shared.random().map_or(0, u64::from_le_bytes);
    let pool = Pool::new(settings, secret);
    let arrived = RefCell::new(VecDeque::new());
    let mut crowd = Crowd::new();
    crowd.add(Box::pin(shared.run()));
    crowd.add(Box::pin(async {
        loop {
            pool.may_accept().await;
            match acceptor.accept().await {
                Ok((from, socket)) => {
                    match pool.admit(shared.clock().now(), from.ip()) {
                        Admission::Dropped => drop(socket),
                        admission => arrived.borrow_mut().push_back((from, socket, admission)),
                    }
                    // In a flood the next connection is there already: those
                    // that were accepted have their turn first.
                    yield_now().await;
                }
                Err(_) => {
                    shared
                        .clock()
                        .sleep_until(shared.clock().now() + ACCEPT_PAUSE)
                        .await;
                }
            }
        }
    }));
    let connections = poll_fn(|cx| {
        crowd.poll(cx);
        let mut arrived = arrived.borrow_mut();
        let any = !arrived.is_empty();
        for (from, socket, admission) in arrived.drain(..) {
            match admission {
                Admission::Admitted(slot) => {
                    let serving = connection::serve(socket, from, slot, shared, settings);
                    // What is read into while a client is silent belongs to it
                    // too.
                    shared.set_held(size_of_val(&serving) + WAITING + settings.socket_buffers);
                    crowd.add(Box::pin(serving));
                }
                Admission::Refused(slot) => {
                    crowd.add(Box::pin(connection::refuse_connection(
                        socket,
                        slot,
                        shared.clock(),
                        settings,
                    )));
                }
                Admission::Dropped => {}
            }
        }
        if any {
            cx.waker().wake_by_ref();
        }
        Poll::<()>::Pending
    });
    let restart = async {
        shared.restarting().await;
        within(shared.clock(), LAST_WORDS, shared.quiet()).await;
    };
    select(connections, restart).await;
    shared.restart();
}
