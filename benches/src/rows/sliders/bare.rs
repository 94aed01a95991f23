//! The peer: a bare client that sends the same messages at the same pace, to an
//! echo, which sends each back, or to the board, which answers each. It merges
//! nothing.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    sync::Notify,
    task::spawn_local,
    time::{sleep, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use super::{Drag, SLIDERS, TICK, value};
use crate::{
    Outcome,
    rows::linked::TIMEOUT,
    sockets::{self, connect},
};

/// How a server is reached.
pub(super) struct Bare<'a> {
    pub(super) address: &'a str,
    pub(super) path: &'static str,
}

/// As the fleet sends it.
fn message(slider: u16, tick: u32) -> Message {
    let value = value(slider, tick);
    Message::text(format!(
        r#"{{"jsonrpc":"2.0","id":{},"method":"Number.Set","params":{{"id":{slider},"value":{value}}}}}"#,
        1_000 + tick
    ))
}

impl Bare<'_> {
    pub(super) fn drag(&self, ticks: u32) -> Outcome<Drag> {
        sockets::run(async {
            let (mut outgoing, mut incoming) = connect(self.address, self.path).await?.split();
            let (returned, more) = (Rc::new(Cell::new(0)), Rc::new(Notify::new()));
            let (count, notify) = (Rc::clone(&returned), Rc::clone(&more));
            spawn_local(async move {
                while let Some(Ok(_)) = incoming.next().await {
                    count.set(count.get() + 1);
                    notify.notify_one();
                }
            });
            let (mut sent, mut unanswered, mut last) = (0, Vec::new(), Instant::now());
            let begun = Instant::now();
            for tick in 0..ticks {
                sleep_until((begun + TICK * tick).into()).await;
                unanswered.push(usize::try_from(sent - returned.get())?);
                last = Instant::now();
                for slider in 0..SLIDERS {
                    outgoing.send(message(slider, tick)).await?;
                    sent += 1;
                }
            }
            while returned.get() < sent {
                timeout(TIMEOUT, more.notified())
                    .await
                    .map_err(|_| "a message was not answered")?;
            }
            let (newest, lasted) = (last.elapsed(), begun.elapsed());
            Ok(Drag {
                newest,
                unanswered,
                queued: 0,
                sent,
                lasted,
            })
        })
    }

    /// Sends messages at the same pace, each after the previous one came back.
    pub(super) fn single(&self, messages: u32) -> Outcome<Vec<Duration>> {
        sockets::run(async {
            let mut socket = connect(self.address, self.path).await?;
            let mut times = Vec::new();
            for tick in 0..messages {
                sleep(TICK).await;
                let begun = Instant::now();
                socket.send(message(0, tick)).await?;
                socket.next().await.ok_or("the server has ended")??;
                times.push(begun.elapsed());
            }
            Ok(times)
        })
    }
}
