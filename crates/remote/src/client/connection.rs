//! The connection to a server, with ewebsock: natively on a thread of its own,
//! in a browser on the page's. It is made again when it was lost.
//!
//! ewebsock reports neither the status of a refused handshake nor the code of a
//! close frame; why a server ends a connection is in its last message.

use std::{
    hash::{BuildHasher, RandomState},
    io,
    ops::ControlFlow,
    time::Duration,
};

use backoff::Backoff;
use ewebsock::{Options, WsEvent, WsMessage, WsSender};
use fleet::{BoardKey, Fleet, FleetRequest, ImageSource, Published, Shown};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use web_time::Instant;

use super::{Ending, Mirror, Server};
use crate::wire::FROM_SERVER;

/// How long a server may take to accept the window.
const WELCOME: Duration = Duration::from_secs(10);

/// How long a server may say nothing: it says that it is still there every 15
/// s.
const SILENCE: Duration = Duration::from_secs(45);

/// The longest wait before the next attempt: someone looks at the window.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What the users of the fleet do besides asking.
enum Use {
    Shows(Shown),
    FollowFrames(BoardKey, bool),
    /// An image was read, for an update of a board.
    Image(BoardKey, Result<Vec<u8>, String>),
}

/// A fleet that a server keeps. Its state is in
/// [`FleetStatus::server`](fleet::FleetStatus::server); it is connected to
/// again whenever the connection is lost.
///
/// # Errors
/// Its thread cannot be created.
pub fn connect(server: Server) -> io::Result<Fleet> {
    let published = Published::default();
    let (fleet, requests) = Fleet::new(published.clone());
    let (uses, used) = unbounded_channel();
    let shows = uses.clone();
    published.on_shown(move |shown| {
        let _ = shows.send(Use::Shows(shown.clone()));
    });
    let follows = uses.clone();
    let mirror = Mirror::new(published, server, move |board, followed| {
        let _ = follows.send(Use::FollowFrames(board, followed));
    });
    let connection = Connection {
        mirror,
        requests,
        uses,
        used,
        backoff: Backoff::new(RandomState::new().hash_one("server")),
    };
    keep(fleet, connection)
}

#[cfg(not(target_arch = "wasm32"))]
fn keep(fleet: Fleet, connection: Connection) -> io::Result<Fleet> {
    // ewebsock reorders what is sent on any other kind of runtime.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = std::thread::Builder::new()
        .name("server".to_owned())
        .spawn(move || {
            runtime.block_on(connection.keep());
            runtime.shutdown_timeout(Duration::from_millis(250));
        })?;
    Ok(fleet.kept_by(thread))
}

#[cfg(target_arch = "wasm32")]
fn keep(fleet: Fleet, connection: Connection) -> io::Result<Fleet> {
    wasm_bindgen_futures::spawn_local(connection.keep());
    Ok(fleet)
}

#[cfg(not(target_arch = "wasm32"))]
async fn sleep(length: Duration) {
    tokio::time::sleep(length).await;
}

#[cfg(target_arch = "wasm32")]
async fn sleep(length: Duration) {
    gloo_timers::future::sleep(length).await;
}

struct Connection {
    mirror: Mirror,
    requests: UnboundedReceiver<FleetRequest>,
    uses: UnboundedSender<Use>,
    used: UnboundedReceiver<Use>,
    backoff: Backoff,
}

/// Whether the fleet is still used.
enum Fate {
    Used,
    Dropped,
}

impl Connection {
    async fn keep(mut self) {
        loop {
            self.mirror.connecting();
            let Some(ending) = self.once().await else {
                return;
            };
            let wait = self.backoff.next_wait().min(LONGEST_WAIT);
            let wait = (!ending.is_final()).then_some(wait);
            let retry_at = wait.and_then(|wait| Instant::now().checked_add(wait));
            log::info!("{}: {}", self.mirror.server().address(), ending.why);
            self.mirror.lost(&ending, retry_at);
            if let Fate::Dropped = self.wait(wait).await {
                return;
            }
        }
    }

