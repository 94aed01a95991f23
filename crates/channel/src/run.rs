//! Runs one channel on the host's thread: connects, reads, writes, waits, all
//! as the policy says. The one file of this folder that knows a socket.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::pending,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::mpsc,
    time::{sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{
            HeaderValue,
            header::{HOST, SEC_WEBSOCKET_PROTOCOL},
        },
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    cause::{By, Cause},
    entry::{Content, Direction, What},
    policy::{Due, Policy},
    repeat::{Rate, Repeat},
    settings::Settings,
    store::Store,
    view::State,
};
use net::{
    backoff::{Backoff, GOOD_AFTER},
    client::{Stream, Trust, dial},
};

/// The other side is given this time to answer a close frame (RFC 6455, 7.1.1).
const CLOSE: Duration = Duration::from_secs(2);

/// Others get their turn after so many messages at the latest.
const TURN: u32 = 256;

/// What is asked of a channel.
pub(super) enum Command {
    Send(Content),
    Repeat(Content, Rate, Option<u64>),
    StopRepeating,
    Ping,
    TryNow,
    Close,
}

type Socket = WebSocketStream<Stream>;

/// A channel on its way through its lives.
pub(super) struct Run {
    settings: Settings,
    store: Arc<Store>,
    commands: mpsc::UnboundedReceiver<Command>,
    every: Duration,
    wake: Box<dyn Fn() + Send + Sync>,
}

/// One connection: what its reader and its writer share.
struct Life<'a> {
    store: &'a Store,
    settings: &'a Settings,
    policy: RefCell<Policy>,
    /// This program has sent its close frame.
    closing: Cell<bool>,
    /// The reader waits for room: then it is not the other side that is silent.
    held_up: Cell<bool>,
}

impl Run {
    pub(super) fn new(
        settings: Settings,
        store: Arc<Store>,
        commands: mpsc::UnboundedReceiver<Command>,
        every: Duration,
        wake: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        Self {
            settings,
            store,
            commands,
            every,
            wake,
        }
    }

    /// Until it is closed for good.
    pub(super) async fn go(self) {
        let Self {
            settings,
            store,
            mut commands,
            every,
            wake,
        } = self;
        tokio::select! {
            () = store.wake(every, &wake) => {}
            () = lives(&settings, &store, &mut commands) => {}
        }
        // Whatever is shown of it, this is the last.
        wake();
    }
}

async fn lives(
    settings: &Settings,
    store: &Store,
    commands: &mut mpsc::UnboundedReceiver<Command>,
) {
    let mut backoff = Backoff::new(RandomState::new().hash_one(settings.place.to_string()));
    loop {
        let closed_by_us = match attempt(settings, store, commands).await {
            Ok(socket) => {
                let cause = live(settings, store, commands, socket).await;
                if store.in_state_for() >= GOOD_AFTER {
                    backoff.reset();
                }
                drop_unsent(store, commands);
                let by_us = matches!(cause, Cause::Closed { by: By::Us, .. });
                store.end(cause).await;
                by_us
            }
            Err(cause) => {
                let by_us = matches!(cause, Cause::Closed { by: By::Us, .. });
                store.end(cause).await;
                by_us
            }
        };
        // The other side may have ended it in the same moment.
        if closed_by_us || store.is_unwanted() || !settings.reconnect || commands.is_closed() {
            break;
        }
        let until = Instant::now() + backoff.next_wait();
        store.enter(State::Waiting(until)).await;
        if !waited(store, commands, until).await {
            break;
        }
    }
    store.enter(State::Closed).await;
}

/// Connects; an end by this program is a cause too.
async fn attempt(
    settings: &Settings,
    store: &Store,
    commands: &mut mpsc::UnboundedReceiver<Command>,
) -> Result<Socket, Cause> {
    store.enter(State::Connecting).await;
    let within = settings.connect_within;
    let opening = timeout(within, open(settings, store));
    tokio::select! {
        opened = opening => {
            let no_answer = || {
                Cause::NoAnswer(format!("{} did not answer within {} \
                     s", settings.place, within.as_secs_f32()))
            };
            let (socket, protocol) = opened.unwrap_or_else(|_| Err(no_answer()))?;
            store.enter(State::Open(protocol)).await;
            Ok(socket)
        }
        () = closed(store, commands) => Err(Cause::Closed { by: By::Us, code: None, reason: String::new() }),
    }
}

