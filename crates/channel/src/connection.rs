//! One open connection of a channel: reads and writes the socket until it ends.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::pending,
    time::{Duration, Instant},
};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use net::client::Stream;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Bytes, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{
    cause::{ClosedBy, EndCause},
    entry::{Content, Direction, EntryKind},
    liveness::{Liveness, NextStep},
    repeat::Repeat,
    run::{Command, Commands},
    settings::ChannelSettings,
    store::Store,
};

/// How long the other side may take to answer a close frame (RFC 6455, 7.1.1).
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Messages after which a busy reader lets other channels run.
const MESSAGES_PER_TURN: u32 = 256;

pub(super) type Socket = WebSocketStream<Stream>;
type Sink = SplitSink<Socket, Message>;

/// What the reader and the writer of a connection share.
pub(super) struct Connection<'a> {
    settings: &'a ChannelSettings,
    store: &'a Store,
    liveness: RefCell<Liveness>,
    /// This program has sent its close frame.
    closing: Cell<bool>,
    /// The reader waits for room in the store. The silence is then not the
    /// other side's.
    reader_blocked: Cell<bool>,
}

/// A message that is being repeated.
struct Repetition {
    schedule: Repeat,
    content: Content,
    sent: u64,
}

impl<'a> Connection<'a> {
    pub(super) fn new(settings: &'a ChannelSettings, store: &'a Store) -> Self {
        let liveness = Liveness::new(
            settings.ping_interval,
            settings.silence_timeout,
            Instant::now(),
        );
        Self {
            settings,
            store,
            liveness: RefCell::new(liveness),
            closing: Cell::new(false),
            reader_blocked: Cell::new(false),
        }
    }

    /// Reads and writes until the connection ends; returns why it ended.
    pub(super) async fn run(&self, socket: Socket, commands: &mut Commands) -> EndCause {
        let (sink, stream) = socket.split();
        tokio::select! {
            cause = self.read(stream) => cause,
            cause = self.write(sink, commands) => cause,
        }
    }

