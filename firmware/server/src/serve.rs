//! Accepts connections and runs each in a task until the board restarts. Which
//! connections are admitted is decided in `pool`.

use alloc::{boxed::Box, collections::VecDeque};
use core::{cell::RefCell, future::poll_fn, task::Poll, time::Duration};

use board::Hardware;
use edge_nal::TcpAccept;
use embassy_futures::{select::select, yield_now};

use crate::{
    clock::{Clock, within},
    connection,
    origin::Origin,
    pool::{Admission, Pool},
    shared::Shared,
    task_set::TaskSet,
    ws::WAITING,
};

/// The limits of a server's connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Origins of web pages that may open channels and `POST`; by default none.
    pub allowed_origins: &'static [Origin],
    /// The connections of all kinds that may be open at once; by default four
    /// more than controllers. Has to exceed controllers and side channels
    /// together: a page, a `POST` and an incomplete request need a connection
    /// too. The higher it is, the larger a flood in which clients of the
    /// flood's own address are still admitted. Two more connections may exist
    /// briefly.
    pub connections: usize,
    /// The connections to `/ws`, `/log` and `/telemetry` together that may be
    /// open at once; 2 by default.
    pub side_channels: usize,
    /// The memory that the network's buffers take per connection, in bytes, if
    /// it is the board's own; 0 by default.
    pub socket_buffers: usize,
    /// The longest message that `/ws` echoes, in bytes; 64 KiB by default. Each
    /// echo needs twice as much memory: a chip needs a lower limit.
    pub echo_limit: usize,
    /// The longest head of a request, in bytes; 4,096 by default.
    pub head_limit: usize,
    /// The time for a request's head, measured from connecting or from the
    /// first byte of a further request; 5 s by default. While all connections
    /// are in use, a waiting one may be evicted sooner.
    pub head_timeout: Duration,
    /// The time for a request's body; 5 s by default.
    pub body_timeout: Duration,
    /// The time for a client to read a response; 5 s by default.
    pub response_timeout: Duration,
    /// How long a connection is kept open for another request; 30 s by default.
    /// While all connections are in use, it may be evicted sooner.
    pub keep_alive: Duration,
}

impl ServerSettings {
    /// Defaults for a board with this many controllers.
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

/// The pause after accepting has failed, most likely for lack of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a restart waits until close frames and responses have been sent.
const RESTART_GRACE: Duration = Duration::from_millis(500);

/// Serves the board on all connections that `acceptor` accepts until the board
/// restarts: tells every client, then calls [`Hardware::reboot`]. Dropping the
/// future ends all connections without notice.
pub async fn serve<A: TcpAccept, H: Hardware, C: Clock>(
    acceptor: &A,
    shared: &Shared<H, C>,
    settings: &ServerSettings,
) {
    let secret = shared.random().map_or(0, u64::from_le_bytes);
    let pool = Pool::new(settings, secret);
    let arrived = RefCell::new(VecDeque::new());
    let mut tasks = TaskSet::new();
    tasks.add(Box::pin(shared.run_timer()));
    tasks.add(Box::pin(async {
        loop {
            pool.may_accept().await;
            match acceptor.accept().await {
                Ok((from, socket)) => {
                    match pool.admit(shared.clock().now(), from.ip()) {
                        Admission::Dropped => drop(socket),
                        admission => arrived.borrow_mut().push_back((from, socket, admission)),
                    }
                    // In a flood the next connection is already waiting: those
                    // accepted before get a turn first.
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
        tasks.poll(cx);
        let mut arrived = arrived.borrow_mut();
        let any = !arrived.is_empty();
        for (from, socket, admission) in arrived.drain(..) {
            match admission {
                Admission::Admitted(slot) => {
                    let serving = connection::serve(socket, from, slot, shared, settings);
                    // The read buffer of a silent client counts too.
                    shared.set_connection_size(
                        size_of_val(&serving) + WAITING + settings.socket_buffers,
                    );
                    tasks.add(Box::pin(serving));
                }
                Admission::Refused(slot) => {
                    tasks.add(Box::pin(connection::refuse(
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
        within(shared.clock(), RESTART_GRACE, shared.exchanges_finished()).await;
    };
    select(connections, restart).await;
    shared.restart();
}
