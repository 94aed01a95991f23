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
const TIMEOUT: Duration = Duration::from_secs(20);

/// How a change is caused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// A command to a lamp.
    Command,
    /// The push itself, sent by one of the clients.
    Message,
}

#[derive(Default)]
struct Received {
    /// Messages of any kind.
    messages: Cell<u64>,
    changes: Cell<u64>,
    more: Notify,
}

/// Clients that listen, and one that causes the changes.
pub(crate) struct Audience {
    trigger: Trigger,
    size: u64,
    sender: SplitSink<WebSocket, Message>,
    received: Rc<Received>,
    sent: u64,
    awaited: u64,
}

impl Audience {
    /// Connects `size` clients that listen, and one more that causes changes
    /// and, on a board, receives only responses.
    pub(crate) async fn connect(server: &Server, trigger: Trigger, size: u64) -> Outcome<Self> {
        let path = if trigger == Trigger::Command {
            "/rpc"
        } else {
            "/"
        };
        let received = Rc::new(Received::default());
        for _ in 0..size {
            let mut socket = connect(&server.address, path).await?;
            if trigger == Trigger::Command {
                socket.send(Message::text(SUBSCRIBE)).await?;
                // The snapshot has the light too: it must not be counted as a
                // change.
                socket.next().await.ok_or("a board has ended")??;
            }
            let (keep, incoming) = socket.split();
            spawn_local(listen(incoming, keep, Rc::clone(&received)));
        }
        let (sender, mut answers) = connect(&server.address, path).await?.split();
        spawn_local(async move { while let Some(Ok(_)) = answers.next().await {} });
        Ok(Self {
            trigger,
            size,
            sender,
            received,
            sent: 0,
            awaited: 0,
        })
    }

    /// Causes this many changes, each after all clients have received the
    /// previous one. Returns how many messages were received.
    pub(crate) async fn cause_changes(&mut self, changes: u64) -> Outcome<u64> {
        let before = self.received.messages.get();
        for _ in 0..changes {
            self.sent += 1;
            let message = match self.trigger {
                Trigger::Command => format!(
                    r#"{{"jsonrpc":"2.0","id":7,"method":"Light.Set","params":{{"id":0,"brightness":{}}}}}"#,
                    self.sent % 90 + 10
                ),
                Trigger::Message => PUSH.to_owned(),
            };
            self.awaited += self.size;
            self.sender.send(Message::text(message)).await?;
            let end = Instant::now() + TIMEOUT;
            while self.received.changes.get() < self.awaited {
                let left = end.saturating_duration_since(Instant::now());
                timeout(left, self.received.more.notified())
                    .await
                    .map_err(|_| "not all have received of a change")?;
            }
        }
        Ok(self.received.messages.get() - before)
    }
}

async fn listen(
    mut incoming: SplitStream<WebSocket>,
    _keep: SplitSink<WebSocket, Message>,
    received: Rc<Received>,
) {
    while let Some(Ok(message)) = incoming.next().await {
        let Some(text) = text(&message) else { continue };
        received.messages.set(received.messages.get() + 1);
        if text.contains(CHANGE) {
            received.changes.set(received.changes.get() + 1);
            received.more.notify_one();
        }
    }
}