async fn open(settings: &Settings, store: &Store) -> Result<(Socket, Option<String>), Cause> {
    let own = settings.certificates.clone();
    // Files are read elsewhere, so that other channels go on meanwhile.
    let trust = tokio::task::spawn_blocking(move || match own {
        Some(path) => Trust::with_file(&path),
        None => Ok(Trust::usual()),
    });
    let trust = match trust.await {
        Ok(trust) => trust.map_err(|error| Cause::Certificates(error.to_string()))?,
        Err(error) => return Err(Cause::Certificates(error.to_string())),
    };
    let stream = dial(&settings.place, &trust, Arc::clone(&store.traffic))
        .await
        .map_err(|error| Cause::of_dial(&error))?;
    let bad = |error| Cause::of_socket(&error, settings.largest);
    let mut request = settings.place.uri().into_client_request().map_err(bad)?;
    for header in &settings.headers {
        if header.name == HOST {
            request
                .headers_mut()
                .insert(header.name.clone(), header.value.clone());
        } else {
            request
                .headers_mut()
                .append(header.name.clone(), header.value.clone());
        }
    }
    if !settings.protocols.is_empty() {
        // The library compares what the server chooses with the parts between
        // the commas, spaces included.
        let names: Vec<&str> = settings
            .protocols
            .iter()
            .map(|protocol| protocol.as_str())
            .collect();
        if let Ok(value) = HeaderValue::from_str(&names.join(",")) {
            request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, value);
        }
    }
    let config = WebSocketConfig {
        max_message_size: Some(settings.largest),
        max_frame_size: Some(settings.largest),
        write_buffer_size: 0,
        ..WebSocketConfig::default()
    };
    let (socket, response) = client_async_with_config(request, stream, Some(config))
        .await
        .map_err(bad)?;
    let protocol = response
        .headers()
        .get(SEC_WEBSOCKET_PROTOCOL)
        .and_then(|value| value.to_str().ok());
    Ok((socket, protocol.map(str::to_owned)))
}

/// Returns when it is to be closed; what else is asked of a channel that is not
/// open is dropped.
async fn closed(store: &Store, commands: &mut mpsc::UnboundedReceiver<Command>) {
    loop {
        match commands.recv().await {
            None | Some(Command::Close) => return,
            Some(Command::Send(content)) => store.dequeue(content.len(), false),
            Some(_) => {}
        }
    }
}

/// Waits until then, or until it is to be tried now; `false` where it is to be
/// closed.
async fn waited(
    store: &Store,
    commands: &mut mpsc::UnboundedReceiver<Command>,
    until: Instant,
) -> bool {
    loop {
        tokio::select! {
            () = sleep_until(until.into()) => return true,
            command = commands.recv() => match command {
                None | Some(Command::Close) => return false,
                Some(Command::TryNow) => return true,
                Some(Command::Send(content)) => store.dequeue(content.len(), false),
                Some(_) => {}
            },
        }
    }
}

fn drop_unsent(store: &Store, commands: &mut mpsc::UnboundedReceiver<Command>) {
    while let Ok(command) = commands.try_recv() {
        if let Command::Send(content) = command {
            store.dequeue(content.len(), false);
        }
    }
}

/// Reads and writes until the connection ends; why it did.
async fn live(
    settings: &Settings,
    store: &Store,
    commands: &mut mpsc::UnboundedReceiver<Command>,
    socket: Socket,
) -> Cause {
    let policy = RefCell::new(Policy::new(settings.ping, settings.silence, Instant::now()));
    let life = Life {
        store,
        settings,
        policy,
        closing: Cell::new(false),
        held_up: Cell::new(false),
    };
    let (sink, stream) = socket.split();
    tokio::select! {
        cause = life.read(stream) => cause,
        cause = life.write(sink, commands) => cause,
    }
}