    /// Waits for the next attempt; without a time, until it is asked for.
    async fn wait(&mut self, wait: Option<Duration>) -> Fate {
        let timer = async {
            match wait {
                Some(wait) => sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        let mut timer = std::pin::pin!(timer);
        loop {
            tokio::select! {
                () = &mut timer => return Fate::Used,
                request = self.requests.recv() => match request {
                    None | Some(FleetRequest::End) => return Fate::Dropped,
                    Some(FleetRequest::Reconnect) => return Fate::Used,
                    Some(request) => self.request(request),
                },
                Some(used) = self.used.recv() => self.used(used),
            }
        }
    }

    /// One connection; why it ended, or `None` if the fleet is no longer used.
    async fn once(&mut self) -> Option<Ending> {
        let (events, mut received) = unbounded_channel();
        let mut sender = match open(self.mirror.server(), events) {
            Ok(sender) => sender,
            Err(why) => return Some(Ending::of(why)),
        };
        let mut heard = Instant::now();
        loop {
            let patience = match self.mirror.is_connected() {
                true => SILENCE,
                false => WELCOME,
            };
            let left = patience.saturating_sub(heard.elapsed());
            tokio::select! {
                event = received.recv() => {
                    heard = Instant::now();
                    if let Some(ending) = self.event(event) {
                        return Some(self.mirror.refused().unwrap_or(ending));
                    }
                }
                request = self.requests.recv() => match request {
                    None | Some(FleetRequest::End) => return None,
                    Some(request) => self.request(request),
                },
                Some(used) = self.used.recv() => self.used(used),
                () = sleep(left) => return Some(Ending::of(match self.mirror.is_connected() {
                    true => "it was silent for 45 s",
                    false => "no answer within 10 s",
                })),
            }
            for message in self.mirror.outgoing() {
                sender.send(WsMessage::Binary(message));
            }
        }
    }

    /// Takes an event of the socket; why it ended, if it did.
    fn event(&mut self, event: Option<WsEvent>) -> Option<Ending> {
        match event {
            Some(WsEvent::Opened) => self.mirror.opened(),
            Some(WsEvent::Message(WsMessage::Binary(message))) => {
                if let Err(error) = self.mirror.received(&message) {
                    return Some(Ending::of(format!(
                        "it is no server of this version of Switchboard: {error}"
                    )));
                }
                if self.mirror.is_connected() {
                    self.backoff.reset();
                }
            }
            Some(WsEvent::Message(_)) => {}
            // What ewebsock says in a browser, which gives no reason.
            Some(WsEvent::Error(why)) if why == "Unknown error" => {
                return Some(Ending::of("it does not answer"));
            }
            Some(WsEvent::Error(why)) => return Some(Ending::of(why)),
            Some(WsEvent::Closed) | None => return Some(Ending::of("the connection was closed")),
        }
        None
    }

    fn request(&mut self, request: FleetRequest) {
        match request {
            // In a browser it is read already, and there are no threads.
            FleetRequest::Update(board, _, image @ ImageSource::Bytes(_)) => {
                self.mirror.update(board, image.read());
            }
            FleetRequest::Update(board, _, image) => self.read_image(board, image),
            request => self.mirror.request(request),
        }
    }

    /// Reads an image on a thread of its own: a disk may be asleep.
    fn read_image(&mut self, board: BoardKey, image: ImageSource) {
        let uses = self.uses.clone();
        let read = move || {
            let _ = uses.send(Use::Image(board, image.read()));
        };
        let thread = std::thread::Builder::new().name("image".to_owned());
        if let Err(error) = thread.spawn(read) {
            let problem = format!("could not start a thread to read the image: {error}");
            self.mirror.update(board, Err(problem));
        }
    }

    fn used(&mut self, used: Use) {
        match used {
            Use::Image(board, image) => self.mirror.update(board, image),
            Use::Shows(shown) => self.mirror.shows(shown),
            Use::FollowFrames(board, followed) => self.mirror.follow_frames(board, followed),
        }
    }
}

fn open(server: &Server, events: UnboundedSender<WsEvent>) -> Result<WsSender, String> {
    let options = Options {
        max_incoming_frame_size: FROM_SERVER,
        ..Options::default()
    };
    let on_event = move |event| match events.send(event) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    };
    ewebsock::ws_connect(server.url().to_owned(), options, Box::new(on_event))
}
