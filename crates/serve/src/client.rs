//! One client's WebSocket: its first message, then what its session sends and
//! receives, until one side ends it. A client gets a message only once the one
//! before it is written: a slow one gets the newest state and never a queue.

use std::{
    future::poll_fn,
    net::SocketAddr,
    sync::Arc,
    task::{Poll, ready},
    time::Duration,
};

use fleet::Urgency;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use remote::{
    Refusal,
    server::{MESSAGE, Next, Role, Session},
    wire::Hello,
};
use tokio::{
    io::AsyncReadExt,
    select,
    sync::{Notify, watch},
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Bytes, Message,
        protocol::{CloseFrame, Role as Side, WebSocketConfig, frame::coding::CloseCode},
    },
};

use crate::{Limits, limits::Messages, refusal::Ending, server::Shared};

/// Readings of boards are sent at most this often.
const READINGS: Duration = Duration::from_millis(100);

/// How long a client has to answer that the connection ends.
const CLOSING: Duration = Duration::from_secs(2);

/// How many bytes are read at a time: what a person does is short.
const READ_BUFFER: usize = 4 << 10;

/// A client's WebSocket.
pub(crate) struct Socket(WebSocketStream<TokioIo<Upgraded>>);

/// A client that was admitted.
pub(crate) struct Client {
    session: Session,
    wakes: Arc<Wakes>,
    /// Becomes true when the server ends, which waits until this is dropped.
    closing: watch::Receiver<bool>,
}

/// What of a session waits to be sent.
#[derive(Default)]
struct Wakes {
    prompt: Notify,
    reading: Notify,
}

/// What happened at a socket.
enum Event {
    /// Everything that was sent is written.
    Flushed(Result<(), tungstenite::Error>),
    /// A message arrived, or the stream ended.
    Received(Option<Result<Message, tungstenite::Error>>),
}