impl Life<'_> {
    async fn read(&self, mut stream: SplitStream<Socket>) -> Cause {
        let mut turn = 0;
        loop {
            let message = match stream.next().await {
                Some(Ok(message)) => message,
                Some(Err(_)) | None if self.closing.get() => return self.closed_by_us(None),
                Some(Err(error)) => return Cause::of_socket(&error, self.settings.largest),
                None => {
                    return Cause::Lost("the connection ended without a close frame".to_owned());
                }
            };
            self.held_up.set(true);
            match message {
                Message::Text(text) => {
                    self.store
                        .add(What::Message(
                            Direction::In,
                            Content::Text(text.into_boxed_str()),
                        ))
                        .await;
                }
                Message::Binary(bytes) => {
                    self.store
                        .add(What::Message(
                            Direction::In,
                            Content::Binary(bytes.into_boxed_slice()),
                        ))
                        .await;
                }
                Message::Ping(_) => self.store.add(What::Ping(Direction::In)).await,
                Message::Pong(payload) => {
                    let took = self.policy.borrow_mut().pong(&payload, Instant::now());
                    if let Some(took) = took {
                        self.store.add(What::Pong(took)).await;
                    }
                }
                Message::Close(frame) => {
                    if self.closing.get() {
                        return self.closed_by_us(frame);
                    }
                    // The library answers it while it is read on.
                    let _ = timeout(CLOSE, async {
                        while stream.next().await.is_some_and(|read| read.is_ok()) {}
                    })
                    .await;
                    let (code, reason) = frame.map_or((None, String::new()), |frame| {
                        (Some(u16::from(frame.code)), frame.reason.into_owned())
                    });
                    return Cause::Closed {
                        by: By::Peer,
                        code,
                        reason,
                    };
                }
                Message::Frame(_) => {}
            }
            self.held_up.set(false);
            turn += 1;
            if turn == TURN {
                turn = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    fn closed_by_us(&self, answer: Option<CloseFrame<'_>>) -> Cause {
        let code = answer.map_or(CloseCode::Normal, |frame| frame.code);
        Cause::Closed {
            by: By::Us,
            code: Some(code.into()),
            reason: String::new(),
        }
    }

    async fn write(
        &self,
        mut sink: SplitSink<Socket, Message>,
        commands: &mut mpsc::UnboundedReceiver<Command>,
    ) -> Cause {
        let mut repeated: Option<(Repeat, Content, u64)> = None;
        let mut waiting = VecDeque::new();
        loop {
            let now = Instant::now();
            if self.held_up.get() {
                self.policy.borrow_mut().heard(now);
            }
            self.policy
                .borrow_mut()
                .received(self.store.traffic.received(), now);
            let due = self.policy.borrow().due(now);
            match due {
                Due::GiveUp => return Cause::Silent(self.settings.silence),
                Due::Ping => waiting.push_back(Command::Ping),
                Due::Nothing => {}
            }
            if let Some((repeat, content, times)) = &mut repeated {
                if repeat.take(now) {
                    *times += 1;
                    self.store.repeats(Some(*times));
                    let content = content.clone();
                    if let Err(cause) = self.message(&mut sink, content).await {
                        return cause;
                    }
                    // What else is due has its turn between two of them.
                    if let Ok(command) = commands.try_recv() {
                        waiting.push_back(command);
                    }
                    if waiting.is_empty() {
                        continue;
                    }
                }
                if repeat.next_deadline().is_none() {
                    repeated = None;
                    self.store.repeats(None);
                }
            }
            let deadline = self.policy.borrow().next_deadline();
            let next = deadline
                .into_iter()
                .chain(
                    repeated
                        .as_ref()
                        .and_then(|(repeat, ..)| repeat.next_deadline()),
                )
                .min();
            let command = match waiting.pop_front() {
                Some(command) => Some(command),
                None => tokio::select! {
                    command = commands.recv() => Some(command.unwrap_or(Command::Close)),
                    () = at(next) => None,
                },
            };
            let outcome = match command {
                None => Ok(()),
                Some(Command::Send(content)) => {
                    let bytes = content.len();
                    let outcome = self.message(&mut sink, content).await;
                    self.store.dequeue(bytes, outcome.is_ok());
                    outcome
                }
                Some(Command::Ping) => {
                    let payload = self.policy.borrow_mut().ping(Instant::now());
                    self.store.add(What::Ping(Direction::Out)).await;
                    self.send(&mut sink, Message::Ping(payload)).await
                }
                Some(Command::Repeat(content, rate, times)) => {
                    repeated = Some((Repeat::new(rate, times, Instant::now()), content, 0));
                    self.store.repeats(Some(0));
                    Ok(())
                }
                Some(Command::StopRepeating) => {
                    repeated = None;
                    self.store.repeats(None);
                    Ok(())
                }
                Some(Command::TryNow) => Ok(()),
                Some(Command::Close) => {
                    self.closing.set(true);
                    let frame = CloseFrame {
                        code: CloseCode::Normal,
                        reason: "".into(),
                    };
                    let _ = timeout(CLOSE, sink.send(Message::Close(Some(frame)))).await;
                    // The reader ends it as soon as the other side has
                    // answered.
                    tokio::time::sleep(CLOSE).await;
                    Err(self.closed_by_us(None))
                }
            };
            if let Err(cause) = outcome {
                return cause;
            }
        }
    }

    async fn message(
        &self,
        sink: &mut SplitSink<Socket, Message>,
        content: Content,
    ) -> Result<(), Cause> {
        let message = match &content {
            Content::Text(text) => Message::Text(text.to_string()),
            Content::Binary(bytes) => Message::Binary(bytes.to_vec()),
        };
        // Before it is sent, so that its answer comes after it.
        self.store.add(What::Message(Direction::Out, content)).await;
        self.send(sink, message).await
    }

    async fn send(
        &self,
        sink: &mut SplitSink<Socket, Message>,
        message: Message,
    ) -> Result<(), Cause> {
        match timeout(self.settings.silence, sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            // Why it ended is known better by who reads.
            Ok(Err(error)) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Err(Cause::of_socket(&error, self.settings.largest))
            }
            Err(_) => Err(Cause::Silent(self.settings.silence)),
        }
    }
}

/// Until then; for ever without a time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => pending().await,
    }
}