    async fn read(&self, mut stream: SplitStream<Socket>) -> EndCause {
        let mut turn = 0;
        loop {
            let message = match stream.next().await {
                Some(Ok(message)) => message,
                Some(Err(_)) | None if self.closing.get() => return closed_by_us(None),
                Some(Err(error)) => return EndCause::of_socket(&error, self.settings.max_message),
                None => {
                    return EndCause::Lost("the connection ended without a close frame".to_owned());
                }
            };
            self.reader_blocked.set(true);
            match message {
                Message::Text(text) => {
                    self.received(Content::Text(text.as_str().into())).await;
                }
                Message::Binary(bytes) => {
                    self.received(Content::Binary(bytes.as_ref().into())).await;
                }
                Message::Ping(_) => self.store.add(EntryKind::Ping(Direction::In)).await,
                Message::Pong(payload) => {
                    let round_trip = self.liveness.borrow_mut().pong(&payload, Instant::now());
                    if let Some(round_trip) = round_trip {
                        self.store.add(EntryKind::Pong(round_trip)).await;
                    }
                }
                Message::Close(frame) if self.closing.get() => return closed_by_us(frame),
                Message::Close(frame) => {
                    // The library answers the close frame while it is polled.
                    let _ = timeout(CLOSE_TIMEOUT, async {
                        while stream.next().await.is_some_and(|read| read.is_ok()) {}
                    })
                    .await;
                    let (code, reason) = frame.map_or((None, String::new()), |frame| {
                        (Some(u16::from(frame.code)), frame.reason.to_string())
                    });
                    return EndCause::Closed {
                        by: ClosedBy::Peer,
                        code,
                        reason,
                    };
                }
                Message::Frame(_) => {}
            }
            self.reader_blocked.set(false);
            turn += 1;
            if turn == MESSAGES_PER_TURN {
                turn = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    async fn received(&self, content: Content) {
        self.store
            .add(EntryKind::Message(Direction::In, content))
            .await;
    }

    async fn write(&self, mut sink: Sink, commands: &mut Commands) -> EndCause {
        let mut repetition: Option<Repetition> = None;
        let mut pending_commands = VecDeque::new();
        loop {
            let now = Instant::now();
            match self.next_step(now) {
                NextStep::Abandon => return EndCause::Silent(self.settings.silence_timeout),
                NextStep::Ping => pending_commands.push_back(Command::Ping),
                NextStep::Nothing => {}
            }
            if let Some(Repetition {
                schedule,
                content,
                sent,
            }) = &mut repetition
            {
                if schedule.take(now) {
                    *sent += 1;
                    self.store.set_repeating(Some(*sent));
                    let content = content.clone();
                    if let Err(cause) = self.send_message(&mut sink, content).await {
                        return cause;
                    }
                    // Other commands are handled between two repetitions.
                    if let Ok(command) = commands.try_recv() {
                        pending_commands.push_back(command);
                    }
                    if pending_commands.is_empty() {
                        continue;
                    }
                }
                if schedule.next_deadline().is_none() {
                    repetition = None;
                    self.store.set_repeating(None);
                }
            }
            let deadline = [
                self.liveness.borrow().next_deadline(),
                repetition
                    .as_ref()
                    .and_then(|repetition| repetition.schedule.next_deadline()),
            ]
            .into_iter()
            .flatten()
            .min();
            let command = match pending_commands.pop_front() {
                Some(command) => Some(command),
                None => tokio::select! {
                    command = commands.recv() => Some(command.unwrap_or(Command::Close)),
                    () = until(deadline) => None,
                },
            };
            if let Some(command) = command
                && let Err(cause) = self.carry_out(command, &mut sink, &mut repetition).await
            {
                return cause;
            }
        }
    }

    fn next_step(&self, now: Instant) -> NextStep {
        let mut liveness = self.liveness.borrow_mut();
        if self.reader_blocked.get() {
            liveness.heard(now);
        }
        liveness.received(self.store.traffic.received(), now);
        liveness.next_step(now)
    }

    async fn carry_out(
        &self,
        command: Command,
        sink: &mut Sink,
        repetition: &mut Option<Repetition>,
    ) -> Result<(), EndCause> {
        match command {
            Command::Send(content) => {
                let bytes = content.len();
                let outcome = self.send_message(sink, content).await;
                self.store.dequeue(bytes, outcome.is_ok());
                outcome
            }
            Command::Ping => {
                let payload = self.liveness.borrow_mut().ping(Instant::now());
                self.store.add(EntryKind::Ping(Direction::Out)).await;
                self.send(sink, Message::Ping(Bytes::copy_from_slice(&payload)))
                    .await
            }
            Command::Repeat(content, rate, times) => {
                *repetition = Some(Repetition {
                    schedule: Repeat::new(rate, times, Instant::now()),
                    content,
                    sent: 0,
                });
                self.store.set_repeating(Some(0));
                Ok(())
            }
            Command::StopRepeating => {
                *repetition = None;
                self.store.set_repeating(None);
                Ok(())
            }
            Command::RetryNow => Ok(()),
            Command::Close => {
                self.closing.set(true);
                let frame = CloseFrame {
                    code: CloseCode::Normal,
                    reason: "".into(),
                };
                let _ = timeout(CLOSE_TIMEOUT, sink.send(Message::Close(Some(frame)))).await;
                // The reader ends the connection as soon as the other side has
                // answered.
                tokio::time::sleep(CLOSE_TIMEOUT).await;
                Err(closed_by_us(None))
            }
        }
    }

    async fn send_message(&self, sink: &mut Sink, content: Content) -> Result<(), EndCause> {
        let message = match &content {
            Content::Text(text) => Message::text(text.as_ref()),
            Content::Binary(bytes) => Message::Binary(Bytes::copy_from_slice(bytes)),
        };
        // Logged before it is sent, so that the answer comes after it.
        self.store
            .add(EntryKind::Message(Direction::Out, content))
            .await;
        self.send(sink, message).await
    }

    async fn send(&self, sink: &mut Sink, message: Message) -> Result<(), EndCause> {
        match timeout(self.settings.silence_timeout, sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            // The reader knows better why the connection ended; give it time.
            Ok(Err(error)) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Err(EndCause::of_socket(&error, self.settings.max_message))
            }
            Err(_) => Err(EndCause::Silent(self.settings.silence_timeout)),
        }
    }
}

fn closed_by_us(answer: Option<CloseFrame>) -> EndCause {
    let code = answer.map_or(CloseCode::Normal, |frame| frame.code);
    EndCause::Closed {
        by: ClosedBy::Us,
        code: Some(code.into()),
        reason: String::new(),
    }
}

/// Sleeps until the deadline; forever without one.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => pending().await,
    }
}