impl Socket {
    pub(crate) async fn new(upgraded: Upgraded) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE))
            .max_frame_size(Some(MESSAGE))
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0);
        let stream = TokioIo::new(upgraded);
        Self(WebSocketStream::from_raw_socket(stream, Side::Server, Some(config)).await)
    }

    /// Waits until everything is written, if something is being sent, or until
    /// a message arrives.
    async fn event(&mut self, sending: bool) -> Event {
        poll_fn(|context| {
            if sending && let Poll::Ready(flushed) = self.0.poll_flush_unpin(context) {
                return Poll::Ready(Event::Flushed(flushed));
            }
            Poll::Ready(Event::Received(ready!(self.0.poll_next_unpin(context))))
        })
        .await
    }

    /// The first message.
    async fn hello(&mut self) -> Result<Hello, Ending> {
        loop {
            match self.0.next().await.ok_or(Ending::Closed)?? {
                Message::Binary(bytes) => return Ok(Hello::read(&bytes)?),
                Message::Text(_) => return Err(Refusal::NotAMessage.into()),
                Message::Close(_) => return Err(Ending::Closed),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Tells the client why, and closes the connection.
    pub(crate) async fn close(mut self, ending: &Ending) {
        if matches!(ending, Ending::Lost(_)) {
            return;
        }
        let ended = timeout(CLOSING, async {
            if let Ending::Refused(refusal) = ending {
                self.0.feed(Message::binary(refusal.message())).await?;
                let frame = close_frame(*refusal);
                self.0.send(Message::Close(Some(frame))).await?;
            }
            // Until the client agrees. If the connection were closed while the
            // client is still sending, the system would discard the reason.
            loop {
                match self.0.next().await {
                    Some(Ok(_)) => {}
                    None | Some(Err(tungstenite::Error::ConnectionClosed)) => break,
                    Some(Err(_)) => {
                        let mut rest = vec![0; 16 << 10];
                        while self.0.get_mut().read(&mut rest).await? > 0 {}
                        break;
                    }
                }
            }
            Ok::<_, tungstenite::Error>(())
        });
        // It is gone.
        let _ = ended.await;
    }
}

impl Client {
    /// Waits for the first message, and admits the client if it may use this
    /// server.
    ///
    /// # Errors
    /// Why it may not.
    pub(crate) async fn admit(
        socket: &mut Socket,
        from: SocketAddr,
        shared: &Shared,
    ) -> Result<Self, Ending> {
        let hello = timeout(shared.limits.hello, socket.hello());
        let hello = hello.await.map_err(|_| Refusal::Silent)??;
        let role = role(&hello, from, shared)?;
        let closing = shared.closing.subscribe();
        let wakes = Arc::new(Wakes::default());
        let woken = Arc::clone(&wakes);
        let wake = move |urgency| match urgency {
            Urgency::Prompt => woken.prompt.notify_one(),
            Urgency::Reading => woken.reading.notify_one(),
        };
        let session = shared.hub.enter(&hello, role, from, wake)?;
        Ok(Self {
            session,
            wakes,
            closing,
        })
    }

    /// Serves the client until the connection ends, and closes it.
    pub(crate) async fn serve(self, mut socket: Socket, from: SocketAddr, limits: &Limits) {
        let Self {
            mut session,
            wakes,
            mut closing,
        } = self;
        let ended = serve(&mut socket, &mut session, &wakes, &mut closing, limits);
        let ending = match ended.await {
            Err(ending) => ending,
            Ok(never) => match never {},
        };
        log::info!("client {from}: {ending}");
        // Others see at once that it is gone.
        drop(session);
        socket.close(&ending).await;
        drop(closing);
    }
}

/// Waits until the server ends.
async fn ended(closing: &mut watch::Receiver<bool>) {
    // An error says that it has ended.
    drop(closing.wait_for(|closing| *closing).await);
}

/// The role that a client's token gives.
fn role(hello: &Hello, from: SocketAddr, shared: &Shared) -> Result<Role, Refusal> {
    if shared.access.is_open() {
        return Ok(Role::Control);
    }
    let token = hello.token.text();
    if token.is_empty() {
        return Err(Refusal::NoToken);
    }
    let now = std::time::Instant::now();
    // Held while the token is compared: connections at the same time have no
    // more attempts.
    let mut attempts = shared.attempts();
    if !attempts.may_try(now, from.ip()) {
        return Err(Refusal::TooManyAttempts);
    }
    shared.access.role(token).ok_or_else(|| {
        attempts.wrong(now, from.ip());
        Refusal::WrongToken
    })
}

/// The close frame of a refusal; its reason has at most 123 bytes (RFC 6455,
/// section 5.5).
fn close_frame(refusal: Refusal) -> CloseFrame {
    let mut reason = refusal.to_string();
    reason.truncate(reason.floor_char_boundary(123));
    CloseFrame {
        code: CloseCode::from(refusal.code()),
        reason: reason.into(),
    }
}

async fn serve(
    socket: &mut Socket,
    session: &mut Session,
    wakes: &Wakes,
    closing: &mut watch::Receiver<bool>,
    limits: &Limits,
) -> Result<std::convert::Infallible, Ending> {
    let mut messages = Messages::new(std::time::Instant::now());
    let mut pings = interval_at(Instant::now() + limits.ping, limits.ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    let mut sending = false;
    // Whether the session may have something to send, and when it was last
    // asked.
    let (mut wanted, mut asked) = (true, Instant::now());
    // When readings that wait are due.
    let mut due = None;
    loop {
        if wanted && !sending {
            (wanted, due, asked) = (false, None, Instant::now());
            match session.next_step() {
                Some(Next::Send(bytes)) => {
                    socket.0.feed(Message::binary(bytes)).await?;
                    (sending, wanted) = (true, true);
                }
                Some(Next::End(refusal)) => return Err(refusal.into()),
                None => {}
            }
        }
        select! {
            event = socket.event(sending) => match event {
                Event::Flushed(flushed) => {
                    flushed?;
                    sending = false;
                }
                Event::Received(message) => {
                    let message = message.ok_or(Ending::Closed)??;
                    heard = Instant::now();
                    if !messages.take(heard.into_std()) {
                        return Err(Refusal::TooFast.into());
                    }
                    match message {
                        Message::Binary(bytes) => session.receive(&bytes)?,
                        Message::Text(_) => return Err(Refusal::NotAMessage.into()),
                        Message::Close(_) => return Err(Ending::Closed),
                        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
                    }
                    wanted = true;
                }
            },
            () = wakes.prompt.notified() => wanted = true,
            () = wakes.reading.notified(), if due.is_none() => due = Some(asked + READINGS),
            () = sleep_until(due.unwrap_or(asked)), if due.is_some() => {
                (wanted, due) = (true, None);
            }
            _ = pings.tick() => {
                session.beat();
                wanted = true;
                if !sending {
                    socket.0.feed(Message::Ping(Bytes::new())).await?;
                    sending = true;
                }
            }
            () = sleep_until(heard + limits.silence) => return Err(Refusal::Silent.into()),
            () = ended(closing) => return Err(Refusal::Stopping.into()),
        }
    }
}
