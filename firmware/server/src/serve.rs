//! Accepts connections, as many as the settings allow, and runs each beside the board's own timer until the board restarts.

use alloc::{boxed::Box, collections::VecDeque};
use core::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::{Poll, Waker},
    time::Duration,
};

use board::Hardware;
use edge_nal::TcpAccept;
use embassy_futures::select::select;

use crate::{
    clock::{Clock, within},
    connection,
    crowd::Crowd,
    shared::Shared,
};

/// What the embedding decides about its connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Connections at once, of whatever kind. More than the controllers: a page and a `POST` need one too.
    pub connections: usize,
    /// The longest message that `/ws` echoes, in bytes.
    pub echo_limit: usize,
    /// The longest head of a request, in bytes; 4,096 by default.
    pub head_limit: usize,
    /// How long a client may take for its first head; 5 s by default. A stranger that says nothing holds a connection for so long.
    pub head_timeout: Duration,
    /// How long a client may take for a body; 5 s by default.
    pub body_timeout: Duration,
    /// How long a connection is kept for a further request; 30 s by default.
    pub keep_alive: Duration,
}

impl Settings {
    /// Settings for a board with so many controllers.
    pub const fn for_controllers(controllers: usize) -> Self {
        Self {
            connections: controllers + 4,
            echo_limit: 64 * 1_024,
            head_limit: 4_096,
            head_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(30),
        }
    }
}

/// Connections beyond the limit that are told so at once; others wait to be accepted.
const TURNED_AWAY: usize = 2;

/// How long accepting rests after an error: out of sockets, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a restart waits for close frames and answers to leave.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Serves the board on everything that `acceptor` accepts, until the board restarts: every client has been told then, and
/// [`Hardware::reboot`] is called last. To drop it ends all connections without a word.
pub async fn serve<A: TcpAccept, H: Hardware, C: Clock>(acceptor: &A, shared: &Shared<H, C>, settings: &Settings) {
    let house = House::default();
    let arrived = RefCell::new(VecDeque::new());
    let mut crowd = Crowd::new();
    crowd.add(Box::pin(shared.run()));
    crowd.add(Box::pin(async {
        loop {
            house.below(settings.connections + TURNED_AWAY).await;
            match acceptor.accept().await {
                Ok((_, socket)) => {
                    let turned_away = house.enter() > settings.connections;
                    arrived.borrow_mut().push_back((socket, turned_away));
                }
                Err(_) => shared.clock().sleep_until(shared.clock().now() + ACCEPT_PAUSE).await,
            }
        }
    }));
    let connections = poll_fn(|cx| {
        crowd.poll(cx);
        let mut arrived = arrived.borrow_mut();
        let any = !arrived.is_empty();
        for (socket, turned_away) in arrived.drain(..) {
            let guest = Guest { house: &house };
            if turned_away {
                crowd.add(Box::pin(async move {
                    let _guest = guest;
                    connection::turn_away(socket, shared.clock()).await;
                }));
            } else {
                crowd.add(Box::pin(async move {
                    let _guest = guest;
                    connection::serve(socket, shared, settings).await;
                }));
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

/// Counts the connections.
#[derive(Default)]
struct House {
    inside: Cell<usize>,
    door: RefCell<Option<Waker>>,
}

impl House {
    /// One more; comes to how many there are now.
    fn enter(&self) -> usize {
        self.inside.set(self.inside.get() + 1);
        self.inside.get()
    }

    /// Waits until fewer than `limit` are inside.
    async fn below(&self, limit: usize) {
        poll_fn(|cx| {
            if self.inside.get() < limit {
                return Poll::Ready(());
            }
            *self.door.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

struct Guest<'a> {
    house: &'a House,
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.house.inside.set(self.house.inside.get() - 1);
        if let Some(waker) = self.house.door.borrow_mut().take() {
            waker.wake();
        }
    }
}
