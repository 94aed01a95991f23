//! Many clients of one server in this process, which count the changes that
//! they receive.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{sync::Notify, task::spawn_local, time::timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Outcome,
    peers::Server,
    sockets::{WebSocket, connect, text},
};

const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;

/// Text that only a message about the change contains.
const CHANGE: &str = r#""light:0":"#;

/// What a lamp pushes when its light changes; peers send these bytes.
pub(crate) const PUSH: &str = r#"{"jsonrpc":"2.0","method":"NotifyStatus","params":{"epoch":"5f3a91c2","prev":1041,"seq":1042,"uptime_ms":86400123,"source":"client:3","light:0":{"brightness":60}}}"#;

/// How long a change may take to reach all clients.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a change is caused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    /// A command to a lamp.
    Board,
    /// The push itself, sent by one of the clients.
    Peer,
}

#[derive(Default)]
struct Heard {
    /// Messages of any kind.
    messages: Cell<u64>,
    changes: Cell<u64>,
    more: Notify,
}

/// Clients that listen, and one that causes the changes.
pub(crate) struct Audience {
    speech: Speech,
    size: u64,
    speaker: SplitSink<WebSocket, Message>,
    heard: Rc<Heard>,
    said: u64,
    awaited: u64,
}

impl Audience {
    /// Connects `size` clients that listen, and one more that causes changes
    /// and, on a board, receives only responses.
    pub(crate) async fn gather(server: &Server, speech: Speech, size: u64) -> Outcome<Self> {
        let path = if speech == Speech::Board { "/rpc" } else { "/" };
        let heard = Rc::new(Heard::default());
        for _ in 0..size {
            let mut socket = connect(&server.address, path).await?;
            if speech == Speech::Board {
                socket.send(Message::text(SUBSCRIBE)).await?;
                // The snapshot has the light too: it must not be counted as a
                // change.
                socket.next().await.ok_or("a board has ended")??;
            }
            let (keep, incoming) = socket.split();
            spawn_local(listen(incoming, keep, Rc::clone(&heard)));
        }
        let (speaker, mut answers) = connect(&server.address, path).await?.split();
        spawn_local(async move { while let Some(Ok(_)) = answers.next().await {} });
        Ok(Self {
            speech,
            size,
            speaker,
            heard,
            said: 0,
            awaited: 0,
        })
    }

    /// Causes this many changes, each after all clients have received the
    /// previous one. Returns how many messages were received.
    pub(crate) async fn hear(&mut self, changes: u64) -> Outcome<u64> {
        let before = self.heard.messages.get();
        for _ in 0..changes {
            self.said += 1;
            let message = match self.speech {
                Speech::Board => format!(
                    r#"{{"jsonrpc":"2.0","id":7,"method":"Light.Set","params":{{"id":0,"brightness":{}}}}}"#,
                    self.said % 90 + 10
                ),
                Speech::Peer => PUSH.to_owned(),
            };
            self.awaited += self.size;
            self.speaker.send(Message::text(message)).await?;
            let end = Instant::now() + PATIENCE;
            while self.heard.changes.get() < self.awaited {
                let left = end.saturating_duration_since(Instant::now());
                timeout(left, self.heard.more.notified())
                    .await
                    .map_err(|_| "not all have heard of a change")?;
            }
        }
        Ok(self.heard.messages.get() - before)
    }
}

async fn listen(
    mut incoming: SplitStream<WebSocket>,
    _keep: SplitSink<WebSocket, Message>,
    heard: Rc<Heard>,
) {
    while let Some(Ok(message)) = incoming.next().await {
        let Some(text) = text(&message) else { continue };
        heard.messages.set(heard.messages.get() + 1);
        if text.contains(CHANGE) {
            heard.changes.set(heard.changes.get() + 1);
            heard.more.notify_one();
        }
    }
}
