//! Runs one channel on the runtime's thread: connects, waits and reconnects.
//! What happens on an open connection is in [`super::connection`].

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use backoff::{Backoff, GOOD_AFTER};
use net::client::{Trust, dial};
use tokio::{
    sync::mpsc,
    time::{sleep_until, timeout},
};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{
        client::IntoClientRequest,
        http::{
            HeaderValue,
            header::{HOST, SEC_WEBSOCKET_PROTOCOL},
        },
        protocol::WebSocketConfig,
    },
};

use super::{
    cause::{ClosedBy, EndCause},
    connection::{Connection, Socket},
    entry::Content,
    repeat::Rate,
    settings::ChannelSettings,
    status::ChannelState,
    store::Store,
};

/// How many bytes are read at a time.
const READ_BUFFER: usize = 16 << 10;

/// A command to a channel's task.
pub(super) enum Command {
    Send(Content),
    Repeat(Content, Rate, Option<u64>),
    StopRepeating,
    Ping,
    RetryNow,
    Close,
}

/// Receives the commands of a channel's handle.
pub(super) type Commands = mpsc::UnboundedReceiver<Command>;

/// The task of a channel.
pub(super) struct ChannelTask {
    settings: ChannelSettings,
    store: Arc<Store>,
    commands: Commands,
    every: Duration,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl ChannelTask {
    pub(super) fn new(
        settings: ChannelSettings,
        store: Arc<Store>,
        commands: Commands,
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

    /// Runs until the channel is closed for good.
    pub(super) async fn run(self) {
        let Self {
            settings,
            store,
            mut commands,
            every,
            wake,
        } = self;
        tokio::select! {
            () = store.wake(every, &wake) => {}
            () = keep_connected(&settings, &store, &mut commands) => {}
        }
        // The final state must be seen, however recent the last wake-up is.
        wake();
    }
}

async fn keep_connected(settings: &ChannelSettings, store: &Store, commands: &mut Commands) {
    let mut backoff = Backoff::new(RandomState::new().hash_one(settings.endpoint.to_string()));
    loop {
        let cause = match connect(settings, store, commands).await {
            Ok(socket) => {
                let cause = Connection::new(settings, store).run(socket, commands).await;
                if store.time_in_state() >= GOOD_AFTER {
                    backoff.reset();
                }
                drop_unsent(store, commands);
                cause
            }
            Err(cause) => cause,
        };
        let closed_by_us = matches!(
            cause,
            EndCause::Closed {
                by: ClosedBy::Us,
                ..
            }
        );
        store.end(cause).await;
        // Both sides may have closed at the same time, so the cause alone does
        // not tell whether this side wants to reconnect.
        if closed_by_us || store.is_close_requested() || !settings.reconnect || commands.is_closed()
        {
            break;
        }
        let until = Instant::now() + backoff.next_wait();
        store.enter(ChannelState::Waiting(until)).await;
        if !wait_to_retry(store, commands, until).await {
            break;
        }
    }
    store.enter(ChannelState::Closed).await;
}

/// Connects, unless the channel is closed meanwhile.
async fn connect(
    settings: &ChannelSettings,
    store: &Store,
    commands: &mut Commands,
) -> Result<Socket, EndCause> {
    store.enter(ChannelState::Connecting).await;
    let opening = timeout(settings.connect_timeout, open(settings, store));
    tokio::select! {
        opened = opening => {
            let no_answer = || {
                let seconds = settings.connect_timeout.as_secs_f32();
                EndCause::NoAnswer(format!(
                    "{} did not answer within {seconds} s",
                    settings.endpoint
                ))
            };
            let (socket, subprotocol) = opened.unwrap_or_else(|_| Err(no_answer()))?;
            store.enter(ChannelState::Open(subprotocol)).await;
            Ok(socket)
        }
        () = close_command(store, commands) => Err(EndCause::Closed {
            by: ClosedBy::Us,
            code: None,
            reason: String::new(),
        }),
    }
}

async fn open(
    settings: &ChannelSettings,
    store: &Store,
) -> Result<(Socket, Option<String>), EndCause> {
    let ca_file = settings.ca_file.clone();
    // Reading files would block the other channels of this thread.
    let trust = tokio::task::spawn_blocking(move || match ca_file {
        Some(path) => Trust::with_file(&path),
        None => Ok(Trust::usual()),
    });
    let trust = match trust.await {
        Ok(trust) => trust.map_err(|error| EndCause::Certificates(error.to_string()))?,
        Err(error) => return Err(EndCause::Certificates(error.to_string())),
    };
    let stream = dial(&settings.endpoint, &trust, Arc::clone(&store.traffic))
        .await
        .map_err(|error| EndCause::of_dial(&error))?;
    let failed = |error| EndCause::of_socket(&error, settings.max_message);
    let mut request = settings
        .endpoint
        .uri()
        .into_client_request()
        .map_err(failed)?;
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
    if !settings.subprotocols.is_empty() {
        // No spaces after the commas: the library would compare the server's
        // choice with names that include them.
        let names: Vec<&str> = settings
            .subprotocols
            .iter()
            .map(|subprotocol| subprotocol.as_str())
            .collect();
        if let Ok(value) = HeaderValue::from_str(&names.join(",")) {
            request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, value);
        }
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(settings.max_message))
        .max_frame_size(Some(settings.max_message))
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0);
    let (socket, response) = client_async_with_config(request, stream, Some(config))
        .await
        .map_err(failed)?;
    let subprotocol = response
        .headers()
        .get(SEC_WEBSOCKET_PROTOCOL)
        .and_then(|value| value.to_str().ok());
    Ok((socket, subprotocol.map(str::to_owned)))
}

/// Returns when the channel is to be closed, and drops other commands: without
/// a connection there is nothing that they could apply to.
async fn close_command(store: &Store, commands: &mut Commands) {
    loop {
        match commands.recv().await {
            None | Some(Command::Close) => return,
            Some(Command::Send(content)) => store.dequeue(content.len(), false),
            Some(_) => {}
        }
    }
}

/// Waits until the next attempt is due or requested; `false` if the channel is
/// to be closed instead.
async fn wait_to_retry(store: &Store, commands: &mut Commands, until: Instant) -> bool {
    loop {
        tokio::select! {
            () = sleep_until(until.into()) => return true,
            command = commands.recv() => match command {
                None | Some(Command::Close) => return false,
                Some(Command::RetryNow) => return true,
                Some(Command::Send(content)) => store.dequeue(content.len(), false),
                Some(_) => {}
            },
        }
    }
}

fn drop_unsent(store: &Store, commands: &mut Commands) {
    while let Ok(command) = commands.try_recv() {
        if let Command::Send(content) = command {
            store.dequeue(content.len(), false);
        }
    }
}
